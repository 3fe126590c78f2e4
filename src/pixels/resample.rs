//! Planes brought to another size, eight rows at a time, without a picture in between.
//!
//! Down the columns, neighbours lie beside each other, and the compiler makes vector code by itself. Along the rows each
//! output begins somewhere else; there eight rows are turned on their sides, so that a vector holds one column of them.

use std::ops::Range;

use wide::u16x8;

use crate::Plane;

/// Rows of a [`Band`].
pub const BAND: usize = 8;

/// Weights down a column sum up to this: no sum exceeds 255 × 256.
const DOWN: u32 = 256;

/// Weights along a row sum up to this, of which a product keeps the upper 16 bits.
const ACROSS: u32 = 65535;

/// Source samples are added up this many at a time.
const TAPS: usize = 4;

/// Part of a side, in samples; may begin and end between two.
pub type Reach = Range<f64>;

/// One column of a band.
type Vector = [u16; BAND];

/// How one side is resampled: by the mean of what each output covers where it gets smaller, linearly between the
/// nearest two where it grows.
#[derive(Debug, Default)]
struct Side {
    made_for: (usize, Reach, usize),
    starts: Vec<usize>,
    /// [`Self::taps`] for each output.
    weights: Vec<u16>,
    /// A multiple of [`TAPS`].
    taps: usize,
}

impl Side {
    /// Makes the table for outputs that share `part` of a side of `length` samples evenly among them. The weights of one
    /// output sum up to `one`.
    fn set(&mut self, length: usize, part: Reach, outputs: usize, one: u32) {
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
                let whole = (covered * f64::from(one)).round() as u32;
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

    /// The samples that outputs cover, and some after the last for the widest table.
    fn covered(&self) -> Range<usize> {
        let from = self.starts.first().copied().unwrap_or(0);
        from..self.starts.last().map_or(from, |last| last + self.taps)
    }
}

/// Up to [`BAND`] rows of a result: samples times 256. Products are rounded down, so that what is made of four samples is up
/// to five too little.
#[derive(Debug, Default)]
pub struct Band {
    samples: Vec<u16>,
    /// From one row to the next; not less than the width.
    stride: usize,
}

impl Band {
    /// A row of the band, from its top; empty below its last.
    pub fn row(&self, row: usize) -> &[u16] {
        self.samples.get(row * self.stride..(row + 1) * self.stride).unwrap_or_default()
    }

    /// All of its rows, and what lies between them.
    pub fn samples_mut(&mut self) -> &mut [u16] {
        &mut self.samples
    }

    /// Makes a band of rows as wide, or wider, of one value.
    pub fn fill(&mut self, width: usize, value: u16) {
        self.set(width);
        self.samples.fill(value);
    }

    fn set(&mut self, width: usize) {
        self.stride = width.next_multiple_of(BAND);
        self.samples.resize(BAND * self.stride, 0);
    }
}

/// Resamples planes to one size. Keeps its tables and its buffers while sizes stay the same.
#[derive(Debug, Default)]
pub struct Resampler {
    across: Side,
    down: Side,
    /// For each row of a band the sum of the rows that it covers.
    sums: Vec<u16>,
    /// The same on its side.
    vectors: Vec<Vector>,
    /// The columns of the band.
    columns: Vec<Vector>,
}

impl Resampler {
    /// What follows is the part of a plane, of `size` columns and rows, within these parts of its sides (not empty),
    /// brought to `to` columns and rows.
    pub fn set(&mut self, size: (usize, usize), (columns, rows): (Reach, Reach), to: (usize, usize)) {
        self.across.set(size.0, columns, to.0, ACROSS);
        self.down.set(size.1, rows, to.1, DOWN);
        let covered = self.across.covered().len().next_multiple_of(BAND);
        self.sums.resize(BAND * covered, 0);
        self.vectors.resize(covered, Vector::default());
        self.columns.resize(to.0.next_multiple_of(BAND), Vector::default());
    }

