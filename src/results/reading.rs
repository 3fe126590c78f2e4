//! A result folder read again.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{self, Read},
    path::{Component, Path, PathBuf},
};

use serde::de::DeserializeOwned;
use thiserror::Error;

use super::{
    DAY_MANIFEST, DayIs, Entry, FORM, MANIFEST, OBSERVATIONS, OUTCOME, REPORT_SUM, RUN, ReadError, Run, SUMS,
    Summary, VIOLATIONS, VerifyError, Wrong, day, lines,
    verify::{check, read_sums},
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
    /// SHA-256 of [`SUMS`]; empty for a day that is not closed, which has none.
    pub sums: String,
    /// Whether it is complete, where it is the folder of a day of a live box.
    pub day: Option<DayIs>,
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
        "{} has no {OUTCOME}: `replay` writes none, and neither did earlier versions; analyse again to have one", shown(.0)
    )]
    NoOutcome(PathBuf),
    /// A day of a live box of which nothing but evidence is there yet.
    #[error("{} is a day that has just begun: it has no {OUTCOME} yet; try again in a minute", shown(.0))]
    NotYet(PathBuf),
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
    #[error("{} cannot be read: {source}", shown(.path))]
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
        if let Some(day) = DayIs::of(folder) {
            return Self::read_day(folder, day);
        }
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
        // A link could lead anywhere.
        let evidence = folder.join("evidence");
        if fs::symlink_metadata(&evidence).is_ok_and(|about| !about.is_dir()) {
            return Err(StoredError::Changed(evidence));
        }
        for name in [OUTCOME, VIOLATIONS, MANIFEST] {
            unchanged(folder, name, &listed)?;
        }
        let summary = summary(&folder.join(OUTCOME))?;
        let (mut violations, mut entries) = (Vec::new(), Vec::new());
        lines::read(&folder.join(VIOLATIONS), &mut |_, violation| violations.push(violation))?;
        lines::read(&folder.join(MANIFEST), &mut |_, entry: Entry| entries.push(entry))?;
        for entry in &entries {
            unchanged(folder, &entry.name, &listed)?;
        }
        agree(folder, &summary, &violations, &entries)?;
        Ok(Self { summary, violations, entries, run: run(folder)?, sums, day: None })
    }

    /// A day of a live box. Of one that is not closed, its evidence is checked alone: what else it tells is as it was known
    /// some moments ago.
    fn read_day(folder: &Path, day: DayIs) -> Result<Self, StoredError> {
        if !folder.join(OUTCOME).exists() {
            return Err(StoredError::NotYet(folder.to_owned()));
        }
        let list = folder.join(SUMS);
        let (sums, mut listed) = match day {
            DayIs::Closed => (files::sha256_of(&list).map_err(unreadable(&list))?, read_sums(&list)?),
            DayIs::Open => (String::new(), BTreeMap::new()),
        };
        if day == DayIs::Closed {
            for name in [OUTCOME, VIOLATIONS, DAY_MANIFEST] {
                unchanged(folder, name, &listed)?;
            }
        }
        let summary = summary(&folder.join(OUTCOME))?;
        let (mut violations, mut entries) = (Vec::new(), Vec::new());
        lines::read(&folder.join(VIOLATIONS), &mut |_, violation: Violation| violations.push(violation))?;
        lines::read(&folder.join(DAY_MANIFEST), &mut |_, entry: Entry| entries.push(entry))?;
        agree(folder, &summary, &violations, &entries)?;
        let removed = day::removed(folder)?;
        violations.iter_mut().for_each(|violation| day::withdraw(violation, &removed));
        entries.retain(|entry| !removed.contains(&entry.name));
        for entry in &entries {
            if day == DayIs::Open {
                listed.insert(entry.name.clone(), entry.sha256.clone());
            }
            unchanged(folder, &entry.name, &listed)?;
        }
        Ok(Self { summary, violations, entries, run: None, sums, day: Some(day) })
    }
}

