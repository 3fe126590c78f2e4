//! Whether a vehicle stands in the lane, as far as its box tells.

use crate::geometry::{BBox, Polygon};

/// Share of a box's height that most of a vehicle's ground lies within, seen from where cameras hang.
const LOWER: f32 = 1.0 / 3.0;
/// Share of that lower part that must lie in the zone.
const MOST: f32 = 0.5;
/// Share of a box's height within which its nearest wheel touches the ground, and the share of that which must lie in the
/// zone. What stands nearer than the lane covers it with its body, and touches the ground before it.
const HEEL: f32 = 0.1;
const REACHES: f32 = 0.1;

/// Whether what `bbox` holds stands in `zone`: the middle of its bottom edge lies there, or its lower third does for the
/// most part and reaches down to its bottom edge there.
///
/// A box's bottom edge is where the nearest wheel touches the ground. Seen from the front or the side that is about its
/// middle. Of a vehicle at an angle it is near one corner, and under the middle of the edge lies ground beside the
/// vehicle. Cars of a row beside the lane lean over it with less than half of their lower third.
pub(super) fn is_in(zone: &Polygon, bbox: &BBox) -> bool {
    // What the picture cuts off stands at its edge.
    let seen = bbox.clipped();
    let lower = |share: f32| BBox { top: seen.bottom - share * seen.height(), ..seen };
    let third = lower(LOWER);
    zone.contains(bbox.anchor())
        // Its middle, too: of two arms of a lane each may hold a part of what stands between them.
        || (zone.contains(third.center())
            && zone.share_of(&third) >= MOST
            && zone.share_of(&lower(HEEL)) >= REACHES)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::geometry::Point;

    fn zone(points: &[[f32; 2]]) -> Polygon {
        Polygon::try_from(points.to_vec()).expect("a zone")
    }

    /// The example of the documentation.
    #[test]
    fn a_minibus_at_an_angle_is_in_and_one_beside_is_not() {
        let carriageway = zone(&[[0.05, 0.875], [0.05, 0.30], [0.95, 0.05], [0.95, 0.415]]);
        let minibus = BBox::new(0.47, 0.13, 0.84, 0.60);
        assert!(!carriageway.contains(minibus.anchor()) && is_in(&carriageway, &minibus));
        let third = BBox { top: 0.60 - 0.47 / 3.0, ..minibus };
        let heel = BBox { top: 0.60 - 0.047, ..minibus };
        let (third, heel) = (carriageway.share_of(&third), carriageway.share_of(&heel));
        assert!((third - 0.72).abs() < 0.01 && (heel - 0.44).abs() < 0.01, "{third}, {heel}");
        let (down, off) = (0.12, 0.02);
        let beside = BBox::new(0.47 + off, 0.13 + down, 0.84 + off, 0.60 + down);
        assert!(!is_in(&carriageway, &beside));
    }

    #[test]
    fn boxes_that_are_none_are_nowhere() {
        let whole = Polygon::whole_picture();
        for bbox in [[f32::NAN; 4], [0.1, f32::NAN, 0.2, f32::NAN]] {
            assert!(!is_in(&whole, &BBox::from(bbox)));
        }
    }

    proptest! {
        /// Whatever lies in the zone altogether is in, and what does not touch it is not.
        #[test]
        fn within_is_in_and_without_is_out(
            (x, y, w, h) in (0.0f32..0.9, 0.0f32..0.9, 0.01f32..0.6, 0.01f32..0.6),
            (left, right, top) in (0.05f32..0.4, 0.6f32..0.95, 0.05f32..0.6),
        ) {
            let lane = zone(&[[left, top], [right, top], [right, 1.0], [left, 1.0]]);
            let bbox = BBox::new(x, y, x + w, y + h);
            let within = bbox.left >= left && bbox.right <= right && bbox.bottom >= top;
            prop_assert!(!within || is_in(&lane, &bbox));
            let without = bbox.left > right || bbox.right < left || bbox.bottom < top;
            prop_assert!(!without || !is_in(&lane, &bbox));
        }

        /// Beside a straight edge that is upright or lies nearer to the camera than what it bounds, the lower third tells
        /// nothing that the middle of the bottom edge does not.
        #[test]
        fn the_lower_third_tells_nothing_across_an_upright_or_far_edge(
            (x, y, w, h) in (0.0f32..0.9, 0.0f32..0.9, 0.02f32..0.6, 0.02f32..0.6),
            (from, to) in (0.05f32..0.95, 0.05f32..0.95),
        ) {
            let bbox = BBox::new(x, y, x + w, (y + h).min(1.0));
            let upright = zone(&[[0.0, 0.0], [from, 0.0], [from, 1.0], [0.0, 1.0]]);
            // The lane lies below the edge: nearer than what stands beyond it.
            let far = zone(&[[0.0, from], [1.0, to], [1.0, 1.0], [0.0, 1.0]]);
            let clear = |edge: f32| (bbox.anchor().x.min(1.0) - edge).abs() > 0.01;
            let middle = BBox { right: bbox.right.min(1.0), ..bbox }.anchor();
            if bbox.right <= 1.0 && clear(from) {
                prop_assert_eq!(is_in(&upright, &bbox), upright.contains(middle));
                let edge = from + (to - from) * middle.x;
                if (middle.y - edge).abs() > 0.01 {
                    prop_assert_eq!(is_in(&far, &bbox), far.contains(Point::new(middle.x, middle.y)));
                }
            }
        }
    }
}
