//! People at a post are counted once each.

use firewarden::domain::{Class, Record};

use crate::{
    scene::chance,
    stage::{Stage, look, post},
};

/// How sure somebody was seen, and where.
type Seen = (f32, [f32; 4]);

/// One who leans over a counter, found three times side by side: each box shares half of itself with the next.
const LEANING: [Seen; 3] =
    [(0.74, [0.20, 0.30, 0.40, 0.70]), (0.66, [0.30, 0.32, 0.50, 0.71]), (0.58, [0.40, 0.31, 0.60, 0.70])];
/// Two at a desk, each sharing a third of the width with the other.
const SHOULDER_TO_SHOULDER: [Seen; 2] = [(0.80, [0.30, 0.40, 0.45, 0.75]), (0.60, [0.40, 0.42, 0.55, 0.75])];

/// What a post found that needs so many, has a grace of 20 s and is looked at twice a second for two minutes.
fn found(required: u32, seen: impl Fn(f64) -> Vec<Seen>) -> Vec<(f64, u32)> {
    let mut stage = Stage::new(post(required, 20.0));
    for n in 0..240 {
        let t = f64::from(n) / 2.0;
        let people = seen(t);
        let things: Vec<_> = people.iter().map(|(_, bbox)| (Class::Person, *bbox)).collect();
        let mut observation = look(t, &things);
        for (detection, (confidence, _)) in observation.detections.iter_mut().zip(&people) {
            detection.confidence = *confidence;
        }
        stage.take(&Record::Observation(observation));
    }
    let of = |v: &firewarden::domain::Violation| {
        (v.started.media_s.as_secs_f64(), v.count.map_or(u32::MAX, |count| count.seen))
    };
    stage.violations().iter().map(of).collect()
}

/// One person alone from the beginning to the end.
const ONE_ALL_THE_TIME: [(f64, u32); 1] = [(0.0, 1)];

fn moved((confidence, [left, top, right, bottom]): Seen, x: f32) -> Seen {
    (confidence, [left + x, top, right + x, bottom])
}

/// The same boxes, each edge off by up to `by`, otherwise at every look.
fn dancing(people: &[Seen], by: f64, t: f64) -> Vec<Seen> {
    let off = |i: usize, k: usize| (by * (2.0 * chance((i * 4 + k) as u64, t) - 1.0)) as f32;
    let dance = |(i, (confidence, bbox)): (usize, &Seen)| {
        let mut k = 0;
        let bbox = bbox.map(|edge| {
            k += 1;
            edge + off(i, k)
        });
        (*confidence, bbox)
    };
    people.iter().enumerate().map(dance).collect()
}

#[test]
fn who_sits_behind_another_is_counted() {
    let near = (0.85, [0.35, 0.20, 0.62, 0.95]);
    for far in [[0.40, 0.28, 0.56, 0.60], [0.44, 0.25, 0.58, 0.50], [0.36, 0.30, 0.48, 0.62]] {
        assert_eq!(found(2, |_| vec![near, (0.7, far)]), [], "{far:?}");
        assert_eq!(found(2, |t| dancing(&[near, (0.5, far)], 0.005, t)), [], "{far:?}");
    }
    // The desk before them cuts both off.
    assert_eq!(found(2, |_| vec![(0.8, [0.35, 0.2, 0.62, 0.6]), (0.7, [0.4, 0.28, 0.56, 0.6])]), []);
}

#[test]
fn upper_body_whole_and_legs_are_one() {
    let whole = (0.85, [0.35, 0.20, 0.55, 0.95]);
    let upper = (0.7, [0.36, 0.21, 0.54, 0.55]);
    let legs = (0.6, [0.38, 0.54, 0.53, 0.95]);
    for parts in [vec![whole, upper], vec![upper, legs], vec![whole, legs], vec![whole, upper, legs]] {
        assert_eq!(found(2, |_| parts.clone()), ONE_ALL_THE_TIME, "{parts:?}");
        assert_eq!(found(2, |t| dancing(&parts, 0.005, t)), ONE_ALL_THE_TIME, "{parts:?}");
        assert_eq!(found(1, |_| parts.clone()), [], "{parts:?}");
    }
}

#[test]
fn one_who_leans_over_a_counter_is_one_however_often_he_is_found() {
    for required in [2, 3] {
        assert_eq!(found(required, |_| LEANING.to_vec()), ONE_ALL_THE_TIME);
    }
    assert_eq!(found(1, |_| LEANING.to_vec()), []);
    assert_eq!(found(2, |t| dancing(&LEANING, 0.01, t)), ONE_ALL_THE_TIME);
    // Boxes that share a third of their widths, and such that share more than half.
    for step in [0.13, 0.12, 0.09] {
        let row = [0.0, 1.0, 2.0].map(|i| moved(LEANING[0], i * step));
        assert_eq!(found(2, |_| row.to_vec()), ONE_ALL_THE_TIME, "{step}");
    }
}

