use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

/// A still may always be one of so many that wait, however large their groups are: those of one violation, and a first one.
const ALWAYS: usize = 3;

/// How many bytes of groups one camera's stills hold while they wait to be made. The ring may have let go of them by then.
#[derive(Debug, Clone, Default)]
pub(super) struct Held(Arc<AtomicUsize>);

/// Room for the groups of one still. It is given back when it is dropped.
#[derive(Debug)]
pub(super) struct Room {
    held: Held,
    bytes: usize,
}

impl Held {
    /// Room for groups of so many bytes, of `most` for the camera; none where too much waits.
    pub fn room(&self, bytes: usize, most: usize) -> Option<Room> {
        // The one thread that asks is the camera's; others only give back.
        let before = self.0.load(Relaxed);
        if before > (ALWAYS - 1).saturating_mul(bytes) && before.saturating_add(bytes) > most {
            return None;
        }
        self.0.fetch_add(bytes, Relaxed);
        Some(Room { held: self.clone(), bytes })
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.held.0.fetch_sub(self.bytes, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_held_than_there_is_room_for() {
        let held = Held::default();
        let rooms: Vec<Option<Room>> = (0..5).map(|_| held.room(25, 100)).collect();
        assert_eq!(rooms.iter().flatten().count(), 4, "{rooms:?}");
        assert!(held.room(1, 100).is_none());
        drop(rooms);
        assert!(held.room(100, 100).is_some());
    }

    #[test]
    fn groups_that_are_larger_than_all_room_are_held_for_one_violation() {
        let held = Held::default();
        let rooms: Vec<Option<Room>> = (0..4).map(|_| held.room(250, 100)).collect();
        assert_eq!(rooms.iter().flatten().count(), ALWAYS, "{rooms:?}");
    }
}
