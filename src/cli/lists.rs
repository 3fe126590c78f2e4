//! How violations are listed, and the room on the disk that is kept for it.

use std::{
    io::{self, Write},
    path::Path,
};

use anyhow::anyhow;
use tempfile::NamedTempFile;

use crate::{config::Config, domain::Violation, engine::Outcome, files, report};

/// Room for the lists of an analysis and a report without pictures, and for what each camera and each violation adds.
const ROOM: [usize; 3] = [40 << 10, 8 << 10, 6 << 10];

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
}

/// Lists what was found before evidence is made of it, which may fill the disk; and keeps room for the lists that tell of
/// that.
pub fn first(config: &Config, outcomes: &[Outcome], out: &Path) -> Reserve {
    let mut violations: Vec<Violation> =
        outcomes.iter().flat_map(|outcome| outcome.violations.iter().cloned()).collect();
    if violations.is_empty() {
        return Reserve::default();
    }
    sort(&mut violations);
    // What cannot be written now is tried again at the end, and told then.
    let _ = write_violations(&out.join("violations.jsonl"), &violations);
    let _ = put(out, "violations.csv", &report::csv(&violations, &config.site.timezone));
    let [all, camera, violation] = ROOM;
    Reserve::make(out, all + camera * outcomes.len() + violation * violations.len())
}

/// Sorts violations as files have them: by start, camera and rule.
pub fn sort(violations: &mut [Violation]) {
    violations
        .sort_by(|a, b| (a.started.wall, &a.camera, &a.rule).cmp(&(b.started.wall, &b.camera, &b.rule)));
}

/// Writes a file of a result, whole or not at all.
pub fn put(out: &Path, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
    let path = out.join(name);
    files::write(&path, bytes).map_err(|error| unwritten(&path, &error))
}

pub fn unwritten(path: &Path, error: &io::Error) -> anyhow::Error {
    anyhow!("{} cannot be written: {}", files::shown(path.as_os_str()), files::reason(error))
}

/// The lines of violations.
///
/// # Errors
/// None that are known: every violation can be written as JSON.
pub fn violation_lines(violations: &[Violation]) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    for violation in violations {
        serde_json::to_writer(&mut text, violation)?;
        text.push(b'\n');
    }
    Ok(text)
}

/// Writes one line for each violation, whole or not at all.
pub fn write_violations(path: &Path, violations: &[Violation]) -> anyhow::Result<()> {
    files::write(path, &violation_lines(violations)?).map_err(|error| unwritten(path, &error))
}
