//! The records that travel from one module to the next. They hold facts and say how they are written; what is
//! decided from them is decided elsewhere.

mod alert;
mod alerting;
mod class;
mod health;
mod ids;
mod kind;
mod notice;
mod observation;
mod schema;
#[cfg(test)]
pub(crate) mod testing;
mod time;
mod track;
mod verdict;

pub use alert::{
    Alert, AlertBody, AlertType, ContentType, Explanation, Sequence, SpecVersion, ViolationData,
};
pub use alerting::{
    Count, EvidenceFile, EvidenceRole, MissingCause, MissingEvidence, Moment, Phase, Violation,
};
pub use class::Class;
pub use health::{
    BoxHealth, CameraFact, CameraHealth, ClockOff, Impairment, Keyframes, Obstructed, ObstructedReason,
    Offline, OfflineReason, Restored,
};
pub use ids::{CameraId, IdError, ModelName, NAMESPACE, OutboxId, RuleId, SinkName, SiteId};
pub use kind::{Kind, Subject};
pub use notice::{Notice, Noticed};
pub use observation::{
    Attention, Change, Detection, Epoch, Gap, GapReason, Observation, Record, Scene, THUMBNAIL_SIDE,
    Thumbnail, WallOrigin,
};
pub use schema::join_lines;
pub use time::{MediaTime, When, micros, seconds};
pub use track::{Track, TrackState};
pub use verdict::{Finding, Verdict};
