//! Loops over pixels, and nothing else: numbers in, numbers out.
//!
//! They are a crate of their own because they alone cost time where nothing is optimised. The rest of the program is built that way
//! for tests, in a fifth of the time; Cargo.toml has this crate optimised always.

#![forbid(unsafe_code)]
#![allow(
    clippy::indexing_slicing,
    reason = "each loop's bounds are those of the plane it is given, which is as large as it says"
)]

mod colours;
mod halve;
mod lift;
mod likeness;
mod plane;
mod resample;
mod shift;
mod small;

pub use colours::Colours;
pub use halve::halve;
pub use lift::lift;
pub use likeness::{SIDE, similarity};
pub use plane::Plane;
pub use resample::{BAND, Band, Reach, Resampler};
pub use shift::{SMALL, shift};
pub use small::{cells, mean_and_deviation, roughness};
