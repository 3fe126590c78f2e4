use super::{DetectError, Detector, View};
use crate::{
    domain::{Detection, MediaTime},
    vision::Picture,
};

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
    fn detect(&mut self, _: &Picture<'_>, _: &View, at: MediaTime) -> Result<Vec<Detection>, DetectError> {
        Ok((self.script)(at))
    }
}
