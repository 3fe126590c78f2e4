//! Dark and flat pictures, lifted for the detector: what is there is then seen by networks that learnt from pictures by day.
//!
//! What it brings was measured (docs/performance.md). Of rooms made darker by 0.06 and more a tenth of what is found is no person: a
//! picture that dark counts as too dark to tell that nobody is there (`rules/visibility.rs`).
//!
//! The curve follows from the small picture of the look alone. Between what needs none and what needs much it has no step: a
//! picture on the verge is seen alike from look to look. Nothing of what is recorded or shown to people passes through it.

/// Shares of the samples that may be darker than black and brighter than white: lamps, and the recorder's own lettering.
const DARKEST: f32 = 0.01;
const BRIGHTEST: f32 = 0.02;
/// The span of luma, of 1, that a picture is stretched to where it has less.
const SPAN: f32 = 0.45;
/// The most that luma is multiplied with in this: more would show noise and coding in place of people.
const MOST_GAIN: f32 = 8.0;
/// The median that a picture is brightened to where it is darker, and the strongest exponent with which that is done.
const MEDIAN: f32 = 0.25;
const LEAST_GAMMA: f32 = 0.5;
/// What black is in most recordings, of 1.
const BLACK: f32 = 16.0 / 255.0;

/// How luma is lifted before a detector sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tone {
    /// What each luma becomes, and what follows the last.
    table: [f32; 257],
}

impl Tone {
    /// The curve for a picture of these samples; none where it is neither dark nor flat.
    pub fn of(samples: &[u8]) -> Option<Self> {
        let mut counts = [0_usize; 256];
        for sample in samples {
            if let Some(count) = counts.get_mut(usize::from(*sample)) {
                *count += 1;
            }
        }
        let at = |share: f32| quantile(&counts, samples.len(), share);
        let (low, median, high) = (at(DARKEST), at(0.5), at(1.0 - BRIGHTEST));
        let gain = (SPAN / (high - low).max(1.0 / 255.0)).clamp(1.0, MOST_GAIN);
        let stretched = |luma: f32| if gain > 1.0 { (luma - low) * gain + low.min(BLACK) } else { luma };
        let middle = stretched(median).clamp(0.01, 1.0);
        let gamma = if middle < MEDIAN { (MEDIAN.ln() / middle.ln()).max(LEAST_GAMMA) } else { 1.0 };
        (gain > 1.0 || gamma < 1.0).then(|| {
            let lifted = |luma: usize| 255.0 * stretched(luma as f32 / 255.0).clamp(0.0, 1.0).powf(gamma);
            Self { table: std::array::from_fn(|luma| lifted(luma.min(255))) }
        })
    }

    /// Lifts luma in 256ths, in place.
    pub fn lift(&self, row: &mut [u16]) {
        firewarden_pixels::lift(row, &self.table);
    }
}

/// The luma, of 1, below which this share of the samples lies.
fn quantile(counts: &[usize; 256], samples: usize, share: f32) -> f32 {
    let wanted = (share * samples as f32) as usize;
    let mut before = 0;
    let found = counts.iter().position(|count| {
        before += count;
        before > wanted
    });
    found.unwrap_or(255) as f32 / 255.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Luma that runs evenly from `low` to `high`.
    fn ramp(low: u8, high: u8) -> Vec<u8> {
        (0..36_864_usize).map(|n| low + (n % (usize::from(high - low) + 1)) as u8).collect()
    }

    fn lifted(tone: &Tone, luma: u8) -> f32 {
        let mut row = [u16::from(luma) << 8];
        tone.lift(&mut row);
        f32::from(row[0]) / 256.0
    }

    #[test]
    fn a_picture_that_shows_enough_stays_as_it_is() {
        assert_eq!(Tone::of(&ramp(16, 235)), None);
        assert_eq!(Tone::of(&ramp(40, 210)), None);
    }

    #[test]
    fn dark_and_flat_pictures_are_lifted_and_order_is_kept() {
        for (low, high) in [(10, 60), (16, 24), (90, 150), (0, 90), (200, 220)] {
            let tone = Tone::of(&ramp(low, high)).expect("lifted");
            let span = lifted(&tone, high) - lifted(&tone, low);
            assert!(span > 1.2 * f32::from(high - low), "{low} to {high}: {span}");
            let all: Vec<f32> = (0..=255).map(|luma| lifted(&tone, luma)).collect();
            assert!(all.is_sorted(), "{low} to {high}");
        }
    }

    #[test]
    fn what_is_lifted_has_no_step() {
        // From a picture that needs nothing to one that needs a little more each time.
        let mut before: Option<Vec<f32>> = None;
        for high in (30..=200).rev() {
            let tone = Tone::of(&ramp(16, high));
            let all: Vec<f32> =
                (0..=high).map(|l| tone.as_ref().map_or(f32::from(l), |tone| lifted(tone, l))).collect();
            if let Some(before) = before {
                let most = all.iter().zip(before).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(most < 10.0, "{high}: {most}");
            }
            before = Some(all);
        }
    }

    #[test]
    fn noise_is_not_blown_up_without_bound() {
        let tone = Tone::of(&ramp(16, 18)).expect("lifted");
        let steps = (16..255).map(|luma| lifted(&tone, luma + 1) - lifted(&tone, luma));
        assert!(steps.fold(0.0, f32::max) < 16.0);
        assert!(Tone::of(&[]).is_some_and(|tone| tone.table.iter().all(|v| v.is_finite())));
    }

    #[test]
    fn lamps_and_lettering_hide_no_darkness() {
        let mut samples = ramp(12, 50);
        let bright = samples.len() / 100;
        samples[..bright].fill(235);
        let tone = Tone::of(&samples).expect("lifted");
        assert!(lifted(&tone, 50) - lifted(&tone, 12) > 100.0);
    }
}
