//! How a result comes to its place.

use std::path::{Path, PathBuf};

use super::analysis::Analysis;
use crate::{
    files,
    results::{REPORT, WriteError},
    say::say,
};

/// Where a result came to lie.
pub enum Settled {
    /// Where it was to go.
    InPlace(PathBuf),
    /// Where it was written, and why; and whether an earlier one stands where it was to go.
    Aside {
        /// Where.
        at: PathBuf,
        /// Why.
        why: &'static str,
        /// The earlier one.
        earlier: Option<PathBuf>,
    },
    /// It is whole, where it was written: what kept it from its place.
    Stuck(PathBuf, String),
}

/// Puts a result in its place: a whole one, and where it would replace another, only one that is worth it.
pub fn settle(analysis: &mut Analysis, written: &Result<(), WriteError>) -> Option<Settled> {
    let result = analysis.result.take()?;
    let (at, folder, replaces) = (result.path().to_owned(), result.folder().to_owned(), result.replaces());
    let why = if analysis.stopped.is_some() {
        Some("it was stopped before its end")
    } else if written.is_err() {
        Some("not all of it could be written")
    } else if replaces && analysis.is_empty() {
        Some("not one picture could be analysed")
    } else if replaces && analysis.failed() {
        Some("something failed that it needed")
    } else {
        None
    };
    if let Some(why) = why {
        return Some(Settled::Aside { at, why, earlier: replaces.then_some(folder) });
    }
    Some(match result.put_in_place() {
        Ok(()) => Settled::InPlace(folder),
        Err(error) => Settled::Stuck(at, error.to_string()),
    })
}

impl Settled {
    /// Whether it lies where it was to go.
    pub fn is_in_place(&self) -> bool {
        matches!(self, Self::InPlace(_))
    }

    /// Tells where the results are, in one line. `named` is the folder as the command named it.
    pub fn say(&self, named: &Path) {
        match self {
            Self::InPlace(folder) => {
                let report = named.join(REPORT);
                let open = if folder.join(REPORT).is_file() {
                    format!("; open {}", files::shown(report.as_os_str()))
                } else {
                    String::new()
                };
                say(format_args!("results are in {}{open}", files::shown(named.as_os_str())));
            }
            Self::Aside { at, why, earlier } => {
                let stands = earlier.as_ref().map_or_else(String::new, |folder| {
                    format!("; the earlier result in {} stands as it was", files::shown(folder.as_os_str()))
                });
                say(format_args!(
                    "the result is unfinished, as {why}: it is in {}{stands}",
                    files::shown(at.as_os_str())
                ));
            }
            Self::Stuck(at, error) => {
                say(format_args!(
                    "error: {error}; the new result is whole and is in {}",
                    files::shown(at.as_os_str())
                ));
            }
        }
    }
}
