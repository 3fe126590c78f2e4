use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use super::*;
use crate::{
    clock,
    config::{AlertFile, ByteSize, Filter},
    deliver::{
        Pace,
        scripted::{Peer, Policy},
    },
    domain::{CameraFact, CameraHealth, CameraId, OfflineReason},
    ledger::database::{Database, Settings, tests::bench::next_alerts},
    stop::Signal,
};

fn database(folder: &Path) -> Database {
    let settings = Settings {
        directory: folder.join("state"),
        budget: 1 << 30,
        keep_sent: Duration::from_secs(86_400),
        keep_violations: Duration::from_secs(86_400),
        sinks: vec![("a".to_owned(), Filter::default()), ("b".to_owned(), Filter::default())],
        urls: None,
        site: SiteId::new("lf-027").expect("an id"),
        timezone: TimeZone::UTC,
        bound: None,
    };
    Database::open(settings, Arc::new(clock::System)).expect("it opens").0
}

pub(super) fn sender() -> Sender {
    Sender {
        site: SiteId::new("lf-027").expect("an id"),
        site_name: "鸿坤理想城".to_owned(),
        box_id: "lf-027-a".to_owned(),
        zone: TimeZone::UTC,
        evidence: "evidence".into(),
    }
}

pub(super) fn health(sender: &Sender) -> BoxHealth {
    BoxHealth {
        site: sender.site.clone(),
        r#box: sender.box_id.clone(),
        version: "0.1.0".to_owned(),
        since: Timestamp::UNIX_EPOCH,
        cameras: 1,
        cameras_online: 1,
        cameras_offline: [].into(),
        cores: 2,
        memory_bytes: Some(311_427_072),
        disk_free_bytes: Some(48_318_382_080),
        alerts_waiting: 0,
        oldest_waiting_s: 0,
        dead_letters: 0,
        uploads_waiting: 0,
    }
}

fn start(handle: &Handle, sinks: &[Sink], stop: &Stop) -> Dispatcher {
    Dispatcher::start(handle.clone(), sinks, &sender(), health, stop.clone()).expect("it starts")
}

fn file(name: &str, path: &Path) -> Sink {
    let settings = AlertFile { path: path.to_owned(), rotate: ByteSize::megabytes(1), files: 8 };
    let name = SinkName::new(name).expect("a name");
    Sink { name, filter: Filter::default(), settings: SinkSettings::File(settings) }
}

/// Tells that so many cameras are offline.
fn tell(handle: &Handle, cameras: std::ops::Range<u32>) {
    for n in cameras {
        let health = CameraHealth {
            site: SiteId::new("lf-027").expect("an id"),
            camera: CameraId::new(&format!("camera-{n}")).expect("an id"),
            camera_name: "门".to_owned(),
            camera_labels: [].into(),
            since: Timestamp::UNIX_EPOCH,
        };
        handle.health(health, CameraFact::Offline(OfflineReason::Stalled));
    }
}

