use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::domain::{CameraId, Gap, GapReason, MediaTime, Record, When, micros};

/// How far a camera has come.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reach {
    /// The latest time that was told of, in the epoch that was told of last.
    to: Option<When>,
    gap: Option<OpenGap>,
}

/// A gap whose end was not told.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenGap {
    epoch: u32,
    #[serde(with = "micros")]
    from: MediaTime,
    reason: GapReason,
}

impl Reach {
    /// Takes in a record.
    pub fn take(&mut self, record: &Record) {
        match record {
            Record::Epoch(epoch) => {
                self.come(When { at: epoch.from, wall: epoch.wall, epoch: epoch.epoch });
            }
            Record::Observation(observation) => {
                // A look ends a gap whose end was never told.
                self.gap = None;
                self.come(observation.when());
            }
            Record::Gap(gap) => {
                let Gap { epoch, from, to, reason, .. } = *gap;
                self.gap = to.is_none().then_some(OpenGap { epoch, from, reason });
                self.extend(to.map_or(from, |to| to.max(from)));
            }
        }
    }

    /// Time passes.
    pub fn come(&mut self, when: When) {
        let furthest = self.to.filter(|to| to.at > when.at).unwrap_or(when);
        self.to = Some(When { epoch: when.epoch, ..furthest });
    }

    /// It has come up to `at` at least, as far as the wall goes with it.
    pub fn extend(&mut self, at: MediaTime) {
        if let Some(to) = self.to.filter(|to| to.at < at) {
            let further = i64::try_from(at.since(to.at).as_micros()).unwrap_or(i64::MAX);
            let wall = to.wall.checked_add(SignedDuration::from_micros(further)).unwrap_or(to.wall);
            self.to = Some(When { at, wall, ..to });
        }
    }

    /// The latest time that was told of.
    pub fn to(&self) -> Option<When> {
        self.to
    }

    /// The latest media time that was told of, or the first there is.
    pub fn until(&self) -> MediaTime {
        self.to.map_or(MediaTime::ZERO, |to| to.at.max(MediaTime::ZERO))
    }

    /// The gap that is open.
    pub fn gap(&self, camera: &CameraId) -> Option<Gap> {
        let OpenGap { epoch, from, reason } = self.gap?;
        Some(Gap { camera: camera.clone(), epoch, from, to: None, reason })
    }
}
