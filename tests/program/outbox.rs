//! `firewarden outbox`, as it is called while a service has the database and while none does.

use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc, time::Duration};

use firewarden::{
    clock::System,
    config::Filter,
    domain::{CameraFact, CameraHealth, CameraId, OfflineReason, SiteId},
    ledger::database::{Database, Settings},
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use crate::common::{assert_code, firewarden, stderr, stdout};

const SINKS: &str = "[[sink]]\nname = \"file\"\nkind = \"file\"\npath = \"alerts.jsonl\"\n\
                     [[sink]]\nname = \"platform\"\nkind = \"mqtt\"\nurl = \"mqtt://127.0.0.1:1\"\nusername = \"box\"\npassword = \"s3cret\"\n";

/// A site with a database, in which its service or a test writes.
pub struct Box {
    pub folder: tempfile::TempDir,
}

impl Box {
    pub fn new(sinks: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let text = format!(
            "[site]\nid = \"lf-027\"\ntimezone = \"Asia/Shanghai\"\n[box]\nid = \"box\"\n{sinks}[[camera]]\nid = \"lane\"\n\
             source = \"rtsp://10.0.0.1/s\"\n[[camera.rule]]\nkind = \"ebike_in_elevator\"\n"
        );
        fs::write(folder.path().join("site.toml"), text).expect("written");
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The database, as the service has it.
    pub fn database(&self, sinks: &[&str]) -> Database {
        let settings = Settings {
            directory: self.path("state"),
            budget: 1 << 30,
            keep_sent: Duration::from_secs(86_400),
            keep_violations: Duration::from_secs(86_400),
            sinks: sinks.iter().map(|sink| ((*sink).to_owned(), Filter::default())).collect(),
            urls: None,
            site: SiteId::new("lf-027").expect("an id"),
            timezone: TimeZone::UTC,
            bound: None,
        };
        Database::open(settings, Arc::new(System)).expect("it opens").0
    }

    /// Calls `firewarden outbox`.
    pub fn outbox(&self, args: &[&str]) -> std::process::Output {
        let config = self.path("site.toml").to_string_lossy().into_owned();
        let (verb, rest) = args.split_first().expect("a verb");
        let args = [&["outbox", verb, "--config", &config][..], rest].concat();
        let output = firewarden(&args);
        assert!(!(stdout(&output) + &stderr(&output)).contains("s3cret"), "{output:?}");
        output
    }

    fn json(&self, args: &[&str]) -> Value {
        let output = self.outbox(args);
        assert_code(&output, 0);
        serde_json::from_str(&stdout(&output)).expect("JSON")
    }
}

/// Tells so many facts of a camera's health, and waits until all are in the outbox.
pub fn tell(database: &Database, camera: &str, times: u32) {
    let handle = database.handle();
    let before = handle.last_sequence().expect("read");
    for number in 0..times {
        let since =
            Timestamp::UNIX_EPOCH + SignedDuration::from_secs(i64::from(number) + i64::from(before as u32));
        let health = CameraHealth {
            site: SiteId::new("lf-027").expect("an id"),
            camera: CameraId::new(camera).expect("an id"),
            camera_name: "消防车道".to_owned(),
            camera_labels: BTreeMap::new(),
            since,
        };
        let fact = match number % 2 {
            0 => CameraFact::Offline(OfflineReason::Unreachable),
            _ => CameraFact::Online,
        };
        handle.health(health, fact);
    }
    let began = std::time::Instant::now();
    while handle.last_sequence().expect("read") < before + u64::from(times) {
        assert!(began.elapsed() < Duration::from_secs(30), "they are not written");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn close(database: Database) {
    database.close(Duration::from_secs(20)).expect("all is written");
}

#[test]
fn what_waits_is_listed_while_a_service_runs_and_after_it() {
    let site = Box::new(SINKS);
    let database = site.database(&["file", "platform", "gone"]);
    tell(&database, "lane", 4);
    let (handle, outbox) = (database.handle(), database.handle().outbox());
    handle.delivered("file", outbox, &[1, 2, 3, 4]).expect("noted");
    handle.refused("platform", outbox, 2, "it refuses this message\u{202e}\nwith HTTP 422").expect("noted");
    let mut running = Some(database);
    loop {
        let all = site.json(&["list", "--json"]);
        assert_eq!(all["outboxid"], json!(outbox));
        let of = |sink: &Value| {
            json!([sink["sink"], sink["kind"], sink["configured"], sink["waiting"], sink["dead_letters"]])
        };
        let sinks: Vec<Value> = all["sinks"].as_array().expect("sinks").iter().map(of).collect();
        let wanted = [
            json!(["file", "file", true, 0, 0]),
            json!(["platform", "mqtt", true, 3, 1]),
            json!(["gone", null, false, 4, 0]),
        ];
        assert_eq!(sinks, wanted);
        assert_eq!(all["uploads"], json!({ "waiting": 0, "bytes": 0, "dead_letters": 0 }));
        let output = site.outbox(&["list"]);
        let text = stdout(&output);
        assert_eq!(text.lines().count(), 4, "{text}");
        assert!(text.contains("configured no more") && text.contains("dead letters"), "{text}");
        assert!(stderr(&output).contains("outbox test SINK"), "{}", stderr(&output));

        let of_sink = site.json(&["list", "platform", "--json"]);
        assert_eq!((&of_sink["waiting"], &of_sink["dead_letters"]), (&json!(3), &json!(1)));
        let alerts = of_sink["alerts"].as_array().expect("alerts");
        let seen: Vec<Value> =
            alerts.iter().map(|alert| json!([alert["sequence"], alert["state"]])).collect();
        let wanted =
            [json!([1, "waiting"]), json!([2, "dead_letter"]), json!([3, "waiting"]), json!([4, "waiting"])];
        assert_eq!(seen, wanted);
        assert_eq!(alerts[1]["type"], "firewarden.camera.online");
        let output = site.outbox(&["list", "platform", "--limit", "3"]);
        let text = stdout(&output);
        assert_eq!(text.lines().count(), 4, "each takes one line: {text}");
        // At the beginning of 1970 it was eight in Shanghai.
        assert!(
            text.contains("1970-01-01 08:00:01") && text.contains("HTTP 422") && !text.contains('\u{202e}')
        );
        assert!(stderr(&output).contains("1 other alerts are not shown: --limit 4"), "{}", stderr(&output));
        let output = site.outbox(&["list", "file"]);
        assert_code(&output, 0);
        assert!(stdout(&output).is_empty() && stderr(&output).contains("nothing waits for file"));
        let output = site.outbox(&["list", "--uploads"]);
        assert!(stderr(&output).contains("no file waits"), "{}", stderr(&output));
        match running.take() {
            Some(database) => close(database),
            None => break,
        }
    }
}

#[test]
fn an_alert_is_shown_with_what_became_of_it() {
    let site = Box::new(SINKS);
    let database = site.database(&["file", "platform", "gone"]);
    tell(&database, "lane", 2);
    let (handle, outbox) = (database.handle(), database.handle().outbox());
    handle.delivered("file", outbox, &[1]).expect("noted");
    handle.refused("gone", outbox, 1, "HTTP 413").expect("noted");
    let shown = site.json(&["show", "platform", "1", "--json"]);
    let waiting = handle.given("platform", &[1]).expect("read");
    let [firewarden::ledger::database::Given::Alert(queued)] = &waiting[..] else { panic!("{waiting:?}") };
    assert_eq!(shown["alert"], serde_json::from_str::<Value>(&queued.body).expect("JSON"));
    let text = stdout(&site.outbox(&["show", "platform", "1", "--json"]));
    assert!(text.contains(&queued.body), "word for word: {text}");
    let states: Vec<Value> = shown["sinks"]
        .as_array()
        .expect("sinks")
        .iter()
        .map(|sink| json!([sink["sink"], sink["state"], sink["why"]]))
        .collect();
    let wanted = [
        json!(["file", "delivered", null]),
        json!(["gone", "dead_letter", "HTTP 413"]),
        json!(["platform", "waiting", null]),
    ];
    assert_eq!(states, wanted);
    let text = stdout(&site.outbox(&["show", "platform", "1"]));
    assert!(text.contains("\"camera_name\": \"消防车道\""), "{text}");
    assert!(text.contains("sink gone (configured no more): dead letter, 20"), "{text}");
    assert!(text.contains("sink platform: waiting\n"), "{text}");
    let output = site.outbox(&["show", "platform", "77"]);
    assert_code(&output, 1);
    assert!(stderr(&output).contains("no alert 77 is kept"), "{}", stderr(&output));
    close(database);
}

#[test]
fn dead_letters_are_tried_again_and_a_running_service_sees_it() {
    let site = Box::new(SINKS);
    let database = site.database(&["file", "platform"]);
    tell(&database, "lane", 5);
    let (handle, outbox) = (database.handle(), database.handle().outbox());
    for sequence in [2, 3, 4] {
        handle.refused("platform", outbox, sequence, "HTTP 422").expect("noted");
    }
    let waiting = || {
        let found = handle.waiting("platform", 0, 100).expect("read");
        found.alerts.iter().map(|(sequence, _)| *sequence).collect::<Vec<_>>()
    };
    let output = site.outbox(&["retry", "platform", "3", "1"]);
    assert_code(&output, 1);
    assert!(stdout(&output).contains("platform: 1 alert waits again"), "{}", stdout(&output));
    assert!(stderr(&output).contains("error: 1 is no dead letter of platform"), "{}", stderr(&output));
    assert_eq!(waiting(), [1, 3, 5]);
    let output = site.outbox(&["retry", "platform"]);
    assert_code(&output, 0);
    assert!(stdout(&output).contains("platform: 2 alerts wait again"), "{}", stdout(&output));
    assert_eq!(waiting(), [1, 2, 3, 4, 5]);
    let output = site.outbox(&["retry", "--uploads"]);
    assert_code(&output, 0);
    assert!(stdout(&output).contains("0 files wait again"), "{}", stdout(&output));
    assert_code(&site.outbox(&["retry"]), 2);
    close(database);
}

#[test]
fn only_what_is_asked_for_is_removed() {
    let site = Box::new(SINKS);
    let database = site.database(&["file", "platform", "gone"]);
    tell(&database, "lane", 3);
    let (handle, outbox) = (database.handle(), database.handle().outbox());
    handle.refused("platform", outbox, 2, "HTTP 422").expect("noted");
    handle.delivered("gone", outbox, &[1]).expect("noted");
    let count = |sink: &str| {
        let facts = handle.facts();
        facts.sinks.get(sink).map(|depth| (depth.waiting, depth.refused)).unwrap_or_default()
    };
    let output = site.outbox(&["purge", "platform"]);
    assert_code(&output, 0);
    assert!(
        stdout(&output).contains("platform: 1 alert removed from the dead letters"),
        "{}",
        stdout(&output)
    );
    assert_eq!(count("platform"), (2, 0));
    for (args, said) in [
        (
            &["purge", "platform", "--waiting"][..],
            "2 alerts wait for platform, and would never be sent: add --yes",
        ),
        (
            &["purge", "gone"],
            "2 alerts wait for gone, which is configured no more, and would never be sent: add --yes",
        ),
    ] {
        let output = site.outbox(args);
        assert_code(&output, 2);
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
    }
    assert_eq!((count("platform"), count("gone"), count("file")), ((2, 0), (2, 0), (3, 0)));
    assert_code(&site.outbox(&["purge", "platform", "--waiting", "--yes"]), 0);
    let output = site.outbox(&["purge", "gone", "--yes"]);
    assert!(stdout(&output).contains("gone: 3 alerts removed"), "{}", stdout(&output));
    assert_eq!((count("platform"), count("gone"), count("file")), ((0, 0), (0, 0), (3, 0)));
    let all = site.json(&["list", "--json"]);
    assert_eq!(all["sinks"].as_array().map(Vec::len), Some(2), "{all}");
    close(database);
}

#[test]
fn what_cannot_be_done_is_told() {
    let site = Box::new(SINKS);
    let output = site.outbox(&["list"]);
    assert_code(&output, 1);
    assert!(stderr(&output).contains("there is no database"), "{}", stderr(&output));
    assert!(!site.path("state").exists(), "nothing was made");
    close(site.database(&["file", "gone"]));
    for verb in ["list", "retry", "purge", "test"] {
        let output = site.outbox(&[verb, "platfrom"]);
        assert_code(&output, 2);
        assert!(
            stderr(&output)
                .contains("no sink is called \"platfrom\"; the nearest known is \"platform\", of file, "),
            "{}",
            stderr(&output)
        );
    }
    let connection = rusqlite::Connection::open(site.path("state/firewarden.db")).expect("it opens");
    connection.pragma_update(None, "user_version", 99).expect("written");
    let output = site.outbox(&["list"]);
    assert_code(&output, 1);
    assert!(
        stderr(&output).contains("is of version 99, and this program works with version"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_sink_is_tried() {
    let site = Box::new(SINKS);
    let output = site.outbox(&["test", "file"]);
    assert_code(&output, 0);
    assert!(stdout(&output).contains("sink file: file, ") && stdout(&output).contains("can be written"));
    assert_eq!(fs::read(site.path("alerts.jsonl")).unwrap_or_default(), b"", "nothing is written");
    let _ = fs::remove_file(site.path("alerts.jsonl"));
    fs::create_dir(site.path("alerts.jsonl")).expect("made");
    let output = site.outbox(&["test", "file"]);
    assert_code(&output, 1);
    assert!(stderr(&output).contains("error: sink file (file): "), "{}", stderr(&output));
    // Nobody listens there.
    let output = site.outbox(&["test", "platform"]);
    assert_code(&output, 1);
    assert!(stderr(&output).contains("error: sink platform (mqtt): "), "{}", stderr(&output));
    assert!(!site.path("state").exists(), "nothing was begun");
}
