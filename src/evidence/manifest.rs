//! What a result folder holds: `evidence/manifest.jsonl` for the evidence, `SHA256SUMS` for everything.

use std::{collections::BTreeMap, io, path::Path};

use serde::Serialize;
use uuid::Uuid;

use super::{Coding, Piece, Shortfall};
use crate::{
    domain::{EvidenceRole, MediaTime},
    files,
};

/// The manifest's path within a result folder. It is written last: a folder without it is unfinished.
pub const MANIFEST: &str = "evidence/manifest.jsonl";

/// The path of the list of all hashes, in the format of `sha256sum`, so that a folder can be checked without this
/// program: `sha256sum --check SHA256SUMS`.
pub const SUMS: &str = "SHA256SUMS";

/// The report. It tells when it was made and how long that took, so the list of all hashes, which the report shows, does
/// not hold its own.
pub const REPORT: &str = "report.html";

/// Beside the list: the hash of the report and of the list, and how the run went. `sha256sum --check report.sha256`
/// checks both.
pub const REPORT_SUM: &str = "report.sha256";

/// One line of the manifest: a file of evidence and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// Path within the result folder, with `/` between its parts.
    pub name: String,
    /// What it shows.
    pub role: EvidenceRole,
    /// The violation that it belongs to.
    pub violation: Uuid,
    /// SHA-256 of its bytes, in lower-case hexadecimal.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// Media time of its first picture.
    pub first_s: MediaTime,
    /// Media time of its last picture, of clips: of that picture's end.
    pub last_s: MediaTime,
    /// The recordings it was taken from, in order.
    pub source: Vec<Piece>,
    /// In what a clip falls short of what it should show.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shortfalls: Vec<Shortfall>,
    /// How a clip is coded, where browsers may not play that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coding: Option<Coding>,
}

/// The manifest's text, in the order of the names.
///
/// # Errors
/// None that are known: every entry can be written as JSON.
pub fn text(entries: &[Entry]) -> serde_json::Result<Vec<u8>> {
    let mut sorted: Vec<&Entry> = entries.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let mut text = Vec::new();
    for entry in sorted {
        serde_json::to_writer(&mut text, entry)?;
        text.push(b'\n');
    }
    Ok(text)
}

/// The file that a run locks while it writes a result: it marks a folder as one that is written into.
pub const LOCK: &str = ".firewarden-lock";

/// The file that marks a result as one that another takes the place of.
pub const REPLACED: &str = ".firewarden-replaced";

/// The text of [`REPORT_SUM`]: facts of the run as comments, then the hashes of report and list.
pub fn report_sum(facts: &[String], sums: &str, report: &str) -> String {
    let facts: String = facts.iter().map(|fact| format!("# {fact}\n")).collect();
    format!("{facts}{sums}  {SUMS}\n{report}  {REPORT}\n")
}

/// The hash of every file of a result folder, by its path within the folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums(BTreeMap<String, String>);

impl Sums {
    /// Notes a file by its hash.
    pub fn add(&mut self, name: &str, sha256: String) {
        self.0.insert(name.to_owned(), sha256);
    }

    /// Hashes a file of `folder` and notes it.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn hash(&mut self, folder: &Path, name: &str) -> io::Result<()> {
        let sha256 = files::sha256_of(&folder.join(name))?;
        self.add(name, sha256);
        Ok(())
    }

    /// The text of `SHA256SUMS`.
    pub fn text(&self) -> String {
        self.0.iter().map(|(name, sha256)| format!("{sha256}  {name}\n")).collect()
    }
}
