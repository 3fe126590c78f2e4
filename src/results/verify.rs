//! Whether a result folder is still as it was when the analysis ended.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    io::{self, BufRead, BufReader},
    path::{Component, Path, PathBuf},
};

use serde::Deserialize;
use thiserror::Error;

use super::{
    DAY_MANIFEST, DayIs, LOCK, MANIFEST, OBSERVATIONS, OUTCOME, REMOVED, REPLACED, REPORT, REPORT_SUM,
    ReadError, SUMS, VIOLATIONS, day,
};
use crate::files;

/// What was found in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many files were hashed and found as listed.
    pub sound: u64,
    /// Bytes of those.
    pub bytes: u64,
    /// What is wrong, in the order of the names.
    pub problems: Vec<Problem>,
    /// SHA-256 of [`SUMS`]: the report shows it.
    pub sums: String,
    /// How the report is known to be as it was.
    pub report: ReportIs,
    /// Whether it is complete, where it is the folder of a day of a live box.
    pub day: Option<DayIs>,
    /// Files of evidence of such a day that were removed, and are listed as such.
    pub removed: u64,
}

/// How a report is known to be as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportIs {
    /// By its hash, which stands beside the list.
    Listed,
    /// Not at all: older versions kept no hash of it.
    Unlisted,
    /// There is none, as `replay` makes none.
    None,
}

/// A file that is not as listed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Path within the folder.
    pub name: String,
    /// What is wrong with it.
    pub what: Wrong,
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrong {
    /// It is listed and not there.
    Missing,
    /// Its bytes are not those listed.
    Changed,
    /// It is there and no list names it.
    NotListed,
    /// It is a link, a folder or something else where a file is listed.
    NotAFile,
    /// It cannot be read.
    Unreadable(String),
    /// One list has it with another hash than the other, or not at all.
    ListsDiffer,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.what {
            Wrong::Missing => write!(f, "missing: {name}"),
            Wrong::Changed => write!(f, "changed: {name}"),
            Wrong::NotListed => write!(f, "not listed: {name}"),
            Wrong::NotAFile => write!(f, "not a file: {name}"),
            Wrong::Unreadable(reason) => write!(f, "unreadable: {name} ({reason})"),
            Wrong::ListsDiffer => write!(f, "the lists differ: {name} in {MANIFEST} and {SUMS}"),
        }
    }
}

