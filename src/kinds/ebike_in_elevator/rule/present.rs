//! An e-bike that was raised, until it is gone.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Bike, Cabin, Elevator, PLACE, traces::is_near};
use crate::{
    domain::{MediaTime, Phase, When, micros},
    rules::{
        Finding,
        doubt::{Doubt, Ruling},
        is_due,
    },
};

/// At so many looks in a row what leaves is seen at the door.
const LOOKS_AT_DOOR: u32 = 2;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Present {
    pub(super) started: When,
    pub(super) raised: When,
    pub(super) bike: Bike,
    #[serde(with = "micros")]
    pub(super) notified: MediaTime,
    /// The last look that showed it.
    pub(super) last_seen: When,
    /// Whether it was seen away from where it came in, and at how many looks it has been seen there again since.
    #[serde(default)]
    inside: bool,
    #[serde(default)]
    at_door: u32,
    /// Whether it is gone, and whether nobody could look when it may have gone.
    pub(super) doubt: Option<(Doubt, bool)>,
}

impl Present {
    /// What was first seen at `started` and is raised `now`.
    pub(super) fn raised(started: When, now: When, bike: Bike) -> Self {
        let mut present = Self {
            started,
            raised: now,
            bike,
            notified: now.at,
            last_seen: now,
            inside: false,
            at_door: 0,
            doubt: None,
        };
        present.seen(&bike, now);
        present
    }

    fn seen(&mut self, bike: &Bike, now: When) {
        self.last_seen = now;
        let Some(entered) = self.bike.entered else { return };
        if is_near(&entered, &bike.bbox) {
            self.at_door = if self.inside { self.at_door.saturating_add(1) } else { 0 };
        } else {
            (self.inside, self.at_door) = (true, 0);
        }
    }

    /// Whether it was last seen where it had come in, after it was seen elsewhere: what is not seen from then on has left. One look
    /// is too little: a box may jump.
    fn is_at_the_door(&self) -> bool {
        self.at_door >= LOOKS_AT_DOOR
    }

    /// What a step of it is told as.
    pub(super) fn finding(&self, phase: Phase, at: When, ended_unknown: bool) -> Finding {
        Finding {
            phase,
            started: self.started,
            at,
            raised: Some(self.raised),
            class: Some(self.bike.class),
            confidence: Some(self.bike.confidence),
            bbox: Some(self.bike.bbox),
            count: None,
            place: PLACE.to_owned(),
            last_seen: None,
            ended_unknown,
        }
    }
}

impl Elevator {
    /// What follows of a look where one was raised.
    pub(super) fn after_present(
        &self,
        mut present: Present,
        bike: Option<Bike>,
        passed: Duration,
        now: When,
        findings: &mut Vec<Finding>,
    ) -> Cabin {
        if let Some(bike) = bike {
            present.seen(&bike, now);
        }
        let proof = if present.is_at_the_door() { &self.to_have_left } else { &self.to_absent };
        match &mut present.doubt {
            None if bike.is_none() => present.doubt = Some((Doubt::open(now), self.after_gap)),
            None => {}
            Some((doubt, unknown)) => match doubt.weigh(bike.is_none(), passed, proof) {
                Ruling::Open => {}
                Ruling::Dropped => present.doubt = None,
                Ruling::Confirmed => {
                    let (ended, unknown) = (doubt.since, *unknown);
                    findings.push(present.finding(Phase::Ended, ended, unknown));
                    return Cabin::Absent(None);
                }
            },
        }
        if bike.is_some() && is_due(self.keys.update_every, present.notified, now) {
            present.notified = now.at;
            findings.push(present.finding(Phase::Updated, now, false));
        }
        Cabin::Present(present)
    }
}
