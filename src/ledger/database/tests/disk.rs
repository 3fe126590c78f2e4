//! Disks that are full, slow, read-only or gone.

use std::{fs, sync::Arc, time::Duration};

use super::{
    super::{Database, DatabaseError},
    FULL, NONE, READ_ONLY,
    bench::*,
};
use crate::domain::{
    EvidenceRole,
    Phase::{Ended, Raised, Updated},
};

#[test]
fn nothing_is_lost_while_the_disk_cannot_be_written() {
    for kind in [FULL, READ_ONLY] {
        let bench = Bench::new();
        let mut ledger = bench.ledger("lane");
        step(&mut ledger, "lane", &[(1, Raised)], 1);
        bench.settle();
        let handle = bench.handle();
        handle.shared.faults.set(kind);
        // So many that a page more is needed.
        for n in 2..40 {
            step(&mut ledger, "lane", &[(n, Raised)], n.into());
            handle.evidence(kept("lane", n, &[EvidenceRole::Raised]));
        }
        until("it is known", || handle.facts().failing_since.is_some());
        assert!(handle.delivered(SINK, handle.outbox(), &[1]).is_err(), "it is not noted, and that is told");
        bench.clock.advance(Duration::from_secs(60));
        // A full disk may still hold the first.
        let written = bench.now(SINK).len();
        assert!(
            (1..39).contains(&written),
            "what was written is given out all the same, and that is not all"
        );
        assert_eq!(bench.saved("lane"), Some(39));
        let (copy, _) = bench.crash();
        assert_eq!((copy.saved("lane"), copy.now(SINK).len()), (Some(written as i64), written));
        handle.shared.faults.set(NONE);
        bench.clock.advance(Duration::from_secs(31));
        bench.settle();
        assert_eq!(handle.facts().failing_since, None);
        let raised = bench.alerts().iter().filter(|alert| told(alert).phase == Raised).count();
        assert_eq!(raised, 39);
        let known = handle.violations_of_day(wall(0), wall(86_400)).expect("read");
        assert_eq!(
            known.iter().filter(|known| known.evidence.len() == 1).count(),
            38,
            "nor are files that came"
        );
    }
}

#[test]
fn it_is_tried_again_after_ever_longer() {
    let bench = Bench::new();
    let handle = bench.handle();
    handle.shared.faults.set(READ_ONLY);
    step(&mut bench.ledger("lane"), "lane", &[(1, Raised)], 1);
    until("it is known", || handle.facts().failing_since.is_some());
    handle.shared.faults.set(NONE);
    assert_eq!(handle.facts().in_memory, 1, "a second has not passed");
    bench.clock.advance(Duration::from_secs(1));
    bench.settle();
}

#[test]
fn while_the_disk_hangs_cameras_go_on_and_state_is_coalesced() {
    let bench = Bench::new();
    let mut ledger = bench.ledger("lane");
    let handle = bench.handle();
    let before = bench.commits();
    let gate = handle.shared.faults.hang();
    for at in 1..500 {
        step(&mut ledger, "lane", &[], at);
        bench.clock.advance(Duration::from_secs(1));
    }
    step(&mut ledger, "lane", &[(1, Raised)], 500);
    drop(gate);
    bench.settle();
    until("it is written", || bench.crash().0.saved("lane") == Some(500));
    assert!(bench.commits() - before <= 3, "{} commits", bench.commits() - before);
}

