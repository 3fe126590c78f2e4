use jiff::SignedDuration;
use serde_json::{Value, json};

use super::*;
use crate::domain::{Impairment, ObstructedReason, OfflineReason};

fn violation(phase: &str, name: &str) -> Violation {
    let moment =
        |s: f64| json!({ "media_s": s, "wall": "2026-11-24T12:58:29.25Z", "file": null, "file_s": null });
    let files: Vec<Value> = ["started", "raised", "ended", "clip"]
        .map(|role| {
            json!({
                "name": format!("evidence/6f1c3b52-9a0e-5d27-8e61-7c05d24b93f8-{role}.jpg"),
                "role": role,
                "sha256": "ab".repeat(32),
                "bytes": 148_211,
                "url": format!("https://platform.example/evidence/{name}/{role}.jpg"),
            })
        })
        .into();
    let record = json!({
        "id": "6f1c3b52-9a0e-5d27-8e61-7c05d24b93f8", "site": "lf-027", "camera": "lane-3", "camera_name": name,
        "rule": "lane-3/fire_lane_parking", "kind": "fire_lane_parking", "phase": phase, "class": "car",
        "confidence": 0.79, "bbox": [0.95, 0.09, 1.0, 0.16],
        "wall_origin": "clock", "started": moment(0.0), "raised": moment(60.04), "ended": moment(93.4), "evidence": files,
    });
    serde_json::from_str(&record.to_string()).expect("a violation")
}

fn alert(phase: &str, number: u32) -> Alert {
    let name = "鸿坤理想城一期1号楼东侧消防车道与地下车库出入口交叉处北侧".repeat(4);
    let labels = (0..8).map(|n| (format!("平台标签{n}"), "河北省廊坊市广阳区消防救援大队".repeat(4)));
    let explanation = Explanation {
        camera_labels: labels.collect(),
        model_sha256: "cd".repeat(32),
        config_sha256: "ef".repeat(32),
    };
    let time = "2026-11-24T12:59:29Z".parse().expect("a time");
    Alert::of_violation(violation(phase, &name), explanation, number, time, sequence())
}

fn sequence() -> Sequence {
    Sequence { outbox: Uuid::from_u128(7).into(), number: 41 }
}

fn health(fact: CameraFact, since: &str) -> Alert {
    let health = CameraHealth {
        site: SiteId::new("lf-027").expect("an id"),
        camera: CameraId::new("lane-3").expect("an id"),
        camera_name: "1号楼东侧消防车道".to_owned(),
        camera_labels: BTreeMap::new(),
        since: since.parse().expect("a time"),
    };
    Alert::of_camera(health, fact, sequence())
}

fn heartbeat(time: &str) -> Alert {
    let health = BoxHealth {
        site: SiteId::new("lf-027").expect("an id"),
        r#box: "lf-027-a".to_owned(),
        version: "0.1.0".to_owned(),
        since: Timestamp::UNIX_EPOCH,
        cameras: 3,
        cameras_online: 2,
        cameras_offline: [].into(),
        cores: 2,
        memory_bytes: Some(311_427_072),
        disk_free_bytes: Some(48_318_382_080),
        alerts_waiting: 0,
        oldest_waiting_s: 0,
        dead_letters: 0,
        uploads_waiting: 0,
    };
    Alert::heartbeat(health, time.parse().expect("a time"), sequence())
}

fn written(alert: &Alert) -> Value {
    serde_json::to_value(alert).expect("an alert is JSON")
}

#[test]
fn each_phase_has_its_type() {
    for phase in ["warned", "raised", "updated", "ended"] {
        let alert = written(&alert(phase, 0));
        assert_eq!(alert["type"], format!("firewarden.violation.{phase}"));
        assert_eq!(alert["data"]["phase"], phase);
    }
}

#[test]
fn the_envelope_is_that_of_cloud_events() {
    let alert = written(&alert("raised", 0));
    let mut keys: Vec<&str> = alert.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        [
            "data",
            "datacontenttype",
            "id",
            "outboxid",
            "sequence",
            "source",
            "specversion",
            "subject",
            "time",
            "type"
        ]
    );
    assert_eq!(alert["specversion"], "1.0");
    assert_eq!(alert["datacontenttype"], "application/json");
    assert_eq!(alert["source"], "/sites/lf-027/cameras/lane-3");
    assert_eq!(alert["subject"], alert["data"]["id"]);
    assert_eq!(alert["sequence"], "00000000000000000041");
    assert_eq!(alert["outboxid"], "00000000-0000-0000-0000-000000000007");
    assert_eq!(alert["time"], "2026-11-24T12:59:29Z");
    assert_eq!(alert["data"]["evidence"][3]["role"], "clip");
    assert_eq!(alert["data"]["model_sha256"], "cd".repeat(32));
}

