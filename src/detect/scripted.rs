use super::{DetectError, Detector, Letterbox, Picture};
use crate::domain::{Detection, MediaTime};

/// A detector that finds what a script says, whatever the picture shows: for tests of everything around a detector.
pub struct Scripted<F> {
    script: F,
}

impl<F: FnMut(MediaTime) -> Vec<Detection> + Send> Scripted<F> {
    /// `script` gives the detections of a media time.
    pub fn new(script: F) -> Self {
        Self { script }
    }
}

impl<F: FnMut(MediaTime) -> Vec<Detection> + Send> Detector for Scripted<F> {
    fn letterbox(&self, width: u32, height: u32) -> Letterbox {
        Letterbox::fit(width, height, 32, 32)
    }

    fn detect(&mut self, picture: &Picture<'_>) -> Result<Vec<Detection>, DetectError> {
        Ok((self.script)(picture.at))
    }
}
