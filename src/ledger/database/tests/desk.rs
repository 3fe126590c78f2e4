//! An outbox as another program looks at it and changes it, while its service runs.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt};

use rusqlite::{Connection, TransactionBehavior};

use super::{
    super::{Desk, DeskError, Fate, Purged, Refused, Shown, Urls},
    bench::*,
};
use crate::domain::{
    EvidenceRole,
    Phase::{Ended, Raised},
};

/// Six alerts of a camera, of which the first is delivered, the second and the third are dead letters.
fn bench() -> Bench {
    let bench = Bench::new();
    let mut ledger = bench.ledger("lane");
    for number in 1..=6 {
        step(&mut ledger, "lane", &[(number, Raised)], i64::from(number));
    }
    bench.settle();
    assert_eq!(bench.alerts().len(), 6);
    bench.deliver(SINK, &[1]);
    let handle = bench.handle();
    handle.refused(SINK, handle.outbox(), 2, "it is malformed").expect("written");
    handle.refused(SINK, handle.outbox(), 3, "it is too large").expect("written");
    bench
}

fn waiting(bench: &Bench) -> Vec<u64> {
    let found = bench.handle().waiting(SINK, 0, 100).expect("read");
    found.alerts.iter().map(|(sequence, _)| *sequence).collect()
}

fn all() -> BTreeSet<u64> {
    BTreeSet::new()
}

#[test]
fn all_that_a_sink_does_not_have_is_seen_while_the_service_runs() {
    let bench = bench();
    let desk = Desk::open(bench.folder.path()).expect("it opens");
    assert_eq!(desk.outbox().expect("read"), bench.handle().outbox());
    let depths = desk.depths().expect("read");
    assert_eq!((depths[SINK].waiting, depths[SINK].refused, depths["raised"].waiting), (3, 2, 6));
    assert_eq!(depths[SINK].oldest, bench.handle().facts().sinks[SINK].oldest);
    let letters = desk.letters(SINK, 100).expect("read");
    let seen: Vec<_> = letters
        .iter()
        .map(|letter| (letter.sequence, letter.refused.as_ref().map(|refused| refused.why.as_str())))
        .collect();
    let wanted =
        [(2, Some("it is malformed")), (3, Some("it is too large")), (4, None), (5, None), (6, None)];
    assert_eq!(seen, wanted);
    assert!(letters.iter().all(|letter| letter.camera == id("lane")));
    let newest = desk.letters(SINK, 4).expect("read");
    assert_eq!(newest, letters[1..]);
    assert!(desk.letters(SINK, 0).expect("read").is_empty());

    let Shown { body, fates } = desk.alert(2).expect("read").expect("it is there");
    assert_eq!(body, serde_json::to_string(&bench.alerts_for("raised")[1]).expect("JSON"));
    assert!(matches!(&fates[SINK], Fate::Refused(Refused { why, .. }) if why == "it is malformed"));
    assert_eq!(fates["raised"], Fate::Waiting);
    let Shown { fates, .. } = desk.alert(1).expect("read").expect("it is there");
    assert!(matches!(fates[SINK], Fate::Delivered(_)));
    assert_eq!(desk.alert(7).expect("read"), None);
}

#[test]
fn dead_letters_wait_again() {
    let bench = bench();
    let mut desk = Desk::open(bench.folder.path()).expect("it opens");
    let asked = BTreeSet::from([1, 2, 5, 99]);
    assert_eq!(desk.retry(SINK, &asked).expect("written"), (1, BTreeSet::from([1, 5, 99])));
    assert_eq!(waiting(&bench), [2, 4, 5, 6]);
    assert_eq!(desk.retry(SINK, &all()).expect("written"), (1, all()));
    assert_eq!(waiting(&bench), [2, 3, 4, 5, 6]);
    assert_eq!(desk.retry(SINK, &all()).expect("written"), (0, all()));
    // The service goes on with it, and writes as before.
    bench.deliver(SINK, &[2, 3]);
    assert_eq!(waiting(&bench), [4, 5, 6]);
}

#[test]
fn what_is_purged_is_gone_and_nothing_else() {
    let bench = bench();
    let mut desk = Desk::open(bench.folder.path()).expect("it opens");
    assert_eq!(desk.purge(SINK, Purged::DeadLetters).expect("written"), 2);
    assert_eq!(waiting(&bench), [4, 5, 6]);
    assert_eq!(desk.purge(SINK, Purged::Undelivered).expect("written"), 3);
    assert!(waiting(&bench).is_empty());
    assert_eq!(desk.depths().expect("read")[SINK].waiting, 0);
    assert_eq!(desk.purge("raised", Purged::All).expect("written"), 6);
    let depths = desk.depths().expect("read");
    assert!(!depths.contains_key("raised") && depths["lane"].waiting == 6, "{depths:?}");
    let Shown { fates, .. } = desk.alert(1).expect("read").expect("it is there");
    assert!(matches!(fates[SINK], Fate::Delivered(_)), "what was delivered is still known");
    // What comes afterwards is for all of them.
    step(&mut bench.ledger("lane"), "lane", &[(7, Raised)], 7);
    bench.settle();
    assert_eq!(waiting(&bench), [7]);
    assert_eq!(desk.depths().expect("read")["raised"].waiting, 1);
}

