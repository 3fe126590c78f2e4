//! What live cameras and a console ask of a rule while it is open: ticks in an outage, hours that end, where it stands.

use std::time::Duration;

use firewarden::{
    config::RuleConfig,
    domain::{Class, Gap, GapReason, MediaTime, Phase, Record},
    judge::Standing,
    kinds::settings::{ControlRoomUnattended, EbikeInElevator, FireLaneParking, Settings},
    rules::{CandidatePhase, Clarity, Open, Pending, Presence, Status},
};

use crate::{
    scene::{camera, wall},
    stage::{Stage, control_room, during, elevator, fire_lane, lane, look, post, rule},
};

const CAR: (Class, [f32; 4]) = (Class::Car, [0.4, 0.6, 0.56, 0.72]);
const BIKE: (Class, [f32; 4]) = (Class::Ebike, [0.4, 0.5, 0.7, 0.9]);
const PERSON: (Class, [f32; 4]) = (Class::Person, [0.4, 0.4, 0.5, 0.8]);
const EVERY: Option<Duration> = Some(Duration::from_secs(100));

fn seconds(s: f64) -> MediaTime {
    MediaTime::from_secs_f64(s)
}

/// Looks from `from` up to `to`, `every` so many seconds, all of which show the same.
fn looks(stage: &mut Stage, (from, to, every): (f64, f64, f64), things: &[(Class, [f32; 4])]) {
    let times = (0..).map(|n| from + every * f64::from(n)).take_while(|at| *at < to - 1e-9);
    for at in times {
        stage.take(&Record::Observation(look(at, things)));
    }
}

fn gap(stage: &mut Stage, from: f64, to: Option<f64>) {
    let (from, to) = (seconds(from), to.map(seconds));
    stage.take(&Record::Gap(Gap { camera: camera(), epoch: 0, from, to, reason: GapReason::Offline }));
}

/// A tick each second of an outage, which is told when it begins and when it ends.
fn outage(stage: &mut Stage, from: u32, to: u32) {
    gap(stage, f64::from(from), None);
    (from..to).for_each(|at| stage.tick(f64::from(at)));
    gap(stage, f64::from(from), Some(f64::from(to)));
}

fn told(stage: &Stage) -> Vec<(Phase, f64)> {
    stage.findings.iter().map(|f| (f.phase, f.at.at.as_secs_f64())).collect()
}

fn parked() -> RuleConfig {
    rule(Settings::FireLaneParking(FireLaneParking { update_every: EVERY, ..fire_lane(20.0) }))
}

fn short() -> RuleConfig {
    rule(Settings::ControlRoomUnattended(ControlRoomUnattended {
        update_every: EVERY,
        ..control_room(1, 20.0)
    }))
}

#[test]
fn an_open_violation_is_notified_again_in_an_outage_and_goes_on_after_it() {
    for (config, things) in [(parked(), vec![CAR]), (short(), vec![])] {
        let mut stage = Stage::new(config);
        looks(&mut stage, (0.0, 31.0, 1.0), &things);
        assert_eq!(told(&stage), [(Phase::Raised, 20.0)]);
        outage(&mut stage, 31, 300);
        assert_eq!(told(&stage)[1..], [(Phase::Updated, 120.0), (Phase::Updated, 220.0)]);
        assert!(stage.findings.iter().all(|f| f.started == stage.findings[0].started));
        looks(&mut stage, (300.0, 400.0, 1.0), &things);
        assert_eq!(told(&stage)[3..], [(Phase::Updated, 320.0)]);
        assert_eq!(stage.times(), [(0.0, 20.0, None)]);
    }
}

#[test]
fn without_update_every_ticks_say_nothing() {
    for (config, things) in [(lane(20.0), vec![CAR]), (post(1, 20.0), vec![])] {
        let mut stage = Stage::new(config);
        looks(&mut stage, (0.0, 31.0, 1.0), &things);
        outage(&mut stage, 31, 3000);
        assert_eq!(told(&stage), [(Phase::Raised, 20.0)]);
    }
}

#[test]
fn ticks_in_an_outage_add_nothing_to_dwell_and_grace() {
    for (config, things) in [(parked(), vec![CAR]), (short(), vec![])] {
        let mut stage = Stage::new(config);
        looks(&mut stage, (0.0, 11.0, 1.0), &things);
        outage(&mut stage, 11, 500);
        looks(&mut stage, (500.0, 520.0, 1.0), &things);
        // 11 s of it were seen before the outage, and 9 s after it.
        assert_eq!(stage.times(), [(0.0, 509.0, None)]);
    }
}

/// An e-bike comes into an elevator that was empty.
fn ride() -> Stage {
    let Settings::EbikeInElevator(keys) = elevator().settings else { panic!("an elevator") };
    let keys = EbikeInElevator { update_every: Some(Duration::from_secs(10)), ..keys };
    let mut stage = Stage::new(rule(Settings::EbikeInElevator(keys)));
    looks(&mut stage, (0.0, 2.0, 0.2), &[]);
    looks(&mut stage, (2.0, 4.0, 0.2), &[BIKE]);
    stage
}

