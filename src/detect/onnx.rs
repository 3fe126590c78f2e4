use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use ort::{
    session::{Session, builder::GraphOptimizationLevel},
    value::{Outlet, TensorElementType, TensorRef, ValueType},
};
use sha2::{Digest, Sha256};

use super::{
    DetectError, Detector, Letterbox, Picture, Runtime,
    heads::{Candidate, Head, Shape},
    suppress,
};
use crate::{
    domain::{Class, Detection, ModelName},
    geometry::BBox,
};

/// What the padding beside a letterboxed picture is filled with, 0 to 255.
const PADDING: f32 = 114.0;

/// A model file that was read and found to fit its head, from which each worker makes a session of its own.
pub struct OnnxModel {
    path: PathBuf,
    bytes: Vec<u8>,
    head: &'static dyn Head,
    input: (u32, u32),
    class_count: Option<usize>,
    /// The domain's class of each of the model's own that has one.
    classes: BTreeMap<usize, Class>,
    /// Set in the detections of a rule's own model.
    own: Option<ModelName>,
    confidence: f32,
    sha256: String,
}

impl OnnxModel {
    /// Reads a model file.
    ///
    /// `classes` says which of the model's own classes is which of the domain's; others are dropped. `class_count` is
    /// how many of its own it has; none to take it from the file. `own` is written into each detection. The file is
    /// not tried yet: [`session`](Self::session) does that.
    ///
    /// # Errors
    /// [`DetectError::Unreadable`].
    pub fn read(
        path: &Path,
        head: &'static dyn Head,
        input: (u32, u32),
        class_count: Option<usize>,
        classes: impl IntoIterator<Item = (usize, Class)>,
        own: Option<ModelName>,
        confidence: f32,
    ) -> Result<Self, DetectError> {
        let bytes = std::fs::read(path)
            .map_err(|source| DetectError::Unreadable { path: path.to_owned(), source })?;
        Ok(Self {
            path: path.to_owned(),
            sha256: format!("{:x}", Sha256::digest(&bytes)),
            bytes,
            head,
            input,
            class_count,
            classes: classes.into_iter().collect(),
            own,
            confidence,
        })
    }

    /// SHA-256 of the file, in hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Makes a session that runs on the thread which uses it.
    ///
    /// # Errors
    /// [`DetectError::NotAModel`] where ONNX Runtime does not take the file, [`DetectError::DoesNotFit`] where its
    /// input or output is not what its head reads, [`DetectError::Provider`] where the execution provider that is
    /// required does not run it.
    pub fn session(self: &Arc<Self>, runtime: &Runtime) -> Result<OnnxDetector, DetectError> {
        let session = self.build(runtime)?;
        let shape = self.check(&session)?;
        let plane = (shape.width * shape.height) as usize;
        Ok(OnnxDetector {
            model: self.clone(),
            session,
            shape,
            input: vec![0.0; 3 * plane],
            filled: None,
            candidates: Vec::new(),
        })
    }

    fn build(&self, runtime: &Runtime) -> Result<Session, DetectError> {
        runtime.session(&self.path, |builder| {
            // One thread per session: workers run side by side, so a pool in each would only fight over the cores.
            builder
                .with_optimization_level(GraphOptimizationLevel::All)?
                .with_intra_threads(1)?
                .with_inter_threads(1)?
                .with_intra_op_spinning(false)?
                .commit_from_memory(&self.bytes)
        })
    }

    /// The shape that the file has, where its head can read it.
    fn check(&self, session: &Session) -> Result<Shape, DetectError> {
        let (width, height) = self.input;
        let sizes = |outlets: &[Outlet]| match outlets {
            [outlet] => match outlet.dtype() {
                ValueType::Tensor { ty: TensorElementType::Float32, shape, .. } => Some(shape.to_vec()),
                _ => None,
            },
            _ => None,
        };
        let (input, output) = (sizes(session.inputs()), sizes(session.outputs()));
        // -1 is a size that the file leaves open.
        let fits = |has: &Option<Vec<i64>>, wants: &[i64]| {
            has.as_ref().is_some_and(|has| {
                has.len() == wants.len()
                    && has.iter().zip(wants).all(|(has, wants)| *has == -1 || has == wants)
            })
        };
        let numbers =
            output.as_ref().and_then(|sizes| sizes.last()).map_or(0, |n| usize::try_from(*n).unwrap_or(0));
        let classes = self.class_count.unwrap_or_else(|| self.head.classes(numbers));
        let shape = Shape { width, height, classes };
        let (cells, numbers) = self.head.output(&shape);
        let wanted_input = [1, 3, i64::from(height), i64::from(width)];
        let wanted_output = [1, cells as i64, numbers as i64];
        let checks = [
            ("input", session.inputs(), input, &wanted_input[..]),
            ("output", session.outputs(), output, &wanted_output[..]),
        ];
        for (what, outlets, has, wanted) in checks {
            if !fits(&has, wanted) {
                let found: Vec<String> = outlets.iter().map(|outlet| outlet.dtype().to_string()).collect();
                return Err(DetectError::DoesNotFit {
                    path: self.path.clone(),
                    head: self.head.name(),
                    what,
                    found: found.join(", "),
                    wanted: format!("f32{wanted:?}"),
                });
            }
        }
        match self.classes.keys().find(|index| **index >= classes) {
            Some(index) => Err(DetectError::NoSuchOutput {
                path: self.path.clone(),
                index: *index,
                last: classes.saturating_sub(1),
            }),
            None => Ok(shape),
        }
    }
}

