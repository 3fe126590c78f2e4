//! What an analysis leaves in its folder beside observations and evidence.

use std::{fs, mem};

use jiff::Timestamp;

use super::analysis::Analysis;
use crate::{
    config::Config,
    domain::Violation,
    eval::Evaluation,
    report,
    results::{
        CameraSummary, Entry, MANIFEST, OBSERVATIONS, OUTCOME, Run, SUMS, Summary, Sums, TABLE, VIOLATIONS,
        WriteError, clear_journal, manifest_text, put, put_violations,
    },
};

/// Writes violations, table, lists and report, the manifest last: a folder that has it is complete. Of an analysis that was
/// stopped there is none.
///
/// What cannot be written does not keep the others from being tried.
///
/// # Errors
/// The first of what could not be written.
pub fn write(
    config: &Config,
    analysis: &mut Analysis,
    violations: &[Violation],
    evaluation: Option<&Evaluation>,
) -> Result<(), WriteError> {
    let Some(out) = analysis.result.as_ref().map(|result| result.path().to_owned()) else { return Ok(()) };
    drop(mem::take(&mut analysis.reserve));
    let summary = summary(config, analysis, evaluation);
    let lines = put_violations(&out, violations);
    let table = put(&out, TABLE, &report::csv(violations, &config.site.timezone));
    let outcome = put(&out, OUTCOME, &summary.text());
    // What was noted of violations meanwhile is in their list now.
    let journal = lines.and_then(|()| clear_journal(&out));
    let mut sums = Sums::default();
    let records = config.cameras.iter().map(|camera| format!("{OBSERVATIONS}/{}.jsonl", camera.id));
    for name in [VIOLATIONS, TABLE, OUTCOME].map(str::to_owned).into_iter().chain(records) {
        // What could not be written, of which people have been told, is on no list.
        let _ = sums.hash(&out, &name);
    }
    let evidence = analysis.cameras.iter().flat_map(|camera| &camera.evidence.entries);
    let entries: Vec<Entry> = evidence.cloned().collect();
    for entry in &entries {
        sums.add(&entry.name, entry.sha256.clone());
    }
    let manifest = manifest_text(&entries);
    sums.add(MANIFEST, crate::files::sha256(&manifest));
    let sums = sums.text();
    let listed = put(&out, SUMS, sums.as_bytes());
    let page = report::Report {
        summary: &summary,
        violations,
        entries: &entries,
        run: Some(Run { took: analysis.took, made: Timestamp::now() }),
        sums: &crate::files::sha256(sums.as_bytes()),
        folder: &out,
    };
    let page = report::write(&page);
    journal.and(table).and(outcome).and(listed).and(page)?;
    if analysis.stopped.is_some() {
        return Ok(());
    }
    let folder = out.join("evidence");
    fs::create_dir_all(&folder).map_err(|source| WriteError { path: folder, source })?;
    put(&out, MANIFEST, &manifest)
}

/// What became of the cameras, and what they were judged by.
fn summary(config: &Config, analysis: &Analysis, evaluation: Option<&Evaluation>) -> Summary {
    let cameras = config.cameras.iter().zip(&analysis.cameras);
    let cameras = cameras.map(|(camera, analysed)| CameraSummary {
        camera: camera.id.clone(),
        outcome: analysed.outcome.clone(),
        sources: analysed.sources.clone(),
    });
    Summary::new(config.resolved(), analysis.models.clone(), cameras.collect(), evaluation.cloned())
}
