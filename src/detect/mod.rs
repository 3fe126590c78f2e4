//! Finds people and vehicles in a picture: ONNX Runtime sessions, one file per model head, and what turns a head's
//! numbers into detections.

#[cfg(test)]
mod clip_tests;
mod detector;
pub mod heads;
mod letterbox;
mod load;
mod log;
mod models;
mod nms;
mod onnx;
mod provider;
mod reshape;
mod runtime;
mod scripted;
mod second_look;
mod sizes;
mod tensor;

use std::path::PathBuf;

pub use detector::OnnxDetector;
pub use letterbox::Letterbox;
pub use load::load;
pub use models::{Models, OwnModel};
pub use nms::suppress;
pub use onnx::OnnxModel;
pub use provider::ProviderError;
pub use runtime::Runtime;
pub use scripted::Scripted;
pub use tensor::Tensor;
use thiserror::Error;

use crate::{
    domain::{Detection, MediaTime, RuleId},
    geometry::BBox,
    vision::Picture,
};

/// What a detector is shown of a picture. Both parts are in fractions of the picture, and at least a pixel wide and high.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// The part that it sees, within the other.
    pub region: BBox,
    /// It is shown as large as if all of this were: so that less is seen for less, not larger for the same.
    pub within: BBox,
}

impl View {
    /// The whole picture.
    pub const WHOLE: Self = Self { region: BBox::WHOLE, within: BBox::WHOLE };
}

/// Finds things in pictures.
pub trait Detector: Send {
    /// What is in the part of the picture that `view` shows, most confident first. Boxes are in fractions of the
    /// picture. `at` is when it was taken. What rules add up is among it however faint it is.
    ///
    /// # Errors
    /// [`DetectError`] where the model cannot be run.
    fn detect(
        &mut self,
        picture: &Picture<'_>,
        view: &View,
        at: MediaTime,
    ) -> Result<Vec<Detection>, DetectError>;

    /// How many rows of its network's input the height of a picture takes up where `whole` of it is shown.
    fn rows(&self, _picture: &Picture<'_>, whole: &BBox) -> f32 {
        ROWS / whole.height()
    }
}

/// Of a network of 416 × 256, as most are for wide pictures.
const ROWS: f32 = 256.0;

/// Why nothing can be detected.
#[derive(Debug, Error)]
pub enum DetectError {
    /// ONNX Runtime's shared library is not there.
    #[error(
        "ONNX Runtime is not installed: no shared library at {}. Run `make setup`, or set ORT_DYLIB_PATH to \
         libonnxruntime.so of version 1.23 or newer", looked.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ")
    )]
    NoRuntime {
        /// Where it was looked for.
        looked: Vec<PathBuf>,
    },
    /// It is there and cannot be used.
    #[error(
        "the ONNX Runtime at {path} cannot be used: {reason}. Version 1.23 or newer is needed (`make setup` brings one)"
    )]
    BadRuntime {
        /// The library.
        path: PathBuf,
        /// What the loader said.
        reason: String,
    },
    /// The execution provider that is required cannot be used.
    #[error("{why}. The CPU would run in its place, but [detector] says require = true")]
    Provider {
        /// What is wrong with it. It is no source of the error: its words are said already.
        why: ProviderError,
    },
    /// A model's file cannot be read.
    #[error("the model {path} cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that ONNX Runtime does not take.
    #[error("{path} is not a model that ONNX Runtime can run: {reason}")]
    NotAModel {
        /// The file.
        path: PathBuf,
        /// What ONNX Runtime said.
        reason: String,
    },
    /// A model whose input or output is not what its head reads.
    #[error(
        "the model {path} does not fit the head {head:?}: its {what} is {found}, and {wanted} is wanted. Give the head, classes and input it was trained with"
    )]
    DoesNotFit {
        /// The file.
        path: PathBuf,
        /// The head's name.
        head: &'static str,
        /// "input" or "output".
        what: &'static str,
        /// What the file has.
        found: String,
        /// What the head reads.
        wanted: String,
    },
    /// A file that the catalogue does not know, and of which nothing is said.
    #[error(
        "{path} is not in the catalogue (SHA-256 {sha256}): say how it is to be read with head, classes and input under \
         [detector], such as head = \"yolox\", classes = {{ person = [0] }}, input = [416, 416]"
    )]
    Untold {
        /// The file.
        path: PathBuf,
        /// Its hash.
        sha256: String,
    },
    /// The catalogue does not know it, or it cannot be fetched.
    #[error(transparent)]
    Catalog(#[from] crate::catalog::CatalogError),
    /// A head that is not known.
    #[error("unknown head {name:?}; known are {known}")]
    UnknownHead {
        /// As written.
        name: String,
        /// All that are.
        known: String,
    },
    /// A model that tells nothing that a rule watches for.
    #[error(
        "rule {rule} watches for {classes}, which the model {model:?} does not tell: it tells {told}. Give the rule \
         another `model`, or other `classes`"
    )]
    LacksClasses {
        /// Whose.
        rule: RuleId,
        /// The model's name or path.
        model: String,
        /// What it watches for, separated by commas.
        classes: String,
        /// What it tells, separated by commas.
        told: String,
    },
    /// What is wrong with the model that a rule has of its own.
    #[error("rule {rule}: {wrong}")]
    OfRule {
        /// The rule.
        rule: RuleId,
        /// What is wrong. It is no source of the error: its words are said already.
        wrong: Box<DetectError>,
    },
    /// A class number beyond the model's outputs.
    #[error("the classes of {path} name output {index}, but it has only outputs 0 to {last}")]
    NoSuchOutput {
        /// The file.
        path: PathBuf,
        /// The number written.
        index: usize,
        /// The highest there is.
        last: usize,
    },
    /// The model stopped with an error.
    #[error("the model {path} failed on a picture: {reason}")]
    Failed {
        /// The file.
        path: PathBuf,
        /// What ONNX Runtime said.
        reason: String,
    },
}
