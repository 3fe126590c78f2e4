use firewarden_pixels::halve;

use super::Tone;
use crate::libav::{Colour, Plane, Yuv};

/// A picture whose luma is there in several sizes, so that what needs a small one does not read all of it.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    yuv: Yuv<'a>,
    halves: &'a [Half],
    tone: Option<&'a Tone>,
}

/// A plane half as wide and high as the one before.
#[derive(Debug, Default)]
struct Half {
    samples: Vec<u8>,
    width: usize,
    height: usize,
}

impl Half {
    fn plane(&self) -> Option<Plane<'_>> {
        Plane::new(&self.samples, self.width, self.height, self.width)
    }

    /// Each sample the mean of four. An odd last row or column is left out.
    fn of(&mut self, plane: &Plane<'_>) {
        (self.width, self.height) = halve(plane, &mut self.samples);
    }
}

/// Buffers for the sizes of a picture, used again for the next one.
#[derive(Debug, Default)]
pub struct Halves(Vec<Half>);

impl Halves {
    /// Halves the picture's luma while both sides stay at least as long as `least`, columns and rows.
    pub fn picture<'a>(&'a mut self, yuv: Yuv<'a>, least: (usize, usize)) -> Picture<'a> {
        let mut count = 0;
        let (mut width, mut height) = (yuv.luma.width() / 2, yuv.luma.height() / 2);
        while width >= least.0.max(1) && height >= least.1.max(1) {
            if self.0.len() == count {
                self.0.push(Half::default());
            }
            let (done, rest) = self.0.split_at_mut(count);
            if let Some(half) = rest.first_mut() {
                half.of(&done.last().and_then(Half::plane).unwrap_or(yuv.luma));
            }
            count += 1;
            (width, height) = (width / 2, height / 2);
        }
        Picture { yuv, halves: self.0.get(..count).unwrap_or_default(), tone: None }
    }
}

impl<'a> Picture<'a> {
    /// A picture of which only the full size is there.
    pub fn new(yuv: Yuv<'a>) -> Self {
        Self { yuv, halves: &[], tone: None }
    }

    /// The same, which detectors are to see through this curve; none as it is.
    #[must_use]
    pub fn seen_through(self, tone: Option<&'a Tone>) -> Self {
        Self { tone, ..self }
    }

    /// The curve through which detectors see its luma.
    pub fn tone(&self) -> Option<&'a Tone> {
        self.tone
    }

    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.yuv.luma.width()
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.yuv.luma.height()
    }

    /// The luma in full size.
    pub fn luma(&self) -> &Plane<'a> {
        &self.yuv.luma
    }

    /// The luma in the smallest size there is that has as many columns and rows; in full size where none has.
    pub fn luma_of(&self, columns: f64, rows: f64) -> Plane<'a> {
        let fits = |plane: &Plane<'_>| plane.width() as f64 >= columns && plane.height() as f64 >= rows;
        self.halves.iter().rev().filter_map(Half::plane).find(fits).unwrap_or(self.yuv.luma)
    }

    /// Blue and red difference, where the picture has colours.
    pub fn chroma(&self) -> Option<&[Plane<'a>; 2]> {
        self.yuv.chroma.as_ref()
    }

    /// What its samples mean.
    pub fn colour(&self) -> Colour {
        self.yuv.colour
    }
}

/// A grey picture of these samples, without gaps between its rows.
#[cfg(test)]
pub(super) fn grey(samples: &[u8], width: usize, height: usize) -> Picture<'_> {
    let colour = Colour { matrix: crate::libav::Matrix::Bt601, full_range: true };
    let luma = Plane::new(samples, width, height, width).expect("the size fits");
    Picture::new(Yuv { luma, chroma: None, colour })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_smallest_luma_that_is_large_enough() {
        let samples: Vec<u8> = (0..100 * 60).map(|i| (i % 100) as u8).collect();
        let whole = grey(&samples, 100, 60);
        let mut halves = Halves::default();
        let picture = halves.picture(whole.yuv, (20, 10));
        let size = |plane: Plane<'_>| (plane.width(), plane.height());
        assert_eq!(size(picture.luma_of(20.0, 10.0)), (25, 15));
        assert_eq!(size(picture.luma_of(26.0, 10.0)), (50, 30));
        assert_eq!(size(picture.luma_of(20.0, 31.0)), (100, 60));
        assert_eq!(size(picture.luma_of(500.0, 31.0)), (100, 60));
        assert_eq!(picture.luma_of(20.0, 10.0).row(3)[..3], [2, 6, 10]);
    }
}