pub(super) fn until(what: &str, mut is: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is() {
        assert!(Instant::now() < deadline, "it did not come about that {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The sequences of the alerts in a file.
fn sequences(path: &Path) -> Vec<u64> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let sequence = |line: &str| {
        let alert: crate::domain::Alert = serde_json::from_str(line).expect("an alert");
        alert.sequence.number
    };
    text.lines().map(sequence).collect()
}

pub(super) const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn alerts_come_to_their_files_in_order_and_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (a, b) = (folder.path().join("a.jsonl"), folder.path().join("b.jsonl"));
    let database = database(folder.path());
    let handle = database.handle();
    tell(&handle, 0..300);
    let sinks = vec![file("a", &a), file("b", &b)];
    let dispatcher = start(&handle, &sinks, &Stop::default());
    until("the first are there", || sequences(&a).len() == 300);
    tell(&handle, 300..500);
    until("the others are, too", || sequences(&a).len() == 500);
    tell(&handle, 500..510);
    until("they are written down", || handle.facts().in_memory == 0);
    assert_eq!(dispatcher.finish(PATIENCE), BTreeMap::new());
    let all: Vec<u64> = (1..=510).collect();
    assert_eq!((sequences(&a), sequences(&b)), (all.clone(), all));
    assert_eq!(handle.facts().waiting, 0);
    assert_eq!(fs::metadata(&a).expect("there").permissions().mode() & 0o137, 0);
    // Nothing is given out again by another start.
    let dispatcher = start(&handle, &[file("a", &a)], &Stop::default());
    assert_eq!(dispatcher.finish(PATIENCE), BTreeMap::new());
    assert_eq!(sequences(&a).len(), 510);
}

#[test]
fn a_sink_that_fails_keeps_no_other_waiting_and_has_its_alerts_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let (a, b) = (folder.path().join("a.jsonl"), folder.path().join("b.jsonl"));
    fs::create_dir(&a).expect("something in its place");
    let database = database(folder.path());
    let handle = database.handle();
    let sinks = vec![file("a", &a), file("b", &b)];
    let dispatcher = start(&handle, &sinks, &Stop::default());
    tell(&handle, 0..5);
    until("the other has them", || sequences(&b).len() == 5);
    fs::remove_dir(&a).expect("removed");
    until("it has them, too", || sequences(&a).len() == 5);
    assert_eq!(dispatcher.finish(PATIENCE), BTreeMap::new());
}

#[test]
fn at_the_end_a_sink_that_fails_is_told_and_its_alerts_stay() {
    let folder = tempfile::tempdir().expect("a folder");
    let a = folder.path().join("a.jsonl");
    fs::create_dir(&a).expect("something in its place");
    let database = database(folder.path());
    let handle = database.handle();
    let stop = Stop::default();
    let dispatcher = start(&handle, &[file("a", &a)], &stop);
    tell(&handle, 0..5);
    until("they are written down", || handle.facts().in_memory == 0);
    stop.set(Signal::Terminate);
    let failing = dispatcher.finish(PATIENCE);
    assert!(
        failing.get(&SinkName::new("a").expect("a name")).is_some_and(|why| why.contains("a.jsonl")),
        "{failing:?}"
    );
    assert_eq!(next_alerts(&handle, "a", 10).expect("read").len(), 5);
}

fn numbers(peer: &Peer) -> Vec<u64> {
    peer.had().iter().map(|queued| queued.sequence).collect()
}

#[test]
fn what_a_sink_will_never_take_is_a_dead_letter_and_the_next_follows() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = database(folder.path());
    let handle = database.handle();
    let peer = Peer::new(Policy::Take);
    peer.refuse("camera-1", Refusal::permanent("it is malformed"));
    let mut dispatcher = start(&handle, &[], &Stop::default());
    dispatcher.serve_scripted("a", peer.sink(Pace::CameraByCamera));
    tell(&handle, 0..4);
    until("the others are there", || numbers(&peer).len() == 3);
    until("the dead letter is noted", || handle.facts().sinks["a"].refused == 1);
    assert_eq!(dispatcher.finish(PATIENCE), BTreeMap::new());
    let facts = handle.facts();
    // What waits is for the other sink, which nobody serves.
    assert_eq!((facts.sinks["a"].waiting, facts.sinks["b"].waiting), (0, 4));
    assert!(!numbers(&peer).contains(&2));
}

#[test]
fn a_camera_whose_alerts_are_not_taken_keeps_no_other_waiting() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = database(folder.path());
    let handle = database.handle();
    let peer = Peer::new(Policy::Take);
    peer.refuse("camera-0", Refusal::transient("the server fails at this one"));
    let stop = Stop::default();
    let mut dispatcher = start(&handle, &[], &stop);
    dispatcher.serve_scripted("a", peer.sink(Pace::CameraByCamera));
    tell(&handle, 0..40);
    until("the others are there", || numbers(&peer).len() == 39);
    let failing = dispatcher.board().facts();
    assert!(failing[&SinkName::new("a").expect("a name")].failures >= 1);
    peer.accept("camera-0");
    until("it is there, too", || numbers(&peer).len() == 40);
    assert_eq!(dispatcher.finish(PATIENCE), BTreeMap::new());
}

