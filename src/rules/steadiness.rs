use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::{MediaTime, Scene, micros};

/// Looks and time after which a picture that is shifted is that of a camera that was moved. A camera that shakes comes
/// back, or is shifted otherwise at the next look.
const MOVED_LOOKS: u32 = 4;
const MOVED_FOR: Duration = Duration::from_secs(6);
/// By how much of the picture two looks may differ in what they tell of one shift.
const ONE_SHIFT: f32 = 0.012;
/// Share of the picture that may change between looks at a picture that has come to rest.
const AT_REST: f32 = 0.3;

/// Whether a camera looks where it looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stance {
    /// As far as can be told, yes.
    Steady,
    /// The picture is shifted; the camera may shake.
    Doubtful {
        /// The first look that showed the picture shifted.
        #[serde(with = "micros")]
        since: MediaTime,
    },
    /// It was moved, and stands still since: said once.
    Moved {
        /// The first look that showed the picture shifted.
        #[serde(with = "micros")]
        since: MediaTime,
    },
}

/// Tells a camera that was moved from one that shakes, by what looks tell of a shift of the whole picture.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Steadiness {
    run: Option<Run>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Run {
    #[serde(with = "micros")]
    since: MediaTime,
    by: [f32; 2],
    /// The first look with this shift.
    #[serde(with = "micros")]
    from: MediaTime,
    looks: u32,
    said: bool,
}

impl Steadiness {
    /// Whether it can have come about up to `until`.
    pub(super) fn is_sound(&self, until: MediaTime) -> bool {
        self.run.is_none_or(|run| run.since <= until && run.from <= until)
    }

    /// Judges a look.
    pub fn look(&mut self, scene: &Scene, at: MediaTime) -> Stance {
        let Some(by) = scene.moved.filter(|by| by.iter().all(|v| v.is_finite())) else {
            self.run = None;
            return Stance::Steady;
        };
        let run = self.run.get_or_insert(Run { since: at, by, from: at, looks: 0, said: false });
        let same = run.by.iter().zip(by).all(|(a, b)| (a - b).abs() <= ONE_SHIFT);
        let rests = run.looks == 0 || scene.changed.is_none_or(|share| share < AT_REST);
        if same && rests {
            run.looks = run.looks.saturating_add(1);
        } else {
            (run.by, run.from, run.looks) = (by, at, 1);
        }
        if run.said {
            return Stance::Steady;
        }
        if run.looks >= MOVED_LOOKS && at.since(run.from) >= MOVED_FOR {
            run.said = true;
            return Stance::Moved { since: run.since };
        }
        Stance::Doubtful { since: run.since }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stances(shifts: &[Option<[f32; 2]>]) -> Vec<Stance> {
        let mut steadiness = Steadiness::default();
        let look = |(n, moved): (usize, &Option<[f32; 2]>)| {
            let scene = Scene {
                brightness: 0.5,
                contrast: 0.2,
                sharpness: 0.03,
                changed: Some(if n == 2 { 0.8 } else { 0.02 }),
                changed_in: None,
                identical: Some(0.4),
                moved: *moved,
            };
            steadiness.look(&scene, MediaTime::from_secs_f64(2.0 * n as f64))
        };
        shifts.iter().enumerate().map(look).collect()
    }

    #[test]
    fn a_shift_that_stays_is_a_moved_camera_and_said_once() {
        let mut shifts = vec![None, None];
        shifts.extend([Some([0.04, 0.0]); 6]);
        let told = stances(&shifts);
        assert_eq!(told[..2], [Stance::Steady; 2]);
        assert_eq!(told[2..5], [Stance::Doubtful { since: MediaTime::from_secs_f64(4.0) }; 3]);
        assert_eq!(told[5], Stance::Moved { since: MediaTime::from_secs_f64(4.0) });
        assert_eq!(told[6..], [Stance::Steady; 2]);
    }

    #[test]
    fn a_camera_that_shakes_or_pans_is_not_said_to_have_moved() {
        let shakes: Vec<_> = (0..40).map(|n| (n % 3 != 0).then_some([0.02, 0.0])).collect();
        let pans: Vec<_> = (0..40).map(|n| Some([0.02 * n as f32, 0.0])).collect();
        for shifts in [shakes, pans] {
            assert!(!stances(&shifts).iter().any(|stance| matches!(stance, Stance::Moved { .. })));
        }
    }
}