/// A session of a model, with the buffers that it reuses from look to look.
pub struct OnnxDetector {
    model: Arc<OnnxModel>,
    session: Session,
    shape: Shape,
    input: Vec<f32>,
    /// Size of the picture that was last put in: where it is the same again, the padding still stands.
    filled: Option<(usize, usize)>,
    candidates: Vec<Candidate>,
}

impl OnnxDetector {
    /// Fills the input tensor: planes of blue, green, red, normalised as the head wants, padded right and below.
    fn fill(&mut self, picture: &Picture<'_>) {
        let (mean, deviation) = (self.model.head.mean(), self.model.head.deviation());
        let (width, height) = (self.shape.width as usize, self.shape.height as usize);
        let scale = deviation.map(|d| 1.0 / d);
        if self.filled != Some((picture.width, picture.height)) {
            for (channel, plane) in self.input.chunks_exact_mut(width * height).enumerate() {
                plane.fill((PADDING - mean[channel]) * scale[channel]);
            }
            self.filled = Some((picture.width, picture.height));
        }
        let (blue, rest) = self.input.split_at_mut(width * height);
        let (green, red) = rest.split_at_mut(width * height);
        for (y, row) in picture.bgr.chunks_exact(picture.width * 3).enumerate() {
            let line = y * width..y * width + picture.width;
            let planes = blue[line.clone()].iter_mut().zip(&mut green[line.clone()]).zip(&mut red[line]);
            for (pixel, ((b, g), r)) in row.chunks_exact(3).zip(planes) {
                *b = (f32::from(pixel[0]) - mean[0]) * scale[0];
                *g = (f32::from(pixel[1]) - mean[1]) * scale[1];
                *r = (f32::from(pixel[2]) - mean[2]) * scale[2];
            }
        }
    }
}

impl Detector for OnnxDetector {
    fn letterbox(&self, width: u32, height: u32) -> Letterbox {
        Letterbox::fit(width, height, self.shape.width, self.shape.height)
    }

    fn detect(&mut self, picture: &Picture<'_>) -> Result<Vec<Detection>, DetectError> {
        let model = self.model.clone();
        let (input_width, input_height) = (self.shape.width as usize, self.shape.height as usize);
        let (width, height) = (picture.width, picture.height);
        if width == 0
            || width > input_width
            || height > input_height
            || picture.bgr.len() != width * height * 3
        {
            return Err(DetectError::WrongSize { width, height, input_width, input_height });
        }
        self.fill(picture);
        let failed = |error: ort::Error| DetectError::Failed {
            path: model.path.clone(),
            reason: error.to_string().lines().next().unwrap_or_default().to_owned(),
        };
        let shape = [1, 3, input_height, input_width];
        let tensor = TensorRef::from_array_view((shape, self.input.as_slice())).map_err(failed)?;
        let outputs = self.session.run(ort::inputs![tensor]).map_err(failed)?;
        let (_, numbers) = outputs[0].try_extract_tensor::<f32>().map_err(failed)?;
        self.candidates.clear();
        model.head.read(numbers, &self.shape, model.confidence, &mut self.candidates);
        let detections = self.candidates.iter().filter_map(|candidate| {
            let class = *model.classes.get(&candidate.output)?;
            let [left, top, right, bottom] = candidate.bbox;
            let bbox = BBox::new(
                rounded(left / width as f32, 1e4),
                rounded(top / height as f32, 1e4),
                rounded(right / width as f32, 1e4),
                rounded(bottom / height as f32, 1e4),
            );
            let confidence = rounded(candidate.confidence, 1e3);
            Some(Detection { class, confidence, bbox, appearance: None, model: model.own.clone() })
        });
        Ok(suppress(detections.collect()))
    }
}

/// Detections are rounded where they are made, so that rules see what is written and a replay sees the same.
fn rounded(value: f32, steps: f32) -> f32 {
    (value * steps).round() / steps
}
