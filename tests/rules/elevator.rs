use firewarden::domain::{Class, Gap, GapReason, MediaTime, Phase, Record};

use crate::{
    scene::{Pace, Scene, Thing, camera},
    stage::{Stage, elevator, look},
};

fn bike(pattern: u64) -> Thing {
    Thing::new(Class::Ebike, (0.3, 0.4), pattern)
}

fn ride(pattern: u64, from: f64, to: f64) -> Thing {
    bike(pattern).at(from, 0.9, 0.6).at(from + 2.0, 0.5, 0.6).at(to - 2.0, 0.5, 0.6).at(to, 0.9, 0.6)
}

fn pace() -> Pace {
    Pace { fps: 5.0, every: 1.0, lost: 0.0, seed: 0 }
}

#[test]
fn an_ebike_is_raised_a_second_after_it_is_first_seen() {
    let stage = Stage::play(elevator(), &Scene::new(120.0).with(ride(1, 10.0, 40.0)), pace());
    assert_eq!(stage.phases(), [Phase::Raised, Phase::Ended]);
    let (started, raised, ended) = stage.times()[0];
    assert_eq!((started, raised, ended), (10.0, 11.0, Some(40.2)));
}

#[test]
fn its_image_in_the_mirror_is_no_second_one() {
    let scene = Scene::new(120.0)
        .with(ride(1, 10.0, 40.0))
        .with(bike(1).at(10.0, 0.1, 0.5).at(38.0, 0.2, 0.5))
        // A poster above the floor.
        .with(Thing::new(Class::Ebike, (0.1, 0.1), 3).at(0.0, 0.5, 0.2).at(120.0, 0.5, 0.2));
    assert_eq!(Stage::play(elevator(), &scene, pace()).times().len(), 1);
}

#[test]
fn a_glimpse_a_bicycle_and_a_brief_absence_change_nothing() {
    let glimpse = Scene::new(60.0).with(bike(1).at(10.0, 0.5, 0.6).at(10.2, 0.5, 0.6));
    assert_eq!(Stage::play(elevator(), &glimpse, pace()).times(), []);
    let bicycle =
        Scene::new(60.0).with(Thing::new(Class::Bicycle, (0.3, 0.4), 1).at(5.0, 0.5, 0.6).at(50.0, 0.5, 0.6));
    assert_eq!(Stage::play(elevator(), &bicycle, pace()).times(), []);
    // Hidden for twenty seconds, where it stands.
    let stands = |from: f64, to: f64| bike(1).at(from, 0.5, 0.6).at(to, 0.5, 0.6);
    let hidden = Scene::new(150.0).with(bike(1).at(10.0, 0.9, 0.6).at(12.0, 0.5, 0.6).at(40.0, 0.5, 0.6));
    let hidden = hidden.with(stands(60.0, 90.0));
    assert_eq!(Stage::play(elevator(), &hidden, pace()).phases(), [Phase::Raised, Phase::Ended]);
    let apart = Scene::new(200.0).with(ride(1, 10.0, 40.0)).with(ride(1, 80.0, 110.0));
    assert_eq!(Stage::play(elevator(), &apart, pace()).times().len(), 2);
}

