use crate::geometry::BBox;

/// Overlap with its anchor box above which a large box still stands. Along one direction an overlap of 0.5 is a
/// shift by a third of the box's length: a vehicle that creeps further than that has moved.
const STILL_IOU: f32 = 0.5;

/// By how much of the picture a detector's boxes jitter whatever their size: some two or three pixels of a model's
/// input. Small boxes lose more of their overlap to it.
const JITTER: f32 = 0.02;

/// The overlap (IoU, 0 to 0.5) that a box must keep with `anchor` to count as standing. It falls with the size of
/// the box, since the same few pixels of jitter cost a small box more.
pub fn still_iou(anchor: &BBox) -> f32 {
    let side = anchor.area().sqrt();
    if side > 0.0 { STILL_IOU * side / (side + JITTER) } else { STILL_IOU }
}

/// Whether what was at `anchor` and is at `now` has not moved. `anchor` is the box of the beginning, never that of
/// the look before: what creeps slowly would otherwise stand for ever.
pub fn stands(anchor: &BBox, now: &BBox) -> bool {
    anchor.iou(now) >= still_iou(anchor).max(f32::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shifted(b: &BBox, x: f32, y: f32) -> BBox {
        BBox::new(b.left + x, b.top + y, b.right + x, b.bottom + y)
    }

    #[test]
    fn a_small_box_may_jitter_more_for_its_size() {
        let large = BBox::new(0.2, 0.2, 0.6, 0.5);
        let small = BBox::new(0.2, 0.2, 0.24, 0.23);
        assert!(stands(&large, &shifted(&large, 0.01, 0.01)));
        assert!(stands(&small, &shifted(&small, 0.01, 0.004)));
        assert!(!stands(&large, &shifted(&large, 0.16, 0.0)));
        assert!(!stands(&small, &shifted(&small, 0.03, 0.0)));
    }

    #[test]
    fn boxes_that_are_none_stand_nowhere() {
        let none = BBox::new(f32::NAN, 0.0, 1.0, 1.0);
        let flat = BBox::new(0.3, 0.3, 0.3, 0.3);
        assert!(!stands(&none, &none));
        assert!(!stands(&flat, &flat));
        assert!(!stands(&flat, &BBox::new(0.0, 0.0, 1.0, 1.0)));
    }
}
