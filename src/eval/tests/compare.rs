use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::{all_of, at, camera, spell, violation, watched};
use crate::{
    domain::{CameraId, Kind, Violation},
    eval::{Analysed, Evaluation, Spell, Spread, Tally, compare},
};

const LANE: Kind = Kind::FireLaneParking;
const EBIKE: Kind = Kind::EbikeInElevator;

/// `lane-3` was looked at for half an hour, `hall` for an hour and a half.
fn analysed() -> BTreeMap<CameraId, Analysed> {
    BTreeMap::from([(camera("lane-3"), all_of(1800)), (camera("hall"), all_of(5400))])
}

fn evaluate(spells: &[Spell], violations: &[Violation]) -> Evaluation {
    compare(spells, violations, &analysed(), &watched())
}

fn of(evaluation: &Evaluation, kind: Kind) -> &Tally {
    &evaluation.kinds.iter().find(|entry| entry.kind == kind).expect("the kind").tally
}

fn ids(evaluation: &Evaluation) -> Vec<(u64, Vec<u128>)> {
    let numbers = |ids: &[Uuid]| ids.iter().map(Uuid::as_u128).collect();
    evaluation.matches.iter().map(|found| (found.spell.line, numbers(&found.violations))).collect()
}

fn spread(median: f64, worst: f64) -> Option<Spread> {
    Some(Spread { median, worst })
}

#[test]
fn a_night_counted_by_hand() {
    let spells = [
        spell(2, "lane-3", LANE, 100.0, Some(400.0)),   // two vehicles
        spell(3, "lane-3", LANE, 1000.0, Some(1100.0)), // missed
        spell(4, "hall", LANE, 50.0, Some(250.0)),      // found, 3 s early
        spell(5, "hall", EBIKE, 30.0, Some(60.0)),      // found, 0.5 s late
        spell(6, "hall", LANE, 700.0, None),            // found, 10 s late, by one that goes on
    ];
    let violations = [
        violation(1, "lane-3", LANE, (101.0, 161.0, Some(300.0))),
        violation(2, "lane-3", LANE, (150.0, 210.0, Some(401.0))),
        violation(3, "lane-3", LANE, (500.0, 560.0, Some(600.0))), // nobody stood there
        violation(4, "hall", LANE, (47.0, 107.0, Some(249.0))),
        violation(5, "hall", EBIKE, (30.5, 32.0, Some(61.0))),
        violation(6, "hall", LANE, (710.0, 790.0, None)),
        violation(7, "hall", EBIKE, (50.0, 51.0, Some(52.0))), // a second e-bike
        violation(8, "lane-3", LANE, (400.0, 460.0, Some(470.0))), // touches the first spell's end, shares nothing
    ];
    let evaluation = evaluate(&spells, &violations);

    assert_eq!(ids(&evaluation), [(2, vec![1, 2]), (4, vec![4]), (5, vec![5, 7]), (6, vec![6])]);
    assert_eq!(evaluation.missed, [spells[1].clone()]);
    assert_eq!(evaluation.false_alarms.iter().map(|a| a.id.as_u128()).collect::<Vec<_>>(), [8, 3]);
    assert_eq!(evaluation.kinds.iter().map(|entry| entry.kind).collect::<Vec<_>>(), [LANE, EBIKE]);
    assert_eq!(
        *of(&evaluation, LANE),
        Tally {
            spells: 4,
            found: 3,
            missed: 1,
            violations: 6,
            right: 4,
            repeats: 1,
            false_alarms: 2,
            precision: Some(4.0 / 6.0),
            recall: Some(0.75),
            camera_hours: Some(2.0), // 0.5 + 1.5
            false_alarms_per_camera_hour: Some(1.0),
            start_error_s: spread(3.0, 10.0),   // 1, 3, 10
            raised_after_s: spread(61.0, 90.0), // 57, 61, 90
        }
    );
    assert_eq!(
        *of(&evaluation, EBIKE),
        Tally {
            spells: 1,
            found: 1,
            missed: 0,
            violations: 2,
            right: 2,
            repeats: 1,
            false_alarms: 0,
            precision: Some(1.0),
            recall: Some(1.0),
            camera_hours: Some(1.5),
            false_alarms_per_camera_hour: Some(0.0),
            start_error_s: spread(0.5, 0.5),
            raised_after_s: spread(2.0, 2.0),
        }
    );
    assert_eq!(
        evaluation.total,
        Tally {
            spells: 5,
            found: 4,
            missed: 1,
            violations: 8,
            right: 6,
            repeats: 2,
            false_alarms: 2,
            precision: Some(0.75),
            recall: Some(0.8),
            camera_hours: Some(2.0), // each camera once
            false_alarms_per_camera_hour: Some(1.0),
            start_error_s: spread(2.0, 10.0),   // 0.5, 1, 3, 10
            raised_after_s: spread(59.0, 90.0), // 2, 57, 61, 90
        }
    );
}

