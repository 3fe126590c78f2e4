//! What an analysis leaves in its folder beside observations and evidence.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{
    analysis::Analysis,
    lists::{put, unwritten, violation_lines, write_violations},
    say::say,
};
use crate::{
    config::Config,
    domain::Violation,
    eval::Evaluation,
    evidence::{Entry, MANIFEST, REPORT, REPORT_SUM, SUMS, Sums, manifest_text, report_sum},
    files, report,
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
) -> anyhow::Result<()> {
    let Some(out) = analysis.result.as_ref().map(|result| result.path().to_owned()) else { return Ok(()) };
    drop(std::mem::take(&mut analysis.reserve));
    let mut sums = Sums::default();
    let lines = write_violations(&out.join("violations.jsonl"), violations);
    let table = put(&out, "violations.csv", &report::csv(violations, &config.site.timezone));
    let records = config.cameras.iter().map(|camera| format!("observations/{}.jsonl", camera.id));
    for name in ["violations.jsonl".to_owned(), "violations.csv".to_owned()].into_iter().chain(records) {
        // What could not be written, of which people have been told, is on no list.
        let _ = sums.hash(&out, &name);
    }
    let entries: Vec<Entry> =
        analysis.evidence.iter().flat_map(|collected| collected.entries.iter().cloned()).collect();
    for entry in &entries {
        sums.add(&entry.name, entry.sha256.clone());
    }
    let manifest = manifest_text(&entries)?;
    sums.add(MANIFEST, files::sha256(&manifest));
    let sums = sums.text();
    let listed = put(&out, SUMS, sums.as_bytes());
    let (sums, made) = (files::sha256(sums.as_bytes()), Timestamp::now());
    let page = |folder: &Path| {
        report::page(&report::Report {
            config,
            outcomes: &analysis.outcomes,
            sources: &analysis.sources,
            models: &analysis.models,
            violations,
            entries: &entries,
            evaluation,
            took: analysis.took,
            made,
            sums: &sums,
            folder,
        })
    };
    let page = write_page(&out, &page);
    lines.and(table).and(listed)?;
    put(&out, REPORT_SUM, report_sum(&facts(analysis, made), &sums, &page?).as_bytes())?;
    if analysis.stopped.is_some() {
        return Ok(());
    }
    let folder = out.join("evidence");
    std::fs::create_dir_all(&folder).map_err(|error| unwritten(&folder, &error))?;
    put(&out, MANIFEST, &manifest)
}

/// Writes the report. Where there is no room for its pictures, they stay beside it. Gives its hash.
fn write_page(out: &Path, page: &dyn Fn(&Path) -> String) -> anyhow::Result<String> {
    let path = out.join(REPORT);
    let mut text = page(out);
    let mut written = files::write(&path, text.as_bytes());
    if written.as_ref().is_err_and(files::is_full) {
        text = page(&out.join("evidence/none"));
        written = files::write(&path, text.as_bytes());
    }
    written.map_err(|error| unwritten(&path, &error))?;
    Ok(files::sha256(text.as_bytes()))
}

/// How the run went, for the file beside the list: it is another each time.
fn facts(analysis: &Analysis, made: Timestamp) -> Vec<String> {
    let took = analysis.took.as_secs_f64();
    let looked_at: f64 = analysis.outcomes.iter().map(|outcome| outcome.looked_at().as_secs_f64()).sum();
    vec![
        format!("firewarden {}", env!("CARGO_PKG_VERSION")),
        format!("made {made}"),
        format!("took {took:.1} s"),
        format!("speed {:.0} times real time", looked_at / took.max(1e-3)),
    ]
}

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
pub fn settle(analysis: &mut Analysis, written: &anyhow::Result<()>) -> Option<Settled> {
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

/// Writes what a replay found, with a list that proves it.
///
/// # Errors
/// Where it cannot be written.
pub fn write_replayed(out: &Path, violations: &[Violation]) -> anyhow::Result<()> {
    let lines = violation_lines(violations)?;
    put(out, "violations.jsonl", &lines)?;
    let mut sums = Sums::default();
    sums.add("violations.jsonl", files::sha256(&lines));
    put(out, SUMS, sums.text().as_bytes())
}
