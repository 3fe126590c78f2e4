//! The report in its folder, and its hash beside it.

use super::{Report, Stills, page};
use crate::{
    files,
    results::{REPORT, REPORT_SUM, RUN, Run, SUMS, Summary, WriteError, put, report_sum},
};

/// Writes the page, what is known of the run, and the hashes of both. Where there is no room for its pictures, they stay
/// beside the page.
///
/// # Errors
/// [`WriteError`] where it cannot be written.
pub fn write(report: &Report<'_>) -> Result<(), WriteError> {
    let folder = report.folder;
    let mut text = page(report, Stills::Inlined);
    let mut written = put(folder, REPORT, text.as_bytes());
    if written.as_ref().is_err_and(|error| files::is_full(&error.source)) {
        text = page(report, Stills::Linked);
        written = put(folder, REPORT, text.as_bytes());
    }
    written?;
    let hash = files::sha256(text.as_bytes());
    // A day that is not closed has no list of hashes yet.
    let list = Some((SUMS, report.sums)).filter(|(_, sums)| !sums.is_empty());
    let mut hashes: Vec<(&str, &str)> = list.into_iter().chain([(REPORT, hash.as_str())]).collect();
    let run = report.run.map(|run| run.text());
    let run_hash = run.as_deref().map(files::sha256).unwrap_or_default();
    let mut facts = vec![format!("firewarden {}", files::visible(&report.summary.firewarden))];
    if let (Some(text), Some(run)) = (run, report.run) {
        put(folder, RUN, &text)?;
        hashes.push((RUN, &run_hash));
        facts.extend(told(&run, report.summary));
    }
    put(folder, REPORT_SUM, report_sum(&facts, &hashes).as_bytes())
}

/// How the run went, for people: it is another each time.
fn told(run: &Run, summary: &Summary) -> [String; 3] {
    let took = run.took.as_secs_f64();
    let looked_at: f64 = summary.cameras.iter().map(|camera| camera.outcome.looked_at().as_secs_f64()).sum();
    [
        format!("made {}", run.made),
        format!("took {took:.1} s"),
        format!("speed {:.0} times real time", looked_at / took.max(1e-3)),
    ]
}
