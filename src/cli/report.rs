use std::path::PathBuf;

use clap::Args;

use super::{Status, table};
use crate::{
    files,
    report::{self, Report, Verdict},
    results::{DayIs, REPORT, Stored, sweep},
    say::{print, say},
};

/// Make the report of a result folder again, and list its violations.
///
/// DIR/report.html and DIR/report.sha256 are written anew from what else lies in DIR, which must be as DIR/SHA256SUMS lists it:
/// nothing is analysed. A report that was lost or damaged comes back; one of an earlier version gets the form of this one.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The folder that `analyze --out` wrote, or that of a day of a live box.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Print the violations as JSON instead of a table.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &ReportArgs) -> anyhow::Result<Status> {
    let stored = Stored::read(&args.folder)?;
    if stored.day != Some(DayIs::Open) {
        // A report that was killed leaves a part of itself. What a live box is writing looks the same.
        sweep(&args.folder);
    }
    let Stored { summary, violations, entries, run, sums, day } = &stored;
    report::write(&Report { summary, violations, entries, run: *run, sums, folder: &args.folder })?;
    print(&if args.json {
        serde_json::to_string_pretty(violations)? + "\n"
    } else {
        let cameras = summary.configuration.cameras.iter();
        let outcome = |id: &crate::domain::CameraId| {
            summary.cameras.iter().find(|part| part.camera == *id).map(|part| &part.outcome)
        };
        let cameras = cameras.filter_map(|camera| Some((camera, outcome(&camera.id)?)));
        table::violations(violations, &summary.configuration.site.timezone, &Verdict::of(cameras, violations))
    })?;
    say(format_args!("the report is in {}", files::shown(args.folder.join(REPORT).as_os_str())));
    if *day == Some(DayIs::Open) {
        say(format_args!(
            "note: this day is not closed yet: the report tells of it as it was known some moments ago"
        ));
        return Ok(Status::Failed);
    }
    Ok(Status::Done)
}
