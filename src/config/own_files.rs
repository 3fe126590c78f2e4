//! Files that sinks add alerts to: each has its own, and none is one of the program's.

use std::{
    fs,
    ops::Range,
    path::{Component, Path, PathBuf},
};

use super::section::Faults;

/// A file that a sink adds alerts to.
pub(super) struct Written {
    /// The key that says so, such as `sink.a.path`.
    pub key: String,
    /// Where that stands.
    pub span: Range<usize>,
    /// The newest file.
    pub path: PathBuf,
    /// How many there are: those before are called `PATH.1` and so on.
    pub files: u32,
}

/// What the program itself has.
pub(super) struct Own<'a> {
    /// Folders that are the program's, and the keys that name them.
    pub folders: [(&'a str, PathBuf); 2],
    /// Files that it reads secrets from.
    pub secrets: Vec<PathBuf>,
}

/// Notes each that is also something else.
pub(super) fn check(written: &[Written], own: &Own<'_>, faults: &Faults<'_>) {
    let settled: Vec<PathBuf> = written.iter().map(|written| real(&written.path)).collect();
    for (index, (file, path)) in written.iter().zip(&settled).enumerate() {
        let fault = |message: String| faults.add(Some(file.span.clone()), &file.key, message);
        for (other, other_path) in written.iter().zip(&settled).take(index) {
            if path == other_path {
                fault("another sink writes this file".to_owned());
            } else if is_older(path, other_path, other.files) || is_older(other_path, path, file.files) {
                fault(format!(
                    "older files of one of the two are called as `{}` is: write another name",
                    other.key
                ));
            }
        }
        for (key, folder) in &own.folders {
            if path.starts_with(real(folder)) {
                fault(format!("it lies in `{key}`, which is the program's own: write it beside that"));
            }
        }
        if own.secrets.iter().any(|secret| real(secret) == *path) {
            fault("the program reads a secret from this file: write another".to_owned());
        }
    }
}

/// Whether one of the older files of another sink is called so.
fn is_older(path: &Path, other: &Path, files: u32) -> bool {
    let names = path.as_os_str().to_str().zip(other.as_os_str().to_str());
    let Some((path, other)) = names else { return false };
    let number = path.strip_prefix(other).and_then(|rest| rest.strip_prefix('.'));
    number.and_then(|number| number.parse::<u32>().ok()).is_some_and(|number| (1..files).contains(&number))
}

/// Where a path leads: without `.` and `..`, and through links as far as it is there already.
pub(super) fn real(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut at = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                at.pop();
            }
            part => {
                at.push(part);
                at = fs::canonicalize(&at).unwrap_or(at);
            }
        }
    }
    at
}
