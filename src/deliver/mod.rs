//! Alerts leave the box: what the ledger has written down is given to sinks, in order and at least once.
//!
//! All retrying is in the [`Dispatcher`]: a sink takes alerts or says why not. For now there are files; what is for other
//! sinks waits in the outbox.

mod backoff;
mod dispatcher;
mod file;

use std::path::PathBuf;

pub use dispatcher::Dispatcher;
use thiserror::Error;

use crate::files;

/// Why a sink does not take alerts. It passes: they are given to it again.
#[derive(Debug, Error)]
pub enum Refusal {
    /// A file or its folder.
    #[error("{} cannot be written: {}", files::shown(.path.as_os_str()), files::reason(source))]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}
