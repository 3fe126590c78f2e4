use crate::domain::{Detection, ModelName, Observation};

/// Overlap above which two detections of interchangeable classes are one thing. Two vehicles that stand side by
/// side overlap less, even seen along the row.
pub const DUPLICATE_IOU: f32 = 0.55;

/// Overlap above which two detections of one class are the same box told twice.
const TWICE_IOU: f32 = 0.9;

/// Smallest side of a box that is followed, as a fraction of the picture: about two pixels of a model's input.
pub const SMALLEST_SIDE: f32 = 0.002;

/// What one detector found that can be followed: indices into `observation.detections`, most confident first.
///
/// `model` is the detector of a rule's own, none for the camera's. Boxes that are none and confidences that are not
/// numbers are left out. A detector often finds one van as a truck *and* as a car: of detections whose classes are
/// interchangeable but differ, and whose boxes overlap by [`DUPLICATE_IOU`], the most confident is kept.
pub fn keep(observation: &Observation, model: Option<&ModelName>) -> Vec<usize> {
    let own = |(_, d): &(usize, &Detection)| d.model.as_ref() == model && is_usable(d);
    let mut all: Vec<(usize, &Detection)> = observation.detections.iter().enumerate().filter(own).collect();
    all.sort_by(|(i, a), (j, b)| b.confidence.total_cmp(&a.confidence).then(i.cmp(j)));
    let mut kept: Vec<(usize, &Detection)> = Vec::with_capacity(all.len());
    for (index, detection) in all {
        if !kept.iter().any(|(_, known)| is_duplicate(known, detection)) {
            kept.push((index, detection));
        }
    }
    kept.into_iter().map(|(index, _)| index).collect()
}

fn is_usable(d: &Detection) -> bool {
    d.confidence.is_finite()
        && d.bbox.is_valid()
        && d.bbox.area().is_finite()
        && d.bbox.width() >= SMALLEST_SIDE
        && d.bbox.height() >= SMALLEST_SIDE
}

fn is_duplicate(kept: &Detection, other: &Detection) -> bool {
    let least = if kept.class == other.class { TWICE_IOU } else { DUPLICATE_IOU };
    kept.class.may_be(other.class) && kept.bbox.iou(&other.bbox) >= least
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{CameraId, Class, MediaTime, Scene},
        geometry::BBox,
    };

    fn found(class: Class, confidence: f32, bbox: [f32; 4]) -> Detection {
        Detection { class, confidence, bbox: BBox::from(bbox), appearance: None, model: None }
    }

    fn kept(detections: Vec<Detection>) -> Vec<usize> {
        let scene = Scene {
            brightness: 0.5,
            contrast: 0.2,
            sharpness: 0.03,
            changed: None,
            changed_in: None,
            identical: None,
            moved: None,
        };
        let observation = Observation {
            camera: CameraId::new("c").expect("an id"),
            epoch: 0,
            at: MediaTime::ZERO,
            wall: jiff::Timestamp::UNIX_EPOCH,
            looked: Vec::new(),
            detections,
            faint: Vec::new(),
            scene,
            changes: Vec::new(),
        };
        keep(&observation, None)
    }

    #[test]
    fn a_van_called_a_truck_and_a_car_is_one_and_two_neighbours_are_two() {
        let van = [0.2, 0.2, 0.4, 0.4];
        let truck = found(Class::Truck, 0.8, van);
        let car = found(Class::Car, 0.6, [0.21, 0.2, 0.4, 0.41]);
        let neighbour = found(Class::Car, 0.7, [0.3, 0.22, 0.5, 0.42]);
        let driver = found(Class::Person, 0.5, van);
        assert_eq!(kept(vec![car, truck, neighbour, driver]), [1, 2, 3]);
    }

    #[test]
    fn what_cannot_be_followed_is_left_out() {
        let good = [0.2, 0.2, 0.4, 0.4];
        let mut others = found(Class::Car, 0.9, good);
        others.model = Some("another".into());
        let list = vec![
            others,
            found(Class::Car, f32::NAN, good),
            found(Class::Car, 0.9, [0.4, 0.2, 0.2, 0.4]),
            found(Class::Car, 0.9, [0.2, f32::NAN, 0.4, 0.4]),
            found(Class::Car, 0.9, [0.2, 0.2, f32::INFINITY, 0.4]),
            found(Class::Car, 0.9, [0.2, 0.2, 0.2001, 0.4]),
            found(Class::Car, 0.5, good),
        ];
        assert_eq!(kept(list), [6]);
    }
}
