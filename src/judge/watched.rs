//! How much of the footage a rule could judge.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    config::RuleConfig,
    domain::{Gap, MediaTime, Observation, micros, seconds},
    geometry::{BBox, Polygon},
    rules::{Clarity, Presence, Seeing, stopwatch::Stopwatch},
};

/// How much of the footage one rule could judge. Times run from look to look, gaps left out.
///
/// Silence of a rule says something only where it was in force, could see, and had footage for longer than its times.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// Looks within the rule's hours.
    pub looks: u64,
    /// How long it was in force.
    #[serde(rename = "in_force_s", with = "seconds")]
    pub in_force: Duration,
    /// How much of that the picture could not tell.
    #[serde(rename = "unclear_s", with = "seconds")]
    pub unclear: Duration,
    /// How much of that it was too dark to tell.
    #[serde(rename = "dark_s", with = "seconds", default)]
    pub dark: Duration,
    /// The longest that it was in force at a stretch: when its hours end, it forgets. A gap neither adds nor resets.
    #[serde(rename = "stretch_s", with = "seconds")]
    pub stretch: Duration,
    /// The longest that anything could have been seen to last within one such stretch. A violation that takes longer cannot
    /// have been found.
    #[serde(rename = "judged_s", with = "seconds")]
    pub judged: Duration,
    /// Whether anything at all, of whatever class, was ever found in its zone.
    pub anything: bool,
}

/// Counts for one rule.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Counting {
    watched: Watched,
    stopwatch: Stopwatch,
    /// Whether the last look told anything: only then does the time after it count.
    known: bool,
    /// Whether at the last look it was too dark to tell.
    #[serde(default)]
    dark: bool,
    /// After a gap as long as this the rule begins anew; none where gaps reset nothing.
    #[serde(skip)]
    forgets_after: Option<Duration>,
    /// The last look that told anything.
    #[serde(with = "micros::optional")]
    last_known: Option<MediaTime>,
    stretch: Duration,
    seen: Duration,
}

impl Counting {
    pub fn new(config: &RuleConfig) -> Self {
        Self {
            watched: Watched::default(),
            stopwatch: Stopwatch::default(),
            known: false,
            dark: false,
            forgets_after: config.keys().forgets_after(),
            last_known: None,
            stretch: Duration::ZERO,
            seen: Duration::ZERO,
        }
    }

    /// Whether it can have come about up to `until`.
    pub fn is_sound(&self, until: MediaTime) -> bool {
        let Watched { in_force, unclear, dark, stretch, judged, .. } = self.watched;
        let all = [in_force, unclear, dark, stretch, judged, self.stretch, self.seen];
        // None of it can have lasted for longer than the camera was watched.
        let most = until.since(MediaTime::ZERO).saturating_add(Duration::from_secs(1));
        self.stopwatch.is_sound(until)
            && self.last_known.is_none_or(|last| last <= until)
            && all.into_iter().all(|lasted| lasted <= most)
    }

    /// Goes on from what was counted for the same rule.
    pub fn restore(&mut self, saved: Self) {
        *self = Self { forgets_after: self.forgets_after, ..saved };
    }

    pub fn watched(&self) -> &Watched {
        &self.watched
    }

