//! From a decoded frame to what one look tells.

use std::{sync::Arc, time::Duration};

use super::{PipelineError, plan::Lanes};
use crate::{
    detect::Detector,
    domain::{Class, Detection, MediaTime, Scene},
    geometry::BBox,
    libav::{Frame, LibavError, Scaler, YuvBuffer},
    vision::{self, Halves, Signature, Small, State},
};

/// One detector of a camera: which of the workers' detectors it is, and of which classes rules want to know what
/// they look like.
#[derive(Debug, Clone, PartialEq)]
pub struct LaneSpec {
    /// Index among the detectors of every worker.
    pub detector: usize,
    /// Classes whose detections get a thumbnail.
    pub appearance: Vec<Class>,
    /// The part of the picture that it looks at.
    pub region: BBox,
    /// Where something must change to matter to its rules.
    pub around: BBox,
}

/// What a lane found at a look.
#[derive(Debug)]
pub enum Found {
    /// The detector looked.
    New(Vec<Detection>),
    /// Nothing has changed since the last look that must be taken at which it did.
    Same,
}

/// The last look of a lane that had to be taken and at which its detector looked. Later ones are compared with it: so what
/// changes slowly adds up.
#[derive(Debug, Clone)]
pub struct Anchor {
    at: MediaTime,
    small: Arc<Small>,
}

/// The anchor of each lane, by its index.
pub type Anchors = Vec<Option<Anchor>>;

/// How a look is to be taken.
pub struct Ask<'a> {
    /// When the picture was taken.
    pub at: MediaTime,
    /// The lanes that look.
    pub lanes: Lanes,
    /// What each lane does.
    pub specs: &'a [LaneSpec],
    /// The lanes that may let their last detections stand, their anchors, and for how long; none to look in any case.
    pub anchors: Option<(Lanes, &'a mut Anchors, Duration)>,
}

/// What one look told, before it is compared with the look before it.
#[derive(Debug)]
pub struct Sight {
    /// When the picture was taken.
    pub at: MediaTime,
    /// Width and height of the picture in pixels.
    pub size: (u32, u32),
    /// The state of the picture by itself.
    pub scene: Scene,
    /// To compare the next look with.
    pub signature: Signature,
    /// What each lane that looked found, by the lane's index.
    pub found: Vec<(usize, Found)>,
    /// The lanes whose detections may stand for later looks.
    pub anchored: Lanes,
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

    /// Looks at a frame.
    ///
    /// # Errors
    /// [`PipelineError`] where the frame cannot be converted or a model fails.
    pub fn look(&mut self, frame: &Frame, ask: Ask<'_>) -> Result<Sight, PipelineError> {
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
        let Ask { at, lanes, specs, mut anchors } = ask;
        let anchored = anchors.as_ref().map_or(0, |(lanes, ..)| *lanes);
        let mut small = None;
        let mut found = Vec::new();
        for (index, spec) in specs.iter().enumerate().filter(|(index, _)| lanes & 1 << index != 0) {
            let Some(detector) = self.detectors.get_mut(spec.detector) else { continue };
            let may_stand = anchored & 1 << index != 0;
            if may_stand && let Some((_, anchors, max_age)) = &mut anchors {
                if anchors.len() <= index {
                    anchors.resize(index + 1, None);
                }
                let anchor = &mut anchors[index];
                let stands =
                    |a: &Anchor| at.since(a.at) < *max_age && self.state.unchanged(&a.small, &spec.around);
                if anchor.as_ref().is_some_and(stands) {
                    found.push((index, Found::Same));
                    continue;
                }
                let small = small.get_or_insert_with(|| Arc::new(self.state.keep()));
                *anchor = Some(Anchor { at, small: Arc::clone(small) });
            }
            let mut detections = detector.detect(&picture, &spec.region, at)?;
            for detection in detections.iter_mut().filter(|d| spec.appearance.contains(&d.class)) {
                detection.appearance = vision::thumbnail(picture.luma(), &detection.bbox)?;
            }
            found.push((index, Found::New(detections)));
        }
        Ok(Sight { at, size: (frame.width(), frame.height()), scene, signature, found, anchored })
    }
}
