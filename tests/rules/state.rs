//! A judge that is saved and goes on from that, as another that was never interrupted.

mod damage;
mod dropped;
mod scripts;
mod size;

use firewarden::{
    config::{DetectorConfig, RuleConfig},
    domain::{GapReason, MediaTime, Record, When},
    judge::{Judge, Judgement, Restored, Saved},
    rules::Beginning,
};
use proptest::prelude::*;
use scripts::{Happens, any_rules, any_script, begun, gap};

use crate::{
    samples,
    scene::{DETECTOR, camera, wall},
    stage::{camera_with, lane, site},
};

fn detector() -> DetectorConfig {
    DetectorConfig { model: DETECTOR.to_owned(), ..DetectorConfig::default() }
}

fn begin(rules: &[RuleConfig], beginning: Beginning) -> Judge {
    Judge::begin(&site(), &camera_with(rules.to_vec()), &detector(), beginning)
}

fn bytes(judge: &Judge) -> Vec<u8> {
    judge.save().write().expect("plain data")
}

fn read(bytes: &[u8]) -> Saved {
    Saved::read(bytes, &site().id, &camera()).unwrap_or_else(|error| panic!("{error}"))
}

fn restored(rules: &[RuleConfig], bytes: &[u8]) -> (Judge, Restored) {
    Judge::restore(&site(), &camera_with(rules.to_vec()), &detector(), read(bytes))
}

/// The judge saved and read again, of which nothing may be lost.
fn again(rules: &[RuleConfig], judge: &Judge) -> Judge {
    let (judge, Restored { judgement, dropped, .. }) = restored(rules, &bytes(judge));
    assert_eq!((judgement, dropped), (Judgement::default(), Vec::new()));
    judge
}

/// The time while the box was off: a gap, in which another epoch begins.
fn outage(reached: When, lasts: i64) -> Vec<Happens> {
    let back = MediaTime::from_micros(reached.at.as_micros() + lasts);
    [
        gap(reached.at, None, GapReason::BoxOff),
        Record::Epoch(begun(reached.epoch + 1, back, None)),
        gap(reached.at, Some(back), GapReason::BoxOff),
    ]
    .map(Happens::Told)
    .into()
}

/// How the box began: for the first time where the elevator has looked by the time that it is saved. One that has not looked
/// begins again after that, whatever the box did before.
fn beginning(rules: &[RuleConfig], before: &[Happens]) -> Beginning {
    let mut judge = begin(rules, Beginning::First);
    before.iter().for_each(|happens| drop(happens.to(&mut judge)));
    let has_looked = judge.watched().last().is_some_and(|elevator| elevator.looks > 0);
    if has_looked { Beginning::First } else { Beginning::Again }
}

fn same(
    rules: &[RuleConfig],
    before: &[Happens],
    after: &[Happens],
    beginning: Beginning,
) -> Result<(), TestCaseError> {
    let mut unbroken = begin(rules, beginning);
    before.iter().for_each(|happens| drop(happens.to(&mut unbroken)));
    let mut broken = again(rules, &unbroken);
    prop_assert_eq!(bytes(&unbroken), bytes(&broken));
    prop_assert_eq!(broken.reached(), unbroken.reached());
    prop_assert_eq!(broken.gap(), unbroken.gap());
    for (n, happens) in after.iter().enumerate() {
        prop_assert_eq!(happens.to(&mut unbroken), happens.to(&mut broken), "{} after {}", n, before.len());
        let now = wall(broken.reached().map_or(MediaTime::ZERO, |reached| reached.at));
        prop_assert_eq!(unbroken.status(now), broken.status(now));
        prop_assert_eq!(unbroken.sees(), broken.sees());
    }
    prop_assert_eq!(unbroken.watched(), broken.watched());
    prop_assert_eq!(bytes(&unbroken), bytes(&broken));
    prop_assert_eq!(unbroken.stop(), broken.stop());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_saved_at_any_record_goes_on_as_if_nothing_had_been(
        script in any_script(), rules in any_rules(), at in 0.0f64..1.0,
    ) {
        let (before, after) = script.split_at((at * script.len() as f64) as usize);
        same(&rules, before, after, beginning(&rules, before))?;
    }

    #[test]
    fn what_was_saved_at_any_record_goes_on_after_an_outage(
        script in any_script(), rules in any_rules(), at in 0.0f64..1.0,
        lasts in prop_oneof![1i64..90_000_000, Just(7_200_000_000)],
    ) {
        let (before, after) = script.split_at((at * script.len() as f64) as usize);
        let beginning = beginning(&rules, before);
        let mut judge = begin(&rules, beginning);
        before.iter().for_each(|happens| drop(happens.to(&mut judge)));
        let Some(reached) = judge.reached() else { return Ok(()) };
        let mut with = outage(reached, lasts);
        with.extend(after.iter().map(|happens| happens.later(lasts, reached.epoch + 1)));
        same(&rules, before, &with, beginning)?;
    }
}

#[test]
fn a_script_is_worth_its_name() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let (mut phases, mut kinds) = (std::collections::BTreeMap::new(), std::collections::BTreeSet::new());
    for _ in 0..100 {
        let script = any_script().new_tree(&mut runner).expect("a script").current();
        let rules = any_rules().new_tree(&mut runner).expect("rules").current();
        let mut judge = begin(&rules, Beginning::First);
        for violation in script.iter().flat_map(|happens| happens.to(&mut judge).violations) {
            *phases.entry(violation.phase.name()).or_insert(0) += 1;
            kinds.insert(violation.kind.name());
        }
    }
    assert!(phases.values().all(|count| *count >= 10) && phases.len() == 4, "{phases:?}");
    assert_eq!(kinds.len(), 3, "{kinds:?}");
}

#[test]
fn recorded_observations_give_the_same_violations_however_often_the_box_restarts() {
    let rules = [lane(20.0)];
    for (name, _, _) in samples::samples() {
        let records: Vec<Record> = samples::records(name);
        let told = |every: usize| {
            let mut judge = begin(&rules, Beginning::First);
            let mut told = Vec::new();
            for (n, record) in records.iter().enumerate() {
                if n % every == every - 1 {
                    judge = again(&rules, &judge);
                }
                told.extend(judge.take(record).violations);
            }
            told.extend(judge.stop().violations);
            told
        };
        let unbroken = told(usize::MAX);
        for every in [1, 2, 3, 7] {
            assert_eq!(told(every), unbroken, "{name}, each {every} records");
        }
    }
}
