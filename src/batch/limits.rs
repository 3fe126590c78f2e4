//! How many files may be open at once.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::BatchError;

/// A camera that is read at its pace holds so many open: its recording and its records.
const PER_CAMERA: u64 = 2;

/// What else is open: models, libraries, clips that are cut.
const BESIDE: u64 = 64;

/// Allows as many open files as the system lets this program have. How many that is; none without a limit.
pub fn raise() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let wanted = Rlimit { current: limit.maximum, maximum: limit.maximum };
    // Where that is refused, what was allowed before stays.
    let _ = setrlimit(Resource::Nofile, wanted);
    getrlimit(Resource::Nofile).current
}

/// Makes sure that so many cameras can be read at once.
///
/// # Errors
/// [`BatchError::TooFewFiles`] where fewer files may be open.
pub fn enough_for(cameras: usize) -> Result<(), BatchError> {
    let wanted = u64::try_from(cameras).unwrap_or(u64::MAX).saturating_mul(PER_CAMERA).saturating_add(BESIDE);
    match raise() {
        Some(limit) if limit < wanted => Err(BatchError::TooFewFiles { cameras, wanted, limit }),
        _ => Ok(()),
    }
}
