//! People who sit still are missed for seconds at a time, and are at the post all the same.

use firewarden::{
    domain::{Class, Phase, Record},
    judge::Standing,
    rules::Presence,
};

use crate::{
    scene::{chance, wall},
    stage::{Stage, look, post},
};

type Box = [f32; 4];

/// Where they sit, and where a shelf is.
const DESK: Box = [0.40, 0.40, 0.50, 0.70];
const OTHER_DESK: Box = [0.65, 0.40, 0.75, 0.70];
const SHELF: Box = [0.10, 0.25, 0.20, 0.70];

fn at(bbox: Box, x: f64) -> Box {
    let [left, top, right, bottom] = bbox;
    [x as f32, top, x as f32 + right - left, bottom]
}

/// In from the left edge from `t0` on, a fifth of the picture a second, and to `bbox`; at its place for good.
fn comes(bbox: Box, t0: f64, t: f64) -> Option<Box> {
    (t >= t0).then(|| at(bbox, (0.2 * (t - t0)).min(f64::from(bbox[0]))))
}

/// From `bbox` out of the picture from `t0` on, by so much of it a second.
fn leaves(bbox: Box, t0: f64, pace: f64, t: f64) -> Option<Box> {
    let x = f64::from(bbox[0]) + pace * (t - t0).max(0.0);
    (-0.05..0.95).contains(&x).then(|| at(bbox, x))
}

/// Looks at a post that needs so many, one each `every` seconds, at the things that `seen` tells.
fn played(
    required: u32,
    grace: f64,
    every: f64,
    until: f64,
    seen: impl Fn(f64) -> Vec<Option<Box>>,
) -> Stage {
    let mut stage = Stage::new(post(required, grace));
    go_on(&mut stage, every, 0.0, until, seen);
    stage
}

fn go_on(stage: &mut Stage, every: f64, from: f64, until: f64, seen: impl Fn(f64) -> Vec<Option<Box>>) {
    for n in 0..((until - from) / every).ceil() as u32 {
        let t = from + f64::from(n) * every;
        let people: Vec<_> = seen(t).into_iter().flatten().map(|bbox| (Class::Person, bbox)).collect();
        stage.take(&Record::Observation(look(t, &people)));
    }
}

/// Whether somebody who is found at this share of looks is found at `t`.
fn found(who: u64, share: f64, t: f64) -> bool {
    chance(who, t) < share
}

fn presence(stage: &Stage) -> Option<Presence> {
    let at = stage.judge.reached().expect("it has looked").at;
    match &stage.judge.status(wall(at)).remove(0) {
        Standing::InForce { presence, .. } => *presence,
        _ => None,
    }
}

/// How many are there at each look.
fn there(
    required: u32,
    grace: f64,
    every: f64,
    until: f64,
    seen: impl Fn(f64) -> Vec<Option<Box>>,
) -> Vec<(f64, u32)> {
    let mut stage = Stage::new(post(required, grace));
    let mut all = Vec::new();
    for n in 0..(until / every).ceil() as u32 {
        let t = f64::from(n) * every;
        go_on(&mut stage, every, t, t + every / 2.0, &seen);
        match presence(&stage) {
            Some(Presence::Seen(count)) => all.push((t, count)),
            other => panic!("{other:?} at {t}"),
        }
    }
    all
}

#[test]
fn who_sits_and_is_found_now_and_then_is_there() {
    for share in [0.3, 0.34, 0.45, 0.6] {
        for who in 0..20 {
            let one = |t: f64| vec![comes(DESK, 0.0, t).filter(|_| t < 12.0 || found(who, share, t))];
            assert_eq!(played(1, 180.0, 2.0, 3600.0, one).times(), [], "{share}, {who}");
            if share > 0.5 {
                assert_eq!(played(1, 60.0, 1.5, 3600.0, one).times(), [], "{share}, {who}");
            }
        }
    }
}

#[test]
fn two_who_sit_and_are_found_now_and_then_are_two() {
    let pair = |share: f64, who: u64| {
        move |t: f64| {
            let is_found = |who: u64| t < 20.0 || found(who, share, t);
            vec![
                comes(DESK, 0.0, t).filter(|_| is_found(who)),
                comes(OTHER_DESK, 2.0, t).filter(|_| is_found(who + 1000)),
            ]
        }
    };
    let raised = |share: f64| {
        let of = |who| played(2, 180.0, 2.0, 3600.0, pair(share, who)).times();
        (0..20).flat_map(of).collect::<Vec<_>>()
    };
    assert_eq!(raised(0.6), []);
    assert_eq!(raised(0.45), []);
}

#[test]
fn who_leaves_by_the_door_is_gone_at_once() {
    let one = |t: f64| vec![if t < 100.0 { comes(DESK, 0.0, t) } else { leaves(DESK, 100.0, -0.2, t) }];
    // At five looks a second his track goes with him, at fewer it breaks at each step.
    for (every, first) in [(0.2, 102.4), (0.5, 102.5), (1.0, 103.0)] {
        let there = there(1, 60.0, every, 110.0, one);
        let gone = there.iter().find(|(_, count)| *count == 0).map_or(f64::NAN, |(t, _)| *t);
        assert!((gone - first).abs() < 1e-6, "{every}: {gone}");
        let times = played(1, 60.0, every, 200.0, one).times();
        assert!(matches!(times[..], [(started, ..)] if (started - first).abs() < 1e-6), "{every}: {times:?}");
    }
}