    /// A look within the rule's hours, what its picture is good for, and what it told of the zone; none where the rule passed
    /// it over.
    pub fn look(
        &mut self,
        observation: &Observation,
        seeing: &Seeing,
        presence: Option<Presence>,
        zone: &Polygon,
    ) {
        let Some(presence) = presence else { return };
        let Some(lap) = self.stopwatch.look(observation.at) else { return };
        let forgets = |least: Duration| {
            lap.after_gap && self.last_known.is_some_and(|last| observation.at.since(last) >= least)
        };
        if self.forgets_after.is_some_and(forgets) {
            (self.stretch, self.seen) = (Duration::ZERO, Duration::ZERO);
        }
        let watched = &mut self.watched;
        watched.looks = watched.looks.saturating_add(1);
        watched.in_force = watched.in_force.saturating_add(lap.passed);
        self.stretch = self.stretch.saturating_add(lap.passed);
        if self.known {
            self.seen = self.seen.saturating_add(lap.passed);
        } else {
            watched.unclear = watched.unclear.saturating_add(lap.passed);
            if self.dark {
                watched.dark = watched.dark.saturating_add(lap.passed);
            }
        }
        if let Clarity::Frozen { recognised: Some(since) } = seeing.clarity {
            // What was counted since the picture stands still told nothing.
            let counted = since.min(self.seen);
            self.seen -= counted;
            watched.unclear = watched.unclear.saturating_add(counted);
        }
        self.known = matches!(presence, Presence::Seen(_));
        self.dark = seeing.clarity == Clarity::Dark;
        if self.known {
            self.last_known = Some(observation.at);
        }
        watched.stretch = watched.stretch.max(self.stretch);
        watched.judged = watched.judged.max(self.seen.saturating_sub(seeing.unproven));
        // What the rule counts there is there.
        watched.anything |= matches!(presence, Presence::Seen(1..));
        if !watched.anything {
            let within = |bbox: BBox| zone.contains(bbox.anchor()) || zone.contains(bbox.center());
            watched.anything = observation.detections.iter().any(|detection| within(detection.bbox));
        }
    }

    pub fn gap(&mut self, gap: &Gap) {
        self.stopwatch.gap(gap);
    }

    /// The rule's hours are over.
    pub fn close(&mut self) {
        self.stopwatch = Stopwatch::default();
        (self.known, self.dark, self.last_known) = (false, false, None);
        (self.stretch, self.seen) = (Duration::ZERO, Duration::ZERO);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{RuleConfig, Schedule},
        domain::{CameraId, Class, Detection, GapReason, Scene},
        kinds::settings::{ControlRoomUnattended, EbikeInElevator, Settings},
        rules::Eyesight,
    };

    const ROOM: Scene = Scene {
        brightness: 0.5,
        contrast: 0.2,
        sharpness: 0.03,
        changed: Some(0.01),
        changed_in: None,
        identical: Some(0.5),
        moved: None,
    };

    fn counting(settings: Settings) -> Counting {
        Counting::new(&RuleConfig {
            name: None,
            schedule: Schedule::default(),
            every: None,
            model: None,
            settings,
        })
    }

    fn post() -> Counting {
        let keys: ControlRoomUnattended = serde_json::from_str("{\"grace\":\"30s\"}").expect("keys");
        counting(Settings::ControlRoomUnattended(keys))
    }

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

    fn see(counting: &mut Counting, at: f64, presence: Presence) {
        counting.look(&look(at, ROOM), &Seeing::default(), Some(presence), &Polygon::whole_picture());
    }

    fn gap(counting: &mut Counting, from: f64, to: f64) {
        let (from, to) = (MediaTime::from_secs_f64(from), Some(MediaTime::from_secs_f64(to)));
        let camera = CameraId::new("c").expect("an id");
        counting.gap(&Gap { camera, epoch: 0, from, to, reason: GapReason::Offline });
    }

    fn seconds(duration: Duration) -> f64 {
        duration.as_secs_f64()
    }

    #[test]
    fn time_in_which_a_rule_could_not_tell_is_known() {
        let mut post = post();
        let what =
            [Presence::Seen(1), Presence::Unknown, Presence::Unknown, Presence::Seen(0), Presence::Unknown];
        for (at, presence) in [0.0, 10.0, 20.0, 30.0, 40.0].into_iter().zip(what) {
            see(&mut post, at, presence);
            if at == 10.0 {
                gap(&mut post, 12.0, 17.0);
            }
        }
        // From 10 s to 30 s less the gap, and from 40 s on, of which nothing follows.
        let watched = post.watched();
        assert_eq!((seconds(watched.unclear), seconds(watched.in_force)), (15.0, 35.0));
        assert_eq!((seconds(watched.judged), seconds(watched.stretch), watched.looks), (20.0, 35.0, 5));
    }

