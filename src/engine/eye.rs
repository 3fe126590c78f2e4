//! From a decoded frame to what one look tells.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use super::PipelineError;
use crate::{
    config::{Camera, DetectorConfig},
    detect::{Detector, View},
    domain::{Class, Detection, MediaTime, Scene},
    geometry::BBox,
    judge::Needs,
    kinds::keys::Framing,
    libav::{Frame, LibavError, Scaler, YuvBuffer},
    looks::{plan::Strands, region},
    vision::{self, Halves, SceneState, Signature, Small},
};

/// How much of a picture a detector is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Regions {
    /// What the zones of its rules need.
    Needed,
    /// All of it.
    Whole,
}

/// How looks are taken.
#[derive(Debug, Clone, Copy)]
pub struct Looking {
    /// The part of the picture that detectors may look at.
    pub region: BBox,
    /// How much of that they look at.
    pub regions: Regions,
    /// For how long detections may stand where nothing changes in the zones; none to look each time.
    pub max_age: Option<Duration>,
}

impl Looking {
    /// As a configuration says.
    pub fn of(camera: &Camera, detector: &DetectorConfig) -> Self {
        Self {
            region: camera.region,
            regions: if detector.whole_picture { Regions::Whole } else { Regions::Needed },
            max_age: detector.skip_static.then_some(detector.max_age),
        }
    }
}

/// One detector of a camera: which of the workers' detectors it is, and of which classes rules want to know what
/// they look like.
#[derive(Debug, Clone, PartialEq)]
pub struct StrandSpec {
    /// Index among the detectors of every worker.
    pub detector: usize,
    /// Classes whose detections get a thumbnail.
    pub appearance: Vec<Class>,
    /// What it is shown of the picture.
    pub view: View,
    /// What it may be shown of it.
    pub whole: BBox,
    /// The smallest box around its rules' zones.
    pub zones: BBox,
    /// Where something must change to matter to its rules.
    pub around: BBox,
    /// How it is shown a picture.
    pub framing: Framing,
    /// What is seen less surely is a trace: its rules add it up, and nobody else hears of it.
    pub sure: f32,
}

impl StrandSpec {
    /// A strand whose rules need this of it.
    pub fn new(detector: usize, needs: &[Needs], looking: &Looking) -> Self {
        let appearance: BTreeSet<_> =
            needs.iter().filter(|needs| needs.appearance).flat_map(|needs| &needs.classes).copied().collect();
        let all =
            |of: fn(&Needs) -> BBox| needs.iter().map(of).reduce(|a, b| a.union(&b)).unwrap_or(BBox::WHOLE);
        let within = looking.region;
        let region = match looking.regions {
            Regions::Whole => within,
            Regions::Needed => region::part(&all(|needs| needs.region), &within),
        };
        Self {
            detector,
            appearance: appearance.into_iter().collect(),
            view: View { region, within },
            whole: within,
            zones: all(|needs| needs.zone),
            around: all(|needs| needs.around),
            framing: framing(needs, &within),
            sure: needs.iter().filter_map(|needs| needs.least).reduce(f32::min).unwrap_or(0.0),
        }
    }
}

/// Whoever names a part of the picture has left out what there is around it.
fn framing(needs: &[Needs], part: &BBox) -> Framing {
    let all = !needs.is_empty() && needs.iter().all(|needs| needs.framing == Framing::WithinBars);
    if all && *part == BBox::WHOLE { Framing::WithinBars } else { Framing::AsItIs }
}

/// What a strand found at a look.
#[derive(Debug)]
pub enum Found {
    /// The detector looked.
    New(Vec<Detection>),
    /// Nothing has changed since the last look that must be taken at which it did.
    Same,
}

/// The last look of a strand that had to be taken and at which its detector looked. Later ones are compared with it: so what
/// changes slowly adds up.
#[derive(Debug, Clone)]
pub struct Anchor {
    pub(super) at: MediaTime,
    /// As large as if this share of the picture's width had been shown.
    pub(super) within: f32,
    small: Arc<Small>,
}

#[cfg(test)]
impl Anchor {
    /// An anchor of which only the time and the scale are of interest.
    pub(super) fn default_at(at: MediaTime, within: f32) -> Self {
        Self { at, within, small: Arc::new(SceneState::default().keep()) }
    }
}

/// The anchor of each strand, by its index.
pub type Anchors = Vec<Option<Anchor>>;

/// How a look is to be taken.
pub struct Ask<'a> {
    /// When the picture was taken.
    pub at: MediaTime,
    /// The strands that look.
    pub strands: &'a Strands,
    /// What each strand does.
    pub specs: &'a [StrandSpec],
    /// Those that are shown what they need as large as can be.
    pub largest: Option<&'a Strands>,
    /// The strands for which this look is due, so that their last detections may stand; their anchors, and for how long.
    /// None to look in any case.
    pub anchors: Option<(Strands, &'a mut Anchors, Duration)>,
}

