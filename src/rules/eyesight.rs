//! Whether a camera can see, and whether it looks where it looked: judged once for all of its rules.

use std::{mem::discriminant, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    steadiness::{Stance, Steadiness},
    stopwatch::Stopwatch,
    visibility::{Clarity, Visibility},
};
use crate::domain::{Gap, MediaTime, ModelName, Observation, When, micros};

/// What the picture of one look is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seeing {
    /// Whether what is there can be seen.
    pub clarity: Clarity,
    /// Whether the camera looks where it looked. A frozen picture tells nothing of that.
    pub stance: Stance,
    /// For how long nothing has shown that the picture is live. That time counts once the picture is seen to be live.
    pub unproven: Duration,
}

/// How well a camera sees since when, for people and alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outlook {
    /// Whether what is there can be seen.
    pub clarity: Clarity,
    /// The first look of which that was so. A frozen picture has been frozen since the last look that showed it live.
    pub since: When,
    /// Since when the camera looks elsewhere, if it was moved: its zones may be wrong.
    pub moved: Option<MediaTime>,
}

/// Judges whether a camera can see.
///
/// Each detector's looks are judged by themselves. A second detector then changes nothing of what the rules of the first
/// are told: neither what changed from look to look, nor how long the picture stood still.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Eyesight {
    /// Of the looks of all detectors.
    steadiness: Steadiness,
    #[serde(with = "micros::optional")]
    moved: Option<MediaTime>,
    detectors: Vec<(ModelName, OfDetector)>,
}

/// Judges the looks of one detector.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct OfDetector {
    stopwatch: Stopwatch,
    visibility: Visibility,
    steadiness: Steadiness,
    last: Option<Last>,
}

/// What the last look told.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Last {
    #[serde(with = "micros")]
    at: MediaTime,
    seeing: Seeing,
    /// The first look of this clarity.
    since: When,
    /// The last look that showed the picture to be live.
    live: When,
}

impl Eyesight {
    /// Takes in a look of the camera, whichever detectors took it. Returns since when the camera is moved, where this look
    /// makes that certain: it is said once.
    pub fn glance(&mut self, observation: &Observation) -> Option<MediaTime> {
        let Stance::Moved { since } = self.steadiness.look(&observation.scene, observation.at) else {
            return None;
        };
        self.moved = Some(since);
        self.moved
    }

    /// Judges a look that `detector` took. One whose time is not later than that of the look before tells nothing new.
    pub fn look(&mut self, detector: &ModelName, observation: &Observation) -> Seeing {
        match self.detectors.iter_mut().find(|(name, _)| name == detector) {
            Some((_, own)) => own.look(detector, observation),
            None => {
                let mut own = OfDetector::default();
                let seeing = own.look(detector, observation);
                self.detectors.push((detector.clone(), own));
                seeing
            }
        }
    }

    /// Nobody could look: the next look is not compared with the last.
    pub fn gap(&mut self, gap: &Gap) {
        for (_, own) in self.detectors.iter_mut().filter(|(_, own)| own.last.is_some()) {
            own.stopwatch.gap(gap);
            own.visibility.reset();
        }
    }

    /// No rule of `detector` is to look for a while: all that its looks told is forgotten. Without this, the time between the
    /// last look of one day's hours and the first of the next would count as time in which the picture stood still.
    pub fn close(&mut self, detector: &ModelName) {
        self.detectors.retain(|(name, _)| name != detector);
    }

    /// Whether it can have come about up to `until`. It is none of a camera with more than `most` detectors.
    pub fn is_sound(&self, until: MediaTime, most: usize) -> bool {
        self.detectors.len() <= most
            && self.steadiness.is_sound(until)
            && self.moved.is_none_or(|moved| moved <= until)
            && self.detectors.iter().all(|(_, own)| own.is_sound(until))
    }

    /// How well the rules of `detector` see; none before its first look, and after it was closed.
    pub fn outlook(&self, detector: &ModelName) -> Option<Outlook> {
        let (_, own) = self.detectors.iter().find(|(name, _)| name == detector)?;
        own.last.map(|last| self.as_told_by(&last))
    }

