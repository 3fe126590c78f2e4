use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::civil::Date;
use uuid::Uuid;

use super::held::Room;
use crate::{
    domain::{CameraId, MissingEvidence},
    evidence::Shot,
    source::Gop,
};

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
    pub camera: CameraId,
    pub state: State,
    /// The day in whose folder it already lies, as somebody was warned.
    pub written: Option<Date>,
    /// Whether its camera's keeper is gone: another may come that knows of it, or none.
    pub orphaned: bool,
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
    /// A picture this far from its moment shows it.
    pub near: Duration,
    /// What its groups take of the camera's memory.
    pub _room: Room,
}

impl Firsts {
    /// Notes a candidate; whether there was room for it. Those whose keeper is gone make room.
    pub fn begin(&self, id: Uuid, camera: &CameraId, state: State) -> bool {
        let mut held = self.lock();
        while !held.has_room() {
            let Some(orphan) = held.stills.iter().find(|(_, first)| first.orphaned).map(|(id, _)| *id) else {
                return false;
            };
            held.take(orphan);
        }
        held.put(id, First { camera: camera.clone(), state, written: None, orphaned: false });
        true
    }

    /// A camera's keeper is gone.
    pub fn orphan(&self, camera: &CameraId) {
        let mut held = self.lock();
        held.stills
            .values_mut()
            .filter(|first| first.camera == *camera)
            .for_each(|first| first.orphaned = true);
    }

    /// The first still of a violation, which stays.
    pub fn get(&self, id: Uuid) -> Option<First> {
        self.lock().stills.get(&id).cloned()
    }

    /// How far it has come, and where it was written since. One that was given up meanwhile is not noted again.
    pub fn set(&self, id: Uuid, state: State, written: Option<Date>) {
        let mut held = self.lock();
        if let Some(first) = held.take(id) {
            held.put(id, First { state, written: written.or(first.written), ..first });
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
    fn has_room(&self) -> bool {
        self.stills.len() < MOST && self.bytes < MOST_BYTES
    }

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

    fn camera(id: &str) -> CameraId {
        CameraId::new(id).expect("an id")
    }

    #[test]
    fn no_more_are_held_than_there_is_room_for() {
        let (firsts, lane) = (Firsts::default(), camera("lane"));
        let ids: Vec<Uuid> = (0..=MOST as u128).map(Uuid::from_u128).collect();
        assert!(ids[..MOST].iter().all(|id| firsts.begin(*id, &lane, made(1))));
        assert!(!firsts.begin(ids[MOST], &lane, made(1)));
        assert_eq!(firsts.size(), (MOST, MOST));
        assert!(firsts.take(ids[0]).is_some() && firsts.take(ids[0]).is_none());
        assert!(firsts.begin(ids[MOST], &lane, made(MOST_BYTES)));
        firsts.take(ids[1]);
        assert!(!firsts.begin(ids[1], &lane, made(1)), "their bytes are bounded, too");
    }

    #[test]
    fn those_that_nobody_may_ask_for_make_room() {
        let firsts = Firsts::default();
        let ids: Vec<Uuid> = (0..=MOST as u128).map(Uuid::from_u128).collect();
        assert!(ids[..MOST - 1].iter().all(|id| firsts.begin(*id, &camera("lane"), made(1))));
        assert!(firsts.begin(ids[MOST - 1], &camera("post"), made(1)));
        firsts.orphan(&camera("post"));
        assert!(firsts.begin(ids[MOST], &camera("lane"), made(1)));
        assert!(firsts.get(ids[MOST - 1]).is_none() && firsts.get(ids[0]).is_some());
    }

    #[test]
    fn one_that_was_given_up_does_not_come_back() {
        let firsts = Firsts::default();
        firsts.set(Uuid::nil(), made(1), None);
        assert_eq!(firsts.size(), (0, 0));
    }
}
