use crate::geometry::BBox;

/// Overlap of two boxes that are one person.
const SAME_IOU: f32 = 0.6;
/// Share of a box that must lie within another for it to be a part of what the other shows.
const WITHIN: f32 = 0.9;
/// By how much of the smaller box's height two edges may differ that are the same edge.
const SAME_EDGE: f32 = 0.1;
/// Share of a whole person's height above which no box of the legs begins.
const WAIST: f32 = 0.4;
/// Share of the narrower box's width over which legs must lie below an upper body.
const BELOW: f32 = 0.9;
/// By how much of the lower of two heights a box of legs may reach into that of the upper body, and how far it may be off.
const LEGS_OVERLAP: f32 = 0.25;
const LEGS_GAP: f32 = 0.1;
/// Heights of legs in heights of the upper body above them.
const LEGS_HEIGHT: (f32, f32) = (0.5, 2.0);

/// A box surer than this is never taken for a part only because a larger one is beside it.
const WEAK: f32 = 0.45;
/// Largest area of such a part, in areas of the box beside it. Of two people at one distance the smaller has 0.8.
const PART_AREA: f32 = 0.6;
/// Share of a part that the surer box holds.
const PART_SHARED: f32 = 0.25;
/// Share of the lower height over which boxes must stand side by side to be level. Parts of somebody who leans over are
/// level to 0.86 and more; people one behind the other in half of all cases to less than 0.63.
const LEVEL: f32 = 0.8;
/// Shares of two level boxes that the other must hold for them to be neighbours in a row: of the one that shares less of
/// itself, and of the one that shares more.
const NEIGHBOURS: (f32, f32) = (0.3, 0.32);
/// Fewest boxes of a row that is one person.
const ROW: usize = 3;
/// Share of the lowest height over which all of a row must stand side by side.
const ROW_LEVEL: f32 = 0.7;

/// Whether two boxes show one person whatever else is seen: the same box twice, the upper body or the legs within the whole, or the
/// legs below the upper body. A box within another is another person where its top edge is another one: somebody who
/// sits behind.
pub(super) fn is_one_person(a: &BBox, b: &BBox) -> bool {
    let (small, large) = if a.area() <= b.area() { (a, b) } else { (b, a) };
    a.iou(b) >= SAME_IOU || (small.share_within(large) >= WITHIN && is_half(small, large)) || has_legs(a, b)
}

/// Whether a box within a whole person's is the upper body or the legs.
fn is_half(part: &BBox, whole: &BBox) -> bool {
    let edge = SAME_EDGE * part.height();
    let is_upper = (part.top - whole.top).abs() <= edge;
    let is_lower =
        (part.bottom - whole.bottom).abs() <= edge && part.top - whole.top >= WAIST * whole.height();
    is_upper || is_lower
}

/// Whether one of the boxes is an upper body and the other the legs below it. Who stands nearer to the camera, and so
/// below, would be larger.
fn has_legs(a: &BBox, b: &BBox) -> bool {
    let (upper, lower) = if a.top <= b.top { (a, b) } else { (b, a) };
    let across = upper.right.min(lower.right) - upper.left.max(lower.left);
    let shared = upper.bottom - lower.top;
    let height = upper.height().min(lower.height());
    let (least, most) = LEGS_HEIGHT;
    lower.width() <= upper.width()
        && across >= BELOW * lower.width()
        && (-LEGS_GAP * height..=LEGS_OVERLAP * height).contains(&shared)
        && (least * upper.height()..=most * upper.height()).contains(&lower.height())
}

/// Whether `part`, of this confidence, is some part of the person in a surer box: seen badly, smaller, and beside or within it.
pub(super) fn is_weak_part(part: &BBox, confidence: f32, surer: &BBox) -> bool {
    confidence < WEAK
        && part.area() <= PART_AREA * surer.area()
        && part.share_within(surer) >= PART_SHARED
        && are_level(part, surer)
}

/// Whether two boxes stand side by side and hold much of each other. Two such boxes are two people at a desk.
pub(super) fn are_neighbours(a: &BBox, b: &BBox) -> bool {
    let (one, other) = (a.share_within(b), b.share_within(a));
    let (less, more) = NEIGHBOURS;
    one.min(other) >= less && one.max(other) >= more && are_level(a, b)
}

