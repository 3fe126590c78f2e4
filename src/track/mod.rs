//! Association over time: which detection of one look is which of the look before.
//!
//! [`keep`] prepares what one detector found (a van called a truck *and* a car is one vehicle), [`Tracker`] follows
//! it, and [`stands`] says what counts as not having moved, for tracks and for the stays of a fire lane alike.

mod filter;
mod saved;
mod still;
mod tracker;

pub use filter::{DUPLICATE_IOU, SMALLEST_SIDE, keep};
pub use saved::SavedTracker;
pub use still::{stands, still_iou};
pub use tracker::{MOST_TRACKS, Tracker};
