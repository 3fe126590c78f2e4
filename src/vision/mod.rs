//! What can be told of a picture without a model: the state of the scene, what a box looks like. And drawing on
//! stills. Here planes are brought to other sizes, too.

mod appearance;
mod bars;
mod drawing;
mod mask;
mod picture;
mod reference;
mod scene;
mod tone;

pub use appearance::thumbnail;
pub use drawing::{Marks, mark};
pub use firewarden_pixels::{BAND, Band, Resampler};
pub use mask::Mask;
pub use picture::{Halves, Picture};
pub use reference::Reference;
pub use scene::{SMALL, SceneState, Signature, Small};
use thiserror::Error;
pub use tone::Tone;

/// Why a picture could not be worked on.
#[derive(Debug, Error)]
pub enum VisionError {
    /// The bytes are not width × height.
    #[error("a picture of {width} × {height} pixels has {bytes} bytes")]
    WrongSize {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
        /// What came.
        bytes: usize,
    },
    /// OpenCV refused.
    #[error("OpenCV: {0}")]
    OpenCv(#[from] opencv::Error),
}
