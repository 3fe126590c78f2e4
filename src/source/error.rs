use thiserror::Error;

use crate::{
    domain::{CameraId, MediaTime},
    libav::LibavError,
};

/// What people do not know of a pattern that has brackets.
fn brackets(sought: Option<&str>) -> String {
    match sought {
        Some(sought) if sought.contains('[') => format!(
            ". In {sought:?} brackets stand for one of the characters between them; a bracket that is part of a name is \
             written [[], such as cam[[]1]"
        ),
        _ => String::new(),
    }
}

/// Why a recording, or the rest of it, could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SourceError {
    /// A camera without files.
    #[error("camera {camera}: no file to read; check the path or pattern of its source{}", brackets(sought.as_deref()))]
    NoFiles {
        /// Whose.
        camera: CameraId,
        /// The path or pattern as it is written, where that is known.
        sought: Option<String>,
    },
    /// A file that cannot be opened.
    #[error("camera {camera}: {error}")]
    Open {
        /// Whose.
        camera: CameraId,
        /// Why; it names the file.
        error: LibavError,
    },
    /// Reading broke off; what came before was given.
    #[error("camera {camera}: {file} breaks off after {at}, what follows was not analysed: {error}")]
    Broken {
        /// Whose.
        camera: CameraId,
        /// The file's name.
        file: String,
        /// Where, from its first picture.
        at: MediaTime,
        /// Why.
        error: LibavError,
    },
    /// The file ends before the end its header tells of.
    #[error("camera {camera}: {file} says that it lasts {claimed} but ends after {at}; it was cut off")]
    CutOff {
        /// Whose.
        camera: CameraId,
        /// The file's name.
        file: String,
        /// Where it ends, from its first picture.
        at: MediaTime,
        /// Where it should.
        claimed: MediaTime,
    },
    /// Packets, but no key frame to begin with.
    #[error("camera {camera}: {file} has no key frame, so nothing in it can be decoded")]
    NoKeyFrame {
        /// Whose.
        camera: CameraId,
        /// The file's name.
        file: String,
    },
}