#[test]
fn its_id_is_made_of_violation_phase_and_number() {
    assert_eq!(alert("raised", 0).id, alert("raised", 0).id);
    assert_ne!(alert("raised", 0).id, alert("ended", 0).id);
    assert_ne!(alert("updated", 0).id, alert("updated", 1).id);
    assert_eq!(alert("raised", 0).id.get_version_num(), 5);
}

#[test]
fn ids_of_health_are_the_same_at_every_retry_and_no_other() {
    let (at, later) = ("2026-11-24T12:59:29Z", "2026-11-24T12:59:30Z");
    let unreachable = CameraFact::Offline(OfflineReason::Unreachable);
    assert_eq!(health(unreachable, at), health(unreachable, at));
    let of_boxes = [heartbeat(at), heartbeat(later)].map(|alert| alert.id);
    let of_cameras = [
        health(unreachable, at),
        health(unreachable, later),
        health(CameraFact::Offline(OfflineReason::Unauthorized), at),
        health(CameraFact::Online, at),
        health(CameraFact::Moved, at),
        health(CameraFact::Obstructed(ObstructedReason::Dark), at),
        health(CameraFact::Restored(Impairment::Obstructed), at),
        health(CameraFact::Restored(Impairment::Clock), at),
    ];
    let mut ids: Vec<Uuid> = of_cameras.iter().map(|alert| alert.id).chain(of_boxes).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 10);
}

#[test]
fn health_is_told_with_what_belongs_to_it_and_nothing_else() {
    let keys = |alert: &Alert| {
        let written = written(alert);
        let keys: Vec<String> = written["data"].as_object().expect("an object").keys().cloned().collect();
        let shared = ["camera", "camera_labels", "camera_name", "since", "site"];
        keys.into_iter().filter(|key| !shared.contains(&key.as_str())).collect::<Vec<_>>()
    };
    let at = "2026-11-24T12:59:29Z";
    let clock = health(CameraFact::Clock(SignedDuration::from_millis(-75_250)), at);
    let keyframes = health(CameraFact::Keyframes(std::time::Duration::from_millis(12_500)), at);
    for (alert, key) in [
        (health(CameraFact::Offline(OfflineReason::LockedOut), at), Some("reason")),
        (health(CameraFact::Online, at), None),
        (health(CameraFact::Obstructed(ObstructedReason::Blinded), at), Some("reason")),
        (health(CameraFact::Moved, at), None),
        (clock.clone(), Some("off_by_s")),
        (keyframes.clone(), Some("interval_s")),
        (health(CameraFact::Restored(Impairment::Keyframes), at), Some("was")),
    ] {
        assert_eq!(keys(&alert), Vec::from_iter(key), "{alert:?}");
        assert_eq!((written(&alert)["time"].as_str(), alert.subject), (Some(at), None));
    }
    assert_eq!(written(&clock)["data"]["off_by_s"], -75.25);
    assert_eq!(written(&keyframes)["data"]["interval_s"], 12.5);
    assert_eq!(heartbeat(at).source, "/sites/lf-027/boxes/lf-027-a");
}

#[test]
fn types_are_named_as_they_are_written() {
    let alerts = [alert("raised", 0), heartbeat("2026-11-24T12:59:29Z")];
    for alert in alerts {
        assert_eq!(written(&alert)["type"], alert.body.alert_type().name());
    }
}

#[test]
fn a_sequence_has_twenty_digits() {
    for text in ["41", "+0000000000000000041", "0000000000000000004x", "99999999999999999999"] {
        let mut other = written(&alert("raised", 0));
        other["sequence"] = text.into();
        assert!(serde_json::from_value::<Alert>(other).is_err(), "{text}");
    }
}

/// As large as the bounds of a configuration let it be: name and labels of a camera, the address of uploads.
#[test]
fn the_largest_one_is_under_20_kb() {
    let Alert { body: AlertBody::ViolationUpdated(data), .. } = alert("updated", 0) else {
        panic!("updated")
    };
    let ViolationData { mut violation, mut explanation } = *data;
    violation.camera_name = "楼".repeat(120);
    explanation.camera_labels = BTreeMap::from([("a".to_owned(), "x".repeat(4_000 - 10))]);
    for file in &mut violation.evidence {
        file.name = format!("evidence/2026-11-24/{}", "x".repeat(160));
        file.url = Some(format!("https://{}/{}", "h".repeat(1_990), file.name));
    }
    let missing = violation.evidence.iter().map(|file| crate::domain::MissingEvidence {
        role: file.role,
        cause: crate::domain::MissingCause::NotWritten,
        reason: "盘".repeat(1_000),
    });
    violation.missing = missing.collect();
    let time = Timestamp::UNIX_EPOCH;
    let alert = Alert::of_violation(violation, explanation, u32::MAX, time, sequence());
    let bytes = serde_json::to_vec(&alert).expect("an alert is JSON").len();
    assert!((15_000..20_000).contains(&bytes), "{bytes}");
}
