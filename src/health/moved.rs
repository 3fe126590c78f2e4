use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::News;
use crate::domain::{CameraFact, Impairment, MediaTime, Observation, When};

/// By how much of the picture a camera that looks where it looked may be off.
const BACK: f32 = 0.02;

/// Whether the camera looks where its zones were drawn.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Moved {
    /// Since when it looks elsewhere, as was told.
    told: Option<Timestamp>,
    /// By how much of the picture, to the right and down, in all.
    pub(super) by: [f32; 2],
    /// Of what draws its zones.
    drawn: Option<String>,
}

impl Moved {
    /// So was it told last.
    pub fn set(&mut self, told: Option<Timestamp>) {
        self.told = told;
    }

    pub fn is_sound(&self) -> bool {
        self.by.iter().all(|by| by.is_finite())
    }

    /// The camera was moved at `since`, as a look has made certain.
    pub fn take(&mut self, observation: &Observation, since: MediaTime) -> Option<News> {
        let by = observation.scene.moved.filter(|by| by.iter().all(|by| by.is_finite()))?;
        // It may be moved step by step, and back in one.
        for (all, by) in self.by.iter_mut().zip(by) {
            *all = (*all + by).clamp(-100.0, 100.0);
        }
        let since = ago(observation.when(), since);
        let is_back = self.by.iter().all(|by| by.abs() <= BACK);
        match (self.told, is_back) {
            (None, false) => {
                self.told = Some(since);
                Some(News { since, fact: CameraFact::Moved })
            }
            (Some(_), true) => {
                self.told = None;
                Some(News { since, fact: CameraFact::Restored(Impairment::Moved) })
            }
            (None, true) | (Some(_), false) => None,
        }
    }

    /// Zones are drawn so.
    pub fn drawn(&mut self, now: When, digest: &str) -> Option<News> {
        let is_same = self.drawn.replace(digest.to_owned()).is_none_or(|before| before == digest);
        if is_same {
            return None;
        }
        self.by = [0.0; 2];
        let told = self.told.take();
        told.map(|_| News { since: now.wall, fact: CameraFact::Restored(Impairment::Moved) })
    }
}

/// The wall time of an earlier moment.
fn ago(now: When, earlier: MediaTime) -> Timestamp {
    let passed = SignedDuration::try_from(now.at.since(earlier)).unwrap_or_default();
    now.wall.checked_sub(passed).unwrap_or(now.wall)
}
