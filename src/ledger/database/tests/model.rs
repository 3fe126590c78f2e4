//! Cameras, sinks and power failures by chance, against what must hold in any case.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use uuid::Uuid;

use super::bench::*;
use crate::domain::{EvidenceRole, Phase};

const CAMERAS: [&str; 2] = ["lane", "post"];

#[derive(Debug, Clone)]
enum Act {
    /// A camera's step, with these violations coming to another phase.
    Step(usize, Vec<(u32, u8)>),
    Evidence(usize, u32, u8),
    /// The sink takes so many; whether that is noted.
    Deliver(usize, bool),
    /// Time passes, in milliseconds.
    Pass(u16),
    /// All that waits is written.
    Settle,
    /// The power fails, now or with some of the log lost.
    Crash,
    Restart,
}

fn act() -> impl Strategy<Value = Act> {
    let change = (0u32..4, 0u8..3);
    prop_oneof![
        6 => (0..2usize, prop::collection::vec(change, 0..3)).prop_map(|(camera, changes)| Act::Step(camera, changes)),
        3 => (0..2usize, 0u32..4, 0u8..4).prop_map(|(camera, number, role)| Act::Evidence(camera, number, role)),
        3 => (1usize..6, any::<bool>()).prop_map(|(most, noted)| Act::Deliver(most, noted)),
        2 => (0u16..3000).prop_map(Act::Pass),
        2 => Just(Act::Settle),
        1 => Just(Act::Crash),
        1 => Just(Act::Restart),
    ]
}

/// What a camera does: a violation that is over may come back, and is over again.
fn next(known: &mut BTreeMap<u32, Phase>, number: u32, chance: u8) -> Phase {
    let phase = match (known.get(&number), chance) {
        (None, _) => Phase::Raised,
        (Some(Phase::Ended), _) => Phase::Updated,
        (Some(_), 0) => Phase::Updated,
        (Some(_), _) => Phase::Ended,
    };
    known.insert(number, phase);
    phase
}

/// What the sink has seen.
#[derive(Default)]
struct Platform {
    /// By id: its sequence and text.
    had: BTreeMap<Uuid, (u64, String)>,
    /// The highest sequence that was noted.
    last: BTreeMap<String, u64>,
}

impl Platform {
    fn take(&mut self, bench: &Bench, most: usize, noted: bool) {
        let queued = next_alerts(&bench.handle(), SINK, most).expect("read");
        for queued in &queued {
            let is = (queued.sequence, queued.body.clone());
            if let Some(was) = self.had.insert(queued.id, is.clone()) {
                assert_eq!(was, is, "what was given out comes again as it was");
            }
            let last = self.last.entry(queued.camera.to_string()).or_default();
            assert!(queued.sequence > *last, "of one camera, alerts come in their order");
            if noted {
                *last = queued.sequence;
            }
        }
        if noted {
            let sequences: Vec<u64> = queued.iter().map(|queued| queued.sequence).collect();
            bench.deliver(SINK, &sequences);
        }
    }
}

/// What a camera has done: at which step, and what came of it.
type Done = BTreeMap<i64, Vec<(u32, Phase)>>;

/// A camera goes on from the step that was saved: what it did after that, it did not.
fn resume(bench: &Bench, done: &mut [Done; 2], steps: &mut [i64; 2], known: &mut [BTreeMap<u32, Phase>; 2]) {
    for (index, camera) in CAMERAS.iter().enumerate() {
        let saved = bench.saved(camera).unwrap_or(0);
        done[index].retain(|step, _| *step <= saved);
        steps[index] = saved;
        known[index] = done[index].values().flatten().copied().collect();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_alert_comes_in_order_and_state_and_alerts_agree(acts in prop::collection::vec(act(), 1..40)) {
        let mut bench = Bench::new();
        let mut ledgers = CAMERAS.map(|camera| bench.ledger(camera));
        let mut done: [Done; 2] = [Done::new(), Done::new()];
        let (mut steps, mut known) = ([0i64; 2], [BTreeMap::new(), BTreeMap::new()]);
        let mut platform = Platform::default();
        for act in acts {
            match act {
                Act::Step(camera, changes) => {
                    steps[camera] += 1;
                    let mut seen = BTreeSet::new();
                    let changes: Vec<(u32, Phase)> = changes
                        .into_iter()
                        .filter(|(number, _)| seen.insert(*number))
                        .map(|(number, chance)| (number, next(&mut known[camera], number, chance)))
                        .collect();
                    step(&mut ledgers[camera], CAMERAS[camera], &changes, steps[camera]);
                    done[camera].insert(steps[camera], changes);
                }
                Act::Evidence(camera, number, role) => {
                    let role = [EvidenceRole::Started, EvidenceRole::Raised, EvidenceRole::Ended, EvidenceRole::Clip]
                        [usize::from(role)];
                    bench.handle().evidence(kept(CAMERAS[camera], number, &[role]));
                }
                Act::Deliver(most, noted) => platform.take(&bench, most, noted),
                Act::Pass(millis) => bench.clock.advance(std::time::Duration::from_millis(millis.into())),
                Act::Settle => bench.settle(),
                Act::Crash => {
                    bench = bench.crash().0;
                    ledgers = CAMERAS.map(|camera| bench.ledger(camera));
                    resume(&bench, &mut done, &mut steps, &mut known);
                }
                Act::Restart => {
                    bench = bench.reopen().0;
                    ledgers = CAMERAS.map(|camera| bench.ledger(camera));
                    resume(&bench, &mut done, &mut steps, &mut known);
                }
            }
        }
        bench.settle();
        bench.clock.advance(std::time::Duration::from_secs(2));
        platform.take(&bench, usize::MAX, true);
        prop_assert!(bench.now(SINK).is_empty(), "all was delivered");
        // No number is left out.
        let numbers: BTreeSet<u64> = platform.had.values().map(|(sequence, _)| *sequence).collect();
        prop_assert_eq!(numbers.len(), platform.had.len(), "no number comes twice");
        prop_assert_eq!(numbers.last().copied().unwrap_or(0), numbers.len() as u64);
        // What cameras did came, each once, and nothing else but what is told of files.
        for (index, camera) in CAMERAS.iter().enumerate() {
            let count = |phase: &str, number: u32| {
                let subject = violation_id(camera, number).to_string();
                let told = platform.had.values().filter(|(_, body)| {
                    body.contains(&format!("firewarden.violation.{phase}")) && body.contains(&format!("\"subject\":\"{subject}\""))
                });
                told.count()
            };
            for number in 0..4 {
                let did = |phase: Phase| {
                    done[index].values().flatten().filter(|change| **change == (number, phase)).count()
                };
                prop_assert_eq!(count("raised", number), did(Phase::Raised), "{} {}", camera, number);
                prop_assert_eq!(count("ended", number), did(Phase::Ended), "{} {}", camera, number);
                prop_assert!(count("updated", number) >= did(Phase::Updated), "{} {}", camera, number);
            }
        }
    }
}
