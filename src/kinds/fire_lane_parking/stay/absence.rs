//! A stay's vehicle that is not seen, and how the stay ends.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::super::vehicle::Vehicle;
use super::{SETTLED_FOR, SETTLED_LOOKS, Stay};
use crate::{
    domain::{MediaTime, Track, When},
    track::stands,
};

/// A stay's vehicle is not seen.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Absence {
    /// The first look that showed the place without it, and whether that came after a gap.
    pub since: Option<(When, bool)>,
    /// How long the place has been seen without it.
    pub empty_for: Duration,
    /// How long something was in front of it.
    pub covered_for: Duration,
    /// Looks at which the place was empty.
    pub empty_looks: u32,
    pub last: Unseen,
}

/// Why a look did not show a stay's vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unseen {
    /// The place was seen, and it was not there.
    Empty,
    /// Something stood or passed in front of it.
    Covered,
    /// The picture could not tell.
    #[default]
    Unknown,
}

impl Stay {
    /// It is not seen. Something in front of it counts as the place being empty once it has been there for
    /// `covered_most`.
    pub fn unseen(&mut self, why: Unseen, now: When, covered_most: Duration) {
        let after_gap = self.after_gap;
        let absence = self.absence.get_or_insert_default();
        let why = match why {
            Unseen::Covered if absence.covered_for >= covered_most => Unseen::Empty,
            why => why,
        };
        absence.last = why;
        self.counting = why != Unseen::Unknown;
        if why == Unseen::Empty {
            absence.since.get_or_insert((now, after_gap));
            absence.empty_looks = absence.empty_looks.saturating_add(1);
            self.looks = self.looks.saturating_add(1);
            self.close.note(now.at, None);
        }
    }

    /// Whether its vehicle was not seen at the last look.
    pub fn is_absent(&self) -> bool {
        self.absence.is_some()
    }

    /// It is not seen here: perhaps it is seen elsewhere.
    pub fn watch_for(&mut self, vehicles: &[Vehicle], tracks: &[Track], now: MediaTime) {
        self.drove_off |= vehicles.iter().any(|v| {
            v.track.id == self.track && !stands(&self.place, &v.detection.bbox) && !self.is_boxed_by(v)
        });
        let mut departure = std::mem::take(&mut self.departure);
        departure.look(
            (self.track, &self.place, &self.boxed),
            vehicles,
            (tracks, self.last_seen.at, now),
            |vehicle| self.likeness(vehicle.detection.appearance.as_ref()),
        );
        self.departure = departure;
    }

    /// When it ended, where it was seen to leave or the place has been seen without it for `occlusion`, and whether
    /// nobody could look when it may have ended.
    pub fn ended(&self, occlusion: Duration) -> Option<(When, bool)> {
        let absence = self.absence.as_ref().filter(|_| !self.is_adrift())?;
        let over = absence.empty_for >= occlusion || self.was_seen_to_leave();
        absence.since.filter(|_| absence.last == Unseen::Empty && over)
    }

    pub(super) fn was_seen_to_leave(&self) -> bool {
        self.absence.as_ref().is_some_and(|absence| self.departure.is_seen(absence.empty_looks))
    }

    /// When it ended, given that `other` now stands in its place.
    pub fn replaced_by(&self, other: &Self) -> Option<(When, bool)> {
        let absence = self.absence.as_ref().filter(|_| !self.is_adrift())?;
        let settled = other.absence.is_none()
            && other.shown >= SETTLED_LOOKS
            && other.stood >= SETTLED_FOR
            && other.started.at > self.last_seen.at
            && stands(&self.place, &other.place);
        let arrived = (other.started, self.after_gap);
        settled.then(|| absence.since.filter(|(when, _)| when.at <= other.started.at).unwrap_or(arrived))
    }
}
