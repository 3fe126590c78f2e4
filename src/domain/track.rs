use super::{Class, MediaTime};
use crate::geometry::{BBox, Point};

/// How sure the tracker is of a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrackState {
    /// Seen once so far.
    Tentative,
    /// Seen at least twice.
    Confirmed,
    /// Not seen at this look, still expected back.
    Lost,
}

/// One thing followed over time. Ids are a help, not a promise: a track may be lost and found under another id, so
/// rules tie what they know to places.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// Unique within a camera and detector, counted from 1.
    pub id: u64,
    /// The class it was called most confidently.
    pub class: Class,
    /// Confidence of the last detection, 0 to 1.
    pub confidence: f32,
    /// Where it was last seen.
    pub bbox: BBox,
    /// How sure the tracker is.
    pub state: TrackState,
    /// First look that showed it.
    pub first_seen: MediaTime,
    /// Last look that showed it.
    pub last_seen: MediaTime,
    /// Since when its box overlaps the box it had then; the time of the last look while it moves.
    pub still_since: MediaTime,
    /// Which of the observation's detections it is; none where it was not seen at this look.
    pub detection: Option<usize>,
}

impl Track {
    /// Bottom centre of its box: where it touches the ground.
    pub fn anchor(&self) -> Point {
        self.bbox.anchor()
    }
}
