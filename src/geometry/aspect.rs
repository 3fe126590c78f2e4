//! The shape of pixels: recorders store pictures narrower than they are to be shown.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How wide a pixel is to be shown, as a ratio to its height: 2:1 for pictures that are stored half as wide. Between 1:4
/// and 4:1.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = r"^\s*[0-9]+\s*:\s*[0-9]+\s*$"))]
pub struct PixelAspect {
    across: u32,
    down: u32,
}

/// Why a text is no [`PixelAspect`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "is no ratio of a pixel's width to its height from 1:4 to 4:1; write it such as \"2:1\" or \"12:11\""
)]
pub struct AspectError;

impl PixelAspect {
    /// As wide as high.
    pub const SQUARE: Self = Self { across: 1, down: 1 };

    /// None for what no camera has.
    pub fn new(across: u32, down: u32) -> Option<Self> {
        let (wide, high) = (u64::from(across), u64::from(down));
        (wide > 0 && high > 0 && wide <= 4 * high && high <= 4 * wide).then_some(Self { across, down })
    }

    /// Width and height of a pixel, in the same unit.
    pub fn ratio(self) -> (u32, u32) {
        (self.across, self.down)
    }

    /// Whether pixels are as wide as high, but for what nobody can see and rounding makes.
    pub fn is_square(self) -> bool {
        let ratio = f64::from(self.across) / f64::from(self.down);
        (0.98..=1.02).contains(&ratio)
    }

    /// The size of a stored picture with square pixels: wider or higher, and of no more than `max_pixels`, for which the
    /// other side becomes shorter.
    pub fn squared(self, (width, height): (u32, u32), max_pixels: u64) -> (u32, u32) {
        /// The longest side that can be scaled to.
        const LONGEST: u64 = 16_384;
        if self.is_square() || width == 0 || height == 0 {
            return (width, height);
        }
        let scaled = |side: u32, by: u32, of: u32| {
            (u64::from(side) * u64::from(by) + u64::from(of) / 2) / u64::from(of).max(1)
        };
        let wider = self.across > self.down;
        let (long, short) = if wider { (self.across, self.down) } else { (self.down, self.across) };
        let grown = |side: u32| scaled(side, long, short);
        let shrunk = |side: u32| u32::try_from(scaled(side, short, long)).unwrap_or(side).max(1);
        let fits = |side: u64, other: u32| {
            u32::try_from(side)
                .ok()
                .filter(|_| side <= LONGEST && side.saturating_mul(u64::from(other)) <= max_pixels)
        };
        if wider {
            fits(grown(width), height).map_or((width, shrunk(height)), |width| (width, height))
        } else {
            fits(grown(height), width).map_or((shrunk(width), height), |height| (width, height))
        }
    }
}

/// Equal where the ratio is: 2:1 is 4:2.
impl PartialEq for PixelAspect {
    fn eq(&self, other: &Self) -> bool {
        u64::from(self.across) * u64::from(other.down) == u64::from(other.across) * u64::from(self.down)
    }
}

impl Eq for PixelAspect {}

impl fmt::Display for PixelAspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.across, self.down)
    }
}

impl TryFrom<String> for PixelAspect {
    type Error = AspectError;

    fn try_from(text: String) -> Result<Self, AspectError> {
        text.parse()
    }
}

impl From<PixelAspect> for String {
    fn from(aspect: PixelAspect) -> Self {
        aspect.to_string()
    }
}

impl FromStr for PixelAspect {
    type Err = AspectError;

    fn from_str(text: &str) -> Result<Self, AspectError> {
        let side = |text: &str| text.trim().parse().ok();
        let (across, down) = text.split_once(':').ok_or(AspectError)?;
        side(across).zip(side(down)).and_then(|(across, down)| Self::new(across, down)).ok_or(AspectError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANY: u64 = 8192 * 8192;

    fn squared(text: &str, size: (u32, u32), max: u64) -> (u32, u32) {
        text.parse::<PixelAspect>().expect("a ratio").squared(size, max)
    }

    #[test]
    fn pictures_grow_to_square_pixels() {
        assert_eq!(squared("2:1", (960, 1080), MANY), (1920, 1080));
        assert_eq!(squared("12:11", (704, 576), MANY), (768, 576));
        assert_eq!(squared("16:11", (704, 576), MANY), (1024, 576));
        assert_eq!(squared("6:11", (704, 288), MANY), (704, 528));
        assert_eq!(squared("1:2", (1920, 540), MANY), (1920, 1080));
        assert_eq!(squared("1:1", (1920, 1080), MANY), (1920, 1080));
        assert_eq!(squared("101:100", (1920, 1080), MANY), (1920, 1080));
    }

    #[test]
    fn no_picture_grows_beyond_its_bound() {
        assert_eq!(squared("2:1", (960, 1080), 1_500_000), (960, 540));
        assert_eq!(squared("4:1", (8000, 16), MANY), (8000, 4));
        assert_eq!(squared("1:4", (16, 8000), MANY), (4, 8000));
        assert_eq!(squared("4:1", (16_384, 1), MANY), (16_384, 1));
    }

    #[test]
    fn what_no_camera_has_is_refused() {
        for text in ["0:1", "1:0", "5:1", "1000:1", "1:5", "2", "", "a:b", "-2:1", "99999999999:1"] {
            assert_eq!(text.parse::<PixelAspect>(), Err(AspectError), "{text}");
        }
        assert_eq!("4:2".parse(), Ok(PixelAspect { across: 2, down: 1 }));
        assert_eq!(" 4 : 1 ".parse(), Ok(PixelAspect { across: 4, down: 1 }));
    }
}
