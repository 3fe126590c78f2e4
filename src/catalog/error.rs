use std::{fmt, io, path::PathBuf};

use thiserror::Error;

use super::shelf::Shelf;

/// Why something of the catalogue could not be had.
#[derive(Debug, Error)]
pub enum CatalogError {
    /// A built-in list contradicts itself. Seen by whoever edits the list; a released program never returns it.
    #[error("{list}: {reason}")]
    Malformed {
        /// The list's path in the source tree.
        list: &'static str,
        /// What is wrong, naming the entry.
        reason: String,
    },
    /// No entry has this name.
    #[error("no {shelf} is called {name:?}{}; known: {}", did_you_mean(.nearest), .known.join(", "))]
    Unknown {
        /// The list that was searched.
        shelf: Shelf,
        /// The name asked for.
        name: String,
        /// The known name that it most resembles.
        nearest: Option<String>,
        /// Every known name, in the order of the list.
        known: Vec<String>,
    },
    /// No folder for fetched files can be derived from the environment.
    #[error(
        "there is no place to keep fetched files: set FIREWARDEN_CACHE to a folder (HOME is not set either)"
    )]
    NoCache,
    /// The folder of fetched files, or a file in it, cannot be read or written.
    #[error("{}: {source}; FIREWARDEN_CACHE names another folder for fetched files", .path.display())]
    Cache {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A source has a file, whole, that is not the one listed. It was not kept, and no further source was asked:
    /// a changed file is for a person to judge.
    #[error(
        "{name}: the file from {origin} is not the one listed: its SHA-256 is {found}, expected {expected}; \
         nothing was kept. {way_out}"
    )]
    WrongHash {
        /// The entry's name.
        name: String,
        /// The source, as it was asked.
        origin: String,
        /// SHA-256 listed for this source, hexadecimal.
        expected: String,
        /// SHA-256 of what it gave, hexadecimal.
        found: String,
        /// What can be done about it.
        way_out: &'static str,
    },
    /// No source has the file.
    #[error(
        "{name} cannot be had from any of its sources:{}\nput the file itself at {} (SHA-256 {sha256}), or name a \
         folder that has it in FIREWARDEN_MIRROR",
        Lines(.attempts), .path.display()
    )]
    Unavailable {
        /// The entry's name.
        name: String,
        /// Where the file would lie.
        path: PathBuf,
        /// A hash that is accepted there.
        sha256: String,
        /// Every source and why it failed, in the order in which they were asked.
        attempts: Vec<Attempt>,
    },
}

/// One source that was asked in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The source, as it was asked: a path, an address, a package.
    pub origin: String,
    /// Why it did not give the file.
    pub reason: String,
}

struct Lines<'a>(&'a [Attempt]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|attempt| write!(f, "\n  {}: {}", attempt.origin, attempt.reason))
    }
}

fn did_you_mean(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|name| format!(" (did you mean {name:?}?)")).unwrap_or_default()
}
