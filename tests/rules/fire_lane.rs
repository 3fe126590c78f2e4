use std::time::Duration;

use firewarden::{
    domain::{Class, Phase, Record},
    kinds::settings::{FireLaneParking, Settings},
};

use crate::{
    scene::{Pace, Picture, Scene, Thing},
    stage::{Stage, during, fire_lane, lane, look, rule},
};

const SIZE: (f64, f64) = (0.16, 0.12);

fn car(pattern: u64) -> Thing {
    Thing::new(Class::Car, SIZE, pattern)
}

/// Drives in from the left, stands at (`x`, 0.7) from `from` to `to`, and drives off.
fn parker(pattern: u64, x: f64, from: f64, to: f64) -> Thing {
    car(pattern).at(from - 4.0, x - 0.9, 0.7).at(from, x, 0.7).at(to, x, 0.7).at(to + 4.0, x + 0.9, 0.7)
}

fn standing(x: f64, from: f64, to: f64) -> Thing {
    car(1).at(from, x, 0.7).at(to, x, 0.7)
}

#[track_caller]
fn one(stage: &Stage) -> (f64, f64, Option<f64>) {
    let times = stage.times();
    assert_eq!(times.len(), 1, "{times:?}");
    times[0]
}

#[track_caller]
fn near(a: f64, b: f64, by: f64) {
    assert!((a - b).abs() <= by + 1e-6, "{a} is not within {by} of {b}");
}

#[test]
fn a_parked_vehicle_is_raised_once_and_ends_when_it_leaves() {
    let scene = Scene::new(120.0).with(parker(1, 0.5, 10.0, 70.0));
    let stage = Stage::play(lane(20.0), &scene, Pace::every(0.5));
    let (started, raised, ended) = one(&stage);
    near(started, 10.0, 0.5);
    near(raised, started + 20.0, 0.0);
    near(ended.expect("over"), 70.5, 0.5);
    assert_eq!(stage.phases(), [Phase::Raised, Phase::Ended]);
    let violation = &stage.violations()[0];
    assert_eq!((violation.class, violation.ended_unknown), (Some(Class::Car), false));
}

#[test]
fn what_was_there_at_the_start_is_raised_like_any_other() {
    let stage = Stage::play(lane(20.0), &Scene::new(60.0).with(standing(0.5, 0.0, 99.0)), Pace::every(2.0));
    assert_eq!(one(&stage), (0.0, 20.0, None));
}

#[test]
fn raised_within_a_look_of_the_truth_whatever_is_dropped() {
    for looks in [2.0, 5.0, 15.0] {
        for seed in 1..=20 {
            let pace = Pace { fps: looks, every: 1.0 / looks, lost: 0.3, seed };
            let scene = Scene::new(90.0).with(standing(0.5, 10.0, 60.0));
            let stage = Stage::play(lane(20.0), &scene, pace);
            let (started, raised, ended) = one(&stage);
            near(started, stage.first_look(10.0), 0.0);
            near(raised, stage.first_look(started + 20.0), 0.0);
            near(ended.expect("over"), stage.first_look(60.001), 0.0);
        }
    }
}

#[test]
fn moving_queueing_and_stopping_are_none() {
    let mut through = Scene::new(120.0);
    for i in 0..20 {
        let t = 1.0 + 5.0 * f64::from(i);
        through = through.with(car(i as u64 + 1).at(t, -0.1, 0.7).at(t + 4.0, 1.1, 0.7));
    }
    let stop = Scene::new(120.0).with(parker(1, 0.5, 10.0, 28.0)).with(parker(2, 0.3, 50.0, 68.0));
    // Cars close behind one another; every eleven seconds all move up by a length, which takes them three.
    let mut queue = Scene::new(200.0);
    for i in 0..24 {
        let mut one = car(i as u64 + 1);
        for step in 0..19 {
            let x = 0.9 - 0.2 * f64::from(i) + 0.2 * f64::from(step);
            let t = 11.0 * f64::from(step);
            if (-0.1..1.4).contains(&x) {
                one = one.at(t, x, 0.7).at(t + 8.0, x, 0.7);
            }
        }
        queue = queue.with(one);
    }
    let creep = Scene::new(120.0).with(car(1).at(0.0, 0.1, 0.7).at(120.0, 0.9, 0.7));
    for (name, scene) in [("through", through), ("stop", stop), ("queue", queue), ("creep", creep)] {
        for every in [0.2, 0.5, 2.0] {
            let stage = Stage::play(lane(20.0), &scene, Pace::every(every));
            assert_eq!(stage.times(), [], "{name}, a look every {every} s");
        }
        // Movement alone tells as well, while looks are close enough to follow it.
        let stage = Stage::play(lane(20.0), &scene.without_appearance(), Pace::every(0.5));
        assert_eq!(stage.times(), [], "{name}, no appearance");
    }
}

