use thiserror::Error;

use crate::{config::ConfigError, detect::DetectError, ledger::database::DatabaseError, source::FindError};

/// Why cameras cannot be watched at all.
#[derive(Debug, Error)]
pub enum ServiceError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A model cannot be had or does not fit.
    #[error(transparent)]
    Detect(#[from] DetectError),
    /// A recording that is to be played is not there.
    #[error(transparent)]
    Find(#[from] FindError),
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The system refuses what the program needs.
    #[error("{what}: {source}")]
    System {
        /// What it needs.
        what: &'static str,
        /// Why not.
        source: std::io::Error,
    },
}