#[test]
fn an_answer_that_is_lost_is_asked_for_by_the_same_alert() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = database(folder.path());
    let handle = database.handle();
    let peer = Peer::new(Policy::LoseAnswer);
    let mut dispatcher = start(&handle, &[], &Stop::default());
    dispatcher.serve_scripted("a", peer.sink(Pace::CameraByCamera));
    tell(&handle, 0..1);
    until("it was given twice", || numbers(&peer).len() >= 2);
    peer.set(Policy::Take);
    assert_eq!(dispatcher.finish(PATIENCE), BTreeMap::new());
    let had = peer.had();
    assert!(had.iter().all(|queued| (queued.id, &queued.body) == (had[0].id, &had[0].body)));
    assert_eq!(handle.facts().sinks["b"].waiting, 1);
    assert!(!handle.facts().sinks.contains_key("a"));
}

#[test]
fn a_sink_that_says_when_is_not_tried_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = database(folder.path());
    let handle = database.handle();
    let peer = Peer::new(Policy::Take);
    let hour = Some(Duration::from_secs(3600));
    peer.refuse("camera-0", Refusal::Transient { why: "too often".to_owned(), after: hour });
    let stop = Stop::default();
    let mut dispatcher = start(&handle, &[], &stop);
    dispatcher.serve_scripted("a", peer.sink(Pace::CameraByCamera));
    tell(&handle, 0..1);
    until("it was tried", || peer.tries() == 1);
    tell(&handle, 1..20);
    until("they are written down", || handle.facts().in_memory == 0);
    stop.set(Signal::Terminate);
    let left = dispatcher.finish(PATIENCE);
    assert_eq!(left.get(&SinkName::new("a").expect("a name")).map(String::as_str), Some("too often"));
    assert_eq!((peer.tries(), numbers(&peer)), (1, vec![]));
}

#[test]
fn a_connection_that_is_back_is_given_what_waits_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = database(folder.path());
    let handle = database.handle();
    let peer = Peer::new(Policy::Take);
    let hour = Some(Duration::from_secs(3600));
    peer.refuse("camera-0", Refusal::Transient { why: "no connection".to_owned(), after: hour });
    let mut dispatcher = start(&handle, &[], &Stop::default());
    dispatcher.serve_scripted("a", peer.sink(Pace::CameraByCamera));
    tell(&handle, 0..1);
    until("it was tried", || peer.tries() == 1);
    tell(&handle, 1..3);
    until("they are written down", || handle.facts().in_memory == 0);
    peer.accept("camera-0");
    peer.connect();
    until("all are there", || numbers(&peer).len() == 3);
    assert_eq!(dispatcher.finish(PATIENCE), BTreeMap::new());
}

#[test]
fn a_sink_that_hangs_is_left_at_the_end_and_others_are_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = database(folder.path());
    let handle = database.handle();
    let (hangs, takes) = (Peer::new(Policy::Hang), Peer::new(Policy::Take));
    let mut dispatcher = start(&handle, &[], &Stop::default());
    dispatcher.serve_scripted("a", hangs.sink(Pace::CameraByCamera));
    dispatcher.serve_scripted("b", takes.sink(Pace::Gathered));
    tell(&handle, 0..30);
    until("the other has all", || numbers(&takes).len() == 30);
    assert!(numbers(&takes).is_sorted(), "what is gathered comes in order");
    let left = dispatcher.finish(Duration::from_millis(200));
    let names: Vec<&str> = left.keys().map(SinkName::as_str).collect();
    assert_eq!(names, ["a"]);
    assert_eq!(next_alerts(&handle, "a", 100).expect("read").len(), 30);
}

