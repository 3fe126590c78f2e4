//! A second look at what may be there: the same network is shown the place again, larger.
//!
//! A thing that stands in another place of the input, at another size and with less around it, is told from what merely
//! looks like it. What both looks say is one opinion: the mean of their log-odds.

use super::{
    View,
    nms::{NOTHING, log_odds},
};
use crate::{domain::Detection, geometry::BBox};

/// From this confidence at the first look on, there is a second one.
pub(super) const FROM: f32 = 0.1;
/// What the second look says at least, where it says anything.
pub(super) const LEAST: f32 = 0.02;
/// As many second looks a picture at most. One look serves all that lies in what it shows.
pub(super) const MOST: usize = 3;
/// The sides of what is shown, in sides of the thing's box.
const AROUND: f32 = 1.6;
/// The sides of what is shown, in sides of the picture, at least: the network knows no larger things.
const SMALLEST: f32 = 0.55;
/// Nothing is gained by a look at almost the same.
const LARGEST: f32 = 0.95;
/// Boxes of two looks that overlap more than this are of one thing.
const SAME_THING: f32 = 0.3;

/// What a second look shows around `bbox`: a part in the picture's proportions, within what `view` showed. None where that
/// is no closer look.
pub(super) fn closer(bbox: &BBox, view: &View) -> Option<View> {
    let (within, region) = (&view.within, &view.region);
    let (width, height) = (within.width(), within.height());
    let share = SMALLEST.max(AROUND * bbox.width() / width).max(AROUND * bbox.height() / height);
    let (width, height) = (share * width, share * height);
    let fits = share <= LARGEST && width <= region.width() && height <= region.height();
    if !(bbox.is_valid() && fits) {
        return None;
    }
    let middle = bbox.center();
    // Where it only just fits, rounding may put the far limit before the near one, at which `clamp` panics.
    let left = (middle.x - width / 2.0).min(region.right - width).max(region.left);
    let top = (middle.y - height / 2.0).min(region.bottom - height).max(region.top);
    let part = BBox::new(left, top, left + width, top + height);
    Some(View { region: part, within: part })
}

/// What is thought after two looks, of which the second found `seen`, of the thing that the first found.
pub(super) fn after(first: &Detection, seen: &[Detection]) -> f32 {
    let same = |d: &&Detection| d.class == first.class && d.bbox.iou(&first.bbox) > SAME_THING;
    let second = seen.iter().filter(same).map(|d| d.confidence).fold(NOTHING, f32::max);
    let odds = log_odds(first.confidence).midpoint(log_odds(second));
    1.0 / (1.0 + (-odds).exp())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::Class;

    fn ebike(confidence: f32, bbox: BBox) -> Detection {
        Detection { class: Class::Ebike, confidence, bbox, appearance: None, model: None }
    }

    #[test]
    fn both_looks_count_alike() {
        let there = BBox::new(0.1, 0.1, 0.3, 0.4);
        let after = |first, second: &[f32]| {
            let seen: Vec<Detection> = second.iter().map(|c| ebike(*c, there)).collect();
            super::after(&ebike(first, there), &seen)
        };
        assert!((after(0.7, &[0.7]) - 0.7).abs() < 1e-3);
        assert!((after(0.9, &[0.1]) - 0.5).abs() < 1e-3);
        assert!((after(0.2, &[0.95]) - after(0.95, &[0.2])).abs() < 1e-4);
        assert!((after(0.6, &[0.3, 0.8]) - after(0.6, &[0.8])).abs() < 1e-6, "the best that is there");
        assert!(after(0.9, &[]) < 0.05, "what a closer look does not see at all was something else");
    }

    #[test]
    fn another_thing_elsewhere_says_nothing() {
        let first = ebike(0.9, BBox::new(0.1, 0.1, 0.3, 0.4));
        let elsewhere = ebike(0.9, BBox::new(0.5, 0.5, 0.7, 0.8));
        let bicycle = Detection { class: Class::Bicycle, ..first.clone() };
        assert!(after(&first, &[elsewhere, bicycle]) < 0.05);
    }

    #[test]
    fn what_fills_the_picture_is_not_looked_at_again() {
        assert_eq!(closer(&BBox::new(0.2, 0.0, 0.8, 1.0), &View::WHOLE), None);
        assert!(closer(&BBox::new(0.4, 0.4, 0.6, 0.6), &View::WHOLE).is_some());
        assert_eq!(closer(&BBox::new(f32::NAN, 0.0, f32::NAN, f32::NAN), &View::WHOLE), None);
    }

    proptest! {
        #[test]
        fn no_part_that_was_shown_is_too_narrow(left in 0.0f32..0.4, top in 0.0f32..0.4, share in 0.5f32..0.6, x in 0.0f32..1.0) {
            let region = BBox::new(left, top, left + share, top + share);
            let view = View { region, within: BBox::WHOLE };
            if let Some(part) = closer(&BBox::new(x, x, x + 0.05, x + 0.05), &view) {
                prop_assert!(part.region.left >= region.left && part.region.right <= region.right + 1e-6);
            }
        }

        #[test]
        fn what_is_shown_lies_in_the_picture_and_holds_the_thing(
            left in 0.0f32..1.0, top in 0.0f32..1.0, width in 0.0f32..0.5, height in 0.0f32..0.5
        ) {
            let bbox = BBox::new(left, top, (left + width).min(1.0), (top + height).min(1.0));
            if let Some(View { region, within }) = closer(&bbox, &View::WHOLE) {
                prop_assert_eq!(region, within);
                prop_assert!(region.left >= 0.0 && region.top >= 0.0 && region.right <= 1.0 + 1e-6 && region.bottom <= 1.0 + 1e-6);
                prop_assert!((region.width() - region.height()).abs() < 1e-5, "the picture's proportions");
                prop_assert!(region.width() >= SMALLEST - 1e-5 && region.width() <= LARGEST + 1e-5);
                prop_assert!(bbox.area() == 0.0 || bbox.share_within(&region) > 0.999);
            }
        }
    }
}