#[test]
fn who_was_not_seen_to_leave_left_at_the_first_look_that_missed_him() {
    let one = |t: f64| vec![comes(DESK, 0.0, t).filter(|_| t < 100.0)];
    for (grace, every) in [(60.0, 1.0), (180.0, 2.0)] {
        let stage = played(1, grace, every, 400.0, one);
        assert_eq!(stage.times(), [(100.0, 100.0 + grace, None)]);
        assert!(stage.candidates.iter().any(|c| c.started.at.as_secs_f64() == 100.0), "its picture is kept");
    }
    // The looks that found him now and then before that begin nothing.
    let one = |t: f64| vec![comes(DESK, 0.0, t).filter(|_| t < 12.0 || (t <= 300.0 && t % 6.0 == 0.0))];
    assert_eq!(played(1, 180.0, 2.0, 600.0, one).times(), [(302.0, 482.0, None)]);
}

#[test]
fn who_rises_and_stands_at_a_shelf_is_there_and_is_one() {
    // He walks there within a look, so that another track begins at the shelf.
    let one = |share: f64, who: u64| {
        move |t: f64| {
            let place = if (40.0..100.0).contains(&t) { SHELF } else { DESK };
            vec![Some(place).filter(|_| t < 20.0 || (39.0..50.0).contains(&t) || found(who, share, t))]
        }
    };
    for who in 0..20 {
        assert_eq!(played(1, 60.0, 1.5, 200.0, one(0.5, who)).times(), [], "{who}");
        let times = played(2, 60.0, 2.0, 200.0, one(0.5, who)).times();
        assert!(matches!(times[..], [(0.0, _, None)]), "one is never two: {who}, {times:?}");
        let most = there(2, 60.0, 2.0, 200.0, one(0.5, who)).iter().map(|(_, count)| *count).max();
        assert_eq!(most, Some(1));
    }
}

#[test]
fn of_two_one_leaves() {
    for who in 0..20 {
        let pair = |t: f64| {
            let is_found = |who: u64| t < 12.0 || found(who, 0.5, t);
            let other = if t < 100.0 {
                comes(OTHER_DESK, 2.0, t).filter(|_| is_found(who + 1000))
            } else {
                leaves(OTHER_DESK, 100.0, 0.2, t)
            };
            vec![comes(DESK, 0.0, t).filter(|_| is_found(who)), other]
        };
        let stage = played(2, 60.0, 1.0, 300.0, pair);
        let times = stage.times();
        assert!(
            matches!(times[..], [(started, raised, None)]
            if (100.0..=104.0).contains(&started) && (raised - started - 60.0).abs() <= 1.0),
            "{who}: {times:?}"
        );
        assert_eq!(stage.violations()[0].count.map(|count| count.seen), Some(1), "who stays is counted");
    }
}

#[test]
fn a_false_box_in_an_empty_room_ends_nothing() {
    // A man sits there and leaves; then his chair is taken for a person once in a while, for one look or two of five.
    for (every, grace) in [(0.5, 20.0), (2.0, 60.0)] {
        let falsely = move |t: f64| [120.0, 150.0].contains(&t) || (every < 1.0 && t == 150.5);
        let seen = |t: f64| {
            vec![
                if t < 100.0 { comes(DESK, 0.0, t) } else { leaves(DESK, 100.0, -0.2, t) },
                Some(DESK).filter(|_| falsely(t)),
            ]
        };
        let stage = played(1, grace, every, 300.0, seen);
        let times = stage.times();
        assert!(matches!(times[..], [(started, _, None)] if (102.0..=104.0).contains(&started)), "{times:?}");
        assert!(times[0].1 <= 104.0 + grace + every, "it delays nothing: {times:?}");
        assert_eq!(stage.phases(), [Phase::Raised]);
    }
}

#[test]
fn an_absence_ends_at_the_first_look_at_who_is_back() {
    for share in [0.34, 0.6] {
        for who in 0..20 {
            let one = |t: f64| {
                let back = comes(DESK, 300.0, t).filter(|_| t < 312.0 || found(who, share, t));
                vec![if t < 50.0 { Some(DESK) } else { back }]
            };
            assert_eq!(
                played(1, 180.0, 2.0, 900.0, one).times(),
                [(50.0, 230.0, Some(300.0))],
                "{share}, {who}"
            );
        }
    }
}

#[test]
fn nobody_is_remembered_across_a_long_gap() {
    let mut stage = Stage::new(post(1, 60.0));
    let one = |_: f64| vec![Some(DESK)];
    go_on(&mut stage, 1.0, 0.0, 50.0, one);
    for (from, to) in [(49.5, 53.0), (53.5, 80.0)] {
        for to in [None, Some(to)] {
            stage.take(&Record::Gap(firewarden::domain::Gap {
                camera: crate::scene::camera(),
                epoch: 0,
                from: firewarden::domain::MediaTime::from_secs_f64(from),
                to: to.map(firewarden::domain::MediaTime::from_secs_f64),
                reason: firewarden::domain::GapReason::Offline,
            }));
        }
        go_on(&mut stage, 1.0, to, to + 0.5, |_| vec![None]);
        let expected = if to < 60.0 { 1 } else { 0 };
        assert_eq!(presence(&stage), Some(Presence::Seen(expected)), "{to}");
    }
}
