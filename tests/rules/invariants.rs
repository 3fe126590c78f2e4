//! Whatever is thrown at them, the tracker and the rules neither panic nor break their word.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use firewarden::{
    config::RuleConfig,
    domain::{Class, Detection, Gap, GapReason, MediaTime, Observation, Phase, Record, Scene},
    geometry::BBox,
    kinds::settings::{ControlRoomUnattended, FireLaneParking, Settings},
    rules::{Candidate, CandidatePhase, Finding, MOST_CANDIDATES},
    track::Tracker,
};
use proptest::prelude::*;

use crate::{
    scene::{camera, detector, wall},
    stage::{Stage, clear, control_room, elevator, fire_lane, rule},
};

fn any_number() -> impl Strategy<Value = f32> {
    prop_oneof![
        8 => 0.0f32..1.0,
        1 => prop_oneof![Just(f32::NAN), Just(f32::INFINITY), Just(-f32::INFINITY), Just(f32::MAX), Just(-3.0)],
    ]
}

/// Boxes of a few places, so that things stand, and any others.
fn any_box() -> impl Strategy<Value = BBox> {
    prop_oneof![
        6 => (0u8..3, -0.01f32..0.01).prop_map(|(place, off)| {
            let x = 0.1 + 0.25 * f32::from(place) + off;
            BBox::new(x, 0.6 + off, x + 0.2, 0.8)
        }),
        1 => prop::array::uniform4(any_number()).prop_map(BBox::from),
    ]
}

fn any_detection() -> impl Strategy<Value = Detection> {
    (prop::sample::select(Class::ALL.to_vec()), any_number(), any_box()).prop_map(
        |(class, confidence, bbox)| Detection { class, confidence, bbox, appearance: None, model: None },
    )
}

fn any_scene() -> impl Strategy<Value = Scene> {
    (any_number(), any_number(), any_number(), prop::option::of(any_number()), any::<bool>()).prop_map(
        |(brightness, contrast, sharpness, changed, frozen)| Scene {
            brightness,
            contrast,
            sharpness,
            changed,
            changed_in: None,
            identical: Some(if frozen { 1.0 } else { 0.5 }),
            moved: None,
        },
    )
}

fn good_scene() -> impl Strategy<Value = Scene> {
    Just(clear())
}

#[derive(Debug, Clone)]
pub enum Step {
    Look(Vec<Detection>, Scene),
    Gap(i64, Option<i64>),
}

/// Steps with the time since the step before, in microseconds; a few go back or jump far.
pub fn any_steps() -> impl Strategy<Value = Vec<(i64, Step)>> {
    let passed = prop_oneof![
        20 => 70_000i64..2_000_000,
        1 => -3_000_000i64..0,
        1 => Just(0),
        1 => Just(3_600_000_000),
    ];
    let scene = prop_oneof![8 => good_scene(), 1 => any_scene()];
    let step = prop_oneof![
        15 => (prop::collection::vec(any_detection(), 0..5), scene).prop_map(|(d, s)| Step::Look(d, s)),
        1 => (-1_000_000i64..1_000_000, prop::option::of(-2_000_000i64..9_000_000))
            .prop_map(|(from, to)| Step::Gap(from, to)),
    ];
    prop::collection::vec((passed, step), 0..200)
}

pub fn records(steps: Vec<(i64, Step)>) -> Vec<Record> {
    let mut now = 0i64;
    let mut records = Vec::new();
    for (passed, step) in steps {
        now = (now + passed).max(0);
        let at = MediaTime::from_micros(now);
        records.push(match step {
            Step::Look(detections, scene) => Record::Observation(Observation {
                camera: camera(),
                epoch: 0,
                at,
                wall: wall(at),
                looked: vec![detector()],
                detections,
                faint: Vec::new(),
                scene,
                changes: Vec::new(),
            }),
            Step::Gap(from, to) => Record::Gap(Gap {
                camera: camera(),
                epoch: 0,
                from: MediaTime::from_micros(now + from),
                to: to.map(|to| MediaTime::from_micros(now + to)),
                reason: GapReason::Offline,
            }),
        });
    }
    records
}

/// Plays `records` to a rule, with a tick after each at its own time where that is said.
fn played(config: &RuleConfig, records: &[Record], ticks: bool) -> Stage {
    let mut stage = Stage::new(config.clone());
    let mut now = 0.0f64;
    for record in records {
        stage.take(record);
        if let Record::Observation(look) = record {
            now = now.max(look.at.as_secs_f64());
        }
        if ticks {
            stage.tick(now);
        }
    }
    stage
}