#[test]
fn many_are_changed_part_by_part() {
    let mut bench = bench();
    bench.close();
    let path = bench.folder.path().join("firewarden.db");
    let connection = Connection::open(&path).expect("it opens");
    connection
        .execute_batch(
            "WITH RECURSIVE n (i) AS (VALUES (7) UNION ALL SELECT i + 1 FROM n WHERE i < 4505) \
             INSERT INTO alerts SELECT i, 'id ' || i, 'lane', NULL, 'firewarden.camera.online', 0, 0, 0, '{}' FROM n; \
             INSERT INTO outbox (sink, sequence, refused, why) SELECT 'platform', sequence, 1, 'no' FROM alerts WHERE sequence > 6; \
             UPDATE meta SET last_sequence = 4505;",
        )
        .expect("written");
    drop(connection);
    let mut desk = Desk::open(bench.folder.path()).expect("it opens");
    assert_eq!(desk.retry(SINK, &all()).expect("written").0, 4_501);
    assert_eq!(desk.purge(SINK, Purged::Undelivered).expect("written"), 4_504);
    assert_eq!(desk.purge(SINK, Purged::All).expect("written"), 1);
}

#[test]
fn files_that_could_not_be_uploaded_wait_again() {
    let bench = Bench::new();
    let handle = bench.handle();
    handle.set_urls(Some(Urls::new(|name| format!("https://platform.example/{name}"))));
    let mut ledger = bench.ledger("lane");
    step(&mut ledger, "lane", &[(1, Raised)], 1);
    step(&mut ledger, "lane", &[(1, Ended)], 2);
    handle.evidence(kept("lane", 1, &[EvidenceRole::Raised, EvidenceRole::Clip]));
    bench.settle();
    let next = handle.next_upload(&[]).expect("read").expect("one");
    handle.not_uploaded(&next.name, "it is gone").expect("written");
    let mut desk = Desk::open(bench.folder.path()).expect("it opens");
    let files = desk.files(10).expect("read");
    assert_eq!((files.len(), files[0].name.as_str()), (2, next.name.as_str()));
    assert_eq!(files[0].refused.as_ref().map(|refused| refused.why.as_str()), Some("it is gone"));
    assert_eq!((files[1].refused.as_ref(), files[1].bytes > 0), (None, true));
    assert_eq!(desk.files(1).expect("read").len(), 1);
    assert_eq!((desk.uploads().expect("read").waiting, desk.uploads().expect("read").refused), (1, 1));
    assert_eq!(desk.retry_uploads().expect("written"), 1);
    assert_eq!(desk.uploads().expect("read").waiting, 2);
    assert_eq!(handle.next_upload(&[]).expect("read"), Some(next));
}

#[test]
fn no_database_is_made_or_brought_to_another_version() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = Desk::open(folder.path()).expect_err("there is none");
    assert!(matches!(error, DeskError::Missing(_)) && error.to_string().contains("[state] directory"));
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing was made");

    let path = folder.path().join("firewarden.db");
    let connection = Connection::open(&path).expect("it opens");
    for (version, way) in [(2, "start this version's service"), (99, "use the newer program")] {
        connection.pragma_update(None, "user_version", version).expect("written");
        let error = Desk::open(folder.path()).expect_err("another version").to_string();
        assert!(error.contains(&format!("version {version}, and")) && error.contains(way), "{error}");
        assert!(error.contains("works with version 3"), "{error}");
    }
    drop(connection);
    fs::write(&path, vec![b'x'; 8_192]).expect("written");
    let error = Desk::open(folder.path()).expect_err("it is none").to_string();
    assert!(error.contains("is damaged"), "{error}");
    fs::remove_file(&path).expect("removed");
    fs::create_dir(&path).expect("made");
    let error = Desk::open(folder.path()).expect_err("a folder").to_string();
    assert!(error.contains("it is not a file"), "{error}");
}

#[test]
fn a_service_that_is_writing_is_waited_for() {
    let bench = bench();
    let mut desk = Desk::open(bench.folder.path()).expect("it opens");
    let mut other = Connection::open(bench.folder.path().join("firewarden.db")).expect("it opens");
    std::thread::scope(|scope| {
        let writing = other.transaction_with_behavior(TransactionBehavior::Immediate).expect("begun");
        let retried = scope.spawn(move || desk.retry(SINK, &all()).map(|(count, _)| count));
        // It has nothing before the other is done.
        assert!(!retried.is_finished());
        writing.commit().expect("done");
        assert_eq!(retried.join().expect("it ends").expect("written"), 2);
    });
}

#[test]
fn an_outbox_that_may_only_be_read_is_read() {
    let mut bench = Bench::new();
    let mut ledger = bench.ledger("lane");
    step(&mut ledger, "lane", &[(1, Raised)], 1);
    bench.settle();
    bench.close();
    let folder = bench.folder.path().to_owned();
    let path = folder.join("firewarden.db");
    let allow = |folder_mode: u32, mode: u32| {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("set");
        fs::set_permissions(&folder, fs::Permissions::from_mode(folder_mode)).expect("set");
    };
    allow(0o500, 0o400);
    // Who may do everything may write all the same.
    let waiting = Desk::open(&folder).and_then(|desk| desk.depths());
    allow(0o700, 0o600);
    assert_eq!(waiting.expect("read")[SINK].waiting, 1);
}
