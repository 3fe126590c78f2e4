use thiserror::Error;

use crate::{
    config::NotYet, detect::DetectError, domain::CameraId, ledger::database::DatabaseError, lock::LockError,
    source::FindError,
};

/// Why cameras cannot be watched at all.
#[derive(Debug, Error)]
pub enum ServiceError {
    /// A thread stood still, and the program ended for it.
    #[error("thread {thread:?} stood still: the program ended in order to be started again")]
    StoodStill {
        /// Its name.
        thread: String,
    },
    /// A model cannot be had or does not fit.
    #[error(transparent)]
    Detect(#[from] DetectError),
    /// A recording that is to be played is not there.
    #[error(transparent)]
    Find(#[from] FindError),
    /// A camera is to be read in a way that this version does not have.
    #[error(transparent)]
    NotYet(#[from] NotYet),
    /// A recording that is to be played is not there.
    #[error("camera {camera}: no file to play; check the path or pattern of its source, {sought:?}")]
    NoFile {
        /// Whose.
        camera: CameraId,
        /// As it is written.
        sought: String,
    },
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Another program keeps its evidence in the same folder: each would remove what the other's database does not know.
    #[error(
        "the folder of evidence {held}: two programs cannot keep theirs in one. Stop the other, or give this one another `[evidence] \
         directory`"
    )]
    EvidenceHeld {
        /// Which folder, and by whom.
        held: LockError,
    },
    /// The system refuses what the program needs.
    #[error("{what}: {source}")]
    System {
        /// What it needs.
        what: &'static str,
        /// Why not.
        source: std::io::Error,
    },
}
