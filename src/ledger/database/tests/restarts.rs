//! What a restart does not forget, and what it costs.

use std::{fs, os::unix::fs::PermissionsExt, sync::Arc, time::Duration};

use super::{
    super::{Database, DatabaseError},
    bench::*,
};
use crate::domain::Phase::{Ended, Raised};

#[test]
fn the_files_are_for_nobody_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let below = folder.path().join("state");
    let clock = Arc::new(crate::clock::Manual::at(epoch()));
    let (database, found) = Database::open(settings(&below), clock).expect("it opens");
    assert!(found.fresh && found.set_aside.is_none());
    let mode = |path: &std::path::Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&below), 0o700);
    for entry in fs::read_dir(&below).expect("a folder") {
        let path = entry.expect("an entry").path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    drop(database);
}

#[test]
fn a_second_program_is_kept_out_and_told_by_whom() {
    let mut bench = Bench::new();
    let settings = settings(bench.folder.path());
    let clock = || Arc::new(crate::clock::Manual::at(epoch()));
    let error = Database::open(settings.clone(), clock()).err().expect("it is in use");
    let own = std::process::id().to_string();
    assert!(matches!(&error, DatabaseError::Locked { by, .. } if by.contains(&own)), "{error}");
    // A handle that somebody holds on to keeps nobody out.
    let handle = bench.handle();
    bench.close();
    let (database, _) = Database::open(settings, clock()).expect("it is free");
    assert!(matches!(handle.saved(&id("lane")), Err(DatabaseError::Closed)));
    assert!(matches!(handle.delivered(SINK, handle.outbox(), &[1]), Err(DatabaseError::Closed)));
    drop(database);
}

#[test]
fn a_database_of_a_newer_program_is_left_as_it_is() {
    let mut bench = Bench::new();
    bench.close();
    let path = bench.folder.path().join("firewarden.db");
    let connection = rusqlite::Connection::open(&path).expect("it opens");
    connection.pragma_update(None, "user_version", 99).expect("set");
    drop(connection);
    let before = fs::read(&path).expect("read");
    let error =
        Database::open(settings(bench.folder.path()), bench.clock.clone()).err().expect("it is newer");
    assert!(matches!(error, DatabaseError::Newer { found: 99, known: 3, .. }), "{error}");
    assert_eq!(fs::read(&path).expect("read"), before);
}

#[test]
fn state_and_alerts_of_a_step_are_there_or_not_together() {
    let bench = Bench::new();
    let mut ledger = bench.ledger("lane");
    for at in 1..12 {
        let phase = if at % 2 == 1 { Raised } else { Ended };
        step(&mut ledger, "lane", &[(at / 2 + at % 2, phase)].map(|(n, p)| (n as u32, p)), at);
        bench.settle();
        let (copy, found) = bench.crash();
        assert!(!found.fresh);
        assert_eq!(copy.saved("lane"), Some(at));
        let alerts = copy.now(SINK);
        assert_eq!(alerts.len() as i64, at, "after a restart nothing waits for a still");
        assert_eq!(alerts.last().map(|alert| alert.time), Some(wall(at)));
    }
}

#[test]
fn a_log_that_breaks_off_anywhere_gives_a_state_that_its_alerts_belong_to() {
    let bench = Bench::new();
    let mut ledger = bench.ledger("lane");
    for at in 1..9 {
        step(&mut ledger, "lane", &[(at as u32, Raised)], at);
        bench.settle();
    }
    let log = fs::metadata(bench.folder.path().join("firewarden.db-wal")).expect("a log").len();
    let mut seen = std::collections::BTreeSet::new();
    // The first commit made the tables; from there on every place, but not each byte of it.
    for length in (0..=log).rev().step_by(2711) {
        let (copy, found) = bench.crash_with(|folder| {
            let log = fs::OpenOptions::new().write(true).open(folder.join("firewarden.db-wal"));
            log.expect("a log").set_len(length).expect("cut");
        });
        assert_eq!(found.set_aside, None);
        let alerts = copy.now(SINK);
        let numbers: Vec<u64> = alerts.iter().map(|alert| alert.sequence.number).collect();
        assert_eq!(numbers, (1..=alerts.len() as u64).collect::<Vec<_>>());
        assert_eq!(copy.saved("lane").unwrap_or(0), alerts.len() as i64, "cut at {length}");
        seen.insert(alerts.len());
    }
    assert!(seen.len() == 9, "every commit is cut off at some length: {seen:?}");
}

