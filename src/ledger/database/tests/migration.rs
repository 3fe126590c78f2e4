//! A database that an earlier program made is one of this program's, and nothing of it is lost.

use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::Connection;

use super::{super::Database, bench::*};
use crate::{
    clock::Manual,
    domain::CameraId,
    judge::{Saved, StateError},
};

const VERSION_2: &str = include_str!("fixtures/version-2.sql");

#[test]
fn one_of_version_2_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let connection = Connection::open(folder.path().join("firewarden.db")).expect("it opens");
    connection.execute_batch(VERSION_2).expect("as it was written");
    drop(connection);
    let clock = Arc::new(Manual::at(Timestamp::now()));
    let (database, found) = Database::open(settings(folder.path()), clock).expect("it opens");
    assert!(!found.fresh && found.set_aside.is_none());
    let handle = database.handle();

    let queued = next_alerts(&handle, "file", 100).expect("read");
    let sequences: Vec<u64> = queued.iter().map(|queued| queued.sequence).collect();
    assert_eq!((sequences, handle.last_sequence().expect("read")), (vec![5, 6, 7], 7));
    let facts = handle.facts();
    assert_eq!((facts.sinks["file"].waiting, facts.sinks["file"].refused), (3, 0));
    let all = handle.violations_of_day(Timestamp::MIN, Timestamp::MAX).expect("read");
    assert_eq!(all.len(), 3);
    for camera in handle.cameras().expect("read") {
        let bytes = handle.saved(&camera).expect("read").expect("it is there");
        let site = all[0].site.clone();
        // What rules know has a form of its own, and that was the first then: they begin anew, and say so.
        let error = Saved::read(&bytes, &site, &camera).err();
        assert!(matches!(error, Some(StateError::OtherVersion { version: 1, .. })), "{camera}: {error:?}");
    }
    assert_eq!(handle.cameras().expect("read").len(), 2);
    let closed = CameraId::new("control-room").expect("an id");
    let day = jiff::civil::date(2026, 12, 1);
    assert!(handle.outcome_of(&closed, day).expect("read").is_some());

    // What this version can is done with it.
    handle.refused("file", found.outbox, 5, "it is malformed").expect("written");
    handle.delivered("file", found.outbox, &[6]).expect("written");
    assert_eq!(handle.again("file", found.outbox, 1..=2, 10).expect("written"), 2);
    let left: Vec<u64> =
        next_alerts(&handle, "file", 100).expect("read").iter().map(|queued| queued.sequence).collect();
    assert_eq!((left, handle.facts().sinks["file"].refused), (vec![1, 2, 7], 1));
}