#[test]
fn a_ride_goes_on_in_a_short_outage_and_is_over_once_nobody_knows() {
    let mut stage = ride();
    outage(&mut stage, 4, 20);
    looks(&mut stage, (20.0, 21.0, 0.2), &[BIKE]);
    assert_eq!(told(&stage), [(Phase::Raised, 3.0), (Phase::Updated, 13.0)]);
    let mut stage = ride();
    outage(&mut stage, 4, 500);
    let over = stage.findings.last().expect("it was raised");
    assert_eq!((over.phase, over.ended_unknown), (Phase::Ended, true));
    assert!((3.8 - over.at.at.as_secs_f64()).abs() < 1e-6, "the last look that told anything: {over:?}");
    assert_eq!(told(&stage).len(), 5, "notified again at 13 s, 23 s and 33 s: {:?}", told(&stage));
    looks(&mut stage, (500.0, 502.0, 0.2), &[BIKE]);
    assert_eq!(stage.times().len(), 2, "what is there now is another ride");
}

#[test]
fn hours_that_end_while_nobody_looks_close_the_rule() {
    // The first picture is of 08:00.
    for (config, things) in [(parked(), vec![CAR]), (short(), vec![])] {
        for in_outage in [true, false] {
            let mut stage = Stage::new(during(config.clone(), "08:00-08:01"));
            looks(&mut stage, (0.0, 50.0, 1.0), &things);
            if in_outage {
                gap(&mut stage, 50.0, None);
            }
            for at in [52.0, 59.9, 60.4, 61.4] {
                stage.tick(at);
            }
            assert_eq!(told(&stage), [(Phase::Raised, 20.0), (Phase::Ended, 60.4)]);
            assert_eq!(stage.violations()[0].ended_unknown, in_outage);
            looks(&mut stage, (62.0, 90.0, 1.0), &things);
            assert_eq!(told(&stage).len(), 2, "it is closed already");
        }
    }
}

#[test]
fn hours_that_end_and_begin_again_between_ticks_close_the_rule_at_its_last_look() {
    let mut stage = Stage::new(during(short(), "08:00-18:00"));
    looks(&mut stage, (0.0, 50.0, 1.0), &[]);
    stage.tick(24.0 * 3600.0);
    assert_eq!(told(&stage), [(Phase::Raised, 20.0), (Phase::Ended, 49.0)]);
    assert!(stage.violations()[0].ended_unknown);
}

#[test]
fn a_candidate_of_closed_hours_is_given_up() {
    let mut stage = Stage::new(during(lane(100.0), "08:00-08:01"));
    looks(&mut stage, (0.0, 50.0, 1.0), &[CAR]);
    stage.tick(60.5);
    let phases: Vec<_> = stage.candidates.iter().map(|c| (c.phase, c.started.at, c.class)).collect();
    let car = Some(Class::Car);
    let zero = MediaTime::ZERO;
    assert_eq!(phases, [(CandidatePhase::Began, zero, car), (CandidatePhase::GivenUp, zero, car)]);
}

#[test]
fn a_candidate_names_the_violation_that_it_becomes() {
    for (config, things, from) in
        [(lane(20.0), vec![CAR], 0.0), (post(1, 20.0), vec![], 0.0), (elevator(), vec![BIKE], 2.0)]
    {
        let mut judge = crate::stage::judge(vec![config]);
        let (mut began, mut raised) = (Vec::new(), Vec::new());
        for n in 0..200 {
            let at = 0.2 * f64::from(n);
            let things = if at < from - 1e-9 { &[][..] } else { &things };
            let judgement = judge.take(&Record::Observation(look(at, things)));
            assert!(judgement.candidates.iter().all(|of| of.candidate.phase == CandidatePhase::Began));
            began.extend(judgement.candidates.into_iter().map(|of| (of.violation, of.candidate.started.at)));
            raised.extend(judgement.violations.into_iter().map(|v| (v.id, v.started.media_s)));
        }
        assert_eq!((raised.len(), began), (1, raised));
    }
}

#[test]
fn needs_end_with_the_hours() {
    let judge = crate::stage::judge(vec![during(post(1, 60.0), "08:00-08:01"), lane(20.0)]);
    let within = |rule: usize, at: f64| judge.watches()[rule].needs(wall(seconds(at)));
    assert_eq!(within(0, 59.0), Some(judge.watches()[0].needs_in_hours()));
    assert_eq!(within(0, 60.0), None);
    assert!(within(1, 60.0).is_some(), "a rule without hours always looks");
}

