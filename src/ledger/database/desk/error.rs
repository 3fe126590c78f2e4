use std::{io, path::PathBuf};

use rusqlite::ErrorCode;
use thiserror::Error;

use super::{super::error::reason, PATIENCE};
use crate::files;

/// What cannot be done with an outbox.
#[derive(Debug, Error)]
pub enum DeskError {
    /// There is no database.
    #[error(
        "there is no database {}: the service makes it when it first runs with this configuration; `[state] directory` says where it \
         lies",
        files::shown(.0.as_os_str())
    )]
    Missing(PathBuf),
    /// Another version of the program has written it. It is left as it is.
    #[error(
        "{} is of version {found}, and this program works with version {known}: {}",
        files::shown(.path.as_os_str()), way_out(*.found, *.known)
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version; 0 where it is empty.
        found: i64,
        /// The version that this program works with.
        known: i64,
    },
    /// It is no file that could be read.
    #[error("{} cannot be read: {}", files::shown(.path.as_os_str()), unread(source))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It cannot be read or changed just now.
    #[error("{} cannot be used: {}", files::shown(.path.as_os_str()), said(source))]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
}

/// Why it cannot be read, and the way out where there is one.
fn unread(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            format!("{error}; run this as the user of the service (`sudo -u`)")
        }
        _ => error.to_string(),
    }
}

fn way_out(found: i64, known: i64) -> &'static str {
    match found < known {
        true => "start this version's service, which brings it up to date",
        false => "use the newer program that wrote it",
    }
}

fn said(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            format!("another program writes it for longer than {} s; try again", PATIENCE.as_secs())
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            format!("it is damaged ({error}); the service sets it aside and begins another")
        }
        Some(ErrorCode::ReadOnly) => {
            "this user may only read it; run this as the user of the service".to_owned()
        }
        _ => reason(error),
    }
}
