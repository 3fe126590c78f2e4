use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Point;

/// An axis-aligned box in fractions of the picture, written as `[left, top, right, bottom]`.
///
/// Edges may lie outside 0..1: a vehicle cut off by the picture's edge keeps the box that the model gave it, since
/// clipping would move its anchor.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "[f32; 4]", into = "[f32; 4]")]
pub struct BBox {
    /// Left edge.
    pub left: f32,
    /// Top edge.
    pub top: f32,
    /// Right edge, at or beyond `left`.
    pub right: f32,
    /// Bottom edge, at or beyond `top`.
    pub bottom: f32,
}

impl BBox {
    /// The whole picture.
    pub const WHOLE: Self = Self::new(0.0, 0.0, 1.0, 1.0);

    /// A box from its four edges.
    pub const fn new(left: f32, top: f32, right: f32, bottom: f32) -> Self {
        Self { left, top, right, bottom }
    }

    /// Width, never negative.
    pub fn width(&self) -> f32 {
        (self.right - self.left).max(0.0)
    }

    /// Height, never negative.
    pub fn height(&self) -> f32 {
        (self.bottom - self.top).max(0.0)
    }

    /// Area in fractions of the picture's area.
    pub fn area(&self) -> f32 {
        self.width() * self.height()
    }

    /// The middle of the box.
    pub fn center(&self) -> Point {
        Point::new((self.left + self.right) / 2.0, (self.top + self.bottom) / 2.0)
    }

    /// The middle of the bottom edge: where what is in the box touches the ground.
    pub fn anchor(&self) -> Point {
        Point::new((self.left + self.right) / 2.0, self.bottom)
    }

    /// Area shared with `other`.
    pub fn intersection(&self, other: &Self) -> f32 {
        let width = self.right.min(other.right) - self.left.max(other.left);
        let height = self.bottom.min(other.bottom) - self.top.max(other.top);
        if width > 0.0 && height > 0.0 { width * height } else { 0.0 }
    }

    /// Whether it shares any area with `other`.
    pub fn intersects(&self, other: &Self) -> bool {
        self.intersection(other) > 0.0
    }

    /// Intersection over union, 0 to 1; 0 where either box has no area.
    pub fn iou(&self, other: &Self) -> f32 {
        let shared = self.intersection(other);
        let union = self.area() + other.area() - shared;
        if shared > 0.0 && union > 0.0 { (shared / union).min(1.0) } else { 0.0 }
    }

    /// Share of this box that lies within `other`, 0 to 1; 0 where this box has no area.
    pub fn share_within(&self, other: &Self) -> f32 {
        let area = self.area();
        if area > 0.0 { (self.intersection(other) / area).min(1.0) } else { 0.0 }
    }

    /// The smallest box around this one and `other`.
    pub fn union(&self, other: &Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    /// The box with each edge brought within the picture, for drawing, cropping and measuring what is seen of it: its
    /// anchor would be another.
    pub fn clipped(&self) -> Self {
        let clip = |v: f32| v.clamp(0.0, 1.0);
        Self {
            left: clip(self.left),
            top: clip(self.top),
            right: clip(self.right),
            bottom: clip(self.bottom),
        }
    }

    /// Whether every edge is a finite number and the edges are in order.
    pub fn is_valid(&self) -> bool {
        [self.left, self.top, self.right, self.bottom].iter().all(|v| v.is_finite())
            && self.left <= self.right
            && self.top <= self.bottom
    }
}

impl From<[f32; 4]> for BBox {
    fn from([left, top, right, bottom]: [f32; 4]) -> Self {
        Self { left, top, right, bottom }
    }
}

impl From<BBox> for [f32; 4] {
    fn from(b: BBox) -> Self {
        [b.left, b.top, b.right, b.bottom]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_box() -> impl Strategy<Value = BBox> {
        (-0.5f32..1.5, -0.5f32..1.5, 0.0f32..1.0, 0.0f32..1.0)
            .prop_map(|(l, t, w, h)| BBox::new(l, t, l + w, t + h))
    }

    #[test]
    fn anchor_is_the_middle_of_the_bottom_edge() {
        assert_eq!(BBox::new(0.2, 0.1, 0.4, 0.5).anchor(), Point::new(0.3, 0.5));
    }

    #[test]
    fn boxes_without_area_overlap_nothing() {
        let flat = BBox::new(0.1, 0.1, 0.1, 0.9);
        assert_eq!(flat.iou(&flat), 0.0);
        assert_eq!(flat.share_within(&BBox::new(0.0, 0.0, 1.0, 1.0)), 0.0);
    }

    proptest! {
        #[test]
        fn iou_is_symmetric_and_within_bounds(a in any_box(), b in any_box()) {
            let iou = a.iou(&b);
            prop_assert!((0.0..=1.0).contains(&iou));
            prop_assert!((iou - b.iou(&a)).abs() < 1e-6);
        }

        #[test]
        fn a_box_is_within_its_union(a in any_box(), b in any_box()) {
            let union = a.union(&b);
            prop_assert!(union.area() + 1e-6 >= a.area().max(b.area()));
            if a.area() > 1e-4 {
                prop_assert!(a.share_within(&union) > 0.99);
            }
        }

        #[test]
        fn written_boxes_read_back_the_same(a in any_box()) {
            let text = serde_json::to_string(&a).expect("a box is plain numbers");
            prop_assert_eq!(serde_json::from_str::<BBox>(&text).expect("just written"), a);
        }
    }
}