/// Where a rule stands at `at` seconds.
fn standing(stage: &Stage, at: f64) -> Standing {
    stage.judge.status(wall(seconds(at)))[0]
}

fn numbers(stage: &Stage, at: f64) -> (Option<Presence>, Status) {
    let Standing::InForce { presence, status, .. } = standing(stage, at) else { panic!("in force") };
    (presence, status)
}

fn lasted(status: &Status) -> Option<(f64, f64, f64)> {
    let times = |p: Pending| (p.since.at.as_secs_f64(), p.lasted.as_secs_f64(), p.allowed.as_secs_f64());
    status.pending.map(times)
}

fn opened(status: &Status) -> Option<(u32, f64)> {
    status.open.map(|Open { number, since }| (number, since.at.as_secs_f64()))
}

#[test]
fn a_post_tells_how_long_it_is_short() {
    let mut stage = Stage::new(post(2, 180.0));
    assert_eq!(standing(&stage, 0.0), Standing::NotYet);
    looks(&mut stage, (0.0, 132.0, 2.0), &[PERSON]);
    let (presence, status) = numbers(&stage, 131.0);
    assert_eq!((presence, status.required), (Some(Presence::Seen(1)), Some(2)));
    assert_eq!((lasted(&status), status.open), (Some((0.0, 130.0, 180.0)), None));
    looks(&mut stage, (132.0, 200.0, 2.0), &[PERSON]);
    let (_, status) = numbers(&stage, 200.0);
    assert_eq!((lasted(&status), opened(&status)), (None, Some((1, 180.0))));
}

#[test]
fn a_lane_tells_how_many_stand_and_who_stands_longest() {
    let mut stage = Stage::new(lane(60.0));
    looks(&mut stage, (0.0, 20.0, 2.0), &[CAR]);
    let both = [CAR, (Class::Car, [0.7, 0.6, 0.86, 0.72])];
    looks(&mut stage, (20.0, 42.0, 2.0), &both);
    let (presence, status) = numbers(&stage, 41.0);
    assert_eq!((presence, lasted(&status)), (Some(Presence::Seen(2)), Some((0.0, 40.0, 60.0))));
    looks(&mut stage, (42.0, 72.0, 2.0), &both);
    let (_, status) = numbers(&stage, 71.0);
    assert_eq!((lasted(&status), opened(&status)), (Some((20.0, 50.0, 60.0)), Some((1, 60.0))));
    looks(&mut stage, (72.0, 92.0, 2.0), &both);
    assert_eq!(opened(&numbers(&stage, 91.0).1), Some((2, 60.0)));
}

#[test]
fn an_elevator_tells_how_much_speaks_for_an_ebike() {
    let mut stage = Stage::new(elevator());
    looks(&mut stage, (0.0, 2.0, 0.2), &[]);
    assert_eq!(numbers(&stage, 1.9), (Some(Presence::Seen(0)), Status::default()));
    looks(&mut stage, (2.0, 2.7, 0.2), &[BIKE]);
    let (presence, status) = numbers(&stage, 2.7);
    let (since, seen, confirm) = lasted(&status).expect("a suspicion");
    assert_eq!((presence, since, confirm), (Some(Presence::Seen(1)), 2.0, 1.0));
    assert!((0.6..1.0).contains(&seen), "{seen}");
    looks(&mut stage, (2.8, 4.0, 0.2), &[BIKE]);
    assert_eq!(opened(&numbers(&stage, 4.0).1), Some((1, 3.0)));
}

#[test]
fn what_keeps_a_rule_from_seeing_is_told_with_its_time() {
    let mut stage = Stage::new(during(post(1, 180.0), "08:00-08:05"));
    let dark = |at: f64| {
        let mut look = look(at, &[]);
        (look.scene.brightness, look.scene.contrast) = (0.05, 0.01);
        Record::Observation(look)
    };
    looks(&mut stage, (0.0, 10.0, 2.0), &[PERSON]);
    let clear = stage.judge.sees().expect("it has looked");
    assert_eq!((clear.clarity, clear.since.at), (Clarity::Clear, MediaTime::ZERO));
    for n in 5..20 {
        stage.take(&dark(2.0 * f64::from(n)));
    }
    gap(&mut stage, 39.0, None);
    let Standing::InForce { outage, outlook, presence, .. } = standing(&stage, 45.0) else {
        panic!("in force")
    };
    assert_eq!((outage, presence), (Some(seconds(39.0)), Some(Presence::Unknown)));
    let outlook = outlook.expect("it has looked");
    assert_eq!((outlook.clarity, outlook.since.at, outlook.moved), (Clarity::Dark, seconds(10.0), None));
    assert_eq!(stage.judge.sees(), Some(outlook));
    assert_eq!(standing(&stage, 301.0), Standing::OutsideHours);
    stage.tick(301.0);
    assert_eq!((stage.judge.sees(), standing(&stage, 299.0)), (None, Standing::NotYet));
}
