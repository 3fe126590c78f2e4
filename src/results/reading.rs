//! A result folder read again.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;
use thiserror::Error;

use super::{
    Entry, FORM, MANIFEST, OBSERVATIONS, OUTCOME, RUN, ReadError, Run, SUMS, Summary, VIOLATIONS,
    VerifyError, lines, verify::read_sums,
};
use crate::{domain::Violation, files};

/// What a result folder holds.
#[derive(Debug)]
pub struct Stored {
    /// What became of each camera, and what it was judged by.
    pub summary: Summary,
    /// The violations, in the order of their file.
    pub violations: Vec<Violation>,
    /// The files of evidence.
    pub entries: Vec<Entry>,
    /// How the run went; none where that is not kept.
    pub run: Option<Run>,
    /// SHA-256 of [`SUMS`].
    pub sums: String,
}

/// Why a folder cannot be read as a result.
#[derive(Debug, Error)]
pub enum StoredError {
    /// No such folder.
    #[error("{} is not a folder; name the folder that `analyze --out` wrote", shown(.0))]
    NotAFolder(PathBuf),
    /// A folder of something else.
    #[error(
        "{} is not the result of an analysis: it has neither {OUTCOME} nor {SUMS}; name the folder that `analyze --out` wrote",
        shown(.0)
    )]
    NotAResult(PathBuf),
    /// It was never finished.
    #[error("{} is unfinished: {MANIFEST}, which is written last, is not there; analyse again", shown(.0))]
    Unfinished(PathBuf),
    /// The result of `replay`, or of a version that kept no outcome.
    #[error(
        "{} has no {OUTCOME}: `replay` writes none, and neither did Firewarden before 0.2; analyse again to have one", shown(.0)
    )]
    NoOutcome(PathBuf),
    /// It is of a later version.
    #[error(
        "{} is of a later version of Firewarden ({firewarden}, form {form}); this one reads forms up to {FORM}. Use that version",
        shown(.path)
    )]
    Later {
        /// The file.
        path: PathBuf,
        /// Its form.
        form: u32,
        /// The version that wrote it.
        firewarden: String,
    },
    /// A file that is not what the folder's list says.
    #[error(
        "{} is not as {SUMS} lists it: it was changed after the analysis. `firewarden verify` names everything that was; analyse again",
        shown(.0)
    )]
    Changed(PathBuf),
    /// A file that cannot be read.
    #[error("{} cannot be read: {}", shown(.path), files::reason(source))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that is not what it should be.
    #[error("{} is no {what}: {reason}", shown(.path))]
    Wrong {
        /// The file.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A line that is not what it should be.
    #[error(transparent)]
    Line(#[from] ReadError),
    /// The list of hashes makes no sense.
    #[error(transparent)]
    List(#[from] VerifyError),
}

impl StoredError {
    /// Whether the command was used in a way that cannot work: it names no result.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::NotAFolder(_) | Self::NotAResult(_))
    }
}

fn shown(path: &Path) -> String {
    files::shown(path.as_os_str())
}

impl Stored {
    /// Reads a result folder. What is read is checked against the folder's list: a page of changed files would pass for one
    /// of those that were analysed.
    ///
    /// # Errors
    /// [`StoredError`] where it is no result, unfinished, of a later version, or was changed.
    pub fn read(folder: &Path) -> Result<Self, StoredError> {
        if !folder.is_dir() {
            return Err(StoredError::NotAFolder(folder.to_owned()));
        }
        let there = |name: &str| folder.join(name).exists();
        if !there(MANIFEST) {
            let parts = [OUTCOME, OBSERVATIONS, super::JOURNAL];
            return Err(match parts.iter().any(|name| there(name)) {
                true => StoredError::Unfinished(folder.to_owned()),
                false if there(SUMS) => StoredError::NoOutcome(folder.to_owned()),
                false => StoredError::NotAResult(folder.to_owned()),
            });
        }
        if !there(OUTCOME) {
            return Err(StoredError::NoOutcome(folder.to_owned()));
        }
        let list = folder.join(SUMS);
        let sums = files::sha256_of(&list).map_err(unreadable(&list))?;
        let listed = read_sums(&list)?;
        for name in [OUTCOME, VIOLATIONS, MANIFEST] {
            unchanged(folder, name, &listed)?;
        }
        let summary = summary(&folder.join(OUTCOME))?;
        let run = folder.join(RUN);
        let run = if run.exists() { Some(json(&run, "account of a run")?) } else { None };
        let (mut violations, mut entries) = (Vec::new(), Vec::new());
        lines::read(&folder.join(VIOLATIONS), &mut |_, violation| violations.push(violation))?;
        lines::read(&folder.join(MANIFEST), &mut |_, entry: Entry| entries.push(entry))?;
        for entry in &entries {
            unchanged(folder, &entry.name, &listed)?;
        }
        Ok(Self { summary, violations, entries, run, sums })
    }
}

/// Refuses a file that is not as it is listed. One that is missing is told of where it is read.
fn unchanged(folder: &Path, name: &str, listed: &BTreeMap<String, String>) -> Result<(), StoredError> {
    let path = folder.join(name);
    match files::sha256_of(&path) {
        Ok(hash) if listed.get(name) == Some(&hash) => Ok(()),
        Ok(_) => Err(StoredError::Changed(path)),
        Err(error) => Err(unreadable(&path)(error)),
    }
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> StoredError {
    let path = path.to_owned();
    |source| StoredError::Unreadable { path, source }
}

/// Reads `outcome.json`. Its form is looked at first: what a later one holds need not be known.
fn summary(path: &Path) -> Result<Summary, StoredError> {
    #[derive(serde::Deserialize)]
    struct Form {
        form: u32,
        #[serde(default)]
        firewarden: String,
    }
    let Form { form, firewarden } = json(path, "outcome of an analysis")?;
    if form > FORM {
        return Err(StoredError::Later { path: path.to_owned(), form, firewarden });
    }
    json(path, "outcome of an analysis")
}

/// The JSON that a file holds.
fn json<T: DeserializeOwned>(path: &Path, what: &'static str) -> Result<T, StoredError> {
    let bytes = fs::read(path).map_err(unreadable(path))?;
    let wrong = |error: serde_json::Error| StoredError::Wrong {
        path: path.to_owned(),
        what,
        reason: error.to_string(),
    };
    serde_json::from_slice(&bytes).map_err(wrong)
}
