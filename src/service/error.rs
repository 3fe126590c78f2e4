use thiserror::Error;

use crate::{detect::DetectError, domain::CameraId, ledger::database::DatabaseError, source::FindError};

/// Why cameras cannot be watched at all.
#[derive(Debug, Error)]
pub enum ServiceError {
    /// A model cannot be had or does not fit.
    #[error(transparent)]
    Detect(#[from] DetectError),
    /// A recording that is to be played is not there.
    #[error(transparent)]
    Find(#[from] FindError),
    /// A camera is to be read in a way that this version does not have.
    #[error(
        "camera {camera}: {what} is not read live yet; write an address that begins with rtsp:// and leave out what is not for RTSP over TCP"
    )]
    NotYet {
        /// Which.
        camera: CameraId,
        /// The way.
        what: &'static str,
    },
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The system refuses what the program needs.
    #[error("{what}: {source}")]
    System {
        /// What it needs.
        what: &'static str,
        /// Why not.
        source: std::io::Error,
    },
}
