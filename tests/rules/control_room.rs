use firewarden::domain::{Class, Phase, Record};

use crate::{
    scene::{Pace, Picture, Scene, Thing},
    stage::{Stage, during, look, post},
};

fn person(pattern: u64) -> Thing {
    Thing::new(Class::Person, (0.1, 0.4), pattern)
}

/// Somebody at the post during each of `spells`, coming from and going to the left.
fn manned(length: f64, spells: &[(f64, f64)]) -> Scene {
    spells.iter().enumerate().fold(Scene::new(length), |scene, (i, (from, to))| {
        let p = person(i as u64 + 1);
        let p =
            if *from > 0.0 { p.at(*from, 0.05, 0.6).at(from + 1.0, 0.5, 0.6) } else { p.at(0.0, 0.5, 0.6) };
        scene.with(p.at(to - 1.0, 0.5, 0.6).at(*to, 0.05, 0.6))
    })
}

/// The six absences of a room in which one after another stands at a table, in seconds.
const ABSENCES: [(f64, f64); 7] =
    [(0.0, 6.1), (19.5, 22.8), (44.8, 50.5), (69.7, 74.5), (86.6, 92.6), (119.6, 123.6), (135.9, 139.4)];

fn one_by_one() -> Scene {
    let spells: Vec<(f64, f64)> = ABSENCES.windows(2).map(|w| (w[0].1, w[1].0 - 0.1)).collect();
    manned(139.4, &spells)
}

#[test]
fn only_absences_longer_than_grace_are_violations() {
    let stage = Stage::play(post(1, 4.4), &one_by_one(), Pace::every(0.44));
    let times = stage.times();
    let truth = [0.0, 44.8, 69.7, 86.6];
    assert_eq!(times.len(), truth.len(), "{times:?}");
    for ((started, raised, ended), truth) in times.iter().zip(truth) {
        assert!((started - truth).abs() <= 0.5, "{times:?}");
        assert!(raised - started >= 4.4 - 1e-6 && raised - started <= 4.4 + 0.44, "{times:?}");
        assert!(ended.is_some());
    }
}

#[test]
fn raised_within_a_look_of_the_truth_whatever_is_dropped() {
    for looks in [0.5, 2.0, 5.0, 15.0] {
        for seed in 1..=20 {
            let pace = Pace { fps: looks, every: 1.0 / looks, lost: 0.3, seed };
            let stage = Stage::play(post(1, 30.0), &manned(120.0, &[(0.0, 20.0), (90.0, 120.0)]), pace);
            let times = stage.times();
            assert_eq!(times.len(), 1, "{looks} looks a second, seed {seed}: {times:?}");
            let (started, raised, ended) = times[0];
            assert_eq!(started, stage.first_look(20.001));
            assert_eq!(raised, stage.first_look(started + 30.0));
            assert_eq!(ended, Some(stage.first_look(90.0)));
        }
    }
}

#[test]
fn one_miss_starts_nothing_and_one_false_person_resets_nothing() {
    // A detector that misses one look in five.
    let scene = Scene::new(300.0).with(person(3).at(0.0, 0.5, 0.6).at(300.0, 0.5, 0.6).missed(0.2));
    assert_eq!(Stage::play(post(1, 4.4), &scene, Pace::every(0.44)).times(), []);
    // A coat that is taken for a person at one look in five.
    let scene = Scene::new(60.0).with(person(3).at(0.0, 0.5, 0.6).at(60.0, 0.5, 0.6).missed(0.8));
    let stage = Stage::play(post(1, 20.0), &scene, Pace::every(0.5));
    assert_eq!(stage.phases(), [Phase::Raised]);
    assert!(stage.times()[0].1 <= 22.0, "{:?}", stage.times());
}

#[test]
fn two_are_required_and_one_person_is_not_two() {
    let one = Scene::new(100.0).with(person(1).at(0.0, 0.3, 0.6).at(100.0, 0.3, 0.6));
    // The same person found twice, whole and from the waist up.
    let twice =
        one.clone().with(Thing::new(Class::Person, (0.09, 0.2), 7).at(0.0, 0.3, 0.5).at(100.0, 0.3, 0.5));
    let two = one.clone().with(person(2).at(0.0, 0.6, 0.6).at(100.0, 0.6, 0.6));
    for (scene, expected) in [(one, 1), (twice, 1), (two, 0)] {
        let stage = Stage::play(post(2, 30.0), &scene, Pace::every(2.0));
        assert_eq!(stage.times().len(), expected);
        for violation in stage.violations() {
            assert_eq!(violation.count.map(|c| (c.seen, c.required)), Some((1, 2)));
            assert_eq!((violation.class, violation.bbox), (None, None));
        }
    }
}

