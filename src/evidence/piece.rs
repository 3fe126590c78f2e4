use serde::Serialize;

use crate::domain::MediaTime;

/// A part of a recording.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Piece {
    /// The recording: its file name, with as many folders before it as tell it from the camera's others.
    pub file: String,
    /// From where in it, in seconds from its first picture.
    pub from_s: MediaTime,
    /// Up to where.
    pub to_s: MediaTime,
}