/// Refuses what contradicts itself: a page of it would hide or invent something.
fn agree(
    folder: &Path,
    summary: &Summary,
    violations: &[Violation],
    entries: &[Entry],
) -> Result<(), StoredError> {
    let wrong = |name: &str, what, reason| Err(StoredError::Wrong { path: folder.join(name), what, reason });
    let configured: Vec<_> = summary.configuration.cameras.iter().map(|camera| &camera.id).collect();
    let told: Vec<_> = summary.cameras.iter().map(|camera| &camera.camera).collect();
    if configured != told {
        let reason = "it tells of other cameras than its configuration has".to_owned();
        return wrong(OUTCOME, OUTCOME_IS, reason);
    }
    let listed: BTreeSet<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    for violation in violations {
        let (id, camera) = (violation.id, &violation.camera);
        if !configured.contains(&camera) {
            return wrong(
                VIOLATIONS,
                "list of its violations",
                format!("{id} is of camera {camera}, which {OUTCOME} does not have"),
            );
        }
        if let Some(file) = violation.evidence.iter().find(|file| !listed.contains(file.name.as_str())) {
            let name = files::shown(file.name.as_ref());
            return wrong(
                VIOLATIONS,
                "list of its violations",
                format!("{id} has {name}, which {MANIFEST} does not list"),
            );
        }
    }
    Ok(())
}

/// How the run went; none where that is not kept.
fn run(folder: &Path) -> Result<Option<Run>, StoredError> {
    let path = folder.join(RUN);
    if fs::symlink_metadata(&path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        return Ok(None);
    }
    // Where the list beside the report was lost, nothing tells.
    let listed = read_sums(&folder.join(REPORT_SUM)).unwrap_or_default();
    let wrong = |reason: &str| StoredError::Wrong {
        path: path.clone(),
        what: "account of the run",
        reason: format!("{reason}. Remove it: the report is then made without it"),
    };
    let hash = match listed.get(RUN) {
        Some(hash) => hash.clone(),
        None => files::sha256_of(&path).map_err(|error| wrong(&error.to_string()))?,
    };
    check(&path, &hash).map_err(|_| wrong(&format!("it is not as {REPORT_SUM} lists it")))?;
    json(&path, "account of the run").map(Some).map_err(|error| wrong(&error.to_string()))
}

/// Refuses a file that is not as it is listed.
fn unchanged(folder: &Path, name: &str, listed: &BTreeMap<String, String>) -> Result<(), StoredError> {
    let path = folder.join(name);
    let plain = |c: Component<'_>| matches!(c, Component::Normal(_));
    let Some(hash) = listed.get(name).filter(|_| Path::new(name).components().all(plain)) else {
        return Err(StoredError::Changed(path));
    };
    match check(&path, hash) {
        Ok(_) => Ok(()),
        Err(Wrong::Unreadable(reason)) => Err(unreadable(&path)(io::Error::other(reason))),
        Err(Wrong::Missing) => Err(unreadable(&path)(io::Error::from(io::ErrorKind::NotFound))),
        Err(_) => Err(StoredError::Changed(path)),
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
    let Form { form, firewarden } = json(path, OUTCOME_IS)?;
    if form == 0 {
        let reason = "there is no form 0".to_owned();
        return Err(StoredError::Wrong { path: path.to_owned(), what: OUTCOME_IS, reason });
    }
    if form > FORM {
        let firewarden = files::shown(firewarden.as_ref());
        return Err(StoredError::Later { path: path.to_owned(), form, firewarden });
    }
    json(path, OUTCOME_IS)
}

const OUTCOME_IS: &str = "outcome of an analysis";

/// The JSON that a file holds.
fn json<T: DeserializeOwned>(path: &Path, what: &'static str) -> Result<T, StoredError> {
    let mut bytes = Vec::new();
    // What is no plain file is not waited for.
    files::open(path).and_then(|mut file| file.read_to_end(&mut bytes)).map_err(unreadable(path))?;
    let wrong = |error: serde_json::Error| StoredError::Wrong {
        path: path.to_owned(),
        what,
        reason: error.to_string(),
    };
    serde_json::from_slice(&bytes).map_err(wrong)
}
