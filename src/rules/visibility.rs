use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::Scene;

/// Mean luma below which a picture without contrast is dark. Black video is 16 of 255, which is 0.063. Rooms made darker by 0.1 come
/// to 0.106: detectors, for which such pictures are lifted (`vision/tone.rs`), find most people there, and not all.
const DARK_BRIGHTNESS: f32 = 0.12;
/// Mean luma below which a picture is dark whatever its contrast.
const BLACK_BRIGHTNESS: f32 = 0.07;
/// Standard deviation of the luma below which a picture shows hardly anything.
const FLAT_CONTRAST: f32 = 0.05;
/// Mean luma above which a flat picture is blinded by light. White video is 235 of 255, which is 0.92.
const WHITE_BRIGHTNESS: f32 = 0.85;
/// Detail (mean difference of neighbouring samples) below which a flat picture is covered.
const FLAT_SHARPNESS: f32 = 0.01;
/// Share of the picture that must change between two looks to be a change of light, not of what is in it.
const LIGHT_CHANGED: f32 = 0.6;
/// Share of the samples that are exactly as before, from which on a picture may stand still. A live room within one
/// group of pictures measured 0.93 to 0.98; frozen ones, encoded again by H.264 and MPEG-4, 0.979 to 1.
const STILL: f32 = 0.975;
/// Share below which it is live for certain: what a sensor's noise does at every key frame (0.3 to 0.5 measured).
const LIVE: f32 = 0.65;
/// Share of the picture whose change shows that something moved.
const MOVED: f32 = 0.002;
/// How long a picture must stand still to be frozen. Until then the time is only unproven: cameras that take all noise
/// away look frozen from one key frame to the next, and those may be 25 s apart.
const FROZEN_FOR: Duration = Duration::from_secs(30);
const FROZEN_LOOKS: u32 = 4;
/// Looks in a row that are not still, after which a picture is live again.
const RESTLESS_LOOKS: u32 = 3;

/// Share of the usual detail below which a picture is out of focus, fogged or smeared by rain. Cars that fill the picture
/// bring it down to 0.47; a lens out of focus by a few pixels brings it down to 0.28.
const BLURRED: f32 = 0.4;
/// How long a picture must have been seen before it has a usual detail.
const USUAL_AFTER: Duration = Duration::from_secs(6);
/// How fast the usual detail follows what is seen, in seconds: more detail within a minute; less, which may be fog, within
/// ten.
const USUAL_RISES: f32 = 60.0;
const USUAL_FALLS: f32 = 600.0;

/// What a picture is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clarity {
    /// What is there can be seen.
    Clear,
    /// Too dark to see that nothing is there.
    Dark,
    /// The lens is covered, or the picture is one even colour.
    Covered,
    /// Light makes nearly all of it white.
    Blinded,
    /// It has far less detail than usual: out of focus, fogged, rain on the lens.
    Blurred,
    /// The light changed everywhere at once: what is missing may be missing for that.
    LightChange,
    /// The picture stands still and tells nothing of now.
    Frozen {
        /// Set at the look that recognised it: time counted since the first identical look, to be taken back.
        recognised: Option<Duration>,
    },
}

impl Clarity {
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
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Visibility {
    /// Since the last look that showed the picture to be live; none where that was the last look.
    still: Option<StandingStill>,
    usual: Option<Usual>,
}

/// How much detail a camera's picture usually has.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Usual {
    sharpness: f32,
    known_for: Duration,
}

/// A run of looks at a picture that hardly changes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct StandingStill {
    lasted: Duration,
    looks: u32,
    still: u32,
    /// Looks in a row, up to the last, that were not still.
    restless: u32,
}

impl Visibility {
    /// Whether looks can have told it.
    pub(super) fn is_sound(&self) -> bool {
        self.usual.is_none_or(|usual| (0.0..=1.0).contains(&usual.sharpness))
    }

    /// Judges a look that came `passed` after the one before.
    pub fn look(&mut self, scene: &Scene, passed: Duration) -> Clarity {
        let was_frozen = self.is_frozen();
        self.weigh(scene, passed);
        if self.is_frozen() {
            return Clarity::Frozen { recognised: (!was_frozen).then(|| self.unproven()) };
        }
        let blurred = self.is_blurred(scene, passed);
        let flat = scene.contrast < FLAT_CONTRAST;
        if scene.brightness < BLACK_BRIGHTNESS || (flat && scene.brightness < DARK_BRIGHTNESS) {
            Clarity::Dark
        } else if flat && scene.brightness > WHITE_BRIGHTNESS {
            Clarity::Blinded
        } else if flat && scene.sharpness < FLAT_SHARPNESS {
            Clarity::Covered
        } else if scene.changed.is_some_and(|share| share >= LIGHT_CHANGED) {
            Clarity::LightChange
        } else if blurred {
            Clarity::Blurred
        } else {
            Clarity::Clear
        }
    }

