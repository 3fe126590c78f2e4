use thiserror::Error;

use crate::{domain::CameraId, libav::LibavError};

/// Why a group cannot be decoded at all. Damage within a group is no error: see [`super::Decoded`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The decoder cannot be opened, or there is no memory.
    #[error("camera {camera}: {error}")]
    Decoder {
        /// Whose group.
        camera: CameraId,
        /// Why.
        error: LibavError,
    },
}