#[test]
fn one_who_leans_over_a_counter_is_one_where_a_box_is_missed() {
    for missed in 0..3 {
        let seen = |t: f64| {
            let some = LEANING.iter().enumerate().filter(|(i, _)| *i != missed || chance(5, t) > 0.4);
            some.map(|(_, one)| *one).collect()
        };
        let times = found(2, seen);
        assert!(matches!(times[..], [(started, 1)] if started <= 2.0), "{missed}: {times:?}");
    }
    // He comes upright and alone, and leans from 20 s on.
    let upright = (0.8, [0.20, 0.10, 0.36, 0.70]);
    assert_eq!(found(2, |t| if t < 20.0 { vec![upright] } else { LEANING.to_vec() }), ONE_ALL_THE_TIME);
    // Then a colleague comes, sits down away from him and stays.
    let colleague = (0.8, [0.75, 0.3, 0.9, 0.8]);
    let seen = |t: f64| if t < 40.0 { LEANING.to_vec() } else { [&LEANING[..], &[colleague]].concat() };
    assert_eq!(found(2, seen).len(), 1);
    assert_eq!(found(3, seen).len(), 1, "two are not three");
}

#[test]
fn a_weak_box_beside_a_sure_one_is_a_part_of_it() {
    let man = (0.82, [0.14, 0.05, 0.60, 0.98]);
    let arm = (0.39, [0.48, 0.30, 0.72, 0.97]);
    assert_eq!(found(2, |_| vec![man, arm]), ONE_ALL_THE_TIME);
    assert_eq!(found(2, |_| vec![man, (0.8, arm.1)]), [], "seen as well as he is, it is a colleague");
    // One who walked in is somebody even where he is seen badly later.
    let comes =
        |t: f64| (if t < 14.0 { 0.6 } else { 0.39 }, moved(arm, ((14.0 - t) * 0.035).max(0.0) as f32).1);
    assert_eq!(found(2, |t| vec![man, comes(t)]), []);
}

#[test]
fn two_shoulder_to_shoulder_are_two() {
    assert_eq!(found(2, |_| SHOULDER_TO_SHOULDER.to_vec()), []);
    assert_eq!(found(2, |t| dancing(&SHOULDER_TO_SHOULDER, 0.01, t)), []);
    assert_eq!(found(3, |_| SHOULDER_TO_SHOULDER.to_vec()), [(0.0, 2)]);
    // A third box between them at one look in ten makes nobody doubt that they are two.
    let between = (0.5, [0.35, 0.41, 0.50, 0.75]);
    let seen = |t: f64| {
        let mut people = SHOULDER_TO_SHOULDER.to_vec();
        people.extend((chance(3, t) < 0.1).then_some(between));
        people
    };
    assert_eq!(found(2, seen), []);
}

#[test]
fn three_at_a_desk_are_enough_where_two_are_required() {
    let apart = [0.0, 0.16, 0.32].map(|x| moved(SHOULDER_TO_SHOULDER[0], x));
    assert_eq!(found(2, |_| apart.to_vec()), []);
    assert_eq!(found(3, |_| apart.to_vec()), []);
    // They sit close, and each has come by himself, five seconds after the one before.
    let seen = |t: f64| {
        let place = |i: u32| {
            let walked = t - 5.0 * f64::from(i);
            let left = (0.5 - 0.1 * walked).max(0.0) + 0.1 * f64::from(i);
            (walked >= 0.0).then(|| moved(SHOULDER_TO_SHOULDER[0], left as f32))
        };
        (0..3).filter_map(place).collect()
    };
    assert_eq!(found(3, seen), []);
}

#[test]
fn one_who_passes_before_another_hides_nobody() {
    let sits = (0.8, [0.40, 0.30, 0.55, 0.70]);
    let other = (0.8, [0.70, 0.30, 0.85, 0.70]);
    // From 30 s on somebody walks from the left to the right, nearer to the camera.
    let passes = |t: f64| moved((0.9, [0.0, 0.2, 0.22, 0.95]), ((t - 30.0) * 0.1) as f32);
    let seen = |t: f64| {
        let mut people = vec![sits, other];
        people.extend((30.0..38.0).contains(&t).then(|| passes(t)));
        people
    };
    assert_eq!(found(2, seen), []);
    // Who passes is no second one at the post.
    let seen = |t: f64| {
        let mut people = vec![sits];
        people.extend((30.0..31.5).contains(&t).then(|| passes(t)));
        people
    };
    assert_eq!(found(2, seen), ONE_ALL_THE_TIME);
}
