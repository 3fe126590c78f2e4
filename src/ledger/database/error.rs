use std::path::PathBuf;

use rusqlite::ErrorCode;
use thiserror::Error;

use crate::{files, lock::LockError};

/// What the database cannot do.
#[derive(Debug, Error)]
pub enum DatabaseError {
    /// The folder or a file beside the database cannot be made.
    #[error(
        "{} cannot be made: {}; `[state] directory` says where the database lies",
        files::shown(.path.as_os_str()), files::reason(source)
    )]
    Place {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another program has it.
    #[error(
        "{} is in use by {by}: two programs cannot keep their state in one folder. Stop the other, or give this one another \
         `[state] directory`",
        files::shown(.folder.as_os_str())
    )]
    Locked {
        /// The folder.
        folder: PathBuf,
        /// Who, as far as that is known.
        by: String,
    },
    /// A newer program has written it. It is left as it is.
    #[error(
        "{} is of version {found}, and this program knows those up to {known}: run the newer program again, or move the file \
         away to begin with an empty one",
        files::shown(.path.as_os_str())
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// It cannot be opened, for another reason than damage.
    #[error("{} cannot be opened: {}", files::shown(.path.as_os_str()), reason(source))]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// It is damaged and cannot be moved away.
    #[error("{} is damaged and cannot be set aside: {}", files::shown(.path.as_os_str()), files::reason(source))]
    SetAside {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It cannot be read.
    #[error("the database cannot be read: {}", reason(.0))]
    Read(rusqlite::Error),
    /// It could not be written just now.
    #[error("the database cannot be written: {0}")]
    Write(String),
    /// It was closed, and some of what waited could not be written.
    #[error(
        "{changes} changes of violations, and the state of {cameras} cameras, could not be written: {why}"
    )]
    Left {
        /// How many changes of violations, files of evidence and facts of cameras' health.
        changes: usize,
        /// Of how many cameras the state is older than it could be.
        cameras: usize,
        /// Why.
        why: String,
    },
    /// It is closed.
    #[error("the database is closed")]
    Closed,
}

/// Why SQLite does not do something, and the way out where there is one.
pub(super) fn reason(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "no room is left: is the disk full?".to_owned(),
        Some(ErrorCode::ReadOnly) => "the disk or the file is read-only".to_owned(),
        Some(ErrorCode::CannotOpen) => "it cannot be opened; may this user read and write there?".to_owned(),
        Some(ErrorCode::SystemIoFailure) => format!("the disk reports an error ({error})"),
        _ => error.to_string(),
    }
}

/// What an error of SQLite means for what was to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The file is not what was written.
    Damage,
    /// It may pass: the disk is full, slow, read-only or faulty.
    Passing,
    /// This very thing can never be done; others can.
    Refused,
}

impl Meaning {
    pub fn of(error: &rusqlite::Error) -> Self {
        // What every database holds is not there.
        if matches!(error, rusqlite::Error::QueryReturnedNoRows) {
            return Self::Damage;
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damage,
            Some(
                ErrorCode::ConstraintViolation
                | ErrorCode::TypeMismatch
                | ErrorCode::TooBig
                | ErrorCode::ParameterOutOfRange
                | ErrorCode::ApiMisuse
                | ErrorCode::Unknown,
            )
            | None => Self::Refused,
            Some(_) => Self::Passing,
        }
    }
}
/// Why a commit did not come about.
pub(super) enum Failure {
    Damaged(String),
    Passing(String),
}

impl Failure {
    pub fn why(&self) -> &str {
        match self {
            Self::Damaged(why) | Self::Passing(why) => why,
        }
    }
}

impl From<LockError> for DatabaseError {
    fn from(error: LockError) -> Self {
        match error {
            LockError::File { path, source } => Self::Place { path, source },
            LockError::Held { folder, by } => Self::Locked { folder, by },
        }
    }
}
