//! What an analysis leaves in its folder beside observations and evidence.

use std::path::Path;

use anyhow::Context;

use super::analysis::Analysis;
use crate::{
    config::Config,
    domain::Violation,
    eval::Evaluation,
    evidence::{Entry, MANIFEST, REPORT, SUMS, Sums, manifest_text},
    files, report,
};

/// Writes violations, table, report and lists, the manifest last: a folder that has it is complete.
///
/// What cannot be written does not keep the others from being tried.
///
/// # Errors
/// The first of what could not be written.
pub fn write(
    config: &Config,
    analysis: &Analysis,
    violations: &[Violation],
    evaluation: Option<&Evaluation>,
    out: &Path,
) -> anyhow::Result<()> {
    let mut sums = Sums::default();
    let lines = write_violations(&out.join("violations.jsonl"), violations);
    let table = put(out, "violations.csv", &report::csv(violations, &config.site.timezone));
    let records = config.cameras.iter().map(|camera| format!("observations/{}.jsonl", camera.id));
    for name in ["violations.jsonl".to_owned(), "violations.csv".to_owned()].into_iter().chain(records) {
        // What could not be written, of which people have been told, is on no list.
        let _ = sums.hash(out, &name);
    }
    let entries: Vec<Entry> =
        analysis.evidence.iter().flat_map(|collected| collected.entries.iter().cloned()).collect();
    for entry in &entries {
        sums.add(&entry.name, entry.sha256.clone());
    }
    let manifest = manifest_text(&entries)?;
    sums.add(MANIFEST, files::sha256(&manifest));
    let sums = sums.text();
    let page = report::page(&report::Report {
        config,
        outcomes: &analysis.outcomes,
        sources: &analysis.sources,
        models: &analysis.models,
        violations,
        entries: &entries,
        evaluation,
        took: analysis.took,
        made: jiff::Timestamp::now(),
        sums: &files::sha256(sums.as_bytes()),
        folder: out,
    });
    let page = put(out, REPORT, page.as_bytes());
    let sums = put(out, SUMS, sums.as_bytes());
    lines.and(table).and(page).and(sums)?;
    std::fs::create_dir_all(out.join("evidence")).with_context(|| evidence_folder(out))?;
    put(out, MANIFEST, &manifest)
}

fn evidence_folder(out: &Path) -> String {
    format!("{} cannot be made", out.join("evidence").display())
}

fn put(out: &Path, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
    let path = out.join(name);
    files::write(&path, bytes)
        .with_context(|| format!("{} cannot be written; is the disk full?", path.display()))
}

/// Writes one line for each violation, whole or not at all.
pub fn write_violations(path: &Path, violations: &[Violation]) -> anyhow::Result<()> {
    let mut text = Vec::new();
    for violation in violations {
        serde_json::to_writer(&mut text, violation)?;
        text.push(b'\n');
    }
    files::write(path, &text)
        .with_context(|| format!("{} cannot be written; is the disk full?", path.display()))
}
