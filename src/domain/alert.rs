use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, generate::SchemaSettings, transform::RecursiveTransform};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    BoxHealth, CameraFact, CameraHealth, CameraId, ClockOff, Keyframes, NAMESPACE, Obstructed, Offline,
    OutboxId, Phase, Restored, SiteId, Violation,
    schema::{SHA256_PATTERN, join_lines},
};

/// What is told to a platform: one CloudEvents 1.0 message in the JSON event format
/// (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md>).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Alert {
    /// The version of CloudEvents.
    pub specversion: SpecVersion,
    /// The same at every retry, so that what is delivered twice is known by it: a UUIDv5 (RFC 9562, 5.5). Of a violation, of its
    /// id, its phase and how many alerts of that phase came before. Of a camera's health, of the camera, the type, since when
    /// and the reason. Of a heartbeat, of the box and the time.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub id: Uuid,
    /// `/sites/SITE/cameras/CAMERA` or `/sites/SITE/boxes/BOX`.
    #[schemars(extend("format" = "uri-reference", "pattern" = "^/sites/[^/]+/(cameras|boxes)/[^/]+$"))]
    pub source: String,
    /// The violation's id; absent where the alert is about a camera or a box.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// When what it tells came about, on the wall.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub time: Timestamp,
    /// How `data` is written.
    pub datacontenttype: ContentType,
    /// Which of the alerts of one outbox it is.
    #[serde(flatten)]
    pub sequence: Sequence,
    /// What it tells.
    #[serde(flatten)]
    pub body: AlertBody,
}

/// The version of CloudEvents that alerts are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum SpecVersion {
    /// 1.0.
    #[default]
    #[serde(rename = "1.0")]
    V1,
}

/// How an alert's data are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum ContentType {
    /// JSON.
    #[default]
    #[serde(rename = "application/json")]
    Json,
}

/// Which of the alerts of one outbox an alert is: CloudEvents' extensions `outboxid` and `sequence`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sequence {
    /// The outbox that it is counted in. With another one, numbers begin anew.
    #[serde(rename = "outboxid")]
    pub outbox: OutboxId,
    /// Counts the outbox's alerts from 1, in 20 digits, so that it sorts as text. A heartbeat is not counted: it has the number of
    /// the last alert before it, 0 where there is none.
    #[serde(rename = "sequence", with = "digits")]
    #[schemars(with = "String", extend("pattern" = "^[0-9]{20}$"))]
    pub number: u64,
}

