use std::time::Duration;

use crate::domain::Scene;

/// Mean luma below which a picture without contrast is dark. Black video is 16 of 255, which is 0.063.
const DARK_BRIGHTNESS: f32 = 0.12;
/// Mean luma below which a picture is dark whatever its contrast.
const BLACK_BRIGHTNESS: f32 = 0.07;
/// Standard deviation of the luma below which a picture shows hardly anything.
const FLAT_CONTRAST: f32 = 0.05;
/// Detail (mean difference of neighbouring samples) below which a flat picture is covered.
const FLAT_SHARPNESS: f32 = 0.01;
/// Share of the picture that must change between two looks to be a change of light, not of what is in it.
const LIGHT_CHANGED: f32 = 0.6;
/// Share of the samples that are exactly as before in a picture that stands still.
const FROZEN_IDENTICAL: f32 = 0.999;
/// How long and for how many looks it must stand still: compression leaves single looks of a quiet room identical.
const FROZEN_FOR: Duration = Duration::from_secs(3);
const FROZEN_LOOKS: u32 = 4;

/// What a picture is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// What is there can be seen.
    Clear,
    /// Too dark to see that nothing is there.
    Dark,
    /// The lens is covered, or the picture is one even colour.
    Covered,
    /// The light changed everywhere at once: what is missing may be missing for that.
    LightChange,
    /// The picture stands still and tells nothing of now.
    Frozen {
        /// Set at the look that recognised it: time counted since the first identical look, to be taken back.
        recognised: Option<Duration>,
    },
}

impl Sight {
    /// Whether not seeing something says that it is not there.
    pub fn is_clear(self) -> bool {
        self == Self::Clear
    }

    /// Whether the picture says nothing at all of now.
    pub fn is_frozen(self) -> bool {
        matches!(self, Self::Frozen { .. })
    }
}

/// Tells from the state of the scene whether absence can be believed.
#[derive(Debug, Clone, Default)]
pub struct Visibility {
    identical_looks: u32,
    identical_for: Duration,
}

impl Visibility {
    /// Judges a look that came `passed` after the one before.
    pub fn look(&mut self, scene: &Scene, passed: Duration) -> Sight {
        if scene.identical.is_some_and(|share| share >= FROZEN_IDENTICAL) {
            let was_frozen = self.is_frozen();
            if self.identical_looks > 0 {
                self.identical_for = self.identical_for.saturating_add(passed);
            }
            self.identical_looks = self.identical_looks.saturating_add(1);
            if self.is_frozen() {
                return Sight::Frozen { recognised: (!was_frozen).then_some(self.identical_for) };
            }
        } else {
            *self = Self::default();
        }
        let flat = scene.contrast < FLAT_CONTRAST;
        if scene.brightness < BLACK_BRIGHTNESS || (flat && scene.brightness < DARK_BRIGHTNESS) {
            Sight::Dark
        } else if flat && scene.sharpness < FLAT_SHARPNESS {
            Sight::Covered
        } else if scene.changed.is_some_and(|share| share >= LIGHT_CHANGED) {
            Sight::LightChange
        } else {
            Sight::Clear
        }
    }

    /// Forgets: the next look is not compared with the last.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    fn is_frozen(&self) -> bool {
        self.identical_looks >= FROZEN_LOOKS && self.identical_for >= FROZEN_FOR
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Scene = Scene {
        brightness: 0.5,
        contrast: 0.2,
        sharpness: 0.03,
        changed: Some(0.01),
        changed_in: None,
        identical: Some(0.8),
    };

    fn sight(scene: Scene) -> Sight {
        Visibility::default().look(&scene, Duration::from_secs(1))
    }

    #[test]
    fn tells_why_nothing_can_be_seen() {
        assert_eq!(sight(ROOM), Sight::Clear);
        assert_eq!(sight(Scene { brightness: 0.063, contrast: 0.0, sharpness: 0.0, ..ROOM }), Sight::Dark);
        assert_eq!(
            sight(Scene { brightness: 0.4, contrast: 0.02, sharpness: 0.002, ..ROOM }),
            Sight::Covered
        );
        assert_eq!(sight(Scene { changed: Some(0.9), ..ROOM }), Sight::LightChange);
        // A dim room at night with lit screens is still a picture.
        assert_eq!(sight(Scene { brightness: 0.1, contrast: 0.09, ..ROOM }), Sight::Clear);
    }

    #[test]
    fn a_picture_is_frozen_after_a_while_and_says_since_when() {
        let still = Scene { identical: Some(1.0), ..ROOM };
        let mut visibility = Visibility::default();
        let mut looks = (0..6).map(|_| visibility.look(&still, Duration::from_secs(1)));
        assert!(looks.by_ref().take(3).all(|s| s.is_clear()));
        assert_eq!(looks.next(), Some(Sight::Frozen { recognised: Some(Duration::from_secs(3)) }));
        assert_eq!(looks.next(), Some(Sight::Frozen { recognised: None }));
        assert_eq!(visibility.look(&ROOM, Duration::from_secs(1)), Sight::Clear);
    }

    #[test]
    fn two_quiet_looks_are_no_frozen_picture() {
        let still = Scene { identical: Some(1.0), ..ROOM };
        let mut visibility = Visibility::default();
        for _ in 0..10 {
            assert!(visibility.look(&still, Duration::from_secs(2)).is_clear());
            assert!(visibility.look(&still, Duration::from_secs(2)).is_clear());
            assert!(visibility.look(&ROOM, Duration::from_secs(2)).is_clear());
        }
    }
}
