//! What may be written of live cameras and is not in use yet.

use thiserror::Error;

use super::{Config, SourceAddress};
use crate::domain::CameraId;

/// A camera is to be read in a way that this version does not have.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "camera {camera}: {what} is not in use yet: leave it out, and write the stream that is to be looked at as `source`"
)]
pub struct NotYet {
    /// Which.
    pub camera: CameraId,
    /// The way.
    pub what: &'static str,
}

impl Config {
    /// Whether its live cameras can be read as it says. Whoever watches them asks this first, and so does whoever checks it.
    ///
    /// # Errors
    /// [`NotYet`] for the first that cannot.
    pub fn in_use(&self) -> Result<(), NotYet> {
        let not_yet = self
            .cameras
            .iter()
            .find(|camera| matches!(&camera.source, SourceAddress::Live(live) if live.substream.is_some()));
        match not_yet {
            Some(camera) => Err(NotYet { camera: camera.id.clone(), what: "a substream" }),
            None => Ok(()),
        }
    }
}
