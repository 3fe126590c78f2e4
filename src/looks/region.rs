//! What of a picture a detector is shown: what rules need of it, at the cost of that alone.

use crate::{detect::View, geometry::BBox};

/// Shares of the sides that a part may have. Few, in proportions of the whole: then the cameras of a site need few sizes of
/// input, for each of which a worker keeps a session; and what is left of a picture still shows where things stand.
const SHARES: [f32; 2] = [0.5, 0.75];

/// The smallest part of `within`, in its proportions, that holds what of it is `needed`: half as wide and high, three
/// quarters, or all of it.
pub fn part(needed: &BBox, within: &BBox) -> BBox {
    let share = SHARES
        .into_iter()
        .find(|share| needed.width() <= share * within.width() && needed.height() <= share * within.height());
    let Some(share) = share else { return *within };
    let side = |(from, to): (f32, f32), (low, high): (f32, f32)| {
        let length = share * (high - low);
        let start = ((from + to - length) / 2.0).clamp(low, high - length);
        (start, start + length)
    };
    let (left, right) = side((needed.left, needed.right), (within.left, within.right));
    let (top, bottom) = side((needed.top, needed.bottom), (within.top, within.bottom));
    BBox::new(left, top, right, bottom)
}

/// How close a box comes to the edge of a part by which it is cut, in fractions of the part's side: models are not exact.
const EDGE: f32 = 0.02;

/// Whether a box that was found in the part ends at its edge and not at that of the whole: then more of it may lie beyond, and
/// it stands somewhere else than it seems to.
pub fn cuts(View { region, within }: &View, bbox: &BBox) -> bool {
    let (x, y) = (EDGE * region.width(), EDGE * region.height());
    region.left > within.left && bbox.left < region.left + x
        || region.top > within.top && bbox.top < region.top + y
        || region.right < within.right && bbox.right > region.right - x
        || region.bottom < within.bottom && bbox.bottom > region.bottom - y
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn little_is_seen_in_half_and_much_in_all_of_it() {
        let part = |needed: [f32; 4]| <[f32; 4]>::from(part(&needed.into(), &BBox::WHOLE));
        assert_eq!(part([0.7, 0.0, 1.0, 0.425]), [0.5, 0.0, 1.0, 0.5]);
        assert_eq!(part([0.25, 0.25, 0.75, 0.75]), [0.25, 0.25, 0.75, 0.75]);
        assert_eq!(part([0.0, 0.5, 0.6, 0.9]), [0.0, 0.25, 0.75, 1.0]);
        assert_eq!(part([0.0, 0.0, 0.2, 0.8]), [0.0, 0.0, 1.0, 1.0]);
    }

    #[test]
    fn what_ends_at_an_inner_edge_is_cut() {
        let view = View { region: BBox::new(0.5, 0.0, 1.0, 0.5), within: BBox::WHOLE };
        let cut = |sides: [f32; 4]| cuts(&view, &sides.into());
        assert!(!cut([0.6, 0.1, 0.7, 0.4]), "within");
        assert!(!cut([0.6, -0.01, 1.0, 0.4]), "at the picture's own edges");
        assert!(cut([0.505, 0.1, 0.7, 0.4]) && cut([0.6, 0.1, 0.7, 0.495]));
        let whole = View { region: BBox::WHOLE, within: BBox::WHOLE };
        assert!(!cuts(&whole, &BBox::new(-0.1, 0.0, 1.1, 1.0)));
    }

    proptest! {
        #[test]
        fn a_part_holds_what_is_needed_and_lies_within(
            x in 0.0f32..0.9, y in 0.0f32..0.9, w in 0.05f32..1.0, h in 0.05f32..1.0, left in 0.0f32..0.5, side in 0.1f32..0.5,
        ) {
            let within = BBox::new(left, left, left + side, left + side);
            let at = |share: f32| left + side * share.min(1.0);
            let needed = BBox::new(at(x), at(y), at(x + w), at(y + h));
            let part = part(&needed, &within);
            for (inner, outer) in [(&needed, &part), (&part, &within)] {
                prop_assert!(outer.left <= inner.left + 1e-6 && outer.top <= inner.top + 1e-6, "{part:?}");
                prop_assert!(outer.right >= inner.right - 1e-6 && outer.bottom >= inner.bottom - 1e-6, "{part:?}");
            }
        }
    }
}
