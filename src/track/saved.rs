//! A tracker as it is written down, and as it goes on from that.

use serde::{Deserialize, Serialize};

use super::tracker::{MOST_TRACKS, Motion, Tracker};
use crate::{
    domain::{Class, MediaTime, Track, TrackState, micros},
    geometry::BBox,
};

/// All that a tracker knows.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedTracker {
    next_id: u64,
    #[serde(with = "micros::optional")]
    last: Option<MediaTime>,
    tracks: Vec<SavedTrack>,
}

/// A track, and what the tracker knows of it beyond what it tells.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct SavedTrack {
    id: u64,
    class: Class,
    confidence: f32,
    bbox: BBox,
    #[serde(with = "micros")]
    first_seen: MediaTime,
    #[serde(with = "micros")]
    last_seen: MediaTime,
    #[serde(with = "micros")]
    still_since: MediaTime,
    /// Which detection of the last look it was.
    detection: Option<usize>,
    motion: Motion,
}

impl Tracker {
    /// All from which what it tells next follows, but for the detector that it follows.
    pub fn save(&self) -> SavedTracker {
        let tracks = self.tracks.iter().zip(&self.motions).map(|(track, motion)| SavedTrack {
            id: track.id,
            class: track.class,
            confidence: track.confidence,
            bbox: track.bbox,
            first_seen: track.first_seen,
            last_seen: track.last_seen,
            still_since: track.still_since,
            detection: track.detection,
            motion: motion.clone(),
        });
        SavedTracker { next_id: self.next_id, last: self.last, tracks: tracks.collect() }
    }

    /// Goes on from what the tracker of the same detector knew.
    pub fn restore(&mut self, saved: SavedTracker) {
        (self.next_id, self.last) = (saved.next_id, saved.last);
        (self.tracks, self.motions) = saved.tracks.into_iter().map(SavedTrack::restored).unzip();
    }
}

impl SavedTracker {
    /// Whether a tracker can have come to know it up to `until`.
    pub fn is_sound(&self, until: MediaTime) -> bool {
        let last = self.last.unwrap_or(MediaTime::ZERO);
        self.tracks.len() <= MOST_TRACKS
            // Some ids are left.
            && self.next_id < u64::MAX / 2
            && self.last.is_none_or(|last| last <= until)
            && self.tracks.iter().all(|track| track.is_sound(last) && track.id < self.next_id)
            && self.tracks.is_sorted_by(|a, b| a.id < b.id)
    }
}

impl SavedTrack {
    fn restored(self) -> (Track, Motion) {
        let state = match self.detection {
            None => TrackState::Lost,
            Some(_) if self.first_seen == self.last_seen => TrackState::Tentative,
            Some(_) => TrackState::Confirmed,
        };
        let track = Track {
            id: self.id,
            class: self.class,
            confidence: self.confidence,
            bbox: self.bbox,
            state,
            first_seen: self.first_seen,
            last_seen: self.last_seen,
            still_since: self.still_since,
            detection: self.detection,
        };
        (track, self.motion)
    }

    fn is_sound(&self, until: MediaTime) -> bool {
        let times = [self.first_seen, self.still_since, self.last_seen, until];
        times.is_sorted() && self.bbox.is_valid() && self.motion.anchor.is_valid()
    }
}
