//! What a rule says of one vehicle: once, until it leaves, whatever box or picture shows it.

use firewarden::domain::{
    Class, Detection, MediaTime, Observation, Phase, Record, THUMBNAIL_SIDE, Thumbnail,
};

use crate::{
    scene::{Pace, Picture, Scene, Thing, chance},
    stage::{Stage, lane, look},
};

/// A car that drives in before `from`, stands at (0.5, 0.7), and drives off after `to`.
fn parker(pattern: u64, from: f64, to: f64) -> Thing {
    Thing::new(Class::Car, (0.16, 0.12), pattern)
        .at(from - 10.0, -0.4, 0.7)
        .at(from, 0.5, 0.7)
        .at(to, 0.5, 0.7)
        .at(to + 10.0, 1.4, 0.7)
}

fn appearance(pattern: u64, at: f64) -> Thumbnail {
    let mut pixels = [0; THUMBNAIL_SIDE * THUMBNAIL_SIDE];
    for (i, pixel) in pixels.iter_mut().enumerate() {
        let patch = (i / THUMBNAIL_SIDE / 6 * 4 + i % THUMBNAIL_SIDE / 6) as u64;
        let luma = 40.0 + 180.0 * chance(pattern * 1000 + patch, 0.0);
        *pixel = (luma + 8.0 * chance(pattern + i as u64, at)) as u8;
    }
    Thumbnail::new(pixels)
}

type Boxed = (Class, [f32; 4], f32);

/// What a look shows of boxes, each of which cuts out a picture of its own.
fn boxed(at: f64, things: &[Boxed]) -> Observation {
    let all: Vec<(Class, [f32; 4])> = things.iter().map(|(class, bbox, _)| (*class, *bbox)).collect();
    let mut observation = look(at, &all);
    for (detection, (_, bbox, confidence)) in observation.detections.iter_mut().zip(things) {
        let pattern = bbox.iter().fold(7, |sum, edge| sum * 31 + (edge * 100.0) as u64);
        let appearance = Some(appearance(pattern % 9973, at));
        *detection = Detection { confidence: *confidence, appearance, ..detection.clone() };
    }
    observation
}

/// Plays looks each half second, a minute long.
fn play(things: impl Fn(u32) -> Vec<Boxed>) -> Stage {
    let mut stage = Stage::new(lane(20.0));
    for n in 0..120 {
        stage.take(&Record::Observation(boxed(f64::from(n) * 0.5, &things(n))));
    }
    stage
}

const TIGHT: Boxed = (Class::Car, [0.40, 0.60, 0.56, 0.72], 0.8);
const TALL: Boxed = (Class::Truck, [0.39, 0.42, 0.56, 0.715], 0.6);

#[test]
fn one_vehicle_in_two_boxes_is_one_whenever_either_shows() {
    type Shown = fn(u32) -> Vec<Boxed>;
    let cases: [(&str, Shown); 9] = [
        ("both", |_| vec![TIGHT, TALL]),
        ("the tall one surer", |_| vec![(TALL.0, TALL.1, 0.9), TIGHT]),
        ("later", |n| if n < 60 { vec![TIGHT] } else { vec![TIGHT, TALL] }),
        ("there first", |n| if n < 20 { vec![TALL] } else { vec![TIGHT, TALL] }),
        ("in turn", |n| if n % 2 == 0 { vec![TIGHT] } else { vec![TALL] }),
        ("one by one flickering", |n| match n % 5 {
            0 => vec![TIGHT],
            1 => vec![TALL],
            2 => vec![],
            _ => vec![TIGHT, TALL],
        }),
        ("changed for good", |n| if n < 50 { vec![TIGHT] } else { vec![TALL] }),
        ("both cars", |_| vec![TIGHT, (Class::Car, TALL.1, 0.7)]),
        ("a cab", |_| {
            vec![(Class::Truck, [0.3, 0.5, 0.7, 0.8], 0.8), (Class::Car, [0.32, 0.6, 0.5, 0.8], 0.6)]
        }),
    ];
    for (name, things) in cases {
        let stage = play(things);
        assert_eq!(stage.phases(), [Phase::Raised], "{name}: {:?}", stage.times());
    }
    // Far away, and two-wheelers.
    let small =
        |_| vec![(Class::Car, [0.90, 0.60, 0.93, 0.62], 0.6), (Class::Car, [0.90, 0.565, 0.93, 0.6205], 0.5)];
    assert_eq!(play(small).phases(), [Phase::Raised]);
}

