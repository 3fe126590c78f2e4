use std::path::PathBuf;

use thiserror::Error;

use crate::{
    detect::DetectError,
    domain::CameraId,
    files::shown,
    results::{FolderError, WriteError},
    source::FindError,
};

/// Why nothing can be analysed at all. What goes wrong with one camera is in its outcome.
#[derive(Debug, Error)]
pub enum BatchError {
    /// A camera has no recording.
    #[error(transparent)]
    Find(#[from] FindError),
    /// A recording lies where results are written, and old ones removed.
    #[error(
        "camera {camera}: its recording {} lies in the folder that --out names; results would take its place. Name \
         another folder",
        shown(.recording.as_os_str())
    )]
    OwnRecording {
        /// Whose.
        camera: CameraId,
        /// The file.
        recording: PathBuf,
    },
    /// Too few files may be open at once.
    #[error(
        "--paced reads all {cameras} cameras at once, for which {wanted} files must be open; {limit} are allowed. Allow more \
         (ulimit -n {wanted}, or LimitNOFILE of a service), or leave out --paced"
    )]
    TooFewFiles {
        /// How many cameras there are.
        cameras: usize,
        /// How many files they take.
        wanted: u64,
        /// How many may be open.
        limit: u64,
    },
    /// The result cannot go where it was to go.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A model cannot be had.
    #[error(transparent)]
    Models(#[from] DetectError),
    /// The folder that the result is written into cannot be.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Signals cannot be listened to.
    #[error("the signals that stop it cannot be listened to: {0}")]
    Signals(#[from] std::io::Error),
}