    /// Forgets: the next look is not compared with the last. How much detail is usual stays known.
    pub fn reset(&mut self) {
        self.still = None;
    }

    /// Whether the picture has far less detail than usual. A dark one says nothing of what is usual.
    fn is_blurred(&mut self, scene: &Scene, passed: Duration) -> bool {
        if !scene.sharpness.is_finite() || scene.brightness < DARK_BRIGHTNESS {
            return false;
        }
        let now = scene.sharpness.clamp(0.0, 1.0);
        let Some(usual) = &mut self.usual else {
            self.usual = Some(Usual { sharpness: now, known_for: Duration::ZERO });
            return false;
        };
        let takes = if now < usual.sharpness { USUAL_FALLS } else { USUAL_RISES };
        // At first it is the mean of what was seen; from then on it follows slowly.
        let first = usual.known_for.as_secs_f32().max(1.0);
        let takes = if usual.known_for < USUAL_AFTER { first } else { takes };
        let blurred = usual.known_for >= USUAL_AFTER && now < BLURRED * usual.sharpness;
        // Until it is known whether the picture only lost its focus, what is usual hardly follows.
        let takes = if blurred { USUAL_FALLS } else { takes };
        usual.sharpness += (now - usual.sharpness) * (passed.as_secs_f32() / takes).clamp(0.0, 1.0);
        usual.known_for = usual.known_for.saturating_add(passed);
        blurred
    }

    /// For how long nothing has shown that the picture is live. That time says nothing yet: it counts once the
    /// picture is seen to be live, and does not where it turns out to be frozen.
    pub fn unproven(&self) -> Duration {
        self.still.map_or(Duration::ZERO, |still| still.lasted)
    }

    fn weigh(&mut self, scene: &Scene, passed: Duration) {
        let Some(identical) = scene.identical else {
            // The first look of a file cannot be compared: it proves neither that the picture stands still nor that it lives.
            if let Some(run) = &mut self.still {
                run.lasted = run.lasted.saturating_add(passed);
            }
            return;
        };
        if identical < LIVE || scene.changed.is_some_and(|share| share >= MOVED) {
            return self.reset();
        }
        let now = u32::from(identical >= STILL);
        self.still = match self.still {
            None if now == 0 => None,
            None => Some(StandingStill { lasted: passed, looks: 1, still: 1, restless: 0 }),
            Some(run) => {
                let run = StandingStill {
                    lasted: run.lasted.saturating_add(passed),
                    looks: run.looks.saturating_add(1),
                    still: run.still.saturating_add(now),
                    restless: if now == 1 { 0 } else { run.restless.saturating_add(1) },
                };
                // A live picture that was still for a look or two stirs again; a frozen one only where it is encoded
                // anew, at single looks.
                let mostly_still = run.looks < FROZEN_LOOKS || run.still.saturating_mul(2) >= run.looks;
                (mostly_still && run.restless < RESTLESS_LOOKS).then_some(run)
            }
        };
    }

    fn is_frozen(&self) -> bool {
        self.still.is_some_and(|still| still.looks >= FROZEN_LOOKS && still.lasted >= FROZEN_FOR)
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
        moved: None,
    };

    fn clarity(scene: Scene) -> Clarity {
        Visibility::default().look(&scene, Duration::from_secs(1))
    }

    #[test]
    fn tells_why_nothing_can_be_seen() {
        assert_eq!(clarity(ROOM), Clarity::Clear);
        assert_eq!(
            clarity(Scene { brightness: 0.063, contrast: 0.0, sharpness: 0.0, ..ROOM }),
            Clarity::Dark
        );
        assert_eq!(
            clarity(Scene { brightness: 0.4, contrast: 0.02, sharpness: 0.002, ..ROOM }),
            Clarity::Covered
        );
        assert_eq!(
            clarity(Scene { brightness: 0.91, contrast: 0.02, sharpness: 0.012, ..ROOM }),
            Clarity::Blinded
        );
        // Snow in the sun is bright, and shows what is in it.
        assert_eq!(clarity(Scene { brightness: 0.88, contrast: 0.08, ..ROOM }), Clarity::Clear);
        assert_eq!(clarity(Scene { changed: Some(0.9), ..ROOM }), Clarity::LightChange);
        // A room made darker by 0.1, in which not all people are found however it is lifted; and by 0.25, in which they are.
        assert_eq!(clarity(Scene { brightness: 0.106, contrast: 0.019, ..ROOM }), Clarity::Dark);
        assert_eq!(clarity(Scene { brightness: 0.166, contrast: 0.052, ..ROOM }), Clarity::Clear);
        // A dim room at night with lit screens is still a picture.
        assert_eq!(clarity(Scene { brightness: 0.1, contrast: 0.09, ..ROOM }), Clarity::Clear);
    }

