//! Threads that meet.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use super::bench::*;
use crate::domain::{
    EvidenceRole,
    Phase::{Ended, Raised},
};

/// Stills come at about the time at which alerts no longer wait for them, while somebody reads all the time.
#[test]
fn what_was_given_out_never_changes_whoever_comes_when() {
    const MOST: u32 = 50;
    let bench = Bench::new();
    let is_over = AtomicBool::new(false);
    let given = thread::scope(|scope| {
        let (handle, is_over) = (bench.handle(), &is_over);
        let reader = scope.spawn(move || {
            let mut given: BTreeMap<u64, String> = BTreeMap::new();
            let mut news = 0;
            while !is_over.load(Ordering::SeqCst) {
                for queued in next_alerts(&handle, SINK, usize::MAX).expect("read") {
                    let was = given.entry(queued.sequence).or_insert_with(|| queued.body.clone());
                    assert_eq!(*was, queued.body, "it was given out before");
                }
                news = handle.changed(news, Duration::from_millis(1));
            }
            given
        });
        let cameras = ["a", "b"].map(|camera| {
            let (mut ledger, handle, clock) = (bench.ledger(camera), bench.handle(), bench.clock.clone());
            scope.spawn(move || {
                for n in 0..MOST {
                    step(&mut ledger, camera, &[(n, Raised)], i64::from(n) + 1);
                    thread::yield_now();
                    clock.advance(Duration::from_millis(u64::from(n % 7) * 300));
                    handle.evidence(kept(camera, n, &[EvidenceRole::Started, EvidenceRole::Raised]));
                    if n % 3 == 0 {
                        step(&mut ledger, camera, &[(n, Ended)], i64::from(n) + 1);
                        handle.evidence(kept(camera, n, &[EvidenceRole::Ended]));
                    }
                }
            })
        });
        for camera in cameras {
            camera.join().expect("it does not fail");
        }
        bench.settle();
        bench.clock.advance(Duration::from_secs(2));
        until("the last are given out", || {
            bench.now(SINK).len() as u64 == bench.handle().last_sequence().expect("read")
        });
        is_over.store(true, Ordering::SeqCst);
        reader.join().expect("it does not fail")
    });
    let last = bench.alerts();
    for alert in &last {
        let was = given.get(&alert.sequence.number);
        let now = serde_json::to_string(alert).expect("JSON");
        assert!(was.is_none_or(
            |was| serde_json::from_str::<serde_json::Value>(was).ok() == serde_json::from_str(&now).ok()
        ));
    }
    // Each violation's stills are told, with its alert or after it.
    let known = bench.handle().violations_of_day(wall(0), wall(86_400)).expect("read");
    assert_eq!(known.len() as u32, 2 * MOST);
    for violation in &known {
        let told = last
            .iter()
            .filter(|alert| told(alert).id == violation.id)
            .map(|alert| told(alert).evidence.len());
        assert_eq!(told.max(), Some(violation.evidence.len()), "{}", violation.id);
    }
}