    #[test]
    fn time_in_which_it_was_too_dark_is_known() {
        let mut post = post();
        let of = |clarity| Seeing { clarity, ..Seeing::default() };
        let looks = [
            (Clarity::Clear, Presence::Seen(1)),
            (Clarity::Dark, Presence::Unknown),
            (Clarity::Dark, Presence::Unknown),
            (Clarity::Covered, Presence::Unknown),
            (Clarity::Clear, Presence::Seen(1)),
        ];
        for (at, (clarity, presence)) in (0u8..).zip(looks) {
            let look = look(f64::from(at) * 10.0, ROOM);
            post.look(&look, &of(clarity), Some(presence), &Polygon::whole_picture());
        }
        let watched = post.watched();
        assert_eq!((seconds(watched.unclear), seconds(watched.dark)), (30.0, 20.0));
    }

    #[test]
    fn a_gap_neither_adds_nor_resets_and_hours_that_end_do() {
        let mut post = post();
        see(&mut post, 0.0, Presence::Seen(1));
        see(&mut post, 10.0, Presence::Seen(1));
        gap(&mut post, 10.0, 1_000.0);
        see(&mut post, 1_000.0, Presence::Seen(1));
        see(&mut post, 1_010.0, Presence::Seen(1));
        assert_eq!(seconds(post.watched().judged), 20.0);
        post.close();
        see(&mut post, 2_000.0, Presence::Seen(1));
        see(&mut post, 2_015.0, Presence::Seen(1));
        assert_eq!((seconds(post.watched().judged), seconds(post.watched().in_force)), (20.0, 35.0));
    }

    #[test]
    fn an_elevator_forgets_in_a_long_gap() {
        let keys: EbikeInElevator = serde_json::from_str("{}").expect("keys");
        let mut lift = counting(Settings::EbikeInElevator(keys));
        for part in 0..5 {
            let at = f64::from(part) * 100.0;
            see(&mut lift, at, Presence::Seen(0));
            see(&mut lift, at + 0.5, Presence::Seen(0));
            gap(&mut lift, at + 0.5, at + 100.0);
        }
        assert_eq!(seconds(lift.watched().judged), 0.5);
    }

    #[test]
    fn a_picture_that_stands_still_shows_nothing_of_its_time() {
        let still = Scene { identical: Some(1.0), changed: Some(0.0), ..ROOM };
        let (mut post, mut eyesight) = (post(), Eyesight::default());
        let mut see = |post: &mut Counting, second: u32, presence| {
            let look = look(f64::from(second), still);
            let seeing = eyesight.look(&"any".into(), &look);
            post.look(&look, &seeing, Some(presence), &Polygon::whole_picture());
        };
        for second in 0..25 {
            see(&mut post, second, Presence::Seen(1));
        }
        // Not yet known to be frozen, nor to be live.
        assert!(seconds(post.watched().judged) < 2.0, "{:?}", post.watched());
        for second in 25..60 {
            see(&mut post, second, Presence::Unknown);
        }
        assert!(seconds(post.watched().unclear) > 55.0, "{:?}", post.watched());
    }

    #[test]
    fn whether_anything_was_ever_in_the_zone_is_known() {
        let zone: Polygon = serde_json::from_str("[[0.5,0.5],[1,0.5],[1,1],[0.5,1]]").expect("a zone");
        let with = |bbox: [f32; 4]| {
            let detection = Detection {
                class: Class::Bicycle,
                confidence: 0.5,
                bbox: bbox.into(),
                appearance: None,
                model: None,
            };
            Observation { detections: vec![detection], ..look(0.0, ROOM) }
        };
        for (bbox, there) in [([0.1, 0.1, 0.2, 0.2], false), ([0.6, 0.6, 0.7, 0.7], true)] {
            let mut post = post();
            post.look(&with(bbox), &Seeing::default(), Some(Presence::Seen(0)), &zone);
            assert_eq!(post.watched().anything, there);
        }
        // A rule may know of what lies in its zone neither with its middle nor with that of its bottom edge.
        let mut post = post();
        post.look(&look(0.0, ROOM), &Seeing::default(), Some(Presence::Seen(1)), &zone);
        assert!(post.watched().anything);
    }
}
