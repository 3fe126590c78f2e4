use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{CameraId, Class, Kind, MediaTime, RuleId, SiteId, WallOrigin, schema::SHA256_PATTERN};
use crate::geometry::BBox;

/// How far a violation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It will be one unless it ends soon.
    Warned,
    /// It is one.
    Raised,
    /// It still is one, or more is known about it.
    Updated,
    /// It is over.
    Ended,
}

impl Phase {
    /// The name as written in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Warned => "warned",
            Self::Raised => "raised",
            Self::Updated => "updated",
            Self::Ended => "ended",
        }
    }
}

/// A moment of a violation, for people and programs that look it up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Moment {
    /// On the camera's clock, in seconds since its first picture.
    pub media_s: MediaTime,
    /// On the wall.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub wall: Timestamp,
    /// The recording it lies in; none for live cameras.
    pub file: Option<String>,
    /// Where in that recording, in seconds, as players tell it: from its first picture, but for what an edit list hides before it.
    pub file_s: Option<MediaTime>,
}

/// How many people were seen and how many are required.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Count {
    /// The most that were seen at once during the violation's look.
    pub seen: u32,
    /// What the rule requires.
    pub required: u32,
}

/// What a file of evidence shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceRole {
    /// The picture of the moment the state began.
    Started,
    /// The picture of the moment it became a violation.
    Raised,
    /// The picture of the moment it was over.
    Ended,
    /// The clip around the moment it became a violation.
    Clip,
}

impl EvidenceRole {
    /// The name as written in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Raised => "raised",
            Self::Ended => "ended",
            Self::Clip => "clip",
        }
    }
}

impl fmt::Display for EvidenceRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A file kept as evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceFile {
    /// Path within the result folder, with `/` between its parts.
    pub name: String,
    /// What it shows.
    pub role: EvidenceRole,
    /// SHA-256 of its bytes, in lower-case hexadecimal.
    #[schemars(extend("pattern" = SHA256_PATTERN))]
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// Where it was put by HTTP, where `[evidence] upload` is set. Only alerts have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Why a file of evidence is missing, for whoever shows it in another language than English.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingCause {
    /// The recording cannot be read again.
    Unreadable,
    /// The recording cannot be decoded at that moment.
    Undecodable,
    /// The recording no longer shows the moment.
    NotFound,
    /// The picture or the clip cannot be made of what was read.
    NotMade,
    /// The file cannot be written.
    NotWritten,
    /// Not told, as in older results.
    #[default]
    Other,
}

/// A file of evidence that could not be had. The violation stands all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MissingEvidence {
    /// What it was to show.
    pub role: EvidenceRole,
    /// Why it is not there.
    #[serde(default)]
    pub cause: MissingCause,
    /// The same in English and in full, with the file and the system's message.
    pub reason: String,
}

/// A violation as last known: one line of `violations.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Violation {
    /// UUIDv5 (RFC 9562, 5.5) of site, camera, rule, wall start and place: the same recording gives the same id.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub id: Uuid,
    /// The site's id.
    pub site: SiteId,
    /// The camera's id.
    pub camera: CameraId,
    /// The camera's name, for people.
    pub camera_name: String,
    /// The rule's id.
    pub rule: RuleId,
    /// What kind of violation.
    pub kind: Kind,
    /// How far it has come.
    pub phase: Phase,
    /// What was seen; null for an unattended post.
    pub class: Option<Class>,
    /// The highest confidence seen up to the moment it was raised, 0 to 1; null for an unattended post.
    #[schemars(range(min = 0, max = 1))]
    pub confidence: Option<f32>,
    /// Where, when it was raised; null for an unattended post.
    pub bbox: Option<BBox>,
    /// People seen and required, for an unattended post only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Count>,
    /// How the wall times of the recording in which it began are known; `modified` is a guess.
    pub wall_origin: WallOrigin,
    /// The first look of the state.
    pub started: Moment,
    /// The look at which it became a violation; null while it is only warned about.
    pub raised: Option<Moment>,
    /// The first look of the next state; null where the recording stopped first.
    pub ended: Option<Moment>,
    /// Where the recording stopped before it ended: the last look that showed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Moment>,
    /// True where it is not known whether it went on: it was lost sight of in a gap.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ended_unknown: bool,
    /// Files that show it.
    pub evidence: Vec<EvidenceFile>,
    /// Files that were to show it and could not be had.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<MissingEvidence>,
}
