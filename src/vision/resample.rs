//! Planes brought to another size, row by row, without a picture in between.

use std::ops::Range;

use crate::libav::Plane;

/// Weights of one output sum up to this.
const ONE: u32 = 256;

/// Source rows are added up this many at a time.
const TAPS: usize = 4;

/// Part of a side, in samples; may begin and end between two.
pub type Part = Range<f64>;

/// How one side is resampled: by the mean of what each output covers where it gets smaller, linearly between the
/// nearest two where it grows.
#[derive(Debug, Default)]
struct Side {
    made_for: (usize, Part, usize),
    starts: Vec<usize>,
    /// [`Self::taps`] for each output.
    weights: Vec<u16>,
    /// A multiple of [`TAPS`].
    taps: usize,
}

impl Side {
    /// Makes the table for outputs that share `part` of a side of `length` samples evenly among them.
    fn set(&mut self, length: usize, part: Part, outputs: usize) {
        let made_for = (length, part.clone(), outputs);
        if made_for == self.made_for {
            return;
        }
        let step = (part.end - part.start) / outputs.max(1) as f64;
        let last = length.saturating_sub(1);
        self.taps = (step.max(1.0).ceil() as usize + 1).next_multiple_of(TAPS);
        self.starts.clear();
        self.weights.clear();
        for output in 0..outputs {
            let from = part.start + step * output as f64;
            // Where it grows, an output covers one sample's width about its centre: that is linear interpolation.
            let (from, to) = if step < 1.0 {
                (from + step / 2.0 - 0.5, from + step / 2.0 + 0.5)
            } else {
                (from, from + step)
            };
            let start = (from.floor().max(0.0) as usize).min(last);
            self.starts.push(start);
            let at = self.weights.len();
            self.weights.resize(at + self.taps, 0);
            // What rounding leaves over goes to the next sample, so that all sum up to one.
            let (mut covered, mut given) = (0.0, 0);
            for tap in 0..self.taps {
                let sample = (start + tap) as f64;
                // The first and the last sample stand for what lies beyond them.
                let low = if start + tap == 0 { f64::NEG_INFINITY } else { sample };
                let high = if start + tap >= last { f64::INFINITY } else { sample + 1.0 };
                covered += (to.min(high) - from.max(low)).max(0.0) / (to - from);
                let whole = (covered * f64::from(ONE)).round() as u32;
                self.weights[at + tap] = (whole - given) as u16;
                given = whole;
                if start + tap >= last {
                    break;
                }
            }
        }
        self.made_for = made_for;
    }

    fn output(&self, index: usize) -> (usize, &[u16]) {
        let index = index.min(self.starts.len().saturating_sub(1));
        (self.starts[index], &self.weights[index * self.taps..(index + 1) * self.taps])
    }
}

/// Resamples planes to one size. Keeps its tables and its row while sizes stay the same.
#[derive(Debug, Default)]
pub struct Resampler {
    across: Side,
    down: Side,
    /// Sum of the rows that an output row covers, and some samples after the last for the widest table.
    sum: Vec<u16>,
}

impl Resampler {
    /// What follows is the part of a plane, of `size` columns and rows, within these parts of its sides (not empty),
    /// brought to `to` columns and rows.
    pub fn set(&mut self, size: (usize, usize), (columns, rows): (Part, Part), to: (usize, usize)) {
        self.across.set(size.0, columns, to.0);
        self.down.set(size.1, rows, to.1);
        self.sum.resize(size.0 + self.across.taps, 0);
    }

    /// Row `y` of the result: samples of `plane` times 256, as many as `out` holds.
    pub fn row(&mut self, plane: &Plane<'_>, y: usize, out: &mut [u16]) {
        let (start, weights) = self.down.output(y);
        let width = plane.width().min(self.sum.len());
        // Only the columns that outputs cover are added up.
        let from = self.across.starts.first().copied().unwrap_or(0).min(width);
        let to = self.across.starts.last().map_or(0, |last| last + self.across.taps).clamp(from, width);
        for (block, weights) in weights.chunks_exact(TAPS).enumerate() {
            let rows = [0, 1, 2, 3].map(|tap| &plane.row(start + block * TAPS + tap)[from..to]);
            let weights = [weights[0], weights[1], weights[2], weights[3]];
            add_up(&mut self.sum[from..to], rows, weights, block > 0);
        }
        let outputs =
            out.iter_mut().zip(&self.across.starts).zip(self.across.weights.chunks(self.across.taps));
        for ((out, start), weights) in outputs {
            // Nearly always one block, whose length the compiler then knows.
            let sum = match (self.sum[*start..].first_chunk::<TAPS>(), weights.first_chunk::<TAPS>()) {
                (Some(samples), Some(four)) if weights.len() == TAPS => weighted(samples, four),
                _ => weighted(&self.sum[*start..], weights),
            };
            *out = (sum >> 8) as u16;
        }
    }
}

