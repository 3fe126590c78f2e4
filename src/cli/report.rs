use std::path::PathBuf;

use clap::Args;

use super::{Status, table};
use crate::{
    files,
    report::{self, Report, Verdict},
    results::{REPORT, Stored, sweep},
    say::{print, say},
};

/// Make the report of a result folder again, and list its violations.
///
/// DIR/report.html and DIR/report.sha256 are written anew from what else lies in DIR, which must be as DIR/SHA256SUMS lists it:
/// nothing is analysed. A report that was lost or damaged comes back; one of an earlier version gets the form of this one.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The folder that `analyze --out` wrote.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Print the violations as JSON instead of a table.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &ReportArgs) -> anyhow::Result<Status> {
    let stored = Stored::read(&args.folder)?;
    // A report that was killed leaves a part of itself.
    sweep(&args.folder);
    let Stored { summary, violations, entries, run, sums } = &stored;
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
    Ok(Status::Done)
}
