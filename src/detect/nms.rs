use crate::domain::Detection;

/// Boxes of one class that overlap more than this are one thing (the value that YOLOX is published with).
const SAME_THING: f32 = 0.45;

/// Keeps the most confident of overlapping detections of one class (greedy non-maximum suppression), most confident
/// first; ties are broken by place, so that the order never depends on the order of the input.
pub fn suppress(mut detections: Vec<Detection>) -> Vec<Detection> {
    detections.retain(|d| d.bbox.is_valid() && d.confidence.is_finite());
    detections.sort_by(|a, b| {
        let place = |d: &Detection| <[f32; 4]>::from(d.bbox);
        b.confidence.total_cmp(&a.confidence).then_with(|| a.class.cmp(&b.class)).then_with(|| {
            place(a)
                .iter()
                .zip(place(b))
                .map(|(x, y)| x.total_cmp(&y))
                .find(|o| o.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        })
    });
    let mut kept: Vec<Detection> = Vec::new();
    for detection in detections {
        if !kept.iter().any(|k| k.class == detection.class && k.bbox.iou(&detection.bbox) > SAME_THING) {
            kept.push(detection);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{domain::Class, geometry::BBox};

    fn detection(class: Class, confidence: f32, bbox: [f32; 4]) -> Detection {
        Detection { class, confidence, bbox: bbox.into(), appearance: None, model: None }
    }

    fn any_detection() -> impl Strategy<Value = Detection> {
        let edge = prop_oneof![9 => -0.2f32..1.2, 1 => Just(f32::NAN), 1 => Just(f32::INFINITY)];
        (0usize..6, 0.0f32..1.0, prop::array::uniform4(edge))
            .prop_map(|(class, confidence, bbox)| detection(Class::ALL[class], confidence, bbox))
    }

    #[test]
    fn keeps_one_of_two_that_are_one_thing() {
        let kept = suppress(vec![
            detection(Class::Car, 0.5, [0.1, 0.1, 0.3, 0.3]),
            detection(Class::Car, 0.9, [0.11, 0.1, 0.31, 0.3]),
            detection(Class::Person, 0.4, [0.1, 0.1, 0.3, 0.3]),
        ]);
        assert_eq!(kept.iter().map(|d| d.confidence).collect::<Vec<_>>(), [0.9, 0.4]);
    }

    proptest! {
        #[test]
        fn what_is_kept_is_apart_sorted_and_independent_of_order(detections in prop::collection::vec(any_detection(), 0..40)) {
            let kept = suppress(detections.clone());
            for (i, a) in kept.iter().enumerate() {
                prop_assert!(a.bbox.is_valid());
                for b in &kept[i + 1..] {
                    prop_assert!(a.confidence >= b.confidence);
                    prop_assert!(a.class != b.class || BBox::iou(&a.bbox, &b.bbox) <= SAME_THING);
                }
            }
            prop_assert_eq!(suppress(detections.into_iter().rev().collect()), kept);
        }
    }
}
