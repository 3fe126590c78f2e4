//! Where a camera's recording lies: from its source in the configuration to files.

use std::path::PathBuf;

use thiserror::Error;

use super::pattern::find;
use crate::{
    config::{Camera, SourceAddress},
    domain::CameraId,
    files::{shown, special},
};

/// A source in which no recording can be looked for.
#[derive(Debug, Error)]
pub enum FindError {
    /// A live camera where a recording is wanted.
    #[error("camera {camera}: {source_shown} is a live camera; this command takes recordings")]
    Live {
        /// Whose.
        camera: CameraId,
        /// Its address, without credentials.
        source_shown: String,
    },
    /// A glob that cannot be read.
    #[error("camera {camera}: {pattern:?} is no pattern of files: {reason}")]
    Pattern {
        /// Whose.
        camera: CameraId,
        /// As written.
        pattern: String,
        /// Why.
        reason: String,
    },
    /// A source that can be opened, but is no recording.
    #[error("camera {camera}: {} is {what}, not a recording; name a file, or a pattern of files", shown(.path.as_os_str()))]
    NotAFile {
        /// Whose.
        camera: CameraId,
        /// What it names.
        path: PathBuf,
        /// What that is.
        what: &'static str,
    },
}

/// The files of a camera's recording: the one named, or those that the pattern finds, in the order of their paths.
///
/// # Errors
/// [`FindError`] for a live camera, an unreadable pattern, or a source that is no file.
pub fn files(camera: &Camera) -> Result<Vec<PathBuf>, FindError> {
    let SourceAddress::Recording { folder, written } = &camera.source else {
        return Err(FindError::Live { camera: camera.id.clone(), source_shown: camera.source.to_string() });
    };
    let named = folder.join(written);
    if let Some(what) = special(&named) {
        return Err(FindError::NotAFile { camera: camera.id.clone(), path: named, what });
    }
    find(folder, written).map_err(|reason| FindError::Pattern {
        camera: camera.id.clone(),
        pattern: written.clone(),
        reason: reason.to_string(),
    })
}

/// What a camera's files are looked for by, as written.
pub fn sought(camera: &Camera) -> Option<String> {
    match &camera.source {
        SourceAddress::Recording { written, .. } => Some(written.clone()),
        SourceAddress::Live(_) => None,
    }
}
