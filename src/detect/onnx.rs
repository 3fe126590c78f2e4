use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use ort::{
    session::{
        Session,
        builder::{GraphOptimizationLevel, SessionBuilder},
    },
    value::{Outlet, TensorElementType, TensorRef, ValueType},
};
use sha2::{Digest, Sha256};

use super::{
    DetectError, Runtime,
    heads::{Head, Shape},
    reshape::reshape,
    sizes::{Size, Sizes, Verdict},
};
use crate::domain::{Class, ModelName};

/// A model file and how it is read, from which each worker makes a detector of its own.
pub struct OnnxModel {
    pub(super) path: PathBuf,
    bytes: Vec<u8>,
    pub(super) head: &'static dyn Head,
    /// Columns and rows that the file was made for.
    pub(super) input: (u32, u32),
    /// Which others it takes.
    sizes: Sizes,
    class_count: Option<usize>,
    /// The domain's class of each of the model's own that has one.
    pub(super) classes: BTreeMap<usize, Class>,
    /// Set in the detections of a rule's own model.
    pub(super) own: Option<ModelName>,
    pub(super) confidence: f32,
    /// From this confidence on two-wheelers are told below the other one, too, where a rule adds them up.
    pub(super) faint: Option<f32>,
    /// What it finds of this class, it looks at twice.
    pub(super) second_look: Option<Class>,
    sha256: String,
}

impl OnnxModel {
    /// A model file that was read from `path`, or that the program has of itself: then that is what people call it by.
    ///
    /// `classes` says which of the model's own classes is which of the domain's; others are dropped. `class_count` is
    /// how many of its own it has; none to take it from the file. The file is
    /// not tried yet: [`try_out`](Self::try_out) does that.
    pub fn new(
        path: &Path,
        bytes: Vec<u8>,
        head: &'static dyn Head,
        input: (u32, u32),
        class_count: Option<usize>,
        classes: impl IntoIterator<Item = (usize, Class)>,
        confidence: f32,
    ) -> Self {
        Self {
            path: path.to_owned(),
            sha256: format!("{:x}", Sha256::digest(&bytes)),
            bytes,
            head,
            input,
            sizes: Sizes::default(),
            class_count,
            classes: classes.into_iter().collect(),
            own: None,
            confidence,
            faint: None,
            second_look: None,
        }
    }

    /// As a rule's own: its name is written into each detection. None for everybody's.
    #[must_use]
    pub fn owned_as(self, own: Option<ModelName>) -> Self {
        Self { own, ..self }
    }

    /// Telling of two-wheelers from this confidence on, where that is below the one that is asked for.
    #[must_use]
    pub fn telling_from(self, faint: Option<f32>) -> Self {
        Self { faint: faint.filter(|least| *least < self.confidence), ..self }
    }

    /// With a second, closer look at what it finds of this class; none for one look at all.
    #[must_use]
    pub fn looking_again_at(self, class: Option<Class>) -> Self {
        Self { second_look: class, ..self }
    }

    /// The domain's classes that it tells apart.
    pub fn told_apart(&self) -> impl Iterator<Item = Class> {
        self.classes.values().copied()
    }

    /// The confidence below which what it finds is left out, in [0, 1].
    pub fn confidence(&self) -> f32 {
        self.confidence
    }

    /// SHA-256 of the file, in hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Finds out whether ONNX Runtime and the head take the file, by running it once: a file may leave sizes open.
    ///
    /// # Errors
    /// [`DetectError::NotAModel`] where ONNX Runtime does not take the file, [`DetectError::DoesNotFit`] where its
    /// input or output is not what its head reads, [`DetectError::Provider`] where the execution provider that is
    /// required does not run it.
    pub fn try_out(&self, runtime: &Runtime) -> Result<(), DetectError> {
        self.tried(runtime, self.input).map(|_| ())
    }

    /// Whether the model takes an input of this size, which is not its own, and what a try has made.
    ///
    /// # Errors
    /// [`DetectError`] where a try of its own size fails as well.
    pub(super) fn takes(
        &self,
        runtime: &Runtime,
        size: Size,
    ) -> Result<Verdict<(Session, Shape)>, DetectError> {
        self.sizes.find(size, self.input, |size| self.tried(runtime, size))
    }

    /// A session that was run once.
    fn tried(&self, runtime: &Runtime, size: Size) -> Result<(Session, Shape), DetectError> {
        let (mut session, shape) = self.session(runtime, size)?;
        let (cells, numbers) = self.head.output(&shape);
        let size = [1, 3, shape.height as usize, shape.width as usize];
        let nothing = vec![0.0f32; size.iter().product()];
        let ran = TensorRef::from_array_view((size, nothing.as_slice())).and_then(|input| {
            let outputs = session.run(ort::inputs![input])?;
            // Where nothing comes out, no number does.
            let found = outputs.values().next().map(|output| Ok(output.try_extract_tensor::<f32>()?.1.len()));
            found.unwrap_or(Ok(0))
        });
        let found = ran.map_err(|error| DetectError::NotAModel {
            path: self.path.clone(),
            reason: error.to_string().lines().next().unwrap_or_default().to_owned(),
        })?;
        if found != cells * numbers {
            return Err(DetectError::DoesNotFit {
                path: self.path.clone(),
                head: self.head.name(),
                what: "output",
                found: format!("{found} numbers"),
                wanted: format!("{cells} × {numbers}"),
            });
        }
        Ok((session, shape))
    }

    /// A session for an input of so many columns and rows: those that the file was made for, or others.
    pub(super) fn session(
        &self,
        runtime: &Runtime,
        (width, height): Size,
    ) -> Result<(Session, Shape), DetectError> {
        let session = if (width, height) == self.input {
            runtime.session(&self.path, |builder| commit(builder, &self.bytes))?
        } else {
            let shape = Shape { width, height, classes: self.class_count.unwrap_or(0) };
            let (cells, _) = self.head.output(&shape);
            let bytes = reshape(&self.bytes, width, height, cells).ok_or_else(|| DetectError::NotAModel {
                path: self.path.clone(),
                reason: "it cannot be given another size".to_owned(),
            })?;
            // A network that does not take the size says nothing of the provider that is to run it.
            runtime.attempt(&self.path, |builder| commit(builder, &bytes))?
        };
        let shape = self.check(&session, (width, height))?;
        Ok((session, shape))
    }

    /// The shape that the file has, where its head can read it.
    fn check(&self, session: &Session, (width, height): (u32, u32)) -> Result<Shape, DetectError> {
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
        // How many classes there are, the last size alone tells; at least those that are spoken of.
        let spoken_of = self.classes.keys().last().map_or(0, |last| last + 1);
        let classes = match (self.class_count, numbers) {
            (Some(count), _) => count,
            (None, 0) => spoken_of,
            (None, numbers) => self.head.classes(numbers),
        };
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

/// One thread per session: workers run side by side, so a pool in each would only fight over the cores.
fn commit(builder: SessionBuilder, bytes: &[u8]) -> ort::Result<Session> {
    builder
        .with_optimization_level(GraphOptimizationLevel::All)?
        .with_intra_threads(1)?
        .with_inter_threads(1)?
        .with_intra_op_spinning(false)?
        .commit_from_memory(bytes)
}
