//! What a result folder holds: `evidence/manifest.jsonl` for the evidence, `SHA256SUMS` for everything.

use std::{collections::BTreeMap, io, path::Path};

use super::Entry;
use crate::files;

/// The manifest's text, in the order of the names.
pub fn text(entries: &[Entry]) -> Vec<u8> {
    let mut sorted: Vec<&Entry> = entries.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let mut text = Vec::new();
    for entry in sorted {
        // Writing to memory does not fail, and every entry can be written as JSON.
        let _ = serde_json::to_writer(&mut text, entry);
        text.push(b'\n');
    }
    text
}

/// The text of `report.sha256`: facts of the run as comments, then hashes by name.
pub fn report_sum(facts: &[String], hashes: &[(&str, &str)]) -> String {
    let facts = facts.iter().map(|fact| format!("# {fact}\n"));
    facts.chain(hashes.iter().map(|(name, hash)| format!("{hash}  {name}\n"))).collect()
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