#[test]
fn at_the_end_a_sink_is_told_not_to_gather_any_longer() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = database(folder.path());
    let peer = Peer::new(Policy::Take);
    let mut dispatcher = start(&database.handle(), &[], &Stop::default());
    dispatcher.serve_scripted("a", peer.sink(Pace::Gathered));
    until("it is served", || !peer.beats().is_empty());
    assert!(!peer.is_hurried());
    assert_eq!(dispatcher.finish(PATIENCE), BTreeMap::new());
    assert!(peer.is_hurried());
}

#[test]
fn a_sink_that_is_configured_no_more_ends_and_one_that_changed_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let (a, b, c) =
        (folder.path().join("a.jsonl"), folder.path().join("b.jsonl"), folder.path().join("c.jsonl"));
    let database = database(folder.path());
    let handle = database.handle();
    let mut dispatcher = start(&handle, &[file("a", &a), file("b", &b)], &Stop::default());
    tell(&handle, 0..3);
    until("both have them", || sequences(&a).len() == 3 && sequences(&b).len() == 3);
    dispatcher.follow(&[file("a", &c)], &sender());
    tell(&handle, 3..6);
    until("the other file has them", || sequences(&c).len() == 3);
    assert_eq!(dispatcher.board().facts().len(), 1);
    assert_eq!(dispatcher.finish(PATIENCE), BTreeMap::new());
    assert_eq!((sequences(&a).len(), sequences(&b).len()), (3, 3));
    assert_eq!(handle.facts().sinks["b"].waiting, 3, "what waits for one that is gone stays");
}

#[test]
fn signs_of_life_carry_the_last_sequence_and_are_no_alerts() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = database(folder.path());
    let handle = database.handle();
    tell(&handle, 0..3);
    until("they are written down", || handle.facts().in_memory == 0);
    let peer = Peer::new(Policy::Take);
    let mut dispatcher = start(&handle, &[], &Stop::default());
    dispatcher.serve_scripted("a", peer.sink(Pace::CameraByCamera));
    until("there is one", || !peer.beats().is_empty());
    let beat = &peer.beats()[0];
    let alert: crate::domain::Alert = serde_json::from_str(&beat.body).expect("an alert");
    assert_eq!((alert.id, alert.sequence.number, alert.sequence.outbox), (beat.id, 3, handle.outbox()));
    assert_eq!(dispatcher.finish(PATIENCE), BTreeMap::new());
    assert_eq!(handle.last_sequence().expect("read"), 3);
}

#[test]
fn what_was_given_of_a_database_that_is_gone_is_not_taken_for_what_another_counts_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = database(folder.path());
    let handle = database.handle();
    let peer = Peer::new(Policy::Late);
    let mut dispatcher = start(&handle, &[], &Stop::default());
    dispatcher.serve_scripted("a", peer.sink(Pace::CameraByCamera));
    tell(&handle, 0..1);
    until("it is under way", || peer.tries() == 1);
    peer.refuse("camera-1", Refusal::transient("not this one now"));
    let before = handle.outbox();
    for name in ["firewarden.db", "firewarden.db-wal", "firewarden.db-shm"] {
        let _ = fs::remove_file(folder.path().join("state").join(name));
    }
    tell(&handle, 1..2);
    until("another is begun", || handle.outbox() != before && handle.facts().in_memory == 0);
    until("it is known", || peer.tries() >= 2);
    peer.set(Policy::Take);
    until("the first is there", || numbers(&peer).len() == 1);
    // The other, which has the same number, is not taken for it.
    let tries = peer.tries();
    until("it is tried again", || peer.tries() > tries);
    assert_eq!(handle.facts().sinks["a"].waiting, 1);
    peer.accept("camera-1");
    until("both are there", || numbers(&peer).len() == 2);
    assert_eq!(numbers(&peer), [1, 1]);
    until("nothing waits", || !handle.facts().sinks.contains_key("a"));
    assert_eq!(dispatcher.finish(PATIENCE), BTreeMap::new());
    let cameras: Vec<String> = peer.had().iter().map(|queued| queued.camera.to_string()).collect();
    assert_eq!(cameras, ["camera-0", "camera-1"]);
}
