//! What of a picture a detector is shown: what rules need of it, at the cost of that alone.

use crate::geometry::BBox;

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

/// How many times as large as usual a part of `whole` can be shown, from the usual scale on. In each it takes an input as large as a
/// larger part does in the usual one, and in the last the whole's: so they need no further sizes, and no more pixels than the whole.
pub fn scales(part: &BBox, whole: &BBox) -> Vec<f32> {
    let share = (part.width() / whole.width()).max(part.height() / whole.height());
    let larger = SHARES.into_iter().chain([1.0]).map(|larger| larger / share).filter(|scale| *scale > 1.01);
    [1.0].into_iter().chain(larger).collect()
}

/// What a part of `whole` is shown as large as if it were all of, to be `scale` times as large as usual: around it, in the whole's
/// proportions.
pub fn within(part: &BBox, whole: &BBox, scale: f32) -> BBox {
    if scale <= 1.0 {
        return *whole;
    }
    let side = |(from, to): (f32, f32), (low, high): (f32, f32)| {
        let length = ((high - low) / scale).max(to - from);
        let start = ((from + to - length) / 2.0).min(high - length).max(low);
        (start, start + length)
    };
    let (left, right) = side((part.left, part.right), (whole.left, whole.right));
    let (top, bottom) = side((part.top, part.bottom), (whole.top, whole.bottom));
    BBox::new(left, top, right, bottom)
}

/// How close a box comes to the edge of a part by which it is cut, in fractions of the part's side: models are not exact.
const EDGE: f32 = 0.02;

/// Whether a box that was found in a part of `whole` ends at its edge and not at that of the whole: then more of it may lie beyond,
/// and it stands somewhere else than it seems to.
pub fn cuts(part: &BBox, whole: &BBox, bbox: &BBox) -> bool {
    let (x, y) = (EDGE * part.width(), EDGE * part.height());
    part.left > whole.left && bbox.left < part.left + x
        || part.top > whole.top && bbox.top < part.top + y
        || part.right < whole.right && bbox.right > part.right - x
        || part.bottom < whole.bottom && bbox.bottom > part.bottom - y
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
        let part = BBox::new(0.5, 0.0, 1.0, 0.5);
        let cut = |sides: [f32; 4]| cuts(&part, &BBox::WHOLE, &sides.into());
        assert!(!cut([0.6, 0.1, 0.7, 0.4]), "within");
        assert!(!cut([0.6, -0.01, 1.0, 0.4]), "at the picture's own edges");
        assert!(cut([0.505, 0.1, 0.7, 0.4]) && cut([0.6, 0.1, 0.7, 0.495]));
        assert!(!cuts(&BBox::WHOLE, &BBox::WHOLE, &BBox::new(-0.1, 0.0, 1.1, 1.0)));
    }

    #[test]
    fn a_part_is_shown_larger_in_few_steps_until_it_fills_the_whole_s_input() {
        let (half, most) = (BBox::new(0.5, 0.0, 1.0, 0.5), BBox::new(0.25, 0.25, 1.0, 1.0));
        assert_eq!(scales(&half, &BBox::WHOLE), [1.0, 1.5, 2.0]);
        assert_eq!(scales(&most, &BBox::WHOLE), [1.0, 4.0 / 3.0]);
        assert_eq!(scales(&BBox::WHOLE, &BBox::WHOLE), [1.0]);
        assert_eq!(within(&half, &BBox::WHOLE, 1.0), BBox::WHOLE);
        assert_eq!(within(&half, &BBox::WHOLE, 2.0), half);
        assert_eq!(within(&most, &BBox::WHOLE, 4.0 / 3.0), most);
        let between = within(&half, &BBox::WHOLE, 1.5);
        assert!((between.width() - 2.0 / 3.0).abs() < 1e-6 && between.top == 0.0 && between.right <= 1.0);
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
            let larger: Vec<BBox> =
                scales(&part, &within).into_iter().map(|scale| super::within(&part, &within, scale)).collect();
            let shown = larger.iter().flat_map(|larger| [(&part, larger), (larger, &within)]);
            for (inner, outer) in [(&needed, &part), (&part, &within)].into_iter().chain(shown) {
                prop_assert!(outer.left <= inner.left + 1e-6 && outer.top <= inner.top + 1e-6, "{part:?}");
                prop_assert!(outer.right >= inner.right - 1e-6 && outer.bottom >= inner.bottom - 1e-6, "{part:?}");
            }
        }
    }
}
