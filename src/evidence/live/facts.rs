use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
};

use super::{Kept, Shared};
use crate::domain::EvidenceRole;

/// How much evidence was made since the start, is waiting, and takes room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EvidenceFacts {
    /// Stills on the disk.
    pub stills: u64,
    /// Clips on the disk.
    pub clips: u64,
    /// Files that could not be had.
    pub missing: u64,
    /// How many of these because too much was waiting.
    pub refused: u64,
    /// Stills that wait to be made, of violations and of candidates.
    pub waiting: usize,
    /// Clips that are being written.
    pub open_clips: usize,
    /// First stills of candidates that are held in memory.
    pub first_stills: usize,
    /// What those take, in bytes.
    pub first_bytes: usize,
    /// What all evidence takes on the disk, as it was last counted, in bytes.
    pub bytes: u64,
    /// Files that were removed for their age or for lack of room.
    pub removed: u64,
}

/// Tells how evidence does, to whoever asks meanwhile.
#[derive(Clone)]
pub struct EvidenceGauge(pub(super) Arc<Shared>);

impl EvidenceGauge {
    /// How much was made, is waiting and takes room.
    pub fn facts(&self) -> EvidenceFacts {
        self.0.counts.facts(&self.0)
    }
}

/// What is counted meanwhile.
#[derive(Default)]
pub(super) struct Counts {
    stills: AtomicU64,
    clips: AtomicU64,
    missing: AtomicU64,
    pub refused: AtomicU64,
    pub open_clips: AtomicUsize,
    pub bytes: AtomicU64,
    pub removed: AtomicU64,
}

impl Counts {
    pub fn told(&self, kept: &Kept) {
        let clips = kept.entries.iter().filter(|entry| entry.role == EvidenceRole::Clip).count();
        self.clips.fetch_add(clips as u64, Relaxed);
        self.stills.fetch_add((kept.entries.len() - clips) as u64, Relaxed);
        self.missing.fetch_add(kept.missing.len() as u64, Relaxed);
    }

    pub fn facts(&self, shared: &Shared) -> EvidenceFacts {
        let (first_stills, first_bytes) = shared.firsts.size();
        EvidenceFacts {
            stills: self.stills.load(Relaxed),
            clips: self.clips.load(Relaxed),
            missing: self.missing.load(Relaxed),
            refused: self.refused.load(Relaxed),
            waiting: shared.stills.len(),
            open_clips: self.open_clips.load(Relaxed),
            first_stills,
            first_bytes,
            bytes: self.bytes.load(Relaxed),
            removed: self.removed.load(Relaxed),
        }
    }
}
