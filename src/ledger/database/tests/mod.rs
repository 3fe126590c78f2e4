//! The database by what others see of it.

mod alerts;
pub(crate) mod bench;
mod damage;
mod desk;
mod disk;
mod keeping;
mod marks;
mod migration;
mod model;
mod races;
mod restarts;

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use rusqlite::Connection;

/// What goes wrong with the disk, as tests have it.
#[derive(Default)]
pub(super) struct Faults {
    /// One of [`NONE`], [`FULL`], [`READ_ONLY`].
    kind: AtomicU64,
    /// Nothing is written while somebody holds it.
    gate: Mutex<()>,
}

pub(super) const NONE: u64 = 0;
pub(super) const FULL: u64 = 1;
pub(super) const READ_ONLY: u64 = 2;

impl Faults {
    pub fn set(&self, kind: u64) {
        self.kind.store(kind, Ordering::SeqCst);
    }

    pub fn hang(&self) -> MutexGuard<'_, ()> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn pass(&self) {
        drop(self.hang());
    }

    pub fn apply(&self, connection: &Connection) {
        let kind = self.kind.load(Ordering::SeqCst);
        let pages = if kind == FULL { 1 } else { 1 << 30 };
        let _ = connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()));
        let _ = connection.pragma_update(None, "query_only", kind == READ_ONLY);
    }
}