#[test]
fn a_violation_over_two_spells_finds_the_longer_shared_alone() {
    let spells = [spell(2, "lane-3", LANE, 0.0, Some(50.0)), spell(3, "lane-3", LANE, 60.0, Some(200.0))];
    // It shares 40 s with the first and 39 s with the second, though the second is longer.
    let evaluation = evaluate(&spells, &[violation(1, "lane-3", LANE, (10.0, 70.0, Some(99.0)))]);
    assert_eq!(ids(&evaluation), [(2, vec![1])]);
    assert_eq!(evaluation.missed, [spells[1].clone()]);
    // 41 s with the second.
    let evaluation = evaluate(&spells, &[violation(1, "lane-3", LANE, (10.0, 70.0, Some(101.0)))]);
    assert_eq!(ids(&evaluation), [(3, vec![1])]);
    assert_eq!((evaluation.matches[0].start_error_s, evaluation.matches[0].raised_after_s), (50.0, 10.0));
    // As long with each: the earlier.
    let evaluation = evaluate(&spells, &[violation(1, "lane-3", LANE, (10.0, 70.0, Some(100.0)))]);
    assert_eq!(ids(&evaluation), [(2, vec![1])]);
}

#[test]
fn only_the_same_camera_and_kind_count() {
    let spells = [spell(2, "hall", LANE, 0.0, Some(50.0))];
    let others =
        [violation(1, "hall", EBIKE, (0.0, 1.0, Some(50.0))), violation(2, "lane-3", LANE, (0.0, 1.0, None))];
    let evaluation = evaluate(&spells, &others);
    assert_eq!((evaluation.total.found, evaluation.total.false_alarms), (0, 2));
}

#[test]
fn raised_before_the_spell_is_negative_and_the_worst_is_the_largest() {
    let spells = [spell(2, "hall", LANE, 100.0, Some(200.0)), spell(3, "hall", LANE, 300.0, Some(400.0))];
    let violations = [
        violation(1, "hall", LANE, (30.0, 90.0, Some(200.0))),
        violation(2, "hall", LANE, (298.0, 299.5, Some(400.0))),
    ];
    let tally = evaluate(&spells, &violations).total;
    assert_eq!(tally.raised_after_s, spread(-5.25, -0.5));
    assert_eq!(tally.start_error_s, spread(36.0, 70.0));
}

#[test]
fn a_violation_raised_after_the_spell_is_over_still_found_it() {
    let evaluation = evaluate(
        &[spell(2, "hall", LANE, 0.0, Some(50.0))],
        &[violation(1, "hall", LANE, (49.0, 109.0, Some(120.0)))],
    );
    assert_eq!(evaluation.total.found, 1);
    assert_eq!(evaluation.total.raised_after_s, spread(109.0, 109.0));
}

#[test]
fn open_ends_reach_the_end_of_the_recording() {
    let open = [spell(2, "lane-3", LANE, 1000.0, None)];
    let late = evaluate(&open, &[violation(1, "lane-3", LANE, (1700.0, 1760.0, Some(1790.0)))]);
    assert_eq!(late.total.found, 1);
    let before = evaluate(&open, &[violation(1, "lane-3", LANE, (900.0, 960.0, Some(1000.0)))]);
    assert_eq!((before.total.found, before.total.false_alarms), (0, 1));
    let both = evaluate(&open, &[violation(1, "lane-3", LANE, (900.0, 960.0, None))]);
    assert_eq!(both.total.found, 1);

    // The recording is 1800 s long: the open violation shares 995 s with the first and 790 s with the second.
    let two = [spell(2, "lane-3", LANE, 0.0, Some(1000.0)), spell(3, "lane-3", LANE, 1010.0, None)];
    let evaluation = evaluate(&two, &[violation(1, "lane-3", LANE, (5.0, 65.0, None))]);
    assert_eq!(ids(&evaluation), [(2, vec![1])]);

    // Both begin with the last picture.
    let last = [spell(2, "lane-3", LANE, 1800.0, None)];
    assert_eq!(evaluate(&last, &[violation(1, "lane-3", LANE, (1800.0, 1800.0, None))]).total.found, 1);
    assert_eq!(evaluate(&last, &[violation(1, "lane-3", LANE, (1700.0, 1760.0, None))]).total.found, 1);
}

