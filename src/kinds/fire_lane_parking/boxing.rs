use crate::geometry::BBox;

/// By how much of the height of the less tall box the bottom edges of two boxes of one vehicle may differ. A vehicle
/// behind another touches the ground higher in the picture by more than that.
const BOTTOM_AGREES: f32 = 0.1;
/// Share of the narrower box's width that must lie within the width of the other. Of two vehicles side by side neither
/// lies within the other's width.
const WIDTH_WITHIN: f32 = 0.9;
/// Overlap from which on two boxes of one vehicle cut out the same picture of it.
const SAME_CUT: f32 = 0.7;

/// Whether two boxes hold one vehicle: both touch the ground at one line, and one lies within the width of the other.
///
/// Detectors box one vehicle tightly, and once more together with something far behind it; or a lorry, and its cab.
/// Such boxes overlap by less than what tells two boxes of one thing otherwise.
pub(super) fn one_vehicle(a: &BBox, b: &BBox) -> bool {
    let (low, narrow) = (a.height().min(b.height()), a.width().min(b.width()));
    let shared = a.right.min(b.right) - a.left.max(b.left);
    // Edges are told to some ten-thousandths of the picture.
    let rounding = 1e-5;
    low > 0.0
        && narrow > 0.0
        && (a.bottom - b.bottom).abs() <= BOTTOM_AGREES * low + rounding
        && shared >= WIDTH_WITHIN * narrow - rounding
}

/// Whether `now` holds the vehicle at `place` but cuts out another picture of it, so that the two look different.
pub(super) fn cut_otherwise(place: &BBox, now: &BBox) -> bool {
    one_vehicle(place, now) && place.iou(now) < SAME_CUT
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIGHT: BBox = BBox::new(0.40, 0.60, 0.56, 0.72);

    #[test]
    fn boxes_with_one_bottom_edge_within_one_width_are_one_vehicle() {
        for other in [
            [0.40, 0.46, 0.56, 0.72],
            [0.39, 0.40, 0.55, 0.715],
            [0.30, 0.30, 0.70, 0.73],
            [0.44, 0.64, 0.50, 0.716],
        ] {
            let other = BBox::from(other);
            assert!(one_vehicle(&TIGHT, &other) && one_vehicle(&other, &TIGHT), "{other:?}");
            assert!(cut_otherwise(&TIGHT, &other), "{other:?}");
        }
        // As small as far vehicles are.
        assert!(one_vehicle(&BBox::new(0.5, 0.1, 0.53, 0.12), &BBox::new(0.5, 0.07, 0.53, 0.1215)));
    }

    #[test]
    fn one_behind_and_one_beside_are_others() {
        for other in [
            // Behind: its bottom edge is higher.
            [0.41, 0.55, 0.55, 0.70],
            [0.38, 0.40, 0.60, 0.69],
            // Beside.
            [0.52, 0.60, 0.68, 0.72],
            [0.44, 0.60, 0.60, 0.72],
            [0.56, 0.50, 0.80, 0.72],
        ] {
            let other = BBox::from(other);
            assert!(!one_vehicle(&TIGHT, &other) && !one_vehicle(&other, &TIGHT), "{other:?}");
        }
        let none = BBox::new(0.5, 0.5, 0.5, 0.5);
        assert!(!one_vehicle(&none, &none) && !one_vehicle(&TIGHT, &BBox::new(f32::NAN, 0.0, 1.0, 0.72)));
    }
}
