use std::{fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc};

use jiff::{Timestamp, tz::TimeZone};

use super::*;
use crate::{
    clock,
    config::{AlertFile, ByteSize, Config, Filter},
    domain::{CameraFact, CameraHealth, CameraId, OfflineReason, SinkName, SiteId},
    ledger::database::{Database, Settings},
    stop::Signal,
};

fn database(folder: &Path) -> Database {
    let settings = Settings {
        directory: folder.join("state"),
        budget: 1 << 30,
        keep_sent: Duration::from_secs(86_400),
        keep_violations: Duration::from_secs(86_400),
        sinks: vec![("a".to_owned(), Filter::default()), ("b".to_owned(), Filter::default())],
        site: SiteId::new("lf-027").expect("an id"),
        timezone: TimeZone::UTC,
        bound: None,
    };
    Database::open(settings, Arc::new(clock::System)).expect("it opens").0
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

fn until(what: &str, mut is: impl FnMut() -> bool) {
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

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn alerts_come_to_their_files_in_order_and_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (a, b) = (folder.path().join("a.jsonl"), folder.path().join("b.jsonl"));
    let database = database(folder.path());
    let handle = database.handle();
    tell(&handle, 0..300);
    let sinks = vec![file("a", &a), file("b", &b)];
    let dispatcher = Dispatcher::start(handle.clone(), sinks, Stop::default()).expect("it starts");
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
    let dispatcher = Dispatcher::start(handle, vec![file("a", &a)], Stop::default()).expect("it starts");
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
    let dispatcher = Dispatcher::start(handle.clone(), sinks, Stop::default()).expect("it starts");
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
    let dispatcher = Dispatcher::start(handle.clone(), vec![file("a", &a)], stop.clone()).expect("it starts");
    tell(&handle, 0..5);
    until("they are written down", || handle.facts().in_memory == 0);
    stop.set(Signal::Terminate);
    let failing = dispatcher.finish(PATIENCE);
    assert!(failing.get("a").is_some_and(|why| why.contains("a.jsonl")), "{failing:?}");
    assert_eq!(handle.next_alerts("a", 10).expect("read").len(), 5);
}

#[test]
fn alerts_for_sinks_that_are_not_served_wait() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "[site]\nid = \"lf-027\"\n[[camera]]\nid = \"c\"\nsource = \"a.mp4\"\n[[camera.rule]]\n\
                kind = \"fire_lane_parking\"\nzone = [[0,0],[1,0],[1,1],[0,1]]\ndwell = \"60s\"\n\
                [[sink]]\nname = \"a\"\nkind = \"webhook\"\nurl = \"https://platform.example/\"\nsecrets = [\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"]\n";
    let config = Config::parse(text, folder.path(), &|_| None).expect("a configuration");
    let database = database(folder.path());
    let handle = database.handle();
    let dispatcher = Dispatcher::start(handle.clone(), config.sinks, Stop::default()).expect("it starts");
    tell(&handle, 0..2);
    until("they are written down", || handle.facts().in_memory == 0);
    assert_eq!(dispatcher.finish(PATIENCE), BTreeMap::new());
    assert_eq!(handle.next_alerts("a", 10).expect("read").len(), 2);
}
