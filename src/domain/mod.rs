//! The records that travel from one module to the next. They hold facts and say how they are written; what is
//! decided from them is decided elsewhere.

mod alerting;
mod class;
mod ids;
mod observation;
mod time;
mod track;

pub use alerting::{Count, EvidenceFile, EvidenceRole, Kind, MissingEvidence, Moment, Phase, Violation};
pub use class::Class;
pub use ids::{CameraId, IdError, ModelName, RuleId, SiteId};
pub use observation::{
    Attention, Detection, Epoch, Gap, GapReason, Observation, Record, Scene, THUMBNAIL_SIDE, Thumbnail,
    WallOrigin,
};
pub use time::{MediaTime, When};
pub use track::{Track, TrackState};