#[test]
fn a_passer_by_and_a_flickering_detector_interrupt_nothing() {
    let passer = Thing::new(Class::Person, (0.2, 0.4), 9).at(30.0, 0.5, 0.65).at(38.0, 0.5, 0.65);
    let bus = Thing::new(Class::Bus, (0.5, 0.3), 8)
        .at(28.0, -0.5, 0.75)
        .at(30.0, 0.5, 0.75)
        .at(60.0, 0.5, 0.75)
        .at(62.0, 1.5, 0.75);
    let flicker = Scene::new(100.0).with(standing(0.5, 10.0, 80.0).missed(0.4));
    let hidden = Scene::new(100.0).with(standing(0.5, 10.0, 80.0)).with(passer);
    let behind_a_bus = Scene::new(100.0).with(standing(0.5, 10.0, 80.0)).with(bus);
    let unseen = Scene::new(100.0).with(standing(0.5, 10.0, 80.0)).gap(999.0..1000.0);
    for (name, scene) in
        [("flicker", flicker), ("hidden", hidden), ("behind a bus", behind_a_bus), ("plain", unseen)]
    {
        for scene in [scene.clone(), scene.clone().without_appearance()] {
            let stage = Stage::play(lane(20.0), &scene, Pace::every(0.5));
            let of_car: Vec<_> = stage.times().into_iter().filter(|(started, ..)| *started < 20.0).collect();
            assert_eq!(of_car.len(), 1, "{name}: {:?}", stage.times());
            near(of_car[0].0, 10.0, 2.0);
            near(of_car[0].2.expect("over"), 80.5, if name == "flicker" { 4.0 } else { 0.5 });
        }
    }
}

#[test]
fn one_van_is_one_violation_whatever_it_is_called() {
    let van = standing(0.5, 10.0, 80.0);
    for van in [van.clone().also(Class::Truck), van.clone().or(Class::Truck), van.or(Class::Bus)] {
        let stage = Stage::play(lane(20.0), &Scene::new(100.0).with(van), Pace::every(0.5));
        assert_eq!(one(&stage), (10.0, 30.0, Some(80.5)));
    }
}

#[test]
fn headlights_that_make_its_box_dance_alert_nobody_again() {
    let scene = Scene::new(300.0).with(standing(0.5, 10.0, 299.0).dancing(0.015, 40.0..280.0));
    let stage = Stage::play(lane(20.0), &scene, Pace::every(0.5));
    assert_eq!(stage.phases(), [Phase::Raised]);
}

