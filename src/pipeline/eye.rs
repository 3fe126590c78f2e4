//! From a decoded frame to what one look tells.

use std::sync::Arc;

use super::{PipelineError, plan::Lanes};
use crate::{
    detect::Detector,
    domain::{Class, Detection, MediaTime, Scene},
    geometry::BBox,
    libav::{Frame, LibavError, Scaler, YuvBuffer},
    vision::{self, Halves, Signature, State},
};

/// One detector of a camera: which of the workers' detectors it is, and of which classes rules want to know what
/// they look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneSpec {
    /// Index among the detectors of every worker.
    pub detector: usize,
    /// Classes whose detections get a thumbnail.
    pub appearance: Vec<Class>,
}

/// What one look told, before it is compared with the look before it.
#[derive(Debug)]
pub struct Sight {
    /// When the picture was taken.
    pub at: MediaTime,
    /// The state of the picture by itself.
    pub scene: Scene,
    /// To compare the next look with.
    pub signature: Signature,
    /// What each lane that looked found, by the lane's index.
    pub found: Vec<(usize, Vec<Detection>)>,
}

/// What turns frames into sights: the detectors and buffers of one worker.
pub struct Eye<'d> {
    detectors: Vec<Box<dyn Detector + 'd>>,
    /// For pictures in formats that are converted first.
    scaler: Scaler,
    converted: YuvBuffer,
    halves: Halves,
    state: State,
}

impl<'d> Eye<'d> {
    /// An eye with these detectors, in the order of [`LaneSpec::detector`].
    pub fn new(detectors: Vec<Box<dyn Detector + 'd>>) -> Self {
        Self {
            detectors,
            scaler: Scaler::new(),
            converted: YuvBuffer::default(),
            halves: Halves::default(),
            state: State::default(),
        }
    }

    /// Looks at a frame with the detectors of these lanes.
    ///
    /// # Errors
    /// [`PipelineError`] where the frame cannot be converted or a model fails.
    pub fn look(
        &mut self,
        frame: &Frame,
        at: MediaTime,
        lanes: Lanes,
        specs: &Arc<[LaneSpec]>,
    ) -> Result<Sight, PipelineError> {
        let yuv = match frame.yuv() {
            Some(yuv) => yuv,
            None => {
                self.scaler.planes(frame, &mut self.converted)?;
                self.converted.yuv().ok_or_else(|| LibavError::Scale {
                    width: frame.width(),
                    height: frame.height(),
                    format: frame.pixel_format(),
                })?
            }
        };
        let picture = self.halves.picture(yuv, vision::SMALL);
        let (scene, signature) = self.state.of(&picture);
        let mut found = Vec::new();
        for (index, spec) in specs.iter().enumerate().filter(|(index, _)| lanes & 1 << index != 0) {
            let Some(detector) = self.detectors.get_mut(spec.detector) else { continue };
            let mut detections = detector.detect(&picture, &BBox::WHOLE, at)?;
            for detection in detections.iter_mut().filter(|d| spec.appearance.contains(&d.class)) {
                detection.appearance = vision::thumbnail(picture.luma(), &detection.bbox)?;
            }
            found.push((index, detections));
        }
        Ok(Sight { at, scene, signature, found })
    }
}
