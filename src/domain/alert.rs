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
        mut violation: Violation,
        explanation: Explanation,
        number: u32,
        time: Timestamp,
        sequence: Sequence,
    ) -> Self {
        for missing in &mut violation.missing {
            clip(&mut missing.reason, LONGEST_REASON);
        }
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

/// Of a longer reason why a file is missing, an alert has the beginning: it is to stay small.
const LONGEST_REASON: usize = 200;

/// Cuts a text off after so many characters.
fn clip(text: &mut String, most: usize) {
    if let Some((end, _)) = text.char_indices().nth(most) {
        text.truncate(end);
        text.push('…');
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
mod tests;
