//! Alerts that are written down and wait for their still.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use uuid::Uuid;

use crate::domain::{Alert, CameraId, EvidenceRole, Phase};

/// An alert waits so long for its still.
pub(super) const LONGEST: Duration = Duration::from_secs(2);

/// An alert that waits.
#[derive(Debug, Clone)]
pub(super) struct Hold {
    pub violation: Uuid,
    pub camera: CameraId,
    /// The still that it waits for.
    pub role: EvidenceRole,
    pub until: Instant,
    /// How many alerts of its phase came before.
    pub number: u32,
    /// As it is written down now.
    pub alert: Alert,
}

/// The still that an alert of this phase waits for.
pub(super) fn awaited(phase: Phase) -> Option<EvidenceRole> {
    match phase {
        Phase::Warned => Some(EvidenceRole::Started),
        Phase::Raised => Some(EvidenceRole::Raised),
        Phase::Ended => Some(EvidenceRole::Ended),
        Phase::Updated => None,
    }
}

/// All that wait, by their sequence. After a restart none does: nobody makes stills of what was before it.
#[derive(Debug, Default)]
pub(super) struct Holds {
    held: BTreeMap<u64, Hold>,
    /// Those that are being filled: they are given out when that is done.
    pinned: BTreeSet<u64>,
}

impl Holds {
    /// Gives up waiting where it was long enough. Whether any was given up.
    pub fn release(&mut self, now: Instant) -> bool {
        let before = self.held.len();
        self.held.retain(|sequence, hold| self.pinned.contains(sequence) || now < hold.until);
        self.held.len() < before
    }

    /// When the next one is given up.
    pub fn next(&self) -> Option<Instant> {
        self.held.values().map(|hold| hold.until).min()
    }

    /// The sequences that are not to be given out.
    pub fn held(&self) -> BTreeMap<u64, CameraId> {
        self.held.iter().map(|(sequence, hold)| (*sequence, hold.camera.clone())).collect()
    }

    /// Those of these violations that wait still: until [`Self::settle`] they are not given out.
    pub fn pin(&mut self, violations: &BTreeSet<Uuid>, now: Instant) -> BTreeMap<u64, Hold> {
        self.release(now);
        let of_them = self.held.iter().filter(|(_, hold)| violations.contains(&hold.violation));
        let pinned: BTreeMap<u64, Hold> = of_them.map(|(sequence, hold)| (*sequence, hold.clone())).collect();
        self.pinned.extend(pinned.keys());
        pinned
    }

    /// Holds those that are about to be written down, before anybody can read them.
    pub fn add(&mut self, drafted: &BTreeMap<u64, Hold>) {
        for (sequence, hold) in drafted {
            self.held.entry(*sequence).or_insert_with(|| hold.clone());
        }
    }

    /// What was pinned or added stands in the database as it is in `drafted`; what is not in there waits no more.
    pub fn settle(&mut self, touched: impl Iterator<Item = u64>, drafted: &BTreeMap<u64, Hold>) {
        for sequence in touched {
            self.pinned.remove(&sequence);
            match drafted.get(&sequence) {
                Some(hold) => drop(self.held.insert(sequence, hold.clone())),
                None => drop(self.held.remove(&sequence)),
            }
        }
    }

    /// Nothing came of it: what was pinned waits as before, what was added is not there.
    pub fn undo(&mut self, pinned: &BTreeMap<u64, Hold>, drafted: &BTreeMap<u64, Hold>) {
        for sequence in pinned.keys() {
            self.pinned.remove(sequence);
        }
        self.held.retain(|sequence, _| pinned.contains_key(sequence) || !drafted.contains_key(sequence));
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}
