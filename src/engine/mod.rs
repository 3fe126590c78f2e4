//! Threads and channels between the reader of a source and the rules.
//!
//! ```text
//! reader ──groups──► camera ──jobs──► workers (decode, look, detect)
//! one per camera     one per camera ◄─sights── as many as there are threads
//!                      │ in order
//!                      ▼
//!                    judge (tracks, rules, book)
//! ```
//!
//! The camera's thread keeps a window of groups in the workers' hands, takes their sights back in the order of the
//! groups and walks through them in the order of media time. Where a rule asks for more looks than were foreseen, it
//! gives the group back to the workers with those times. So the rules see the same looks however many threads there
//! are.
//!
//! A group may come again and again while it grows, before all of it does. What has become certain of its looks is then
//! asked for and walked through as if it were a group of its own, but that its decoder and its anchors go on. Nothing is
//! certain that the rest of the group could change (`looks/cadence.rs`), so the rules see the same looks once more.

mod camera;
mod coverage;
mod dispatch;
mod eye;
mod outcome;
mod pool;
mod records;
mod timeline;
mod worker;

use std::path::PathBuf;

pub use camera::Progress;
pub use coverage::{Coverage, Extent};
pub use outcome::{Behind, Outcome};
pub use pool::{Looking, Task, analyze};
pub use records::{ReadError, Records, read};
use thiserror::Error;
pub use timeline::{Cell, Column, Timeline};
pub use worker::Detectors;

/// Why a camera could not be analysed to its end.
#[derive(Debug, Error)]
pub enum PipelineError {
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] crate::source::SourceError),
    /// A frame cannot be converted.
    #[error(transparent)]
    Libav(#[from] crate::libav::LibavError),
    /// A group cannot be decoded at all.
    #[error(transparent)]
    Decode(#[from] crate::decode::DecodeError),
    /// A model fails.
    #[error(transparent)]
    Detect(#[from] crate::detect::DetectError),
    /// OpenCV refuses a picture.
    #[error(transparent)]
    Vision(#[from] crate::vision::VisionError),
    /// The observations cannot be written.
    #[error("the observations cannot be written to {path}: {}", crate::files::reason(source))]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It was to stop before the camera's recording was read to its end.
    #[error("the analysis was stopped by hand; what follows was not analysed")]
    Stopped,
    /// A worker is gone: it stopped with an error that another camera reports.
    #[error("the workers stopped before this camera was done")]
    WorkersGone,
}
