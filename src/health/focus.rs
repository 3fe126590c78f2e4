use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::Scene;

/// Pictures that are darker or flatter than this say nothing of focus.
const DARK: f32 = 0.12;
const FLAT: f32 = 0.05;
/// How long pictures must have been seen before it is known what is usual, in seconds.
const KNOWN_AFTER: f32 = 60.0;
/// How fast what is usual follows what is seen, in seconds; and where the picture seems to be out of focus.
const FOLLOWS: f32 = 600.0;
const HARDLY_FOLLOWS: f32 = 86_400.0;

/// A lens out of focus takes away detail and leaves light and dark where they were. So the picture has far less detail than usual,
/// less of it for its contrast, and is as bright as usual: the light of a day that goes takes all of it away together, and rain and
/// fog take contrast away with the detail. Out of focus by a few pixels leaves 0.28 of the detail; cars that fill the picture, 0.47.
const DETAIL: Bounds = Bounds { lost: 0.4, back: 0.55 };
const FOR_CONTRAST: Bounds = Bounds { lost: 0.5, back: 0.65 };
const BRIGHTNESS: std::ops::RangeInclusive<f32> = 0.6..=1.6;

/// A share of what is usual below which something is lost, and above which it is back.
struct Bounds {
    lost: f32,
    back: f32,
}

/// How much detail a camera's picture usually has.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Focus {
    sharpness: f32,
    contrast: f32,
    brightness: f32,
    /// For how many seconds it was seen.
    known_for: f32,
    is_lost: bool,
}

impl Focus {
    pub fn is_sound(&self) -> bool {
        let all = [self.sharpness, self.contrast, self.brightness];
        all.iter().all(|value| (0.0..=1.0).contains(value)) && self.known_for.is_finite()
    }

    /// Whether a picture that came `passed` after the one before is out of focus. One that tells nothing of it leaves it as it was.
    pub fn look(&mut self, scene: &Scene, passed: Duration) -> bool {
        let Scene { sharpness, contrast, brightness, .. } = *scene;
        let tells = (0.0..=1.0).contains(&sharpness)
            && (FLAT..=1.0).contains(&contrast)
            && (DARK..=1.0).contains(&brightness);
        if !tells {
            return self.is_lost;
        }
        if self.known_for >= KNOWN_AFTER {
            let bound = |bounds: &Bounds| if self.is_lost { bounds.back } else { bounds.lost };
            self.is_lost = sharpness < bound(&DETAIL) * self.sharpness
                && sharpness * self.contrast < bound(&FOR_CONTRAST) * self.sharpness * contrast
                && BRIGHTNESS.contains(&(brightness / self.brightness.max(DARK)));
        }
        self.follow([sharpness, contrast, brightness], passed.as_secs_f32());
        self.is_lost
    }

    fn follow(&mut self, seen: [f32; 3], passed: f32) {
        let share = match (self.known_for, self.is_lost) {
            (0.0, _) => 1.0,
            // At first it is the mean of what was seen.
            (known_for, _) if known_for < KNOWN_AFTER => passed / (known_for + passed).max(1.0),
            (_, false) => passed / FOLLOWS,
            (_, true) => passed / HARDLY_FOLLOWS,
        };
        let usual = [&mut self.sharpness, &mut self.contrast, &mut self.brightness];
        for (usual, seen) in usual.into_iter().zip(seen) {
            *usual += (seen - *usual) * share.clamp(0.0, 1.0);
        }
        self.known_for = (self.known_for + passed).clamp(f32::MIN_POSITIVE, 1e9);
    }
}