/// Why a folder cannot be verified at all.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// No such folder.
    #[error("{0} is not a folder; name the folder that `analyze --out` wrote")]
    NotAFolder(PathBuf),
    /// A folder of something else.
    #[error(
        "{0} is not the result of an analysis: it has neither {MANIFEST} nor {SUMS}; name the folder that `analyze --out` wrote"
    )]
    NotAResult(PathBuf),
    /// It was never finished.
    #[error("{0} is unfinished: {MANIFEST}, which is written last, is not there; analyse again")]
    Unfinished(PathBuf),
    /// A list that cannot be read.
    #[error("{path} cannot be read: {source}")]
    Unreadable {
        /// The list, or a folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line that is none of this program's.
    #[error("{path}:{line}: {reason}")]
    Malformed {
        /// The list.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// The list of what was removed of a day.
    #[error(transparent)]
    Removed(#[from] ReadError),
}

/// What verifying needs of a manifest's line.
#[derive(Deserialize)]
struct Listed {
    name: String,
    sha256: String,
}

/// Hashes every file of a result folder again and compares with what the folder's lists say.
///
/// # Errors
/// [`VerifyError`] where it is no result folder, was never finished, or its lists make no sense.
pub fn verify(folder: &Path) -> Result<Verified, VerifyError> {
    if !folder.is_dir() {
        return Err(VerifyError::NotAFolder(folder.to_owned()));
    }
    let day = DayIs::of(folder);
    let list = if day.is_some() { DAY_MANIFEST } else { MANIFEST };
    let (manifest, sums) = (folder.join(list), folder.join(SUMS));
    let all = if sums.exists() { read_sums(&sums)? } else { BTreeMap::new() };
    // A replay finds violations and keeps no evidence: its list names no manifest.
    let replayed = !all.is_empty() && !all.contains_key(list);
    if !manifest.exists() && !replayed {
        let parts = [SUMS, VIOLATIONS, OBSERVATIONS];
        let result = parts.iter().any(|name| folder.join(name).exists());
        let folder = folder.to_owned();
        return Err(if result { VerifyError::Unfinished(folder) } else { VerifyError::NotAResult(folder) });
    }
    let mut evidence = if manifest.exists() { read_manifest(&manifest)? } else { BTreeMap::new() };
    let removed = if day.is_some() { day::removed(folder)? } else { BTreeSet::new() };
    let report = if folder.join(REPORT_SUM).exists() {
        ReportIs::Listed
    } else if folder.join(REPORT).exists() {
        ReportIs::Unlisted
    } else {
        ReportIs::None
    };
    let mut found =
        Verified { sound: 0, bytes: 0, problems: Vec::new(), sums: String::new(), report, day, removed: 0 };
    let mut problem = |name: &str, what| found.problems.push(Problem { name: name.to_owned(), what });
    match files::sha256_of(&sums) {
        Ok(hash) => found.sums = hash,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if day != Some(DayIs::Open) {
                problem(SUMS, Wrong::Missing);
            }
        }
        Err(error) => problem(SUMS, Wrong::Unreadable(error.to_string())),
    }
    let before = evidence.len();
    evidence.retain(|name, _| !removed.contains(name) || folder.join(name).exists());
    found.removed = (before - evidence.len()) as u64;
    let of_day = [VIOLATIONS, OUTCOME, DAY_MANIFEST];
    let in_evidence = |name: &str| match day {
        Some(_) => !of_day.contains(&name) && !removed.contains(name),
        None => name.starts_with("evidence/") && name != MANIFEST,
    };
    if !all.is_empty() {
        let differ = |(name, hash): &(&String, &String)| all.get(*name) != Some(*hash);
        for (name, _) in evidence.iter().filter(differ) {
            problem(name, Wrong::ListsDiffer);
        }
        for name in all.keys().filter(|name| in_evidence(name) && !evidence.contains_key(*name)) {
            problem(name, Wrong::ListsDiffer);
        }
    }
    let mut expected = evidence;
    for (name, hash) in
        all.into_iter().filter(|(name, _)| !removed.contains(name) || folder.join(name).exists())
    {
        expected.entry(name).or_insert(hash);
    }
    match report {
        ReportIs::Listed => {
            for (name, hash) in read_sums(&folder.join(REPORT_SUM))? {
                expected.entry(name).or_insert(hash);
            }
            if !expected.contains_key(REPORT) {
                problem(REPORT, Wrong::NotListed);
            }
        }
        // A report that speaks of its hash had one.
        ReportIs::Unlisted if tells_of_its_hash(&folder.join(REPORT)) => problem(REPORT_SUM, Wrong::Missing),
        // Every analysis that was finished left one.
        ReportIs::None if manifest.exists() && day.is_none() => problem(REPORT, Wrong::Missing),
        ReportIs::Unlisted | ReportIs::None => {}
    }
    for (name, hash) in &expected {
        match check(&folder.join(name), hash) {
            Ok(bytes) => {
                found.sound += 1;
                found.bytes += bytes;
            }
            Err(what) => found.problems.push(Problem { name: name.clone(), what }),
        }
    }
    let mut there = Vec::new();
    walk(folder, "", &mut there)?;
    for name in there {
        let lists = [list, SUMS, REPORT, REPORT_SUM, LOCK, REPLACED];
        // What is being written has no name yet; the lists of a day that goes on have no hashes.
        let goes_on = day == Some(DayIs::Open)
            && ([VIOLATIONS, OUTCOME].contains(&name.as_str()) || name.starts_with(files::UNFINISHED));
        let is_of_day = day.is_some() && name == REMOVED;
        let known = lists.contains(&name.as_str()) || expected.contains_key(&name) || goes_on || is_of_day;
        if !known {
            found.problems.push(Problem { name, what: Wrong::NotListed });
        }
    }
    found.problems.sort();
    found.problems.dedup();
    Ok(found)
}

/// Whether a report names the file with its hash, as those of this version do.
fn tells_of_its_hash(report: &Path) -> bool {
    let name = REPORT_SUM.as_bytes();
    fs::read(report).is_ok_and(|page| page.windows(name.len()).any(|part| part == name))
}

/// Hashes one file, which is no link. How many bytes it has.
///
/// # Errors
/// [`Wrong`].
pub(super) fn check(path: &Path, hash: &str) -> Result<u64, Wrong> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Wrong::Missing,
        _ => Wrong::Unreadable(error.to_string()),
    };
    // A link could lead anywhere, and what it leads to may change.
    let about = fs::symlink_metadata(path).map_err(unreadable)?;
    if !about.is_file() {
        return Err(Wrong::NotAFile);
    }
    let found = files::sha256_of(path).map_err(unreadable)?;
    if found == hash { Ok(about.len()) } else { Err(Wrong::Changed) }
}