#[test]
fn who_leaves_by_the_door_makes_room_for_another() {
    let twice = Scene::new(150.0).with(ride(1, 10.0, 40.0)).with(ride(2, 46.0, 90.0));
    let times = Stage::play(elevator(), &twice, pace()).times();
    assert_eq!((times.len(), times[0].2, times[1].0), (2, Some(40.2), 46.0), "{times:?}");
    // One that is moved to the door and back, and is hidden there for a moment, is the same.
    let moved = bike(1)
        .at(10.0, 0.9, 0.6)
        .at(12.0, 0.5, 0.6)
        .at(20.0, 0.5, 0.6)
        .at(21.0, 0.85, 0.6)
        .at(23.0, 0.85, 0.6);
    let back = bike(1).at(25.0, 0.85, 0.6).at(27.0, 0.5, 0.6).at(60.0, 0.5, 0.6);
    let times = Stage::play(elevator(), &Scene::new(120.0).with(moved).with(back), pace()).times();
    assert_eq!(times.len(), 1, "{times:?}");
    // One whose box jumps to the door for a single look before it is hidden has not left either.
    let jumps = bike(1).at(10.0, 0.9, 0.6).at(12.0, 0.5, 0.6).at(20.0, 0.5, 0.6);
    let jump = bike(1).at(20.1, 0.9, 0.6).at(20.25, 0.9, 0.6);
    let again = bike(1).at(30.0, 0.5, 0.6).at(60.0, 0.5, 0.6);
    let scene = Scene::new(120.0).with(jumps).with(jump).with(again);
    let times = Stage::play(elevator(), &scene, pace()).times();
    assert_eq!(times.len(), 1, "{times:?}");
}

#[test]
fn raised_in_time_though_looks_are_dropped_and_the_detector_flickers() {
    for seed in 1..=30 {
        let pace = Pace { lost: 0.3, seed, ..pace() };
        let stage = Stage::play(elevator(), &Scene::new(120.0).with(ride(1, 10.0, 60.0)), pace);
        let (started, raised, _) = stage.times()[0];
        assert_eq!(raised, stage.first_look(started + 1.0), "seed {seed}");
        let flickering = Scene::new(120.0).with(ride(seed, 10.0, 60.0).missed(0.25));
        let stage = Stage::play(elevator(), &flickering, pace);
        assert_eq!(stage.times().len(), 1);
        assert!(stage.times()[0].1 < 15.0, "seed {seed}: {:?}", stage.times());
    }
}

#[test]
fn what_is_called_a_bicycle_for_as_long_is_no_ebike_and_hides_none() {
    // A pedal bicycle that the detector takes for an e-bike at every second look.
    let bicycle = || {
        Thing::new(Class::Bicycle, (0.2, 0.4), 1)
            .or(Class::Ebike)
            .at(10.0, 0.9, 0.6)
            .at(12.0, 0.3, 0.6)
            .at(50.0, 0.3, 0.6)
    };
    assert_eq!(Stage::play(elevator(), &Scene::new(60.0).with(bicycle()), pace()).times(), []);
    let e_bike =
        Thing::new(Class::Ebike, (0.2, 0.4), 2).at(20.0, 0.9, 0.6).at(22.0, 0.7, 0.6).at(50.0, 0.7, 0.6);
    let times = Stage::play(elevator(), &Scene::new(60.0).with(bicycle()).with(e_bike), pace()).times();
    assert_eq!((times.len(), times[0].0, times[0].1), (1, 20.0, 21.0), "{times:?}");
    // One that comes through the door by which the bicycle left is none the worse for it.
    let leaves = bicycle().at(52.0, 0.9, 0.6);
    let comes =
        Thing::new(Class::Ebike, (0.2, 0.4), 2).at(57.0, 0.9, 0.6).at(59.0, 0.5, 0.6).at(80.0, 0.5, 0.6);
    let times = Stage::play(elevator(), &Scene::new(90.0).with(leaves).with(comes), pace()).times();
    assert_eq!((times.len(), times[0].0, times[0].1), (1, 57.0, 58.0), "{times:?}");
    // What is an e-bike all the time after a second of doubt is raised some seconds later.
    let doubtful = Thing::new(Class::Bicycle, (0.2, 0.4), 1).at(10.0, 0.3, 0.6).at(11.0, 0.3, 0.6);
    let sure = Thing::new(Class::Ebike, (0.2, 0.4), 1).at(11.2, 0.3, 0.6).at(50.0, 0.3, 0.6);
    let times = Stage::play(elevator(), &Scene::new(60.0).with(doubtful).with(sure), pace()).times();
    assert!(times.len() == 1 && times[0].1 > 12.2 && times[0].1 < 16.0, "{times:?}");
}