    /// The rows of the result from `first` on; those below its last row are like that.
    pub fn band(&mut self, plane: &Plane<'_>, first: usize, out: &mut Band) {
        self.add_up(plane, first);
        turn(&self.sums, &mut self.vectors);
        let from = self.across.covered().start;
        let outputs = self.columns.iter_mut().zip(&self.across.starts);
        for ((out, start), weights) in outputs.zip(self.across.weights.chunks(self.across.taps)) {
            let vectors = &self.vectors[start - from..];
            // Nearly always one block, whose length the compiler then knows.
            *out = match (vectors.first_chunk::<TAPS>(), weights.first_chunk::<TAPS>()) {
                (Some(vectors), Some(four)) if weights.len() == TAPS => weighted(vectors, four),
                _ => weighted(vectors, weights),
            };
        }
        out.set(self.columns.len());
        turn_back(&self.columns, &mut out.samples);
    }

    /// Makes the sums of a band.
    fn add_up(&mut self, plane: &Plane<'_>, first: usize) {
        let covered = self.across.covered();
        // Beyond the last sample there is nothing, which weighs nothing either.
        let (from, to) = (covered.start.min(plane.width()), covered.end.min(plane.width()));
        let stride = self.sums.len() / BAND;
        for (row, sum) in self.sums.chunks_exact_mut(stride.max(1)).enumerate() {
            let sum = &mut sum[..to - from];
            let (start, weights) = self.down.output(first + row);
            for (block, weights) in weights.as_chunks::<TAPS>().0.iter().enumerate() {
                let rows = [0, 1, 2, 3].map(|tap| &plane.row(start + block * TAPS + tap)[from..to]);
                add(sum, rows, *weights, block > 0);
            }
        }
    }
}

/// Adds four weighted rows, or puts them in place of what was there.
fn add(sum: &mut [u16], rows: [&[u8]; TAPS], weights: [u16; TAPS], more: bool) {
    let [a, b, c, d] = rows;
    let samples = a.iter().zip(b).zip(c.iter().zip(d));
    let of = |((a, b), (c, d)): ((&u8, &u8), (&u8, &u8))| {
        (u16::from(*a).wrapping_mul(weights[0]))
            .wrapping_add(u16::from(*b).wrapping_mul(weights[1]))
            .wrapping_add(u16::from(*c).wrapping_mul(weights[2]))
            .wrapping_add(u16::from(*d).wrapping_mul(weights[3]))
    };
    if more {
        for (sum, samples) in sum.iter_mut().zip(samples) {
            *sum = sum.wrapping_add(of(samples));
        }
    } else {
        for (sum, samples) in sum.iter_mut().zip(samples) {
            *sum = of(samples);
        }
    }
}

/// Eight columns of a band, each the sum of weighted ones.
#[inline(always)]
fn weighted(vectors: &[Vector], weights: &[u16]) -> Vector {
    let mut sum = Vector::default();
    for (lane, weight) in vectors.iter().zip(weights) {
        for (sum, sample) in sum.iter_mut().zip(lane) {
            *sum = sum.wrapping_add(((u32::from(*sample) * u32::from(*weight)) >> 16) as u16);
        }
    }
    sum
}

/// From eight rows, one after the other, to their columns.
fn turn(rows: &[u16], columns: &mut [Vector]) {
    let blocks = rows.len() / BAND / BAND;
    let (rows, _) = rows.as_chunks::<BAND>();
    let [a, b, c, d, e, f, g, h] =
        [0, 1, 2, 3, 4, 5, 6, 7].map(|row| &rows[row * blocks..(row + 1) * blocks]);
    for (block, columns) in columns.as_chunks_mut::<BAND>().0.iter_mut().enumerate().take(blocks) {
        // One by one: in a loop over the rows the compiler does not see that all are as long.
        let of = [a[block], b[block], c[block], d[block], e[block], f[block], g[block], h[block]];
        *columns = u16x8::transpose(of.map(u16x8::new)).map(u16x8::to_array);
    }
}

/// From columns to eight rows, one after the other.
fn turn_back(columns: &[Vector], rows: &mut [u16]) {
    let blocks = columns.len() / BAND;
    let (rows, _) = rows.as_chunks_mut::<BAND>();
    for (block, columns) in columns.as_chunks::<BAND>().0.iter().enumerate() {
        let turned = u16x8::transpose(columns.map(u16x8::new));
        for (row, samples) in turned.iter().enumerate() {
            rows[row * blocks + block] = samples.to_array();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resampled(samples: &[u8], size: (usize, usize), part: (Reach, Reach), to: (usize, usize)) -> Vec<f32> {
        let plane = Plane::new(samples, size.0, size.1, size.0).expect("the size fits");
        let mut resampler = Resampler::default();
        resampler.set(size, part, to);
        let mut band = Band::default();
        (0..to.1)
            .flat_map(|y| {
                if y % BAND == 0 {
                    resampler.band(&plane, y, &mut band);
                }
                band.row(y % BAND)[..to.0].iter().map(|v| f32::from(*v) / 256.0).collect::<Vec<_>>()
            })
            .collect()
    }

    /// Of four samples each: less by at most five 256ths.
    fn assert_near(values: &[f32], wanted: &[f32]) {
        assert_eq!(values.len(), wanted.len());
        let near = |(value, wanted): (&f32, &f32)| (-5.0 / 256.0..=0.0).contains(&(value - wanted));
        assert!(values.iter().zip(wanted).all(near), "{values:?}, not {wanted:?}");
    }

    #[test]
    fn what_gets_smaller_is_averaged() {
        let ramp: Vec<u8> = (0..64).map(|i| (i % 8) * 10).collect();
        assert_near(&resampled(&ramp, (8, 8), (0.0..8.0, 0.0..8.0), (2, 1)), &[15.0, 55.0]);
        // Three quarters of a sample each: 0, 1 + ⅓, 2 + ⅔ …
        let thirds = resampled(&ramp, (8, 8), (0.0..8.0, 0.0..8.0), (3, 8));
        for (value, wanted) in thirds.iter().zip([8.75, 35.0, 61.25]) {
            assert!((value - wanted).abs() < 0.3, "{thirds:?}");
        }
    }

    #[test]
    fn what_grows_is_interpolated() {
        let grown = resampled(&[0, 100], (2, 1), (0.0..2.0, 0.0..1.0), (4, 2));
        assert_near(&grown, &[0.0, 25.0, 75.0, 100.0, 0.0, 25.0, 75.0, 100.0]);
    }

    #[test]
    fn a_part_may_lie_anywhere() {
        let ramp: Vec<u8> = (0..=255).collect();
        assert_near(&resampled(&ramp, (256, 1), (100.0..104.0, 0.0..1.0), (2, 1)), &[100.5, 102.5]);
        assert_near(&resampled(&ramp, (256, 1), (254.0..256.0, 0.0..1.0), (1, 1)), &[254.5]);
    }

    #[test]
    fn white_stays_white_whatever_the_sizes() {
        for (width, height) in [(1, 1), (2, 3), (97, 61), (640, 360), (1921, 5)] {
            let white = vec![255; width * height];
            let whole = (0.0..width as f64, 0.0..height as f64);
            for to in [(1, 1), (7, 9), (256, 144), (416, 234)] {
                let all = resampled(&white, (width, height), whole.clone(), to);
                let taps = (width / to.0 + 2).next_multiple_of(TAPS);
                let least = 255.0 - (taps + 1) as f32 / 256.0;
                assert!(all.iter().all(|v| (least..=255.0).contains(v)), "{width} × {height} to {to:?}");
            }
        }
    }
}