#[test]
fn two_vehicles_stay_two() {
    for (name, other) in [
        ("behind", [0.41, 0.52, 0.55, 0.69]),
        ("beside", [0.52, 0.60, 0.68, 0.72]),
        ("a long one beside", [0.55, 0.5, 0.9, 0.72]),
    ] {
        let stage = play(|_| vec![TIGHT, (Class::Car, other, 0.7)]);
        assert_eq!(stage.times().len(), 2, "{name}");
    }
}

/// A lorry parks where a car has left.
#[test]
fn another_vehicle_in_its_place_is_no_other_box_of_it() {
    let lorry =
        Thing::new(Class::Truck, (0.3, 0.3), 5).at(46.0, 1.4, 0.61).at(50.0, 0.5, 0.61).at(110.0, 0.5, 0.61);
    let scene = Scene::new(100.0).with(parker(1, 5.0, 40.0)).with(lorry);
    let stage = Stage::play(lane(20.0), &scene, Pace::every(0.5));
    let times = stage.times();
    assert_eq!(times.len(), 2, "{times:?}");
    assert!((times[1].0 - 50.0).abs() <= 1.0 && times[0].2.is_some_and(|ended| ended < 42.0), "{times:?}");
}

#[test]
fn what_is_seen_to_leave_ends_at_once() {
    for every in [0.2, 0.5, 0.8] {
        let scene = Scene::new(34.5).with(parker(1, 5.0, 32.0));
        let stage = Stage::play(lane(20.0), &scene, Pace::every(every));
        let times = stage.times();
        let ended = times[0].2.expect("seen to leave");
        assert!(times.len() == 1 && (32.0..=33.5).contains(&ended), "a look every {every} s: {times:?}");
    }
}

#[test]
fn what_flickers_while_another_passes_has_not_left() {
    for seed in 1..30 {
        let mut scene = Scene::new(60.0)
            .with(Thing::new(Class::Car, (0.16, 0.12), 1).at(0.0, 0.5, 0.7).at(60.0, 0.5, 0.7).missed(0.4));
        for i in 0..10 {
            let t = 22.0 + 3.5 * f64::from(i) + f64::from(seed) * 0.1;
            let passing = Thing::new(Class::Car, (0.16, 0.12), 100 + i as u64 + seed as u64 * 20);
            scene = scene.with(passing.at(t, -0.1, 0.74).at(t + 3.0, 1.1, 0.74));
        }
        for every in [0.5, 1.0] {
            let stage = Stage::play(lane(20.0), &scene, Pace { seed: seed as u64, ..Pace::every(every) });
            assert_eq!(stage.phases(), [Phase::Raised], "{seed}, {every}: {:?}", stage.times());
        }
    }
}

#[test]
fn a_recording_s_end_tells_when_it_was_last_seen() {
    let scene =
        Scene::new(60.0).with(Thing::new(Class::Car, (0.16, 0.12), 1).at(5.0, 0.5, 0.7).at(55.0, 0.5, 0.7));
    let mut stage = Stage::play(lane(20.0), &scene, Pace::every(0.5));
    assert_eq!(stage.violations()[0].last_seen, None);
    stage.stop();
    let violation = &stage.violations()[0];
    assert_eq!(violation.last_seen.as_ref().map(|m| m.media_s), Some(MediaTime::from_secs_f64(55.0)));
    assert_eq!((violation.phase, &violation.ended), (Phase::Raised, &None));

    let mut over = Stage::play(lane(20.0), &Scene::new(60.0).with(parker(1, 5.0, 40.0)), Pace::every(0.5));
    over.stop();
    assert!(over.violations()[0].ended.is_some() && over.violations()[0].last_seen.is_none());
}

#[test]
fn a_blurred_picture_ends_nothing_and_raises_nothing_anew() {
    for length in [15.0, 40.0, 120.0] {
        let blurred = 40.0..40.0 + length;
        let scene = Scene::new(220.0)
            .with(Thing::new(Class::Car, (0.16, 0.12), 1).at(5.0, 0.5, 0.7).at(220.0, 0.5, 0.7))
            .spell(blurred, Picture::Blurred);
        for scene in [scene.clone(), scene.without_appearance()] {
            let stage = Stage::play(lane(20.0), &scene, Pace::every(0.5));
            assert_eq!(stage.phases(), [Phase::Raised], "{length} s: {:?}", stage.times());
        }
    }
}

