//! Files that show a violation: stills, decoded and drawn on, and clips, copied as they were recorded.

mod clip;
#[cfg(test)]
mod clip_tests;
mod cutter;
mod exif;
mod gather;
pub mod live;
mod masking;
mod plan;
mod still;
mod timing;
mod writing;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

pub use clip::{Clip, Cut};
pub use cutter::{Cutter, Origin};
pub use exif::Caption;
pub use gather::{Again, Collected, collect};
pub use plan::{Seen, moments};
pub use still::Shot;
use thiserror::Error;

use crate::{
    domain::{EvidenceFile, EvidenceRole, MissingCause},
    files,
};

/// Why a file of evidence is missing. The violation is reported all the same.
#[derive(Debug, Error)]
pub enum EvidenceError {
    /// The recording cannot be read again.
    #[error("{name} cannot be made, as the recording cannot be read again: {error}")]
    Source {
        /// The file that was to be.
        name: String,
        /// Why; it names the recording.
        error: Arc<crate::source::SourceError>,
    },
    /// Making it failed in a way that should not happen.
    #[error("{0} could not be made: an error of this program, which should be told to whoever keeps it")]
    Lost(String),
    /// It was to stop before.
    #[error("{0} was not made: it was stopped by hand")]
    Stopped(String),
    /// The group cannot be decoded.
    #[error("no still could be taken: {0}")]
    Decode(#[from] crate::decode::DecodeError),
    /// The frame cannot be converted.
    #[error("no still could be taken: {0}")]
    Libav(#[from] crate::libav::LibavError),
    /// It cannot be drawn on.
    #[error("no still could be taken: {0}")]
    Vision(#[from] crate::vision::VisionError),
    /// It cannot be made a JPEG.
    #[error("the still {path} cannot be made: {source}")]
    Encode {
        /// The file that was to be.
        path: PathBuf,
        /// Why.
        source: image::ImageError,
    },
    /// The recording cannot be copied into a clip.
    #[error("the clip {path} cannot be made: {source}")]
    Clip {
        /// The file that was to be.
        path: PathBuf,
        /// Why; it names the recording.
        source: crate::libav::LibavError,
    },
    /// It cannot be written.
    #[error("{path} cannot be written: {}", files::reason(source))]
    Write {
        /// The file that was to be.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Of a live camera: its picture of the moment is damaged.
    #[error("{0} cannot be made: the picture of its moment cannot be decoded")]
    Damaged(String),
    /// Of a live camera: the moment was gone from memory.
    #[error("{0} cannot be made: its moment lies further back than the pictures that are held in memory")]
    Passed(String),
    /// Of a live camera: nobody held its pictures yet.
    #[error("{0} cannot be made: its moment lies before the first picture since the camera was watched anew")]
    Unwitnessed(String),
    /// Of a live camera: more was to be made at once than there was room for.
    #[error("{0} was not made: more evidence was to be made at once than may wait; watching went on")]
    Busy(String),
    /// Of a live camera: the program was about to end.
    #[error("{0} was not made: the program was about to end")]
    Ending(String),
    /// The recording no longer shows the moment.
    #[error("the moment of {0} was not found in the recording again")]
    NotFound(String),
}

impl EvidenceError {
    /// What is told of it in every language.
    pub fn cause(&self) -> MissingCause {
        match self {
            Self::Source { .. } => MissingCause::Unreadable,
            Self::Decode(_) | Self::Damaged(_) => MissingCause::Undecodable,
            Self::Libav(_)
            | Self::Vision(_)
            | Self::Encode { .. }
            | Self::Clip { .. }
            | Self::Lost(_)
            | Self::Busy(_) => MissingCause::NotMade,
            Self::Stopped(_) | Self::Ending(_) => MissingCause::Other,
            Self::Write { .. } => MissingCause::NotWritten,
            Self::NotFound(_) | Self::Passed(_) | Self::Unwitnessed(_) => MissingCause::NotFound,
        }
    }
}

/// Writes `bytes` to `folder`/`name`, whole or not at all, and describes the file.
fn keep(
    folder: &Path,
    name: String,
    role: EvidenceRole,
    bytes: &[u8],
) -> Result<EvidenceFile, EvidenceError> {
    let path = folder.join(&name);
    let write = || {
        std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
        files::write(&path, bytes)
    };
    write().map_err(|source| EvidenceError::Write { path: path.clone(), source })?;
    Ok(EvidenceFile { name, role, sha256: files::sha256(bytes), bytes: bytes.len() as u64, url: None })
}