#[test]
fn two_that_stand_side_by_side_are_two() {
    let scene =
        Scene::new(60.0).with(standing(0.4, 5.0, 99.0)).with(car(2).at(5.0, 0.52, 0.7).at(99.0, 0.52, 0.7));
    let stage = Stage::play(lane(20.0), &scene, Pace::every(0.5));
    assert_eq!(stage.times(), [(5.0, 25.0, None), (5.0, 25.0, None)]);
    let ids: Vec<_> = stage.violations().iter().map(|v| v.id).collect();
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn another_that_takes_its_place_is_a_new_one() {
    for every in [0.5, 1.0, 2.0] {
        let scene = Scene::new(120.0).with(parker(1, 0.5, 10.0, 50.0)).with(parker(2, 0.5, 57.0, 110.0));
        let stage = Stage::play(lane(20.0), &scene, Pace::every(every));
        let times = stage.times();
        assert_eq!(times.len(), 2, "{times:?}");
        near(times[0].2.expect("the first has left"), 50.0 + every, every);
        near(times[1].0, 57.0, every);
        near(times[1].1, times[1].0 + 20.0, every);
    }
}

#[test]
fn a_gap_neither_adds_nor_resets() {
    let scene = Scene::new(120.0).with(standing(0.5, 10.0, 100.0)).gap(20.0..60.0);
    let stage = Stage::play(lane(20.0), &scene, Pace::every(0.5));
    let (started, raised, ended) = one(&stage);
    assert_eq!((started, ended), (10.0, Some(100.5)));
    near(raised, 70.0, 0.5);
}

#[test]
fn what_is_not_there_after_a_gap_ended_nobody_knows_when() {
    let left = Scene::new(120.0).with(standing(0.5, 0.0, 45.0)).gap(40.0..60.0);
    let stage = Stage::play(lane(20.0), &left, Pace::every(0.5));
    assert_eq!(one(&stage), (0.0, 20.0, Some(60.0)));
    assert!(stage.violations()[0].ended_unknown);

    let replaced = left.with(car(2).at(50.0, 0.5, 0.7).at(100.0, 0.5, 0.7));
    let stage = Stage::play(lane(20.0), &replaced, Pace::every(0.5));
    assert_eq!(stage.times(), [(0.0, 20.0, Some(60.0)), (60.0, 80.0, Some(100.5))]);
    assert!(stage.violations()[0].ended_unknown && !stage.violations()[1].ended_unknown);
}

#[test]
fn a_picture_that_shows_nothing_ends_nothing_and_adds_nothing() {
    for picture in [Picture::Dark, Picture::Covered, Picture::Frozen] {
        let scene = Scene::new(150.0).with(standing(0.5, 10.0, 120.0)).spell(20.0..70.0, picture);
        let stage = Stage::play(lane(20.0), &scene, Pace::every(0.5));
        let (started, raised, ended) = one(&stage);
        assert_eq!((started, ended), (10.0, Some(120.5)), "{picture:?}");
        near(raised, 80.0, 0.5);
    }
}

#[test]
fn what_stands_beside_the_zone_is_none_though_its_box_dances() {
    let scene =
        Scene::new(200.0).with(car(1).at(0.0, 0.5, 0.425).at(200.0, 0.5, 0.425).dancing(0.018, 0.0..200.0));
    let stage = Stage::play(lane(20.0), &scene, Pace::every(0.5));
    assert_eq!(stage.times(), []);
}

#[test]
fn warns_before_and_notifies_again_with_one_start() {
    let keys = FireLaneParking {
        warn_after: Some(Duration::from_secs(10)),
        update_every: Some(Duration::from_secs(30)),
        ..fire_lane(20.0)
    };
    let config = rule(Settings::FireLaneParking(keys));
    let stage =
        Stage::play(config.clone(), &Scene::new(100.0).with(standing(0.5, 10.0, 85.0)), Pace::every(0.5));
    assert_eq!(stage.phases(), [Phase::Warned, Phase::Raised, Phase::Updated, Phase::Ended]);
    assert!(stage.findings.iter().all(|f| f.started == stage.findings[0].started));

    let brief = Stage::play(config, &Scene::new(100.0).with(standing(0.5, 10.0, 25.0)), Pace::every(0.5));
    assert_eq!(brief.phases(), [Phase::Warned, Phase::Ended]);
    assert_eq!(brief.violations(), []);
}

#[test]
fn when_the_schedule_s_hours_are_over_what_stands_ends() {
    // The scene begins at 08:00 in Shanghai.
    let scene = Scene::new(180.0).with(standing(0.5, 0.0, 180.0));
    let stage = Stage::play(during(lane(20.0), "08:01-08:02"), &scene, Pace::every(0.5));
    assert_eq!(stage.times(), [(60.0, 80.0, Some(120.0))]);
}

#[test]
fn a_neighbour_does_not_take_the_place_of_a_vehicle_that_is_missed_once() {
    let (a, b) = ([0.40, 0.60, 0.50, 0.68], [0.44, 0.60, 0.54, 0.68]);
    let mut stage = Stage::new(lane(60.0));
    for t in (0..200).step_by(2) {
        let mut things = Vec::new();
        if t != 70 {
            things.push((Class::Car, a));
        }
        if t >= 30 {
            things.push((Class::Car, b));
        }
        stage.take(&Record::Observation(look(f64::from(t), &things)));
    }
    let first: Vec<_> = stage.times().into_iter().filter(|(started, ..)| *started < 30.0).collect();
    assert_eq!(first, [(0.0, 60.0, None)]);
}
