use crate::domain::{Detection, ModelName, Observation};

/// Overlap above which two detections of interchangeable classes are one thing. Two vehicles that stand side by
/// side overlap less, even seen along the row.
pub const DUPLICATE_IOU: f32 = 0.55;

/// Smallest side of a box that is followed, as a fraction of the picture: about two pixels of a model's input.
pub const SMALLEST_SIDE: f32 = 0.002;

/// What one detector found that can be followed: indices into `observation.detections`, most confident first.
///
/// `model` is the detector of a rule's own, none for the camera's. Boxes that are none and confidences that are not
/// numbers are left out. A detector often finds one van as a truck *and* as a car: of detections whose classes are
/// interchangeable but differ, and whose boxes overlap by [`DUPLICATE_IOU`], the most confident is kept.
pub fn keep(observation: &Observation, model: Option<&ModelName>) -> Vec<usize> {
    let all = &observation.detections;
    let mut order: Vec<usize> =
        (0..all.len()).filter(|i| all[*i].model.as_ref() == model && is_usable(&all[*i])).collect();
    order.sort_by(|a, b| all[*b].confidence.total_cmp(&all[*a].confidence).then(a.cmp(b)));
    let mut kept: Vec<usize> = Vec::with_capacity(order.len());
    for i in order {
        if !kept.iter().any(|k| is_duplicate(&all[*k], &all[i])) {
            kept.push(i);
        }
    }
    kept
}

fn is_usable(d: &Detection) -> bool {
    d.confidence.is_finite()
        && d.bbox.is_valid()
        && d.bbox.area().is_finite()
        && d.bbox.width() >= SMALLEST_SIDE
        && d.bbox.height() >= SMALLEST_SIDE
}

fn is_duplicate(kept: &Detection, other: &Detection) -> bool {
    kept.class != other.class && kept.class.may_be(other.class) && kept.bbox.iou(&other.bbox) >= DUPLICATE_IOU
        || kept.class == other.class && kept.bbox == other.bbox
}
