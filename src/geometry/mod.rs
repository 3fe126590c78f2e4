//! Boxes and polygons in fractions of the picture: x from left to right, y from top to bottom, both 0 to 1. And the shape
//! of its pixels.

mod aspect;
mod bbox;
mod polygon;

pub use aspect::{AspectError, PixelAspect};
pub use bbox::BBox;
pub use polygon::{Polygon, PolygonError};

/// A point in fractions of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// From the left edge (0) to the right edge (1).
    pub x: f32,
    /// From the top edge (0) to the bottom edge (1).
    pub y: f32,
}

impl Point {
    /// A point at `x`, `y`.
    pub const fn new(x: f32, y: f32) -> Self {
        Self { x, y }
    }
}