#[test]
fn beyond_the_bound_the_oldest_updates_go_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Arc::new(crate::clock::Manual::at(epoch()));
    let settings = super::super::Settings { bound: Some(10), ..settings(folder.path()) };
    let (database, _) = Database::open(settings, clock.clone()).expect("it opens");
    let handle = database.handle();
    let mut ledger = handle.ledger(id("lane"), explanations("lane"));
    handle.shared.faults.set(READ_ONLY);
    step(&mut ledger, "lane", &[(0, Raised)], 1);
    until("it is known", || handle.facts().failing_since.is_some());
    for n in 1..5 {
        step(&mut ledger, "lane", &[(n, Raised), (n, Updated), (n, Ended)], n.into());
    }
    let facts = handle.facts();
    assert_eq!((facts.in_memory, facts.dropped_updates, facts.dropped_others), (10, 3, 0));
    handle.shared.faults.set(NONE);
    clock.advance(Duration::from_secs(31));
    until("all is written", || handle.facts().in_memory == 0);
    clock.advance(Duration::from_secs(2));
    let queued = next_alerts(&handle, SINK, 100).expect("read");
    let phases = |phase: &str| queued.iter().filter(|queued| queued.alert_type.ends_with(phase)).count();
    assert_eq!((phases("raised"), phases("updated"), phases("ended")), (5, 1, 4));
}

#[test]
fn what_could_not_be_written_at_the_end_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Arc::new(crate::clock::Manual::at(epoch()));
    let (database, _) = Database::open(settings(folder.path()), clock).expect("it opens");
    let handle = database.handle();
    handle.shared.faults.set(READ_ONLY);
    step(&mut handle.ledger(id("lane"), explanations("lane")), "lane", &[(1, Raised)], 1);
    until("it is known", || handle.facts().failing_since.is_some());
    let error = database.close(Duration::from_millis(300)).expect_err("it cannot be written");
    assert!(
        matches!(&error, DatabaseError::Left { changes: 1, cameras: 1, why } if why.contains("read-only")),
        "{error}"
    );
    // What comes after the end is counted.
    step(&mut handle.ledger(id("lane"), explanations("lane")), "lane", &[(2, Raised)], 1);
    assert_eq!(handle.facts().dropped_others, 1);
}

#[test]
fn a_disk_that_does_not_answer_is_not_waited_for_at_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Arc::new(crate::clock::Manual::at(epoch()));
    let (database, _) = Database::open(settings(folder.path()), clock).expect("it opens");
    let handle = database.handle();
    let gate = handle.shared.faults.hang();
    step(&mut handle.ledger(id("lane"), explanations("lane")), "lane", &[(1, Raised)], 1);
    let error = database.close(Duration::from_millis(50)).expect_err("it hangs");
    assert!(matches!(error, DatabaseError::Left { changes: 1, .. }), "{error}");
    drop(gate);
}

#[test]
fn so_is_one_whose_folder_somebody_removes() {
    let bench = Bench::new();
    let mut ledger = bench.ledger("lane");
    step(&mut ledger, "lane", &[(1, Raised)], 1);
    bench.settle();
    let outbox = bench.handle().outbox();
    fs::remove_dir_all(bench.folder.path()).expect("removed");
    step(&mut ledger, "lane", &[(2, Raised)], 2);
    bench.settle();
    assert_ne!(bench.handle().outbox(), outbox);
    assert_eq!(shorts(&bench.alerts()), ["1 raised"]);
    let rights = fs::metadata(bench.folder.path()).expect("made again").permissions();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&rights) & 0o777, 0o700);
}

#[test]
fn a_database_that_somebody_removes_is_begun_again() {
    let bench = Bench::new();
    let mut ledger = bench.ledger("lane");
    step(&mut ledger, "lane", &[(1, Raised)], 1);
    bench.settle();
    let outbox = bench.handle().outbox();
    for name in ["firewarden.db", "firewarden.db-wal", "firewarden.db-shm"] {
        fs::remove_file(bench.folder.path().join(name)).expect("removed");
    }
    step(&mut ledger, "lane", &[(2, Raised)], 2);
    bench.settle();
    assert_ne!(bench.handle().outbox(), outbox);
    assert_eq!(shorts(&bench.alerts()), ["1 raised"]);
    let (copy, _) = bench.crash();
    assert_eq!(copy.saved("lane"), Some(2));
}
