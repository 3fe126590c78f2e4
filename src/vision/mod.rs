//! What OpenCV does: the state of a picture, what a box looks like, and drawing on stills.

mod appearance;
mod drawing;
mod scene;

pub use appearance::thumbnail;
pub use drawing::{Marks, mark};
pub use scene::{Signature, state};
use thiserror::Error;

/// A picture's luma: one byte a pixel, 0 black to 255 white, in rows from the top, without gaps between them.
#[derive(Debug, Clone, Copy)]
pub struct Luma<'a> {
    /// `width` × `height` bytes.
    pub pixels: &'a [u8],
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
}

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

impl<'a> Luma<'a> {
    /// A picture of these bytes.
    ///
    /// # Errors
    /// [`VisionError::WrongSize`] where they are not `width` × `height`, or none.
    pub fn new(pixels: &'a [u8], width: usize, height: usize) -> Result<Self, VisionError> {
        if width == 0 || height == 0 || width.checked_mul(height) != Some(pixels.len()) {
            return Err(VisionError::WrongSize { width, height, bytes: pixels.len() });
        }
        Ok(Self { pixels, width, height })
    }

    fn mat(&self) -> Result<opencv::boxed_ref::BoxedRef<'a, opencv::core::Mat>, VisionError> {
        let (rows, columns) = (i32::try_from(self.height), i32::try_from(self.width));
        let (Ok(rows), Ok(columns)) = (rows, columns) else {
            return Err(VisionError::WrongSize {
                width: self.width,
                height: self.height,
                bytes: self.pixels.len(),
            });
        };
        Ok(opencv::core::Mat::new_rows_cols_with_data(rows, columns, self.pixels)?)
    }
}
