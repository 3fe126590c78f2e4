use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::civil::Date;
use uuid::Uuid;

use crate::{domain::MissingEvidence, evidence::Shot, source::Gop};

/// So many candidates of all cameras have a first still.
const MOST: usize = 512;

/// So many bytes their stills take together.
const MOST_BYTES: usize = 64 << 20;

/// The first stills of candidates, in memory until it is known what becomes of them.
#[derive(Default)]
pub(super) struct Firsts(Mutex<Held>);

#[derive(Default)]
struct Held {
    stills: BTreeMap<Uuid, First>,
    bytes: usize,
}

/// The first still of what may become a violation.
#[derive(Clone)]
pub(super) struct First {
    pub state: State,
    /// The day in whose folder it already lies, as somebody was warned.
    pub written: Option<Date>,
}

/// How far a first still has come.
#[derive(Clone)]
pub(super) enum State {
    /// It is to be made of these groups.
    Waiting(Arc<Footage>),
    /// The bytes of its file.
    Made(Arc<[u8]>),
    /// It could not be made.
    Failed(MissingEvidence),
}

/// What a still is made of.
pub(super) struct Footage {
    /// What must be decoded: the picture lies in the last.
    pub groups: Vec<Arc<Gop>>,
    pub shot: Shot,
}

impl Firsts {
    /// Notes a candidate; whether there was room for it.
    pub fn begin(&self, id: Uuid, state: State) -> bool {
        let mut held = self.lock();
        let has_room = held.stills.len() < MOST && held.bytes < MOST_BYTES;
        if has_room {
            held.put(id, First { state, written: None });
        }
        has_room
    }

    /// The first still of a violation, which stays.
    pub fn get(&self, id: Uuid) -> Option<First> {
        self.lock().stills.get(&id).cloned()
    }

    /// What has become of it. One that was given up meanwhile is not noted again.
    pub fn set(&self, id: Uuid, first: First) {
        let mut held = self.lock();
        if held.stills.contains_key(&id) {
            held.put(id, first);
        }
    }

    /// Forgets it, and gives it back.
    pub fn take(&self, id: Uuid) -> Option<First> {
        self.lock().take(id)
    }

    /// How many there are, and what they take in bytes.
    pub fn size(&self) -> (usize, usize) {
        let held = self.lock();
        (held.stills.len(), held.bytes)
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn put(&mut self, id: Uuid, first: First) {
        self.take(id);
        self.bytes += first.bytes();
        self.stills.insert(id, first);
    }

    fn take(&mut self, id: Uuid) -> Option<First> {
        let first = self.stills.remove(&id)?;
        self.bytes = self.bytes.saturating_sub(first.bytes());
        Some(first)
    }
}

impl First {
    fn bytes(&self) -> usize {
        if let State::Made(jpeg) = &self.state { jpeg.len() } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(bytes: usize) -> State {
        State::Made(vec![0; bytes].into())
    }

    #[test]
    fn no_more_are_held_than_there_is_room_for() {
        let firsts = Firsts::default();
        let ids: Vec<Uuid> = (0..=MOST as u128).map(Uuid::from_u128).collect();
        assert!(ids[..MOST].iter().all(|id| firsts.begin(*id, made(1))));
        assert!(!firsts.begin(ids[MOST], made(1)));
        assert_eq!(firsts.size(), (MOST, MOST));
        assert!(firsts.take(ids[0]).is_some() && firsts.take(ids[0]).is_none());
        assert!(firsts.begin(ids[MOST], made(MOST_BYTES)));
        firsts.take(ids[1]);
        assert!(!firsts.begin(ids[1], made(1)), "their bytes are bounded, too");
    }

    #[test]
    fn one_that_was_given_up_does_not_come_back() {
        let firsts = Firsts::default();
        firsts.set(Uuid::nil(), First { state: made(1), written: None });
        assert_eq!(firsts.size(), (0, 0));
    }
}
