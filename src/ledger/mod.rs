//! The one way by which what comes of a camera leaves it: records, findings, notices, and the camera's own state, as they
//! happen and in their order.
//!
//! Whoever keeps them implements [`Ledger`]: the folder of a result does ([`crate::results::FolderLedger`]), which has no use for
//! the state, and so does the database of a box that watches live cameras (`database`), which has none for records. Nothing is held in memory for later, so that neither a long recording nor a year of watching takes more of it.

#[cfg(feature = "edge")]
pub mod database;

#[cfg(feature = "edge")]
pub mod days;

use std::path::PathBuf;

use thiserror::Error;

use crate::{
    domain::{CameraFact, CameraHealth, CameraId, GapReason, MediaTime, Notice, Record},
    files,
    judge::{Judgement, Saved, Watched},
};

/// Something that came of a camera.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "most are looks, which are the large ones")]
pub enum Fact {
    /// A record was made, and judged.
    Told(Record, Judgement),
    /// Rules were told that time has passed, or that nothing follows.
    Judged(Judgement),
    /// A look could not be taken, and why.
    Missed(GapReason),
    /// It has been analysed up to this media time.
    Reached(MediaTime),
    /// People should be told.
    Notice(Notice),
    /// How the camera does, which is told once.
    Health(CameraHealth, CameraFact),
    /// Nothing follows; how much each rule could judge, in the order of the configuration. A camera that a panic ended does
    /// not come so far.
    Ended(Vec<Watched>),
}

impl Fact {
    /// What rules made of it, where they were asked.
    pub fn judgement(&self) -> Option<&Judgement> {
        match self {
            Self::Told(_, judgement) | Self::Judged(judgement) => Some(judgement),
            Self::Missed(_) | Self::Reached(_) | Self::Notice(_) | Self::Health(..) | Self::Ended(_) => None,
        }
    }
}

/// All that one event led to: it is kept as a whole.
pub struct Step<'s> {
    /// Of which camera.
    pub camera: &'s CameraId,
    /// In their order.
    pub facts: &'s [Fact],
    /// What the camera knows after it, for a restart. It is made where it is asked for: not every ledger keeps it, and not at
    /// every step. None once nothing follows.
    pub state: &'s dyn Fn() -> Option<Saved>,
}

/// Keeps what comes of cameras.
pub trait Ledger: Send {
    /// Keeps a step.
    ///
    /// # Errors
    /// [`LedgerError`] where a part of it cannot be kept. It is told once: the ledger goes on with what it can keep.
    fn commit(&mut self, step: &Step<'_>) -> Result<(), LedgerError>;
}

/// What of a camera cannot be kept.
#[derive(Debug, Error)]
pub enum LedgerError {
    /// A file cannot be written.
    #[error("the {what} cannot be written to {}: {}", files::shown(.path.as_os_str()), files::reason(source))]
    Write {
        /// What would be in it.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// What was written cannot be read again.
    #[error("the {what} cannot be read again from {}: {}", files::shown(.path.as_os_str()), files::reason(source))]
    Read {
        /// What is in it.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}