macro_rules! types {
    ($($(#[$doc:meta])* $variant:ident($data:ty) = $name:literal,)*) => {
        /// What an alert tells: its `type` and `data`.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "type", content = "data")]
        pub enum AlertBody {
            $($(#[$doc])* #[serde(rename = $name)] $variant($data),)*
        }

        /// The types of alerts.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum AlertType {
            $($(#[$doc])* $variant,)*
        }

        impl AlertType {
            /// Every one there is, in the order of the documentation.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant),*];

            /// As it is written in `type`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }

        impl AlertBody {
            /// The type.
            pub fn alert_type(&self) -> AlertType {
                match self {
                    $(Self::$variant(_) => AlertType::$variant,)*
                }
            }
        }
    };
}

types! {
    /// It will be a violation unless it ends soon.
    ViolationWarned(Box<ViolationData>) = "firewarden.violation.warned",
    /// It is a violation.
    ViolationRaised(Box<ViolationData>) = "firewarden.violation.raised",
    /// It still is one, or more is known about it, such as its clip. After its end: that is withdrawn.
    ViolationUpdated(Box<ViolationData>) = "firewarden.violation.updated",
    /// It is over. So is what was only warned about, whose `raised` is null.
    ViolationEnded(Box<ViolationData>) = "firewarden.violation.ended",
    /// Nothing comes from the camera: nothing is watched.
    CameraOffline(Offline) = "firewarden.camera.offline",
    /// Pictures come again.
    CameraOnline(CameraHealth) = "firewarden.camera.online",
    /// The camera sees nothing although pictures come.
    CameraObstructed(Obstructed) = "firewarden.camera.obstructed",
    /// It looks somewhere else: its zones no longer lie where they were drawn.
    CameraMoved(CameraHealth) = "firewarden.camera.moved",
    /// Its clock is off. Times of alerts are the box's and not wrong for it.
    CameraClock(ClockOff) = "firewarden.camera.clock",
    /// Its key frames are too far apart to look as often as its rules ask for.
    CameraKeyframes(Keyframes) = "firewarden.camera.keyframes",
    /// It does again what it did not: it sees, looks where it did, tells the right time, sends key frames often enough.
    CameraRestored(Restored) = "firewarden.camera.restored",
    /// The box runs.
    BoxHeartbeat(BoxHealth) = "firewarden.box.heartbeat",
}

impl AlertBody {
    /// What is told of the camera whose health this is.
    fn of_camera(health: CameraHealth, fact: CameraFact) -> Self {
        match fact {
            CameraFact::Offline(reason) => Self::CameraOffline(Offline { health, reason }),
            CameraFact::Online => Self::CameraOnline(health),
            CameraFact::Obstructed(reason) => Self::CameraObstructed(Obstructed { health, reason }),
            CameraFact::Moved => Self::CameraMoved(health),
            CameraFact::Clock(off_by) => Self::CameraClock(ClockOff { health, off_by }),
            CameraFact::Keyframes(interval) => Self::CameraKeyframes(Keyframes { health, interval }),
            CameraFact::Restored(was) => Self::CameraRestored(Restored { health, was }),
        }
    }
}

/// A violation as it was when the alert was made, and what is needed to explain it later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ViolationData {
    /// The violation, as in `violations.jsonl`.
    #[serde(flatten)]
    pub violation: Violation,
    /// What else is told.
    #[serde(flatten)]
    pub explanation: Explanation,
}

/// What a violation's record does not hold, and an alert does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Explanation {
    /// The user's own labels of the camera, such as its number on a platform.
    pub camera_labels: BTreeMap<String, String>,
    /// SHA-256 of the model that looked, in lower-case hexadecimal.
    #[schemars(extend("pattern" = SHA256_PATTERN))]
    pub model_sha256: String,
    /// SHA-256 of the configuration file, in lower-case hexadecimal.
    #[schemars(extend("pattern" = SHA256_PATTERN))]
    pub config_sha256: String,
}

impl Alert {
    /// An alert of a violation's phase, which was reached at `time`. `number` is how many alerts of this phase of this
    /// violation came before: `updated` comes more than once, and so does an `ended` that was withdrawn.
    pub fn of_violation(
        violation: Violation,
        explanation: Explanation,
        number: u32,
        time: Timestamp,
        sequence: Sequence,
    ) -> Self {
        let phase = violation.phase;
        let name = format!("{}\n{}\n{number}", violation.id, phase.name());
        let source = Self::camera_source(&violation.site, &violation.camera);
        let subject = Some(violation.id.to_string());
        let data = Box::new(ViolationData { violation, explanation });
        let body = match phase {
            Phase::Warned => AlertBody::ViolationWarned(data),
            Phase::Raised => AlertBody::ViolationRaised(data),
            Phase::Updated => AlertBody::ViolationUpdated(data),
            Phase::Ended => AlertBody::ViolationEnded(data),
        };
        Self::new(&name, source, subject, time, sequence, body)
    }

    /// An alert of a camera's health, which has been so since `health` says.
    pub fn of_camera(health: CameraHealth, fact: CameraFact, sequence: Sequence) -> Self {
        let CameraHealth { site, camera, since, .. } = &health;
        let (source, since) = (Self::camera_source(site, camera), *since);
        let reason = match fact {
            CameraFact::Offline(reason) => reason.name(),
            CameraFact::Obstructed(reason) => reason.name(),
            CameraFact::Restored(was) => was.name(),
            CameraFact::Online | CameraFact::Moved | CameraFact::Clock(_) | CameraFact::Keyframes(_) => "",
        };
        let body = AlertBody::of_camera(health, fact);
        let name = format!("{source}\n{}\n{since}\n{reason}", body.alert_type().name());
        Self::new(&name, source, None, since, sequence, body)
    }

    /// A sign of life of a box at `time`. `last` is the sequence of the last alert of its outbox.
    pub fn heartbeat(health: BoxHealth, time: Timestamp, last: Sequence) -> Self {
        let source = Self::box_source(&health.site, &health.r#box);
        let body = AlertBody::BoxHeartbeat(health);
        let name = format!("{source}\n{}\n{time}", body.alert_type().name());
        Self::new(&name, source, None, time, last, body)
    }

    fn new(
        name: &str,
        source: String,
        subject: Option<String>,
        time: Timestamp,
        sequence: Sequence,
        body: AlertBody,
    ) -> Self {
        Self {
            specversion: SpecVersion::V1,
            id: Uuid::new_v5(&NAMESPACE, name.as_bytes()),
            source,
            subject,
            time,
            datacontenttype: ContentType::Json,
            sequence,
            body,
        }
    }

    /// The `source` of alerts about a camera and what it shows.
    pub fn camera_source(site: &SiteId, camera: &CameraId) -> String {
        format!("/sites/{site}/cameras/{camera}")
    }

    /// The `source` of alerts about a box.
    pub fn box_source(site: &SiteId, r#box: &str) -> String {
        format!("/sites/{site}/boxes/{box}")
    }

    /// The JSON Schema (draft 2020-12) of an alert as it is sent. Keys may be added to alerts in later versions, so
    /// it allows others.
    pub fn schema() -> Schema {
        let settings = SchemaSettings::draft2020_12().for_serialize();
        settings
            .with_transform(RecursiveTransform(join_lines))
            .into_generator()
            .into_root_schema_for::<Self>()
    }
}

/// A number as CloudEvents' extension `sequence` asks for: a text that sorts.
mod digits {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{number:020}"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number =
            text.parse().ok().filter(|_| text.len() == 20 && text.bytes().all(|b| b.is_ascii_digit()));
        number.ok_or_else(|| D::Error::custom(format!("{text:?} is no sequence: it has 20 digits")))
    }
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn a_large_one_is_under_20_kb() {
        let bytes = serde_json::to_vec(&alert("updated", 3)).expect("an alert is JSON").len();
        assert!((2_000..20_000).contains(&bytes), "{bytes}");
    }
}