    /// How well the camera sees, by the detector that looked last; none while no rule is to look.
    pub fn sees(&self) -> Option<Outlook> {
        let lasts = self.detectors.iter().filter_map(|(_, own)| own.last);
        // Of two that looked at once, the first.
        let last = lasts.reduce(|last, other| if other.at > last.at { other } else { last })?;
        Some(self.as_told_by(&last))
    }

    fn as_told_by(&self, last: &Last) -> Outlook {
        Outlook { clarity: last.seeing.clarity, since: last.since, moved: self.moved }
    }
}

impl OfDetector {
    fn is_sound(&self, until: MediaTime) -> bool {
        let before = |last: Last| last.at <= until && last.since.at <= until && last.live.at <= until;
        let (stopwatch, steadiness) = (self.stopwatch.is_sound(until), self.steadiness.is_sound(until));
        stopwatch && self.visibility.is_sound() && steadiness && self.last.is_none_or(before)
    }

    fn look(&mut self, detector: &ModelName, observation: &Observation) -> Seeing {
        let (now, scene) = (observation.when(), observation.scene_for(detector));
        let Some(lap) = self.stopwatch.look(now.at) else {
            return self.last.map_or(Seeing::default(), |last| last.seeing.again());
        };
        let clarity = self.visibility.look(&scene, lap.passed);
        let stance = if clarity.is_frozen() { Stance::Steady } else { self.steadiness.look(&scene, now.at) };
        let unproven = self.visibility.unproven();
        let live = self.last.filter(|_| !unproven.is_zero()).map_or(now, |last| last.live);
        let since = match self.last {
            Some(last) if discriminant(&last.seeing.clarity) == discriminant(&clarity) => last.since,
            _ if clarity.is_frozen() => live,
            _ => now,
        };
        let seeing = Seeing { clarity, stance, unproven };
        self.last = Some(Last { at: now.at, seeing, since, live });
        seeing
    }
}

impl Seeing {
    /// The same, without what is said once.
    fn again(self) -> Self {
        let clarity = match self.clarity {
            Clarity::Frozen { .. } => Clarity::Frozen { recognised: None },
            clarity => clarity,
        };
        let stance = match self.stance {
            Stance::Moved { .. } => Stance::Steady,
            stance => stance,
        };
        Self { clarity, stance, ..self }
    }
}

