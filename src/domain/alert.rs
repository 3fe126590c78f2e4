use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, generate::SchemaSettings, transform::RecursiveTransform};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    CameraId, GapReason, NAMESPACE, Phase, SiteId, Violation,
    schema::{SHA256_PATTERN, join_lines},
};

/// What is told to a platform: one CloudEvents 1.0 message in the JSON event format
/// (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md>).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Alert {
    /// The version of CloudEvents.
    pub specversion: SpecVersion,
    /// The same at every retry, so that what is delivered twice is known by it. Of a violation: UUIDv5 (RFC 9562, 5.5)
    /// of the violation's id, its phase and how many alerts of that phase came before.
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
    /// Counts the alerts of one box, in 20 digits, so that it sorts as text: CloudEvents' extension `sequence`.
    #[serde(with = "sequence")]
    #[schemars(with = "String", extend("pattern" = "^[0-9]{20}$"))]
    pub sequence: u64,
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

/// What an alert tells: its `type` and `data`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "data")]
pub enum AlertBody {
    /// It will be a violation unless it ends soon.
    #[serde(rename = "firewarden.violation.warned")]
    ViolationWarned(Box<ViolationData>),
    /// It is a violation.
    #[serde(rename = "firewarden.violation.raised")]
    ViolationRaised(Box<ViolationData>),
    /// It still is one, or more is known about it, such as its clip.
    #[serde(rename = "firewarden.violation.updated")]
    ViolationUpdated(Box<ViolationData>),
    /// It is over.
    #[serde(rename = "firewarden.violation.ended")]
    ViolationEnded(Box<ViolationData>),
    /// The camera cannot be reached, or its picture cannot be read: nothing is watched.
    #[serde(rename = "firewarden.camera.offline")]
    CameraOffline(CameraHealth),
    /// It is back.
    #[serde(rename = "firewarden.camera.online")]
    CameraOnline(CameraHealth),
    /// Its picture is covered, dark or frozen: nothing can be seen.
    #[serde(rename = "firewarden.camera.obstructed")]
    CameraObstructed(CameraHealth),
    /// It looks somewhere else: its zones no longer lie where they were drawn.
    #[serde(rename = "firewarden.camera.moved")]
    CameraMoved(CameraHealth),
    /// It sees what it saw before.
    #[serde(rename = "firewarden.camera.restored")]
    CameraRestored(CameraHealth),
    /// The box runs.
    #[serde(rename = "firewarden.box.heartbeat")]
    BoxHeartbeat(BoxHealth),
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

/// How a camera does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CameraHealth {
    /// The site's id.
    pub site: SiteId,
    /// The camera's id.
    pub camera: CameraId,
    /// The camera's name, for people.
    pub camera_name: String,
    /// The user's own labels of the camera.
    pub camera_labels: BTreeMap<String, String>,
    /// Since when it has been so, on the wall.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub since: Timestamp,
    /// Why nothing can be seen, where the camera is offline and that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<GapReason>,
}

/// How a box does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BoxHealth {
    /// The site's id.
    pub site: SiteId,
    /// The box's id.
    pub r#box: String,
    /// The version of Firewarden that runs on it.
    pub version: String,
    /// Since when it has been running, on the wall.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub since: Timestamp,
    /// How many cameras are configured.
    pub cameras: u32,
    /// How many of them are seen at present.
    pub cameras_online: u32,
}

impl Alert {
    /// An alert of a violation's phase, which was reached at `time`. `number` is how many alerts of this phase of
    /// this violation came before: only `updated` comes more than once.
    pub fn of_violation(
        violation: Violation,
        explanation: Explanation,
        number: u32,
        time: Timestamp,
        sequence: u64,
    ) -> Self {
        let phase = violation.phase;
        let name = format!("{}\n{}\n{number}", violation.id, phase.name());
        let source = Self::camera_source(&violation.site, &violation.camera);
        let subject = Some(violation.id.to_string());
        let data = Box::new(ViolationData { violation, explanation });
        Self {
            specversion: SpecVersion::V1,
            id: Uuid::new_v5(&NAMESPACE, name.as_bytes()),
            source,
            subject,
            time,
            datacontenttype: ContentType::Json,
            sequence,
            body: match phase {
                Phase::Warned => AlertBody::ViolationWarned(data),
                Phase::Raised => AlertBody::ViolationRaised(data),
                Phase::Updated => AlertBody::ViolationUpdated(data),
                Phase::Ended => AlertBody::ViolationEnded(data),
            },
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

/// `sequence` as CloudEvents' extension of that name asks for: a text that sorts.
mod sequence {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{number:020}"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::custom(format!("{text:?} is no sequence: it has 20 digits")))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

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
        Alert::of_violation(violation(phase, &name), explanation, number, time, 41)
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
            ["data", "datacontenttype", "id", "sequence", "source", "specversion", "subject", "time", "type"]
        );
        assert_eq!(alert["specversion"], "1.0");
        assert_eq!(alert["datacontenttype"], "application/json");
        assert_eq!(alert["source"], "/sites/lf-027/cameras/lane-3");
        assert_eq!(alert["subject"], alert["data"]["id"]);
        assert_eq!(alert["sequence"], "00000000000000000041");
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
    fn reads_what_it_wrote() {
        let health = CameraHealth {
            site: SiteId::new("lf-027").expect("an id"),
            camera: CameraId::new("lane-3").expect("an id"),
            camera_name: "1号楼东侧消防车道".to_owned(),
            camera_labels: BTreeMap::new(),
            since: Timestamp::UNIX_EPOCH,
            reason: Some(GapReason::Offline),
        };
        let beat = BoxHealth {
            site: health.site.clone(),
            r#box: "lf-027-a".to_owned(),
            version: "0.1.0".to_owned(),
            since: Timestamp::UNIX_EPOCH,
            cameras: 3,
            cameras_online: 2,
        };
        let raised = alert("raised", 0);
        let offline = Alert { subject: None, body: AlertBody::CameraOffline(health), ..raised.clone() };
        let source = Alert::box_source(&beat.site, &beat.r#box);
        assert_eq!(source, "/sites/lf-027/boxes/lf-027-a");
        let heartbeat =
            Alert { source, subject: None, body: AlertBody::BoxHeartbeat(beat), ..raised.clone() };
        for alert in [raised, offline, heartbeat] {
            let text = serde_json::to_string(&alert).expect("an alert is JSON");
            assert_eq!(serde_json::from_str::<Alert>(&text).expect("just written"), alert, "{text}");
        }
    }

    #[test]
    fn a_large_one_is_under_20_kb() {
        let bytes = serde_json::to_vec(&alert("updated", 3)).expect("an alert is JSON").len();
        assert!((2_000..20_000).contains(&bytes), "{bytes}");
    }
}