/// Checks the lives of candidates: each that began is given up or raised, no more are open than may be, and what is raised
/// began as one while there was room.
fn check_candidates(config: &RuleConfig, records: &[Record]) -> Result<(), TestCaseError> {
    let mut stage = Stage::new(config.clone());
    let (mut open, mut known, mut full) = (BTreeSet::new(), BTreeSet::new(), false);
    for record in records.iter().map(Some).chain([None]) {
        let at = stage.findings.len();
        match record {
            Some(record) => {
                stage.take(record);
            }
            None => stage.stop(),
        }
        let key = |candidate: &Candidate| (candidate.started.at, candidate.place.clone());
        for candidate in stage.candidates.drain(..) {
            match candidate.phase {
                CandidatePhase::Began => {
                    prop_assert!(known.insert(key(&candidate)), "begins twice: {candidate:?}");
                    prop_assert!(open.insert(key(&candidate)));
                }
                CandidatePhase::GivenUp => {
                    prop_assert!(open.remove(&key(&candidate)), "was not open: {candidate:?}");
                }
            }
        }
        let raised = |finding: &&Finding| finding.phase == Phase::Raised;
        for finding in stage.findings[at..].iter().filter(raised) {
            let was_open = open.remove(&(finding.started.at, finding.place.clone()));
            prop_assert!(was_open || full, "raised, but never began: {finding:?}");
        }
        full |= open.len() == MOST_CANDIDATES;
        prop_assert!(open.len() <= MOST_CANDIDATES);
    }
    prop_assert!(open.is_empty(), "neither given up nor raised: {open:?}");
    Ok(())
}

/// Plays `records` to a rule and checks each violation's life: one raise, in order, after enough time.
fn check(config: RuleConfig, least: Duration, records: &[Record]) -> Result<(), TestCaseError> {
    check_candidates(&config, records)?;
    let stage = played(&config, records, false);
    let mut lives: BTreeMap<(MediaTime, String), Vec<_>> = BTreeMap::new();
    for finding in &stage.findings {
        lives.entry((finding.started.at, finding.place.clone())).or_default().push(finding);
    }
    for life in lives.values() {
        let count = |phase| life.iter().filter(|f| f.phase == phase).count();
        prop_assert!(count(Phase::Raised) <= 1 && count(Phase::Ended) <= 1 && count(Phase::Warned) <= 1);
        prop_assert!(life.iter().position(|f| f.phase == Phase::Ended).is_none_or(|i| i + 1 == life.len()));
        for finding in life {
            prop_assert!(finding.started.at <= finding.at.at);
            if let Some(raised) = finding.raised {
                prop_assert!(raised.at.since(finding.started.at) >= least);
            }
            prop_assert!(finding.raised.is_none_or(|raised| raised.at <= finding.at.at));
            if finding.phase == Phase::Ended && finding.raised.is_some() {
                prop_assert_eq!(count(Phase::Raised), 1);
            }
        }
    }
    let raised = lives.values().filter(|l| l.iter().any(|f| f.phase == Phase::Raised)).count();
    prop_assert_eq!(stage.violations().len(), raised);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_violation_is_raised_once_in_order_and_after_its_time(steps in any_steps()) {
        let records = records(steps);
        let warn_after = Some(Duration::from_secs(2));
        let update_every = Some(Duration::from_secs(4));
        let lane = FireLaneParking { warn_after, update_every, ..fire_lane(5.0) };
        let post = ControlRoomUnattended { warn_after, update_every, ..control_room(1, 5.0) };
        check(rule(Settings::FireLaneParking(lane)), Duration::from_secs(5), &records)?;
        check(rule(Settings::ControlRoomUnattended(post)), Duration::from_secs(5), &records)?;
        check(elevator(), Duration::from_secs(1), &records)?;
    }

    #[test]
    fn ticks_change_nothing_but_that_what_is_open_is_told_again(steps in any_steps()) {
        let forward = steps.into_iter().map(|(passed, step)| (passed.max(1), step)).collect();
        let records = records(forward);
        let update_every = Some(Duration::from_secs(4));
        let lane = FireLaneParking { update_every, ..fire_lane(5.0) };
        let post = ControlRoomUnattended { update_every, ..control_room(1, 5.0) };
        let kinds = [Settings::FireLaneParking(lane), Settings::ControlRoomUnattended(post)];
        for config in kinds.map(rule) {
            let (with, without) = (played(&config, &records, true), played(&config, &records, false));
            prop_assert_eq!(with.times(), without.times());
        }
        // A tick may end a ride before the look that would.
        let raised = |stage: &Stage| stage.times().iter().map(|times| (times.0, times.1)).collect::<Vec<_>>();
        let (with, without) = (played(&elevator(), &records, true), played(&elevator(), &records, false));
        prop_assert_eq!(raised(&with), raised(&without));
    }

    #[test]
    fn the_tracker_tells_each_usable_detection_once(steps in any_steps()) {
        let mut tracker = Tracker::new(None);
        let mut last = None;
        for record in records(steps) {
            let Record::Observation(look) = record else { continue };
            let tracks = tracker.update(&look).to_vec();
            let mut ids: Vec<u64> = tracks.iter().map(|t| t.id).collect();
            ids.dedup();
            prop_assert_eq!(ids.len(), tracks.len());
            if last.is_some_and(|last| look.at <= last) {
                continue;
            }
            last = Some(look.at);
            let mut told: Vec<usize> = tracks.iter().filter_map(|t| t.detection).collect();
            told.sort_unstable();
            prop_assert_eq!(told, { let mut kept = firewarden::track::keep(&look, None); kept.sort_unstable(); kept });
            for track in &tracks {
                prop_assert!(track.bbox.is_valid());
                prop_assert!(track.first_seen <= track.still_since && track.still_since <= track.last_seen);
                prop_assert!(track.detection.is_none() || track.last_seen == look.at);
            }
        }
    }
}
