use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    domain::{CameraFact, CameraHealth, Explanation, MissingEvidence, Violation},
    results::Entry,
};

/// What was kept of a violation, or could not be.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Whose.
    pub violation: Uuid,
    /// Files that are on the disk now.
    pub entries: Vec<Entry>,
    /// Files that were to be, and will not.
    pub missing: Vec<MissingEvidence>,
}

/// Something that is to be written down, and perhaps told.
#[derive(Debug, Clone)]
pub(super) enum Item {
    Changed(Changed),
    /// With the time of day at which it came.
    Evidence(Kept, Timestamp),
    Health(CameraHealth, CameraFact),
}

/// A violation that has come to another phase.
#[derive(Debug, Clone)]
pub(super) struct Changed {
    pub violation: Box<Violation>,
    /// None where nothing is known of its rule any more: what was told last stays.
    pub explanation: Option<Arc<Explanation>>,
    /// When that came about.
    pub time: Timestamp,
}