#[test]
fn what_is_in_the_empty_elevator_does_not_count_and_hides_no_real_one() {
    let poster = Thing::new(Class::Ebike, (0.2, 0.3), 3).at(0.0, 0.2, 0.5).at(200.0, 0.2, 0.5).missed(0.3);
    let visitor = |t: f64| Thing::new(Class::Person, (0.2, 0.6), 9).at(t, 0.9, 0.6).at(t + 20.0, 0.6, 0.6);
    let scene = Scene::new(200.0).with(poster).with(visitor(30.0)).with(visitor(90.0));
    assert_eq!(Stage::play(elevator(), &scene, pace()).times(), []);
    let times = Stage::play(elevator(), &scene.with(ride(1, 120.0, 150.0)), pace()).times();
    assert_eq!((times.len(), times[0].0), (1, 120.0), "{times:?}");
}

#[test]
fn an_ebike_that_was_left_standing_counts_once_it_is_moved() {
    let left = bike(1).at(0.0, 0.3, 0.6).at(60.0, 0.3, 0.6).at(64.0, 0.7, 0.6).at(90.0, 0.7, 0.6);
    let times = Stage::play(elevator(), &Scene::new(120.0).with(left), pace()).times();
    assert_eq!(times.len(), 1, "{times:?}");
    assert!(times[0].0 > 60.0 && times[0].0 < 64.0, "{times:?}");
}

#[test]
fn what_never_moves_while_people_come_and_go_ends_and_hides_no_real_one() {
    // Somebody is there when it is first seen, so it may have been brought.
    let mut scene = Scene::new(2400.0)
        .with(Thing::new(Class::Person, (0.2, 0.6), 9).at(0.0, 0.9, 0.6).at(20.0, 0.7, 0.6))
        .with(Thing::new(Class::Ebike, (0.2, 0.3), 3).at(0.0, 0.2, 0.5).at(2400.0, 0.2, 0.5));
    for visit in 0..5 {
        let t = 100.0 + 150.0 * f64::from(visit);
        scene = scene.with(Thing::new(Class::Person, (0.2, 0.6), 9).at(t, 0.7, 0.6).at(t + 20.0, 0.7, 0.6));
    }
    let stage = Stage::play(elevator(), &scene.with(ride(1, 2000.0, 2030.0)), pace());
    let times = stage.times();
    assert_eq!(times.len(), 2, "{times:?}");
    assert!(times[0].0 == 0.0 && times[0].2.is_some_and(|end| (end - 900.0).abs() < 2.0), "{times:?}");
    assert_eq!((times[1].0, times[1].2), (2000.0, Some(2030.2)));
}

#[test]
fn after_a_gap_as_long_as_rearm_it_is_another_ride() {
    let bike = (Class::Ebike, [0.4, 0.5, 0.7, 0.9]);
    let gap = |from: f64, to: f64| {
        let (from, to) = (MediaTime::from_secs_f64(from), MediaTime::from_secs_f64(to));
        Record::Gap(Gap { camera: camera(), epoch: 0, from, to: Some(to), reason: GapReason::Offline })
    };
    let ride = |stage: &mut Stage, from: u32| {
        for t in from..from + 20 {
            // It comes in after two looks at the empty elevator.
            let things = if t < from + 2 { vec![] } else { vec![bike] };
            stage.take(&Record::Observation(look(f64::from(t), &things)));
        }
    };
    for (pause, rides) in [(50_000, 2), (10, 1)] {
        let mut stage = Stage::new(elevator());
        ride(&mut stage, 0);
        stage.take(&gap(20.0, f64::from(pause)));
        ride(&mut stage, pause);
        let times = stage.times();
        assert_eq!(times.len(), rides, "{times:?}");
        if rides == 2 {
            assert_eq!(times[0].2, Some(19.0));
            assert!(stage.violations()[0].ended_unknown);
        }
    }
}