/// Adds four weighted rows, or puts them in place of what was there. No sum exceeds 255 × 256.
fn add_up(sum: &mut [u16], rows: [&[u8]; TAPS], weights: [u16; TAPS], add: bool) {
    let [a, b, c, d] = rows;
    let samples = a.iter().zip(b).zip(c.iter().zip(d));
    let of = |((a, b), (c, d)): ((&u8, &u8), (&u8, &u8))| {
        (u16::from(*a).wrapping_mul(weights[0]))
            .wrapping_add(u16::from(*b).wrapping_mul(weights[1]))
            .wrapping_add(u16::from(*c).wrapping_mul(weights[2]))
            .wrapping_add(u16::from(*d).wrapping_mul(weights[3]))
    };
    if add {
        for (sum, samples) in sum.iter_mut().zip(samples) {
            *sum = sum.wrapping_add(of(samples));
        }
    } else {
        for (sum, samples) in sum.iter_mut().zip(samples) {
            *sum = of(samples);
        }
    }
}

#[inline(always)]
fn weighted(samples: &[u16], weights: &[u16]) -> u32 {
    samples.iter().zip(weights).map(|(s, w)| u32::from(*s) * u32::from(*w)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resampled(samples: &[u8], size: (usize, usize), part: (Part, Part), to: (usize, usize)) -> Vec<f32> {
        let plane = Plane::new(samples, size.0, size.1, size.0).expect("the size fits");
        let mut resampler = Resampler::default();
        resampler.set(size, part, to);
        let mut row = vec![0; to.0];
        (0..to.1)
            .flat_map(|y| {
                resampler.row(&plane, y, &mut row);
                row.iter().map(|v| f32::from(*v) / 256.0).collect::<Vec<_>>()
            })
            .collect()
    }

    #[test]
    fn what_gets_smaller_is_averaged() {
        let ramp: Vec<u8> = (0..64).map(|i| (i % 8) * 10).collect();
        assert_eq!(resampled(&ramp, (8, 8), (0.0..8.0, 0.0..8.0), (2, 1)), [15.0, 55.0]);
        // Three quarters of a sample each: 0, 1 + ⅓, 2 + ⅔ …
        let thirds = resampled(&ramp, (8, 8), (0.0..8.0, 0.0..8.0), (3, 8));
        for (value, wanted) in thirds.iter().zip([8.75, 35.0, 61.25]) {
            assert!((value - wanted).abs() < 0.3, "{thirds:?}");
        }
    }

    #[test]
    fn what_grows_is_interpolated() {
        let grown = resampled(&[0, 100], (2, 1), (0.0..2.0, 0.0..1.0), (4, 2));
        assert_eq!(grown, [0.0, 25.0, 75.0, 100.0, 0.0, 25.0, 75.0, 100.0]);
    }

    #[test]
    fn a_part_may_lie_anywhere() {
        let ramp: Vec<u8> = (0..=255).collect();
        assert_eq!(resampled(&ramp, (256, 1), (100.0..104.0, 0.0..1.0), (2, 1)), [100.5, 102.5]);
        assert_eq!(resampled(&ramp, (256, 1), (254.0..256.0, 0.0..1.0), (1, 1)), [254.5]);
    }

    #[test]
    fn white_stays_white_whatever_the_sizes() {
        for (width, height) in [(1, 1), (2, 3), (97, 61), (640, 360), (1921, 5)] {
            let white = vec![255; width * height];
            let whole = (0.0..width as f64, 0.0..height as f64);
            for to in [(1, 1), (7, 9), (256, 144), (416, 234)] {
                let all = resampled(&white, (width, height), whole.clone(), to);
                assert!(all.iter().all(|v| *v == 255.0), "{width} × {height} to {to:?}");
            }
        }
    }
}
