//! The folder of one day of a live box: a result that grows until the day is over.
//!
//! ```text
//! manifest.jsonl    one line for each file of evidence, in the order they were made; a line is never changed or taken away
//! removed.jsonl     one line for each of those that is no longer there, and why
//! violations.jsonl  the violations raised that day, as they were known when this was written
//! outcome.json      what became of the cameras that day, the configuration, the models
//! SHA256SUMS        written when the day is closed, and again when something of it came later
//! ```
//!
//! Names in it are those within the folder. Only a closed day has [`SUMS`](super::SUMS); `removed.jsonl` is not in it, as it may
//! grow afterwards.

use std::{collections::BTreeSet, io, path::Path};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Entry, MANIFEST, SUMS,
    lines::{self, Line, ReadError},
};
use crate::domain::{EvidenceRole, MissingCause, MissingEvidence, Violation};

/// The manifest of a day: it lies beside the evidence.
pub const DAY_MANIFEST: &str = "manifest.jsonl";

/// The list of what was removed of a day.
pub const REMOVED: &str = "removed.jsonl";

/// A file of evidence that is listed and no longer there: one line of [`REMOVED`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// Its path within the folder.
    pub name: String,
    /// What it showed.
    pub role: EvidenceRole,
    /// The violation that it belonged to.
    pub violation: Uuid,
    /// SHA-256 of its bytes, in lower-case hexadecimal.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// When it was removed.
    pub removed: Timestamp,
    /// Why.
    pub why: RemovedFor,
}

/// Why a file of evidence is no longer there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemovedFor {
    /// It was older than `[evidence] keep`.
    Age,
    /// All evidence took more room than `[evidence] budget`.
    Budget,
    /// It was listed and never came to be, as the box lost its power.
    Lost,
}

impl Removed {
    /// That this file was removed.
    pub fn new(entry: &Entry, removed: Timestamp, why: RemovedFor) -> Self {
        let Entry { name, role, violation, sha256, bytes, .. } = entry.clone();
        Self { name, role, violation, sha256, bytes, removed, why }
    }
}

impl Line for Removed {
    const NAME: &'static str = "file that was removed";
}

/// Whether a day has come to its end in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayIs {
    /// Nothing more is to come.
    Closed,
    /// Its list of hashes is not written yet.
    Open,
}

impl DayIs {
    /// Of a folder; none where it is no day's.
    pub fn of(folder: &Path) -> Option<Self> {
        if folder.join(MANIFEST).exists() || !folder.join(DAY_MANIFEST).is_file() {
            return None;
        }
        Some(if folder.join(SUMS).exists() { Self::Closed } else { Self::Open })
    }
}

/// The names of the files of a day that were removed.
///
/// # Errors
/// [`ReadError`] where the list cannot be read; that there is none is no error.
pub fn removed(folder: &Path) -> Result<BTreeSet<String>, ReadError> {
    let mut names = BTreeSet::new();
    let read = lines::read(&folder.join(REMOVED), &mut |_, removed: Removed| {
        names.insert(removed.name);
    });
    match read {
        Err(ReadError::Unreadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(names),
        read => read.map(|()| names),
    }
}

/// Takes from a violation the files that were removed, and says so.
pub fn withdraw(violation: &mut Violation, removed: &BTreeSet<String>) {
    let gone = violation.evidence.extract_if(.., |file| removed.contains(&file.name));
    let missing = gone.map(|file| MissingEvidence {
        role: file.role,
        cause: MissingCause::Other,
        reason: format!("{} was there and was removed; {REMOVED} says when and why", file.name),
    });
    violation.missing.extend(missing);
}