/// Glare hides the vehicle and nothing else: the picture as a whole is as clear as before.
#[test]
fn what_glare_hid_goes_on_when_it_is_seen_again() {
    for hidden in [15.0, 60.0] {
        let car = || Thing::new(Class::Car, (0.16, 0.12), 1);
        let scene = Scene::new(180.0)
            .with(car().at(5.0, 0.5, 0.7).at(40.0, 0.5, 0.7))
            .with(car().at(40.0 + hidden, 0.5, 0.7).at(180.0, 0.5, 0.7));
        let stage = Stage::play(lane(20.0), &scene, Pace::every(0.5));
        assert_eq!(stage.times(), [(5.0, 25.0, None)]);
        assert_eq!(stage.phases(), [Phase::Raised, Phase::Ended, Phase::Updated]);
        // One that is seen to drive up, and one that looks different, are new.
        let other = Thing::new(Class::Car, (0.16, 0.12), 2);
        for new in [parker(1, 60.0, 180.0), other.at(60.0, 0.5, 0.7).at(180.0, 0.5, 0.7)] {
            let scene = Scene::new(180.0).with(car().at(5.0, 0.5, 0.7).at(40.0, 0.5, 0.7)).with(new);
            let stage = Stage::play(lane(20.0), &scene, Pace::every(0.5));
            assert_eq!(stage.times().len(), 2, "{:?}", stage.times());
        }
    }
}

/// From 50 s on the camera looks elsewhere; looks tell so for 14 s.
fn knocked(n: u32, by: [f32; 2], appearances: bool, things: &[Boxed]) -> Observation {
    let at = f64::from(n) * 0.5;
    let after = at >= 50.0;
    let off = if after { by } else { [0.0, 0.0] };
    let mut observation = boxed(at, things);
    for detection in &mut observation.detections {
        let b = detection.bbox;
        detection.bbox = firewarden::geometry::BBox::new(
            b.left + off[0],
            b.top + off[1],
            b.right + off[0],
            b.bottom + off[1],
        );
        if !appearances {
            detection.appearance = None;
        }
    }
    if after && at < 64.0 {
        observation.scene.moved = Some(by);
        observation.scene.changed = Some(if at < 50.4 { 0.5 } else { 0.01 });
    }
    observation
}

#[test]
fn a_knock_of_the_camera_ends_nothing_and_raises_nothing_anew() {
    let beside: Boxed = (Class::Car, [0.70, 0.36, 0.80, 0.46], 0.8);
    for by in [[0.02, 0.0], [0.04, 0.03], [-0.08, 0.0], [0.0, 0.08]] {
        for appearances in [true, false] {
            let mut stage = Stage::new(lane(20.0));
            for n in 0..300 {
                stage.take(&Record::Observation(knocked(n, by, appearances, &[TIGHT, beside])));
            }
            assert_eq!(stage.phases(), [Phase::Raised], "{by:?} {appearances}: {:?}", stage.times());
            stage.stop();
            let last = stage.violations()[0].last_seen.as_ref().map(|m| m.media_s);
            assert_eq!(last, Some(MediaTime::from_secs_f64(149.5)), "{by:?} {appearances}");
        }
    }
}

#[test]
fn what_is_not_found_again_after_a_knock_stays_open_and_what_drives_up_is_new() {
    let mut stage = Stage::new(lane(20.0));
    for n in 0..300 {
        let at = f64::from(n) * 0.5;
        let mut things = if at < 50.0 { vec![TIGHT] } else { Vec::new() };
        let x = (0.6 - 0.04 * (at - 70.0)).max(0.2) as f32;
        if at >= 70.0 {
            things.push((Class::Car, [x, 0.75, x + 0.16, 0.87], 0.8));
        }
        stage.take(&Record::Observation(knocked(n, [0.04, 0.0], false, &things)));
    }
    stage.stop();
    let times = stage.times();
    assert_eq!(times.len(), 2, "{times:?}");
    assert!(times.iter().all(|(.., ended)| ended.is_none()) && times[1].0 >= 78.0, "{times:?}");
    assert_eq!(
        stage.violations()[0].last_seen.as_ref().map(|m| m.media_s),
        Some(MediaTime::from_secs_f64(49.5))
    );
}
