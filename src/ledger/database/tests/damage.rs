//! Databases that are not what was written.

use std::{fs, os::unix::fs::FileExt, path::Path};

use super::bench::*;
use crate::domain::{
    EvidenceRole,
    Phase::{Ended, Raised, Updated},
};

fn flip(path: &Path, from: u64) {
    let file = fs::OpenOptions::new().read(true).write(true).open(path).expect("a file");
    let length = file.metadata().expect("its size").len();
    let mut at = from;
    while at < length {
        file.write_all_at(&[0xA5; 512], at).expect("written");
        at += 4096;
    }
}

/// A database with much in it, closed.
fn closed() -> Bench {
    let mut bench = Bench::new();
    let mut ledger = bench.ledger("lane");
    for n in 0..60 {
        step(&mut ledger, "lane", &[(n, Raised)], i64::from(n) + 1);
    }
    bench.settle();
    bench.close();
    bench
}

#[test]
fn a_damaged_database_is_set_aside_and_another_begun() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 4] = [
        ("garbage", |path| fs::write(path, "this is no database, but a text".repeat(999)).expect("written")),
        ("the middle", |path| flip(path, 2 * 4096 + 64)),
        ("the header", |path| flip(path, 0)),
        ("truncated", |path| {
            let file = fs::OpenOptions::new().write(true).open(path).expect("a file");
            let length = file.metadata().expect("its size").len();
            file.set_len(length / 2 + 100).expect("cut");
        }),
    ];
    for (what, damage) in damages {
        let bench = closed();
        let path = bench.folder.path().join("firewarden.db");
        damage(&path);
        let damaged = fs::read(&path).expect("read");
        let (bench, found) = bench.reopen();
        let aside = found.set_aside.unwrap_or_else(|| panic!("{what}: it is found damaged"));
        assert!(found.fresh, "{what}");
        assert!(
            aside
                .file_name()
                .is_some_and(|name| name.to_string_lossy() == "firewarden.db.damaged-20261124T120000Z"),
            "{}",
            aside.display()
        );
        assert!(fs::read(aside).expect("kept") == damaged, "{what}: it is kept as it was");
        assert_eq!(bench.saved("lane"), None);
        step(&mut bench.ledger("lane"), "lane", &[(7, Raised)], 70);
        bench.settle();
        assert_eq!(shorts(&bench.alerts()), ["1 raised"], "{what}: numbers begin anew");
        assert_eq!(bench.handle().outbox(), found.outbox);
    }
}

#[test]
fn damage_that_is_met_while_it_is_in_use_loses_nothing_that_is_in_memory() {
    let bench = Bench::new();
    let (mut lane, mut post) = (bench.ledger("lane"), bench.ledger("post"));
    step(&mut post, "post", &[(1, Raised)], 1);
    for n in 0..60 {
        step(&mut lane, "lane", &[(n, Raised)], i64::from(n) + 1);
    }
    bench.settle();
    let handle = bench.handle();
    let (outbox, path) = (handle.outbox(), bench.folder.path().join("firewarden.db"));
    {
        // All of it is to be read from the file again.
        let _gate = handle.shared.faults.hang();
        drop(handle.shared.close_reader());
        let other = rusqlite::Connection::open(&path).expect("it opens");
        other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("written");
        flip(&path, 4096);
        // A database's own connection trusts what it has read as long as nobody writes.
        let _ = other.execute("UPDATE meta SET made = made + 1", []);
        drop(other);
    }
    until("it is noticed", || {
        let _ = next_alerts(&handle, SINK, 1000);
        handle.outbox() != outbox
    });
    step(&mut lane, "lane", &[(0, Updated), (0, Ended)], 100);
    bench.settle();
    let damaged = fs::read_dir(bench.folder.path()).expect("a folder").filter(|entry| {
        entry.as_ref().is_ok_and(|entry| entry.file_name().to_string_lossy().contains("damaged"))
    });
    assert!(damaged.count() >= 1);
    let (copy, found) = bench.crash();
    assert_eq!((found.set_aside, found.outbox), (None, handle.outbox()));
    assert_eq!(
        (copy.saved("lane"), copy.saved("post")),
        (Some(100), Some(1)),
        "what cameras know is in the new one"
    );
    let alerts = copy.now(SINK);
    assert_eq!(shorts(&alerts), ["1 updated", "2 ended"]);
    // The old one may have told the first update of this violation: its id is not to come twice.
    let again = Bench::new();
    step(&mut again.ledger("lane"), "lane", &[(0, Raised), (0, Updated), (0, Ended)], 100);
    again.settle();
    assert!(again.alerts().iter().all(|old| alerts.iter().all(|new| new.id != old.id)));
    bench.handle().evidence(kept("lane", 0, &[EvidenceRole::Clip]));
    bench.settle();
    assert_eq!(shorts(&bench.alerts())[2..], ["3 updated +clip"]);
}

#[test]
fn a_disk_that_damages_one_database_after_the_other_does_not_get_all_at_once() {
    let bench = Bench::new();
    let handle = bench.handle();
    let damaged = || {
        let entries = fs::read_dir(bench.folder.path()).expect("a folder");
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        names.filter(|name| name.contains("damaged")).count()
    };
    let damage = || handle.shared.damaged.store(true, std::sync::atomic::Ordering::SeqCst);
    let outbox = handle.outbox();
    damage();
    until("another is begun", || damaged() == 1 && handle.outbox() != outbox);
    damage();
    until("it is taken for a disk that fails", || handle.facts().failing_since.is_some());
    assert_eq!(damaged(), 1);
    bench.clock.advance(std::time::Duration::from_secs(61));
    damage();
    until("it is set aside, too", || damaged() == 2);
    step(&mut bench.ledger("lane"), "lane", &[(1, Raised)], 1);
    bench.clock.advance(std::time::Duration::from_secs(61));
    bench.settle();
    assert_eq!(handle.facts().failing_since, None);
}

#[test]
fn only_the_newest_damaged_databases_are_kept() {
    let mut bench = Bench::new();
    for _ in 0..6 {
        bench.close();
        fs::write(bench.folder.path().join("firewarden.db"), "damaged".repeat(500)).expect("written");
        bench = bench.reopen().0;
        bench.clock.advance(std::time::Duration::from_secs(1));
    }
    let damaged = fs::read_dir(bench.folder.path()).expect("a folder");
    let names = damaged.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    assert_eq!(names.filter(|name| name.contains("damaged")).count(), 3);
}
