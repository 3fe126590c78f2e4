use crate::geometry::BBox;

/// Somebody at this look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Person {
    pub track: u64,
    pub confidence: f32,
    pub bbox: BBox,
    /// Boxes with the same number belong together.
    pub group: usize,
}

impl Person {
    pub fn new(track: u64, confidence: f32, bbox: BBox) -> Self {
        Self { track, confidence, bbox, group: 0 }
    }
}
