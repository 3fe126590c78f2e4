use crate::{
    domain::{Class, Detection},
    geometry::BBox,
};

/// Boxes of one class that overlap more than this are one thing (the value that YOLOX is published with).
const SAME_THING: f32 = 0.45;
/// Boxes of a bicycle and of an e-bike that overlap more than this are one thing: two that lean on each other do not.
const SAME_PLACE: f32 = 0.6;
/// From this confidence on, or from the one that the detector is asked for where that is higher, a bicycle speaks against an e-bike.
const CLAIM: f32 = 0.25;
/// By how much more, in log-odds: networks take pedal bicycles for e-bikes more often than e-bikes for bicycles (models/README.md).
const COUNTS_MORE: f32 = 1.5;
/// The least probability that log-odds are taken of.
pub(super) const NOTHING: f32 = 1e-4;

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

/// Leaves out what is called an e-bike and, in the same place, surely enough a bicycle: a pedal bicycle may be a bicycle with 0.8
/// in one cell and an e-bike with 0.4 in the next.
pub(super) fn without_doubtful_ebikes(mut detections: Vec<Detection>) -> Vec<Detection> {
    let bicycles: Vec<(f32, BBox)> = detections
        .iter()
        .filter(|d| d.class == Class::Bicycle && d.confidence >= CLAIM)
        .map(|d| (log_odds(d.confidence) + COUNTS_MORE, d.bbox))
        .collect();
    detections.retain(|d| {
        let is_this =
            |(odds, bbox): &(f32, BBox)| *odds > log_odds(d.confidence) && bbox.iou(&d.bbox) > SAME_PLACE;
        d.class != Class::Ebike || !bicycles.iter().any(is_this)
    });
    detections
}

/// ln(p / (1 - p)) of a confidence; 0 and 1 are taken for almost so.
pub(super) fn log_odds(probability: f32) -> f32 {
    let p = probability.clamp(NOTHING, 1.0 - NOTHING);
    (p / (1.0 - p)).ln()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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

    #[test]
    fn what_is_surely_enough_a_bicycle_is_no_ebike() {
        let here = [0.2, 0.2, 0.5, 0.6];
        let beside = [0.32, 0.2, 0.62, 0.6];
        let left = |pairs: &[(Class, f32, [f32; 4])]| -> Vec<Class> {
            let all =
                pairs.iter().map(|(class, confidence, bbox)| detection(*class, *confidence, *bbox)).collect();
            without_doubtful_ebikes(all).into_iter().map(|d| d.class).collect()
        };
        assert_eq!(left(&[(Class::Bicycle, 0.8, here), (Class::Ebike, 0.4, here)]), [Class::Bicycle]);
        assert_eq!(left(&[(Class::Bicycle, 0.4, here), (Class::Ebike, 0.7, here)]), [Class::Bicycle]);
        let surer = [(Class::Ebike, 0.8, here), (Class::Bicycle, 0.4, here)];
        assert_eq!(
            left(&surer),
            [Class::Ebike, Class::Bicycle],
            "it was a bicycle too, and the rule is told"
        );
        let faint = [(Class::Bicycle, 0.2, here), (Class::Ebike, 0.3, here)];
        assert_eq!(left(&faint), [Class::Bicycle, Class::Ebike], "what is hardly seen at all says nothing");
        let two = [(Class::Bicycle, 0.8, here), (Class::Ebike, 0.4, beside)];
        assert_eq!(left(&two), [Class::Bicycle, Class::Ebike], "one stands beside the other");
        let others = [(Class::Person, 0.9, here), (Class::Ebike, 0.4, here), (Class::Car, 0.9, here)];
        assert_eq!(left(&others), [Class::Person, Class::Ebike, Class::Car]);
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
