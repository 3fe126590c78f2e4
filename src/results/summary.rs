//! `outcome.json`: what became of each camera and what it was judged by, so that a result tells of itself without the
//! configuration it was made with. The same recordings and configuration give the same bytes.
//!
//! `run.json` is what differs from run to run.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Outcome;
use crate::{
    config::{Provider, Resolved},
    domain::{CameraId, seconds},
    eval::Evaluation,
};

/// The form of `outcome.json`. A program reads its own and those before it.
pub const FORM: u32 = 1;

/// What `outcome.json` holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// [`FORM`].
    pub form: u32,
    /// The version of Firewarden that analysed.
    pub firewarden: String,
    /// The configuration as it was in force, with every key and without secrets.
    pub configuration: Resolved,
    /// The models that looked.
    pub models: Vec<ModelFact>,
    /// The cameras, in the order of the configuration.
    pub cameras: Vec<CameraSummary>,
    /// How good the violations are, where the truth is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<Evaluation>,
}

/// One camera of a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CameraSummary {
    /// Which.
    pub camera: CameraId,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Its recordings.
    pub sources: Vec<SourceFact>,
}

/// A model, as a result names it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelFact {
    /// Its name in the catalogue, or its path.
    pub name: String,
    /// SHA-256 of its file, in hexadecimal.
    pub sha256: String,
    /// What ran it.
    pub provider: Provider,
    /// The confidence below which what it finds is left out, in [0, 1].
    pub confidence: f32,
}

/// A recording, as a result names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFact {
    /// The file's name, without its folder.
    pub name: String,
    /// Its size; none where it could not be read.
    pub bytes: Option<u64>,
    /// SHA-256 of its bytes, in hexadecimal; none where it could not be read.
    pub sha256: Option<String>,
}

/// How a run went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// How long the cameras were analysed.
    #[serde(rename = "took_s", with = "seconds")]
    pub took: Duration,
    /// When the result was made.
    pub made: Timestamp,
}

impl Summary {
    /// Of an analysis by this version.
    pub fn new(
        configuration: Resolved,
        models: Vec<ModelFact>,
        cameras: Vec<CameraSummary>,
        evaluation: Option<Evaluation>,
    ) -> Self {
        let firewarden = env!("CARGO_PKG_VERSION").to_owned();
        Self { form: FORM, firewarden, configuration, models, cameras, evaluation }
    }

    /// The text of the file.
    pub fn text(&self) -> Vec<u8> {
        text(self)
    }
}

impl Run {
    /// The text of the file.
    pub fn text(&self) -> Vec<u8> {
        text(self)
    }
}

/// One JSON value in a line.
fn text<T: Serialize>(value: &T) -> Vec<u8> {
    // Numbers, texts and lists alone: all of that can be written as JSON.
    let mut text = serde_json::to_vec(value).unwrap_or_default();
    text.push(b'\n');
    text
}
