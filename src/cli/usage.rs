use thiserror::Error;

/// A command that was used in a way that cannot work.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct UsageError(pub String);