/// Which looks a look is one of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It was asked for in between: detections neither stand for it nor for later looks.
    Asked,
    /// It must be taken: detections may stand for it, and its own for later ones.
    Due,
}

/// What one strand found in a picture.
#[derive(Debug)]
pub struct Find {
    /// The strand's index.
    pub strand: usize,
    /// Which of the strand's looks it was.
    pub way: Way,
    /// How many rows of its network's input the height of the picture takes up in the usual scale.
    pub rows: f32,
    /// What it found.
    pub found: Found,
}

/// What one picture told, before it is compared with those before it.
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
    /// What strands found, each at most once in each way.
    pub finds: Vec<Find>,
}

impl Sight {
    /// The strands that looked in this way.
    pub fn strands(&self, way: Way) -> Strands {
        self.finds.iter().filter(|find| find.way == way).map(|find| find.strand).collect()
    }

    /// Adds what strands found in the same picture, where that is not known yet.
    pub fn add(&mut self, other: Self) {
        for find in other.finds {
            if !self.finds.iter().any(|known| (known.strand, known.way) == (find.strand, find.way)) {
                self.finds.push(find);
            }
        }
    }
}

/// What turns frames into sights: the detectors and buffers of one worker.
pub struct Eye<'d> {
    detectors: Vec<Box<dyn Detector + 'd>>,
    /// For pictures in formats that are converted first.
    scaler: Scaler,
    converted: YuvBuffer,
    halves: Halves,
    state: SceneState,
}

impl<'d> Eye<'d> {
    /// An eye with these detectors, in the order of [`StrandSpec::detector`].
    pub fn new(detectors: Vec<Box<dyn Detector + 'd>>) -> Self {
        Self {
            detectors,
            scaler: Scaler::new(),
            converted: YuvBuffer::default(),
            halves: Halves::default(),
            state: SceneState::default(),
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
        let Ask { at, strands, specs, largest, mut anchors } = ask;
        let anchored = anchors.as_ref().map(|(strands, ..)| strands.clone()).unwrap_or_default();
        let (mut small, mut tone, mut bars) = (None, None, None);
        let mut finds = Vec::new();
        for (index, spec) in specs.iter().enumerate().filter(|(index, _)| strands.contains(*index)) {
            let Some(detector) = self.detectors.get_mut(spec.detector) else { continue };
            let may_stand = anchored.contains(index);
            let closely = largest.is_some_and(|largest| largest.contains(index));
            let inner = match spec.framing {
                Framing::AsItIs => None,
                Framing::WithinBars => *bars.get_or_insert_with(|| self.state.within_bars()),
            };
            let whole = inner.unwrap_or(spec.whole);
            let view = match inner {
                Some(inner) => View { region: inner, within: inner },
                None if closely => largest_view(&spec.view, &whole),
                None => spec.view,
            };
            let (within, rows) = (view.within.width(), detector.rows(&picture, &whole));
            if may_stand && let Some((_, anchors, max_age)) = &mut anchors {
                if anchors.len() <= index {
                    anchors.resize(index + 1, None);
                }
                #[allow(clippy::indexing_slicing, reason = "there are more than that by now")]
                let anchor = &mut anchors[index];
                // What a closer look found stands for others, too.
                let stands = |a: &Anchor| {
                    at.since(a.at) < *max_age
                        && a.within <= within
                        && self.state.unchanged(&a.small, &spec.around)
                };
                if anchor.as_ref().is_some_and(stands) {
                    finds.push(Find { strand: index, way: Way::Due, rows, found: Found::Same });
                    continue;
                }
                let small = small.get_or_insert_with(|| Arc::new(self.state.keep()));
                *anchor = Some(Anchor { at, within, small: Arc::clone(small) });
            }
            let tone = tone.get_or_insert_with(|| self.state.tone());
            let picture = picture.seen_through(tone.as_ref());
            let mut detections = detector.detect(&picture, &view, at)?;
            let cut = |bbox: &BBox| region::cuts(&view.region, &whole, bbox);
            if detections.iter().any(|d| cut(&d.bbox) && d.bbox.intersects(&spec.zones)) {
                detections = detector.detect(&picture, &View { region: whole, within: whole }, at)?;
            }
            for detection in detections.iter_mut().filter(|d| spec.appearance.contains(&d.class)) {
                detection.appearance = vision::thumbnail(picture.luma(), &detection.bbox)?;
            }
            let way = if may_stand { Way::Due } else { Way::Asked };
            finds.push(Find { strand: index, way, rows, found: Found::New(detections) });
        }
        Ok(Sight { at, size: (frame.width(), frame.height()), scene, signature, finds })
    }
}

/// What a strand is shown at a look at which it is shown all that it needs as large as can be.
pub(super) fn largest_view(view: &View, whole: &BBox) -> View {
    let most = region::scales(&view.region, whole).last().copied().unwrap_or(1.0);
    View { within: region::within(&view.region, whole, most), ..*view }
}

#[cfg(test)]
mod clip_tests;