/// Whether boxes, each a neighbour of another, are a row: one person who leans over a desk. Three people seldom sit so that each
/// hides a third of the next.
pub(super) fn is_row(boxes: impl Iterator<Item = BBox> + Clone) -> bool {
    let least = |edge: fn(&BBox) -> f32| boxes.clone().map(|b| edge(&b)).fold(f32::INFINITY, f32::min);
    let shared = least(|b| b.bottom) + least(|b| -b.top);
    boxes.clone().count() >= ROW && shared >= ROW_LEVEL * least(BBox::height)
}

fn are_level(a: &BBox, b: &BBox) -> bool {
    let shared = a.bottom.min(b.bottom) - a.top.max(b.top);
    shared > 0.0 && shared >= LEVEL * a.height().min(b.height())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: BBox = BBox::new(0.35, 0.20, 0.62, 0.95);

    fn one(a: [f32; 4], b: [f32; 4]) -> bool {
        let (a, b) = (BBox::from(a), BBox::from(b));
        assert_eq!(is_one_person(&a, &b), is_one_person(&b, &a), "whichever comes first");
        is_one_person(&a, &b)
    }

    #[test]
    fn upper_body_and_legs_belong_to_the_whole() {
        let whole = WHOLE.into();
        assert!(one(whole, [0.36, 0.21, 0.61, 0.55]), "the upper body");
        assert!(one(whole, [0.40, 0.60, 0.58, 0.95]), "the legs");
        assert!(one(whole, [0.37, 0.22, 0.60, 0.90]), "the same box again");
    }

    #[test]
    fn who_sits_behind_is_another() {
        let whole = WHOLE.into();
        assert!(!one(whole, [0.40, 0.28, 0.56, 0.60]));
        assert!(!one(whole, [0.44, 0.26, 0.60, 0.50]));
        // Both are cut off by the desk.
        assert!(!one([0.35, 0.20, 0.62, 0.60], [0.40, 0.28, 0.56, 0.60]));
    }

    #[test]
    fn head_and_legs_are_one_and_rows_of_people_are_not() {
        let upper = [0.40, 0.20, 0.52, 0.50];
        assert!(one(upper, [0.42, 0.48, 0.51, 0.85]));
        assert!(one(upper, [0.41, 0.51, 0.50, 0.80]), "a table hides the waist");
        assert!(!one(upper, [0.38, 0.45, 0.55, 0.90]), "who sits before is nearer and so larger");
        assert!(!one(upper, [0.48, 0.48, 0.58, 0.85]), "beside");
        assert!(!one(upper, [0.42, 0.60, 0.51, 0.90]), "far below");
    }

    #[test]
    fn a_weak_box_beside_a_surer_and_larger_one_is_a_part() {
        let arm = BBox::new(0.57, 0.30, 0.70, 0.70);
        assert!(is_weak_part(&arm, 0.4, &WHOLE));
        assert!(!is_weak_part(&arm, 0.6, &WHOLE), "seen well");
        assert!(!is_weak_part(&BBox::new(0.52, 0.20, 0.79, 0.95), 0.4, &WHOLE), "as large");
        assert!(!is_weak_part(&BBox::new(0.60, 0.30, 0.73, 0.70), 0.4, &WHOLE), "hardly touching");
    }

    #[test]
    fn three_level_boxes_over_each_other_are_a_row() {
        let at = |left: f32, top: f32| BBox::new(left, top, left + 0.2, top + 0.4);
        let row = [at(0.2, 0.3), at(0.3, 0.32), at(0.4, 0.3)];
        assert!(are_neighbours(&row[0], &row[1]) && !are_neighbours(&row[0], &row[2]));
        assert!(is_row(row.into_iter()) && !is_row(row.into_iter().take(2)));
        assert!(!is_row([at(0.2, 0.3), at(0.3, 0.37), at(0.4, 0.44)].into_iter()), "rows of seats");
        assert!(!are_neighbours(&at(0.2, 0.3), &at(0.3, 0.4)), "not level");
    }

    #[test]
    fn boxes_without_area_are_nobodys_part() {
        let flat = BBox::new(0.4, 0.3, 0.4, 0.6);
        assert!(
            !is_weak_part(&flat, 0.1, &WHOLE)
                && !are_neighbours(&flat, &WHOLE)
                && !are_neighbours(&flat, &flat)
        );
    }
}
