//! What an alert's schema says, what the program writes, and what the samples and the page show.

use std::{collections::BTreeMap, env, fs, time::Duration};

use firewarden::{
    domain::{
        Alert, AlertType, BoxHealth, CameraFact, CameraHealth, CameraId, Explanation, Impairment, Kind,
        ObstructedReason, OfflineReason, Sequence, SiteId, Violation,
    },
    words,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{read, resolved, root, validator, wrong};

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn labels() -> BTreeMap<String, String> {
    BTreeMap::from([("gb28181".to_owned(), "13100000001320000003".to_owned())])
}

fn sequence(number: u64) -> Sequence {
    let outbox: uuid::Uuid = "0b5a1c9e-6f3d-4e2a-9b7c-21d84f60a3e5".parse().expect("a UUID");
    Sequence { outbox: outbox.into(), number }
}

/// A vehicle in a fire lane at 20:58:29 in Shanghai, warned about after 40 s, raised after 60 s, gone after 304 s.
fn parked(alert: AlertType) -> Alert {
    let (phase, at, evidence, number) = match alert {
        AlertType::ViolationWarned => ("warned", "2026-11-24T12:59:09.4Z", 0, 11),
        AlertType::ViolationRaised => ("raised", "2026-11-24T12:59:29.4Z", 2, 12),
        AlertType::ViolationUpdated => ("updated", "2026-11-24T12:59:37.2Z", 3, 13),
        _ => ("ended", "2026-11-24T13:03:33.6Z", 4, 14),
    };
    let moment = |at: &str| {
        let media_s = (time(at) - time("2026-11-24T00:00:00Z")).as_secs_f64();
        json!({ "media_s": media_s, "wall": at, "file": null, "file_s": null })
    };
    let raised = (phase != "warned").then(|| moment("2026-11-24T12:59:29.4Z"));
    let ended = (phase == "ended").then(|| moment(at));
    let id = "6f1c3b52-9a0e-5d27-8e61-7c05d24b93f8";
    let files = [("started", "jpg"), ("raised", "jpg"), ("clip", "mp4"), ("ended", "jpg")];
    let file = |(role, extension): &(&str, &str)| {
        let name =
            format!("evidence/2026-11-24/lane-3_fire_lane_parking_20261124T125929Z_{id}_{role}.{extension}");
        let url = format!("https://platform.example/{name}");
        json!({ "name": name, "role": role, "sha256": "5e".repeat(32), "bytes": 148_211, "url": url })
    };
    let evidence: Vec<Value> = files.iter().take(evidence).map(file).collect();
    let record = json!({
        "id": id, "site": "lf-027", "camera": "lane-3",
        "camera_name": "1号楼东侧消防车道", "rule": "lane-3/fire_lane_parking/east", "kind": Kind::FireLaneParking,
        "phase": phase, "class": "car", "confidence": 0.79, "bbox": [0.84, 0.09, 0.97, 0.26],
        "wall_origin": "clock", "started": moment("2026-11-24T12:58:29.4Z"), "raised": raised, "ended": ended,
        "evidence": evidence,
    });
    let violation: Violation = serde_json::from_str(&record.to_string()).expect("a violation");
    let explanation = Explanation {
        camera_labels: labels(),
        model_sha256: "3c".repeat(32),
        config_sha256: "a7".repeat(32),
    };
    Alert::of_violation(violation, explanation, 0, time(at), sequence(number))
}

fn health(fact: CameraFact, since: &str, number: u64) -> Alert {
    let health = CameraHealth {
        site: SiteId::new("lf-027").expect("an id"),
        camera: CameraId::new("lane-3").expect("an id"),
        camera_name: "1号楼东侧消防车道".to_owned(),
        camera_labels: labels(),
        since: time(since),
    };
    Alert::of_camera(health, fact, sequence(number))
}

fn heartbeat() -> Alert {
    let health = BoxHealth {
        site: SiteId::new("lf-027").expect("an id"),
        r#box: "lf-027-a".to_owned(),
        version: "0.1.0".to_owned(),
        since: time("2026-11-23T01:12:40Z"),
        cameras: 8,
        cameras_online: 7,
        cameras_offline: [(OfflineReason::Unreachable, 1)].into(),
        cores: 2,
        memory_bytes: Some(311_427_072),
        disk_free_bytes: Some(48_318_382_080),
        alerts_waiting: 3,
        oldest_waiting_s: 41,
        dead_letters: 0,
        uploads_waiting: 2,
    };
    Alert::heartbeat(health, time("2026-11-24T13:10:00Z"), sequence(21))
}

/// An alert of each type, as the program makes it.
fn sample(alert: AlertType) -> Alert {
    match alert {
        AlertType::ViolationWarned
        | AlertType::ViolationRaised
        | AlertType::ViolationUpdated
        | AlertType::ViolationEnded => parked(alert),
        AlertType::CameraOffline => {
            health(CameraFact::Offline(OfflineReason::Unreachable), "2026-11-24T13:04:10Z", 15)
        }
        AlertType::CameraOnline => health(CameraFact::Online, "2026-11-24T13:05:02Z", 16),
        AlertType::CameraObstructed => {
            health(CameraFact::Obstructed(ObstructedReason::Covered), "2026-11-24T13:06:00Z", 17)
        }
        AlertType::CameraMoved => health(CameraFact::Moved, "2026-11-24T13:07:30Z", 18),
        AlertType::CameraClock => {
            health(CameraFact::Clock(SignedDuration::from_millis(-83_400)), "2026-11-24T13:08:00Z", 19)
        }
        AlertType::CameraKeyframes => {
            health(CameraFact::Keyframes(Duration::from_millis(12_500)), "2026-11-24T13:08:20Z", 20)
        }
        AlertType::CameraRestored => {
            health(CameraFact::Restored(Impairment::Obstructed), "2026-11-24T13:09:00Z", 21)
        }
        AlertType::BoxHeartbeat => heartbeat(),
    }
}

fn writes() -> bool {
    env::var_os("FIREWARDEN_WRITE_SAMPLES").is_some()
}

/// `samples/alerts/camera.offline.json`.
fn path(alert: AlertType) -> String {
    format!("samples/alerts/{}.json", alert.name().trim_start_matches("firewarden."))
}

#[test]
fn samples_are_what_the_program_makes_and_reads_back() {
    let validator = validator(&Alert::schema().to_value());
    for alert in AlertType::ALL {
        let (made, path) = (sample(alert), path(alert));
        let text = serde_json::to_string_pretty(&made).expect("an alert is JSON") + "\n";
        if writes() {
            fs::create_dir_all(root().join("samples/alerts")).expect("the folder can be made");
            fs::write(root().join(&path), &text).expect("the sample can be written");
        }
        let kept = read(&path);
        assert_eq!(kept, text, "{path}: run with FIREWARDEN_WRITE_SAMPLES=1");
        let back: Alert = serde_json::from_str(&kept).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(back, made, "{path}");
        assert_eq!(wrong(&validator, &serde_json::from_str(&kept).expect("JSON")), [""; 0], "{path}");
    }
    let files = fs::read_dir(root().join("samples/alerts")).expect("a folder").count();
    assert_eq!(files, AlertType::ALL.len());
}

#[test]
fn an_alert_is_a_cloud_event() {
    for alert in AlertType::ALL {
        let written = serde_json::to_value(sample(alert)).expect("an alert is JSON");
        let written = written.as_object().expect("an object");
        // Names of attributes are of a-z and 0-9, and short; those that every event has are texts that are not empty.
        for (name, value) in written.iter().filter(|(name, _)| *name != "data") {
            let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
            assert!(plain && name.len() <= 20, "{name}");
            assert!(value.as_str().is_some_and(|text| !text.is_empty()), "{name}: {value}");
        }
        assert_eq!(written["specversion"], "1.0");
        assert_eq!(written["datacontenttype"], "application/json");
        assert_eq!(written["type"], alert.name());
        let source = written["source"].as_str().expect("a text");
        assert!(source.starts_with('/') && !source.contains([' ', '#', '?']), "{source}");
        assert!(time(written["time"].as_str().expect("a text")) > Timestamp::UNIX_EPOCH);
        let of_violation = alert.name().starts_with("firewarden.violation.");
        assert_eq!(written.contains_key("subject"), of_violation);
        assert!(serde_json::to_vec(written).expect("JSON").len() < 20_000);
    }
}

#[test]
fn an_alert_is_what_its_schema_says() {
    let validator = validator(&Alert::schema().to_value());
    let alert = serde_json::to_value(sample(AlertType::ViolationRaised)).expect("an alert is JSON");
    assert_eq!(wrong(&validator, &alert), [""; 0]);

    for key in
        ["specversion", "id", "source", "type", "time", "datacontenttype", "sequence", "outboxid", "data"]
    {
        let mut without = alert.clone();
        without.as_object_mut().expect("an object").remove(key);
        assert!(!validator.is_valid(&without), "without {key}");
    }
    for key in [
        "id",
        "site",
        "camera",
        "kind",
        "phase",
        "wall_origin",
        "started",
        "raised",
        "evidence",
        "camera_labels",
        "model_sha256",
    ] {
        let mut without = alert.clone();
        without["data"].as_object_mut().expect("an object").remove(key);
        assert!(!validator.is_valid(&without), "without data.{key}");
    }
    for (pointer, wrong) in [
        ("/specversion", json!("0.3")),
        ("/id", json!("7")),
        ("/source", json!("/cameras/lane-3")),
        ("/type", json!("firewarden.violation.begun")),
        // A violation's data under the type of a heartbeat.
        ("/type", json!("firewarden.box.heartbeat")),
        ("/time", json!("yesterday")),
        ("/sequence", json!(7)),
        ("/outboxid", json!("x")),
        ("/data/kind", json!("smoking")),
        ("/data/camera", json!("Lane 3")),
        ("/data/confidence", json!(1.5)),
        ("/data/bbox", json!([0, 0, 1])),
        ("/data/started/wall", json!("20:58")),
        ("/data/evidence/0/sha256", json!("ab")),
        ("/data/model_sha256", json!("ab")),
    ] {
        let mut other = alert.clone();
        *other.pointer_mut(pointer).expect("it is there") = wrong.clone();
        assert!(!validator.is_valid(&other), "{pointer} = {wrong}");
    }
}

#[test]
fn health_has_what_belongs_to_its_type_and_no_other_reason() {
    let validator = validator(&Alert::schema().to_value());
    let written = |alert| serde_json::to_value(sample(alert)).expect("an alert is JSON");
    for (alert, key) in [
        (AlertType::CameraOffline, "reason"),
        (AlertType::CameraObstructed, "reason"),
        (AlertType::CameraClock, "off_by_s"),
        (AlertType::CameraKeyframes, "interval_s"),
        (AlertType::CameraRestored, "was"),
    ] {
        let mut without = written(alert);
        without["data"].as_object_mut().expect("an object").remove(key);
        assert!(!validator.is_valid(&without), "{} without {key}", alert.name());
        assert!(serde_json::from_value::<Alert>(without).is_err(), "{} without {key}", alert.name());
    }
    for (alert, reason) in [(AlertType::CameraOffline, "dark"), (AlertType::CameraObstructed, "unreachable")]
    {
        let mut other = written(alert);
        other["data"]["reason"] = json!(reason);
        assert!(!validator.is_valid(&other) && serde_json::from_value::<Alert>(other).is_err(), "{reason}");
    }
}

#[test]
fn the_schema_changes_only_on_purpose() {
    insta::assert_json_snapshot!("alert", Alert::schema());
}

/// What a schema says of itself, as a cell of a table.
fn told(schema: &Value) -> String {
    schema["description"].as_str().expect("it is described").replace('|', "\\|").replace("\n\n", " ")
}

/// A row for each key of an object.
fn rows(object: &Value) -> String {
    let keys = object["properties"].as_object().expect("keys").iter();
    keys.map(|(key, schema)| format!("| `{key}` | {} |\n", told(schema))).collect()
}

/// The tables of the page, by the names of their places.
fn tables() -> Vec<(&'static str, String)> {
    let schema = Alert::schema().to_value();
    let types = schema["oneOf"].as_array().expect("types");
    let data = |alert: AlertType| {
        let own = types.iter().find(|one| one["properties"]["type"]["const"] == alert.name());
        let own = own.unwrap_or_else(|| panic!("{} is not in the schema", alert.name()));
        (told(own), resolved(&schema, &own["properties"]["data"]))
    };
    let health = data(AlertType::CameraOnline).1;
    let head = "| key | what it says |\n|---|---|\n";
    let mut of_types = "| type | 中文 | when | data |\n|---|---|---|---|\n".to_owned();
    let mut of_reasons = "| type and key | value | 中文 | English |\n|---|---|---|---|\n".to_owned();
    for alert in AlertType::ALL {
        let (when, data) = data(alert);
        let own = data["properties"].as_object().expect("keys").keys();
        let own: Vec<String> = own
            .filter(|key| health["properties"].get(key).is_none())
            .map(|key| format!(", `{key}`"))
            .collect();
        let data = match alert.name().split('.').nth(1) {
            Some("violation") => "violation".to_owned(),
            Some("camera") => format!("health{}", own.concat()),
            _ => "box".to_owned(),
        };
        let (zh, _) = words::alert_type(alert);
        of_types += &format!("| `{}` | {zh} | {when} | {data} |\n", alert.name());
    }
    for (name, alert) in [("off_by_s", AlertType::CameraClock), ("interval_s", AlertType::CameraKeyframes)] {
        let what = told(&data(alert).1["properties"][name]);
        of_reasons += &format!(
            "| `{}`: `{name}` | seconds | {} | {what} |\n",
            alert.name(),
            words::alert_type(alert).0
        );
    }
    let mut reason = |alert: AlertType, key: &str, name: &str, (zh, en): words::Pair| {
        of_reasons += &format!("| `{}`: `{key}` | `{name}` | {zh} | {en} |\n", alert.name());
    };
    for offline in OfflineReason::ALL {
        reason(AlertType::CameraOffline, "reason", offline.name(), words::offline(offline));
    }
    for obstructed in ObstructedReason::ALL {
        reason(AlertType::CameraObstructed, "reason", obstructed.name(), words::obstructed(obstructed));
    }
    for was in Impairment::ALL {
        reason(AlertType::CameraRestored, "was", was.name(), words::impairment(was));
    }
    vec![
        (
            "envelope",
            format!(
                "{head}{}| `type` | What it tells, as below. |\n| `data` | By its type. |\n",
                rows(&schema)
            ),
        ),
        ("types", of_types),
        ("violation", head.to_owned() + &rows(data(AlertType::ViolationRaised).1)),
        ("health", head.to_owned() + &rows(health)),
        ("reasons", of_reasons),
        ("box", head.to_owned() + &rows(data(AlertType::BoxHeartbeat).1)),
    ]
}

#[test]
fn the_page_says_what_the_program_sends() {
    let mut page = read("docs/alerts.md");
    for (place, table) in tables() {
        let (begin, end) = (format!("<!-- {place} -->\n"), format!("<!-- /{place} -->\n"));
        let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("{begin} is not there"));
        let (kept, after) = rest.split_once(&end).unwrap_or_else(|| panic!("{end} is not there"));
        if !writes() {
            assert_eq!(kept, table, "docs/alerts.md: run with FIREWARDEN_WRITE_SAMPLES=1");
        }
        page = format!("{before}{begin}{table}{end}{after}");
    }
    if writes() {
        fs::write(root().join("docs/alerts.md"), page).expect("the page can be written");
    }
}