#[test]
fn what_comes_while_a_commit_runs_is_in_one_more() {
    let bench = Bench::new();
    let (mut lane, mut post) = (bench.ledger("lane"), bench.ledger("post"));
    let (handle, before) = (bench.handle(), bench.commits());
    let gate = handle.shared.faults.hang();
    step(&mut lane, "lane", &[(0, Raised)], 1);
    until("it is being written", || handle.shared.queue().waiting() == (1, 0));
    for n in 1..20 {
        step(&mut lane, "lane", &[(n, Raised)], i64::from(n) + 1);
        step(&mut post, "post", &[(n, Raised)], i64::from(n) + 1);
    }
    drop(gate);
    bench.settle();
    assert_eq!(bench.commits() - before, 2);
    assert_eq!(bench.alerts().len(), 39);
    let (copy, _) = bench.crash();
    assert_eq!((copy.saved("lane"), copy.saved("post")), (Some(20), Some(20)));
}

#[test]
fn state_alone_is_written_every_five_seconds_for_all_cameras_together() {
    let bench = Bench::new();
    let cameras = ["a", "b", "c"];
    let mut ledgers = cameras.map(|camera| bench.ledger(camera));
    let quarter = Duration::from_millis(250);
    // At once, that something is known of them.
    let mut at = 0;
    let mut look = |bench: &Bench, times: u32| {
        for _ in 0..times {
            at += 1;
            for (ledger, camera) in ledgers.iter_mut().zip(cameras) {
                step(ledger, camera, &[], at);
            }
            bench.clock.advance(quarter);
        }
        at
    };
    look(&bench, 1);
    until("the first is written", || bench.commits() >= 1);
    let before = bench.commits();
    for round in 1..=6 {
        let last = look(&bench, 20);
        // The first may fall into what is left of the five seconds before.
        until("they are written", || bench.commits() >= before + round);
        assert!(
            bench.commits() <= before + round + 1,
            "{} commits in {} s",
            bench.commits() - before,
            5 * round
        );
        let (copy, _) = bench.crash();
        for camera in cameras {
            let saved = copy.saved(camera).expect("it is known");
            assert!(last - saved <= 21, "what is known of {camera} is {} looks old", last - saved);
        }
    }
}

#[test]
fn the_newest_state_is_had_before_it_is_written() {
    let bench = Bench::new();
    let handle = bench.handle();
    let gate = handle.shared.faults.hang();
    step(&mut bench.ledger("lane"), "lane", &[(1, Raised)], 7);
    assert_eq!(bench.saved("lane"), Some(7));
    assert_eq!(bench.saved("post"), None);
    drop(gate);
    let (bench, found) = bench.reopen();
    assert!(!found.fresh);
    assert_eq!(bench.saved("lane"), Some(7));
    assert_eq!(shorts(&bench.alerts()), ["1 raised"]);
}

#[test]
fn bytes_are_counted_by_day_over_a_restart() {
    let bench = Bench::new();
    let mut ledger = bench.ledger("lane");
    for at in 1..20 {
        step(&mut ledger, "lane", &[(at as u32, Raised)], at);
        bench.settle();
    }
    let log = fs::metadata(bench.folder.path().join("firewarden.db-wal")).expect("a log").len();
    let bytes = bench.handle().facts().bytes_today;
    assert!(bytes > log / 2, "{bytes} bytes were written, and the log alone has {log}");
    let (bench, _) = bench.reopen();
    step(&mut bench.ledger("lane"), "lane", &[(99, Raised)], 99);
    bench.settle();
    assert!(bench.handle().facts().bytes_today > bytes, "the day goes on");
    bench.clock.advance(Duration::from_secs(86_400));
    step(&mut bench.ledger("lane"), "lane", &[(100, Raised)], 100);
    until("another day has begun", || bench.handle().facts().bytes_today < bytes);
}

#[test]
fn a_folder_that_is_taken_away_is_made_anew_with_its_lock() {
    let bench = Bench::new();
    let mut ledger = bench.ledger("lane");
    step(&mut ledger, "lane", &[(1, Raised)], 1);
    bench.settle();
    let outbox = bench.handle().outbox();
    let folder = bench.folder.path().to_owned();
    let away = tempfile::tempdir().expect("a folder");
    fs::rename(&folder, away.path().join("state")).expect("taken away");
    step(&mut ledger, "lane", &[(2, Raised)], 2);
    until("another is begun", || bench.handle().outbox() != outbox && bench.handle().facts().in_memory == 0);
    let second =
        || Database::open(settings(&folder), Arc::clone(&bench.clock) as Arc<dyn crate::clock::Clock>).err();
    assert!(matches!(second(), Some(DatabaseError::Locked { .. })), "a second program is kept out");
    // Also where the lock alone was taken away.
    fs::remove_file(folder.join("firewarden.lock")).expect("removed");
    step(&mut ledger, "lane", &[(3, Raised)], 3);
    until("it is written down", || bench.handle().facts().in_memory == 0);
    assert!(matches!(second(), Some(DatabaseError::Locked { .. })), "a second program is kept out");
}
