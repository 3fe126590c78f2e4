use std::path::PathBuf;

use clap::Args;

use super::Status;
use crate::{
    files,
    results::{DayIs, REMOVED, REPORT, ReportIs, SUMS, verify},
    say::print,
};

/// Hash a result folder again and name what is missing, changed or not listed.
///
/// Exit code 0 where everything is as listed, 1 where something is not or the day of a live box is not closed, 2 where DIR is
/// no result folder. The report's own
/// hash, and that of the list, stand in DIR/report.sha256. Whoever changes a file on purpose can change the lists, too:
/// hashes without a key show accidents, not forgery.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The folder that `analyze --out` wrote, or that of a day of a live box.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub fn run(args: &VerifyArgs) -> anyhow::Result<Status> {
    let verified = verify(&args.folder)?;
    let mut lines: Vec<String> =
        verified.problems.iter().map(|problem| files::visible(&problem.to_string())).collect();
    lines.push(format!(
        "{} files, {} bytes as listed; {} not as listed",
        verified.sound,
        verified.bytes,
        verified.problems.len()
    ));
    if !verified.sums.is_empty() {
        lines.push(format!("SHA-256 of {}: {}", SUMS, verified.sums));
    }
    if verified.report == ReportIs::Unlisted {
        lines.push(format!(
            "note: nothing tells whether {} was changed: this result is of a version that kept no hash of it",
            REPORT
        ));
    }
    if verified.removed > 0 {
        lines.push(format!(
            "{} files were removed, for their age or for lack of room: see {REMOVED}",
            verified.removed
        ));
    }
    let is_open = verified.day == Some(DayIs::Open);
    if is_open {
        lines.push(format!("note: this day is not closed yet: {SUMS} is written after midnight"));
    }
    print(&(lines.join("\n") + "\n"))?;
    Ok(if verified.problems.is_empty() && !is_open { Status::Done } else { Status::Failed })
}
