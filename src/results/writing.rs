//! How a result's files are written, and the room on the disk that is kept for them.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;
use thiserror::Error;

use super::{JOURNAL, VIOLATIONS};
use crate::{domain::Violation, files};

/// A part of a result that cannot be written.
#[derive(Debug, Error)]
#[error("{} cannot be written: {}", files::shown(.path.as_os_str()), files::reason(source))]
pub struct WriteError {
    /// The file or folder.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// Room for the lists of an analysis and a report without pictures, and for what each camera and each violation adds.
const ROOM: [usize; 3] = [40 << 10, 72 << 10, 6 << 10];

/// Room on the disk that evidence cannot take: given up when the lists are written.
#[derive(Debug, Default)]
pub struct Reserve {
    /// Removed when it is dropped.
    _room: Option<NamedTempFile>,
}

impl Reserve {
    /// As much of it as there is.
    fn make(folder: &Path, bytes: usize) -> Self {
        let Ok(mut file) = files::temporary(folder) else { return Self::default() };
        // Where the disk is fuller than that, what is left is kept.
        let _ = file.write_all(&vec![0; bytes]).and_then(|()| file.as_file().sync_data());
        Self { _room: Some(file) }
    }

    /// Room for the lists and the report of so many cameras and violations.
    pub fn for_lists(cameras: usize, violations: usize, folder: &Path) -> Self {
        let [all, camera, violation] = ROOM;
        Self::make(folder, all + camera * cameras + violation * violations)
    }
}

/// Sorts violations as files have them: by start, camera and rule.
pub fn sort(violations: &mut [Violation]) {
    violations
        .sort_by(|a, b| (a.started.wall, &a.camera, &a.rule).cmp(&(b.started.wall, &b.camera, &b.rule)));
}

/// Writes a file of a result, whole or not at all.
///
/// # Errors
/// [`WriteError`].
pub fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), WriteError> {
    let path = folder.join(name);
    files::write(&path, bytes).map_err(|source| WriteError { path, source })
}

/// The lines of violations.
pub fn violation_lines(violations: &[Violation]) -> Vec<u8> {
    let mut text = Vec::new();
    for violation in violations {
        // Writing to memory does not fail, and every violation can be written as JSON.
        let _ = serde_json::to_writer(&mut text, violation);
        text.push(b'\n');
    }
    text
}

/// Writes one line for each violation, whole or not at all.
///
/// # Errors
/// [`WriteError`].
pub fn put_violations(folder: &Path, violations: &[Violation]) -> Result<(), WriteError> {
    put(folder, VIOLATIONS, &violation_lines(violations))
}

/// Removes what was noted of violations while they were found.
///
/// # Errors
/// [`WriteError`] where something of it stays.
pub fn clear_journal(folder: &Path) -> Result<(), WriteError> {
    let path = folder.join(JOURNAL);
    match fs::remove_dir_all(&path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(WriteError { path, source }),
        _ => Ok(()),
    }
}