#[test]
fn a_violation_of_one_look_lies_in_the_spell_around_it() {
    let spells = [spell(2, "hall", EBIKE, 10.0, Some(20.0))];
    for (moment, found) in [(9.0, 0), (10.0, 1), (15.0, 1), (20.0, 0)] {
        let instant = violation(1, "hall", EBIKE, (moment, moment, Some(moment)));
        assert_eq!(evaluate(&spells, &[instant]).total.found, found, "{moment}");
    }
}

#[test]
fn without_spells_recall_is_not_defined_and_without_violations_precision_is_not() {
    let quiet = evaluate(&[], &[violation(1, "hall", EBIKE, (1.0, 2.0, Some(3.0)))]);
    let ebike = of(&quiet, EBIKE);
    assert_eq!((ebike.recall, ebike.precision), (None, Some(0.0)));
    assert_eq!(ebike.false_alarms_per_camera_hour, Some(1.0 / 1.5));
    assert_eq!((ebike.start_error_s, ebike.raised_after_s), (None, None));
    assert_eq!(of(&quiet, LANE).precision, None);

    let blind = evaluate(&[spell(2, "hall", EBIKE, 1.0, Some(2.0))], &[]);
    assert_eq!((blind.total.recall, blind.total.precision), (Some(0.0), None));
    assert_eq!(blind.total.false_alarms_per_camera_hour, Some(0.0));

    let nothing = compare(&[], &[], &BTreeMap::new(), &BTreeMap::new());
    assert!(nothing.kinds.is_empty());
    assert_eq!((nothing.total.camera_hours, nothing.total.false_alarms_per_camera_hour), (None, None));
}

#[test]
fn an_open_violation_lasts_to_the_end_of_a_recording_that_has_a_gap() {
    // Two hours with a gap of one: the violation from 57 min on shares one minute with the first spell and five with the last.
    let spells = [spell(2, "hall", EBIKE, 3000.0, Some(3480.0)), spell(3, "hall", EBIKE, 6900.0, None)];
    let open = violation(1, "hall", EBIKE, (3420.0, 3421.0, None));
    let analysed = BTreeMap::from([(
        camera("hall"),
        Analysed { looked_at: Duration::from_secs(3600), until: at(7200.0) },
    )]);
    let evaluation = compare(&spells, &[open], &analysed, &watched());
    assert_eq!(evaluation.matches.iter().map(|m| m.spell.line).collect::<Vec<_>>(), [3]);
    assert_eq!(of(&evaluation, EBIKE).camera_hours, Some(1.0));
}

#[test]
fn a_camera_without_rules_adds_no_hours() {
    let mut watched = watched();
    watched.insert(camera("yard"), BTreeSet::new());
    let mut analysed = analysed();
    analysed.insert(camera("yard"), all_of(36_000));
    assert_eq!(compare(&[], &[], &analysed, &watched).total.camera_hours, Some(2.0));
}

#[test]
fn is_written_in_seconds_and_by_name() {
    let spells = [spell(2, "hall", EBIKE, 10.0, Some(20.0)), spell(3, "hall", EBIKE, 30.0, None)];
    let violations = [
        violation(1, "hall", EBIKE, (10.5, 12.0, Some(19.0))),
        violation(2, "hall", EBIKE, (25.0, 26.0, Some(27.0))),
    ];
    let written = serde_json::to_value(evaluate(&spells, &violations)).expect("JSON");
    assert_eq!(
        written["kinds"][1],
        json!({
            "kind": "ebike_in_elevator", "spells": 2, "found": 1, "missed": 1, "violations": 2, "right": 1,
            "repeats": 0, "false_alarms": 1, "precision": 0.5, "recall": 0.5, "camera_hours": 1.5,
            "false_alarms_per_camera_hour": 1.0 / 1.5,
            "start_error_s": {"median": 0.5, "worst": 0.5}, "raised_after_s": {"median": 2.0, "worst": 2.0},
        })
    );
    assert_eq!(
        written["matches"],
        json!([{
            "camera": "hall", "kind": "ebike_in_elevator", "start_s": 10.0, "end_s": 20.0, "line": 2,
            "violations": [Uuid::from_u128(1)], "start_error_s": 0.5, "raised_after_s": 2.0,
        }])
    );
    assert_eq!(
        written["missed"],
        json!([{"camera": "hall", "kind": "ebike_in_elevator", "start_s": 30.0, "end_s": null, "line": 3}])
    );
    assert_eq!(written["false_alarms"][0]["started"]["media_s"], json!(25.0));
    assert_eq!(written["total"]["spells"], json!(2));
}

fn any_place() -> impl Strategy<Value = (&'static str, Kind)> {
    prop::sample::select(vec![("lane-3", LANE), ("hall", LANE), ("hall", EBIKE)])
}