#[test]
fn a_picture_that_shows_nothing_never_raises_and_stops_the_clock() {
    for picture in [Picture::Dark, Picture::Covered, Picture::Frozen] {
        let all = Scene::new(300.0).spell(4.0..300.0, picture);
        assert_eq!(Stage::play(post(1, 30.0), &all, Pace::every(0.5)).times(), [], "{picture:?}");
        // Empty from 10 s on, unknown from 20 s to 80 s.
        let part = manned(200.0, &[(0.0, 10.0)]).spell(20.0..80.0, picture);
        let times = Stage::play(post(1, 30.0), &part, Pace::every(0.5)).times();
        assert_eq!(times.len(), 1, "{picture:?}");
        assert!(
            (times[0].0 - 10.0).abs() <= 0.5 && (times[0].1 - 100.0).abs() <= 1.0,
            "{picture:?} {times:?}"
        );
    }
}

#[test]
fn a_gap_neither_raises_nor_resets() {
    let stage = Stage::play(post(1, 30.0), &manned(200.0, &[(0.0, 10.0)]).gap(20.0..80.0), Pace::every(0.5));
    let (started, raised, ended) = stage.times()[0];
    assert!((started - 10.0).abs() <= 0.5 && (raised - 100.0).abs() <= 1.0 && ended.is_none());

    let back = manned(200.0, &[(0.0, 10.0), (70.0, 200.0)]).gap(60.0..80.0);
    let stage = Stage::play(post(1, 30.0), &back, Pace::every(0.5));
    assert_eq!(stage.times()[0].2, Some(80.0));
    assert!(stage.violations()[0].ended_unknown);
}

const AT_THE_POST: [f32; 4] = [0.4, 0.4, 0.5, 0.8];

/// Looks every two seconds at a post, at which somebody is seen at the times that `manned` says.
fn looks(stage: &mut Stage, from: u32, to: u32, manned: impl Fn(u32) -> bool) {
    for t in (from..to).step_by(2) {
        let people = if manned(t) { vec![(Class::Person, AT_THE_POST)] } else { Vec::new() };
        stage.take(&Record::Observation(look(f64::from(t), &people)));
    }
}

#[test]
fn somebody_who_is_back_within_grace_and_missed_once_is_no_violation() {
    let mut stage = Stage::new(post(1, 180.0));
    looks(&mut stage, 0, 300, |t| t >= 178 && t != 180);
    assert_eq!(stage.times(), []);
    // Who is seen once and no more was not there.
    let mut stage = Stage::new(post(1, 180.0));
    looks(&mut stage, 0, 300, |t| t == 178);
    let times = stage.times();
    assert!(times.len() == 1 && times[0].0 == 0.0 && times[0].1 <= 184.0, "{times:?}");
}

#[test]
fn one_who_is_seen_at_every_other_look_for_an_hour_dates_nothing_back() {
    let mut stage = Stage::new(post(1, 180.0));
    looks(&mut stage, 0, 3600, |t| t % 4 == 0);
    looks(&mut stage, 3600, 4000, |_| false);
    let times = stage.times();
    assert_eq!(times.len(), 1, "{times:?}");
    assert!(times[0].0 >= 3560.0 && times[0].1 <= 3800.0, "{times:?}");
}

#[test]
fn hours_that_end_between_two_looks_end_what_stood() {
    let mut stage = Stage::new(during(post(1, 60.0), "08:00-18:00"));
    // 08:00 on the first day, and 08:00 on the next, with nothing recorded between.
    looks(&mut stage, 0, 120, |_| false);
    for t in (120..150).step_by(2) {
        let mut observation = look(f64::from(t), &[]);
        observation.wall += jiff::SignedDuration::from_hours(24);
        stage.take(&Record::Observation(observation));
    }
    let times = stage.times();
    assert_eq!(times, [(0.0, 60.0, Some(118.0))], "what is short since half a minute is no violation yet");
    assert!(stage.violations()[0].ended_unknown);
}