/// The name in a line of a list, and the hash; none of a comment.
type Line = Option<(String, String)>;

fn read_manifest(path: &Path) -> Result<BTreeMap<String, String>, VerifyError> {
    let parse = |line: &str| -> Result<Line, String> {
        let listed: Listed = serde_json::from_str(line).map_err(|error| error.to_string())?;
        Ok(Some((listed.name, listed.sha256)))
    };
    read(path, parse)
}

pub(super) fn read_sums(path: &Path) -> Result<BTreeMap<String, String>, VerifyError> {
    let parse = |line: &str| -> Result<Line, String> {
        if line.starts_with('#') {
            return Ok(None);
        }
        let (hash, name) = line.split_once("  ").ok_or("a hash, two spaces and a name are wanted")?;
        Ok(Some((name.to_owned(), hash.to_owned())))
    };
    read(path, parse)
}

/// Reads a list: names within the folder, each with a SHA-256, each once.
fn read(
    path: &Path,
    parse: impl Fn(&str) -> Result<Line, String>,
) -> Result<BTreeMap<String, String>, VerifyError> {
    let unreadable = |source| VerifyError::Unreadable { path: path.to_owned(), source };
    let mut list = BTreeMap::new();
    for (index, line) in BufReader::new(files::open(path).map_err(unreadable)?).lines().enumerate() {
        let line = line.map_err(unreadable)?;
        let wrong =
            |reason: String| VerifyError::Malformed { path: path.to_owned(), line: index + 1, reason };
        let Some((name, hash)) = parse(&line).map_err(wrong)? else { continue };
        let plain = |c: Component<'_>| matches!(c, Component::Normal(_));
        if name.is_empty() || !Path::new(&name).components().all(plain) {
            return Err(wrong(format!("{name:?} is no path within the folder")));
        }
        if hash.len() != 64 || !hash.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            return Err(wrong(format!("{hash:?} is no SHA-256")));
        }
        if list.insert(name.clone(), hash).is_some() {
            return Err(wrong(format!("{name} is listed twice")));
        }
    }
    Ok(list)
}

/// The paths of everything below a folder that is no folder itself.
fn walk(folder: &Path, below: &str, found: &mut Vec<String>) -> Result<(), VerifyError> {
    let here = folder.join(below);
    let unreadable = |source| VerifyError::Unreadable { path: here.clone(), source };
    for entry in fs::read_dir(&here).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let name = if below.is_empty() { name } else { format!("{below}/{name}") };
        if entry.file_type().map_err(unreadable)?.is_dir() {
            walk(folder, &name, found)?;
        } else {
            found.push(name);
        }
    }
    Ok(())
}