    #[test]
    fn far_less_detail_than_usual_is_a_blur_until_it_has_become_usual() {
        let second = Duration::from_secs(1);
        let mut visibility = Visibility::default();
        let mut look = |sharpness| visibility.look(&Scene { sharpness, ..ROOM }, second);
        assert!((0..30).all(|_| look(0.03).is_clear()));
        // What a vehicle that fills half the picture takes away is no blur.
        assert!((0..30).all(|_| look(0.018).is_clear()));
        assert!((0..120).all(|_| look(0.009) == Clarity::Blurred));
        assert!(look(0.03).is_clear());
        // At night a camera may show less for good.
        let (blurred, clear): (Vec<Clarity>, Vec<Clarity>) =
            (0..1800).map(|_| look(0.009)).partition(|clarity| *clarity == Clarity::Blurred);
        assert!(blurred.len() < 900 && clear.len() > 900, "{}", blurred.len());
    }

    #[test]
    fn a_gap_does_not_make_a_blur_usual() {
        let mut visibility = Visibility::default();
        for _ in 0..30 {
            visibility.look(&ROOM, Duration::from_secs(1));
        }
        visibility.reset();
        let blurred = Scene { sharpness: 0.008, ..ROOM };
        assert_eq!(visibility.look(&blurred, Duration::from_secs(1)), Clarity::Blurred);
    }

    #[test]
    fn a_picture_is_frozen_after_a_while_and_says_since_when() {
        let still = Scene { identical: Some(1.0), changed: Some(0.0), ..ROOM };
        let mut visibility = Visibility::default();
        for look in 1..6 {
            assert!(visibility.look(&still, Duration::from_secs(5)).is_clear());
            assert_eq!(visibility.unproven(), Duration::from_secs(5 * look));
        }
        let recognised = Some(Duration::from_secs(30));
        assert_eq!(visibility.look(&still, Duration::from_secs(5)), Clarity::Frozen { recognised });
        assert_eq!(visibility.look(&still, Duration::from_secs(5)), Clarity::Frozen { recognised: None });
        assert_eq!(visibility.look(&ROOM, Duration::from_secs(5)), Clarity::Clear);
        assert_eq!(visibility.unproven(), Duration::ZERO);
    }

    #[test]
    fn a_picture_is_frozen_across_files_too() {
        let still = Scene { identical: Some(1.0), changed: Some(0.0), ..ROOM };
        let first = Scene { identical: None, changed: None, ..ROOM };
        let mut visibility = Visibility::default();
        let clarities: Vec<Clarity> = (0..20)
            .map(|look| visibility.look(if look % 5 == 0 { &first } else { &still }, Duration::from_secs(2)))
            .collect();
        assert!(clarities[..14].iter().all(|clarity| clarity.is_clear()), "{clarities:?}");
        assert!(clarities[16..].iter().all(|clarity| clarity.is_frozen()), "{clarities:?}");
    }

    #[test]
    fn a_frozen_picture_that_is_encoded_again_is_frozen_all_the_same() {
        let mut visibility = Visibility::default();
        let clarities: Vec<Clarity> = (0..40)
            .map(|look| {
                let identical = Some(if look % 8 == 7 { 0.8 } else { 0.99 });
                visibility.look(&Scene { identical, changed: Some(0.0), ..ROOM }, Duration::from_secs(1))
            })
            .collect();
        assert!(clarities[..29].iter().all(|clarity| clarity.is_clear()));
        assert!(clarities[29..].iter().all(|clarity| clarity.is_frozen()));
    }

    #[test]
    fn a_camera_without_noise_is_live_from_key_frame_to_key_frame() {
        let still = Scene { identical: Some(1.0), changed: Some(0.0), ..ROOM };
        let key = Scene { identical: Some(0.4), changed: Some(0.0), ..ROOM };
        let mut visibility = Visibility::default();
        for _ in 0..10 {
            for _ in 0..9 {
                assert!(visibility.look(&still, Duration::from_secs(1)).is_clear());
            }
            assert!(visibility.look(&key, Duration::from_secs(1)).is_clear());
            assert_eq!(visibility.unproven(), Duration::ZERO);
        }
    }
}
