use std::any::Any;

use thiserror::Error;

use crate::results::FailureOf;

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
    /// What came of the camera cannot be kept.
    #[error(transparent)]
    Ledger(#[from] crate::ledger::LedgerError),
    /// It was to stop before the camera's recording was read to its end.
    #[error("the analysis was stopped by hand; what follows was not analysed")]
    Stopped,
    /// A worker is gone: it stopped with an error that another camera reports.
    #[error("the workers stopped before this camera was done")]
    WorkersGone,
    /// The program itself is at fault. Other cameras are not touched.
    #[error(
        "the program failed while it {doing}: {words}; what follows of this camera was not analysed. Please report this"
    )]
    Panicked {
        /// What was being done.
        doing: &'static str,
        /// What it said.
        words: String,
    },
}

impl PipelineError {
    /// What of a camera it is that failed.
    pub fn of(&self) -> FailureOf {
        match self {
            Self::Source(_) => FailureOf::Recording,
            Self::Stopped => FailureOf::Stopped,
            _ => FailureOf::Machine,
        }
    }

    /// What was caught of a panic. An abort within a library in C cannot be caught: it ends the program.
    pub(super) fn panicked(doing: &'static str, panic: &(dyn Any + Send)) -> Self {
        let words = panic.downcast_ref::<&str>().map(|words| (*words).to_owned());
        let words = words.or_else(|| panic.downcast_ref::<String>().cloned());
        Self::Panicked { doing, words: words.unwrap_or_else(|| "it said nothing".to_owned()) }
    }
}
