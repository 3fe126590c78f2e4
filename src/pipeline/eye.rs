//! From a decoded frame to what one look tells.

use std::sync::Arc;

use super::{PipelineError, plan::Lanes};
use crate::{
    detect::{Detector, Picture},
    domain::{Class, Detection, MediaTime, Scene},
    libav::{Frame, Pixels, Scaler},
    vision::{self, Luma, Signature},
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
    scalers: Vec<Scaler>,
    gray: Scaler,
    bgr: Vec<u8>,
    luma: Vec<u8>,
}

impl<'d> Eye<'d> {
    /// An eye with these detectors, in the order of [`LaneSpec::detector`].
    pub fn new(detectors: Vec<Box<dyn Detector + 'd>>) -> Self {
        let scalers = detectors.iter().map(|_| Scaler::new()).collect();
        Self { detectors, scalers, gray: Scaler::new(), bgr: Vec::new(), luma: Vec::new() }
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
        let (width, height) = (frame.width(), frame.height());
        self.read_luma(frame)?;
        let luma = Luma::new(&self.luma, width as usize, height as usize)?;
        let (scene, signature) = vision::state(&luma)?;
        let mut found = Vec::new();
        for (index, spec) in specs.iter().enumerate().filter(|(index, _)| lanes & 1 << index != 0) {
            let (Some(detector), Some(scaler)) =
                (self.detectors.get_mut(spec.detector), self.scalers.get_mut(spec.detector))
            else {
                continue;
            };
            let fit = detector.letterbox(width, height);
            scaler.scale(frame, fit.width, fit.height, Pixels::Bgr, &mut self.bgr)?;
            let picture =
                Picture { bgr: &self.bgr, width: fit.width as usize, height: fit.height as usize, at };
            let mut detections = detector.detect(&picture)?;
            for detection in detections.iter_mut().filter(|d| spec.appearance.contains(&d.class)) {
                detection.appearance = vision::thumbnail(&luma, &detection.bbox)?;
            }
            found.push((index, detections));
        }
        Ok(Sight { at, scene, signature, found })
    }

    /// Copies the frame's luma without the gaps between rows; formats that keep none are converted.
    fn read_luma(&mut self, frame: &Frame) -> Result<(), PipelineError> {
        let (width, height) = (frame.width() as usize, frame.height() as usize);
        match frame.luma() {
            Some((plane, stride)) => {
                self.luma.clear();
                self.luma.reserve(width * height);
                for row in plane.chunks(stride) {
                    self.luma.extend_from_slice(&row[..width.min(row.len())]);
                }
            }
            None => self.gray.scale(frame, frame.width(), frame.height(), Pixels::Gray, &mut self.luma)?,
        }
        Ok(())
    }
}