/// Spells in whole seconds that may touch and, unlike those of a file, overlap: nothing here relies on it.
fn any_spells() -> impl Strategy<Value = Vec<Spell>> {
    let one = (any_place(), 0u32..200, prop::option::of(1u32..40));
    prop::collection::vec(one, 0..12).prop_map(|all| {
        (2..)
            .zip(all)
            .map(|(line, ((id, kind), start, length))| {
                let end = length.map(|length| f64::from(start + length));
                spell(line, id, kind, f64::from(start), end)
            })
            .collect()
    })
}

fn any_violations() -> impl Strategy<Value = Vec<Violation>> {
    let one = (any_place(), 0u32..200, 0u32..60, prop::option::of(0u32..60));
    prop::collection::vec(one, 0..16).prop_map(|all| {
        (1..)
            .zip(all)
            .map(|(number, ((id, kind), start, dwell, rest))| {
                let raised = f64::from(start + dwell);
                violation(
                    number,
                    id,
                    kind,
                    (f64::from(start), raised, rest.map(|rest| raised + f64::from(rest))),
                )
            })
            .collect()
    })
}

fn shuffled_inputs() -> impl Strategy<Value = [(Vec<Spell>, Vec<Violation>); 2]> {
    (any_spells(), any_violations()).prop_flat_map(|(spells, violations)| {
        let again = (Just(spells.clone()).prop_shuffle(), Just(violations.clone()).prop_shuffle());
        (Just((spells, violations)), again).prop_map(|(first, second)| [first, second])
    })
}

proptest! {
    #[test]
    fn the_counts_add_up((spells, violations) in (any_spells(), any_violations())) {
        let evaluation = evaluate(&spells, &violations);
        for tally in evaluation.kinds.iter().map(|entry| &entry.tally).chain([&evaluation.total]) {
            prop_assert_eq!(tally.found + tally.missed, tally.spells);
            prop_assert_eq!(tally.right + tally.false_alarms, tally.violations);
            prop_assert_eq!(tally.found + tally.repeats, tally.right);
            for share in [tally.precision, tally.recall].into_iter().flatten() {
                prop_assert!((0.0..=1.0).contains(&share));
            }
            prop_assert_eq!(tally.precision.is_none(), tally.violations == 0);
            prop_assert_eq!(tally.recall.is_none(), tally.spells == 0);
            prop_assert_eq!(tally.start_error_s.is_none(), tally.found == 0);
            for spread in [tally.start_error_s, tally.raised_after_s].into_iter().flatten() {
                prop_assert!(spread.median <= spread.worst);
            }
            prop_assert!(tally.start_error_s.is_none_or(|spread| spread.median >= 0.0));
        }
        let sum = |count: fn(&Tally) -> usize| evaluation.kinds.iter().map(|entry| count(&entry.tally)).sum::<usize>();
        prop_assert_eq!(sum(|tally| tally.spells), spells.len());
        prop_assert_eq!(sum(|tally| tally.violations), violations.len());
        prop_assert_eq!(sum(|tally| tally.found), evaluation.total.found);
        prop_assert_eq!(sum(|tally| tally.right), evaluation.total.right);
        prop_assert_eq!(evaluation.matches.len(), evaluation.total.found);
        prop_assert_eq!(evaluation.missed.len(), evaluation.total.missed);
        prop_assert_eq!(evaluation.false_alarms.len(), evaluation.total.false_alarms);
        let mut named: Vec<Uuid> = evaluation.matches.iter().flat_map(|found| found.violations.clone()).collect();
        named.extend(evaluation.false_alarms.iter().map(|alarm| alarm.id));
        named.sort();
        prop_assert_eq!(named, violations.iter().map(|violation| violation.id).collect::<Vec<_>>());
    }

    #[test]
    fn the_order_of_what_is_given_does_not_matter([first, second] in shuffled_inputs()) {
        prop_assert_eq!(evaluate(&first.0, &first.1), evaluate(&second.0, &second.1));
    }

    #[test]
    fn the_truth_itself_is_perfect(lengths in prop::collection::vec((0u32..50, 1u32..50), 1..10)) {
        let (mut spells, mut violations, mut from) = (Vec::new(), Vec::new(), 0);
        for (index, (pause, length)) in (1u32..).zip(lengths) {
            let (start, end) = (f64::from(from + pause), f64::from(from + pause + length));
            from += pause + length;
            spells.push(spell(u64::from(index) + 1, "hall", EBIKE, start, Some(end)));
            violations.push(violation(u128::from(index), "hall", EBIKE, (start, start, Some(end))));
        }
        let total = evaluate(&spells, &violations).total;
        prop_assert_eq!((total.precision, total.recall, total.repeats), (Some(1.0), Some(1.0), 0));
        prop_assert_eq!((total.start_error_s, total.raised_after_s), (spread(0.0, 0.0), spread(0.0, 0.0)));
    }
}