impl Default for Seeing {
    /// A clear picture of a camera that looks where it looked.
    fn default() -> Self {
        Self { clarity: Clarity::Clear, stance: Stance::Steady, unproven: Duration::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CameraId, Change, GapReason, Scene};

    const ROOM: Scene = Scene {
        brightness: 0.5,
        contrast: 0.2,
        sharpness: 0.03,
        changed: Some(0.01),
        changed_in: None,
        identical: Some(0.4),
        moved: None,
    };
    const STILL: Scene = Scene { changed: Some(0.0), identical: Some(1.0), ..ROOM };
    const DARK: Scene = Scene { brightness: 0.05, contrast: 0.01, ..ROOM };

    fn look(at: f64, scene: Scene) -> Observation {
        Observation {
            camera: CameraId::new("c").expect("an id"),
            epoch: 0,
            at: MediaTime::from_secs_f64(at),
            wall: jiff::Timestamp::UNIX_EPOCH,
            looked: Vec::new(),
            detections: Vec::new(),
            faint: Vec::new(),
            scene,
            changes: Vec::new(),
        }
    }

    fn model(name: &str) -> ModelName {
        name.into()
    }

    /// Clarity, and since when in seconds.
    fn told(outlook: Option<Outlook>) -> Option<(Clarity, f64)> {
        outlook.map(|outlook| (outlook.clarity, outlook.since.at.as_secs_f64()))
    }

    #[test]
    fn each_detector_is_judged_by_its_own_looks() {
        let mut eyesight = Eyesight::default();
        let (a, b) = (model("a"), model("b"));
        for second in 0..40 {
            let at = f64::from(second);
            // The picture stands still from one look of `a` to the next, and changes until `b` looks.
            let seeing = eyesight.look(&a, &look(at, STILL));
            assert_eq!(seeing.clarity.is_frozen(), second >= 30, "{second}");
            let change =
                Change { model: b.clone(), changed: Some(0.01), changed_in: None, identical: Some(0.4) };
            let other = Observation { changes: vec![change], ..look(at + 0.5, STILL) };
            assert_eq!(eyesight.look(&b, &other), Seeing::default());
        }
        let recognised = None;
        assert_eq!(told(eyesight.outlook(&a)), Some((Clarity::Frozen { recognised }, 0.0)));
        assert_eq!(told(eyesight.sees()), Some((Clarity::Clear, 0.5)), "of the detector that looked last");
        assert_eq!(eyesight.outlook(&model("none")), None);
    }

    #[test]
    fn what_lasts_is_told_with_its_first_look() {
        let (mut eyesight, a) = (Eyesight::default(), model("a"));
        for at in 0..10 {
            eyesight.look(&a, &look(f64::from(at), if at < 4 { ROOM } else { DARK }));
        }
        assert_eq!(told(eyesight.sees()), Some((Clarity::Dark, 4.0)));
        eyesight.look(&a, &look(10.0, ROOM));
        assert_eq!(told(eyesight.sees()), Some((Clarity::Clear, 10.0)));
    }

    #[test]
    fn neither_gaps_nor_closed_hours_are_time_in_which_the_picture_stood_still() {
        let (mut eyesight, a) = (Eyesight::default(), model("a"));
        let camera = CameraId::new("c").expect("an id");
        eyesight.look(&a, &look(0.0, ROOM));
        eyesight.look(&a, &look(1.0, STILL));
        let (from, to) = (MediaTime::from_secs_f64(1.0), Some(MediaTime::from_secs_f64(100.0)));
        eyesight.gap(&Gap { camera, epoch: 0, from, to, reason: GapReason::Offline });
        assert_eq!(eyesight.look(&a, &look(100.0, STILL)).unproven, Duration::ZERO);
        eyesight.look(&a, &look(101.0, STILL));
        eyesight.close(&a);
        assert_eq!(eyesight.sees(), None);
        for second in 0..20u32 {
            let seeing = eyesight.look(&a, &look(5000.0 + f64::from(second), STILL));
            assert_eq!(seeing.unproven, Duration::from_secs(second.into()));
        }
    }

    #[test]
    fn a_moved_camera_is_said_once_for_all_and_once_to_each_detector() {
        let (mut eyesight, a, b) = (Eyesight::default(), model("a"), model("b"));
        let (mut said, mut told) = (Vec::new(), Vec::new());
        for second in 0..60 {
            let moved = (second >= 20).then_some([0.05, 0.0]);
            let look = look(f64::from(second), Scene { moved, ..ROOM });
            said.extend(eyesight.glance(&look));
            let detector = if second % 2 == 0 { &a } else { &b };
            if let Stance::Moved { since } = eyesight.look(detector, &look).stance {
                told.push((detector.clone(), since.as_secs_f64()));
            }
        }
        let since = MediaTime::from_secs_f64(20.0);
        assert_eq!(said, [since]);
        assert_eq!(told, [(a, 20.0), (b, 21.0)]);
        assert_eq!(eyesight.sees().and_then(|outlook| outlook.moved), Some(since));
    }

    #[test]
    fn a_look_that_is_not_later_tells_nothing_new() {
        let (mut eyesight, a) = (Eyesight::default(), model("a"));
        let frozen: Vec<Seeing> =
            (0..=30).map(|second| eyesight.look(&a, &look(f64::from(second), STILL))).collect();
        let recognised = Some(Duration::from_secs(30));
        assert_eq!(frozen[30].clarity, Clarity::Frozen { recognised });
        assert_eq!(eyesight.look(&a, &look(30.0, ROOM)).clarity, Clarity::Frozen { recognised: None });
    }
}
