use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use anyhow::Context;
use clap::Args;
use serde::Serialize;

use super::{Status, analyze, settings::SettingsArgs, table};
use crate::{
    batch::{self, Place},
    config::{Config, RuleConfig},
    domain::{CameraId, Kind},
    eval::{self, Analysed, Evaluation},
    report::Verdict,
    results::{Existing, Target},
    say::{print, say},
};

/// Analyse, and compare with what really happened: precision, recall, false alarms, delay.
///
/// The truth is a CSV file with the columns camera,kind,start_s,end_s: the spells in which there was a violation, in
/// seconds since the camera's first picture; an empty end_s is the end of the recording. A violation is right where it
/// overlaps a spell of its camera and kind.
#[derive(Debug, Args)]
pub struct EvalArgs {
    /// The configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// What really happened.
    #[arg(long, value_name = "TRUTH.csv")]
    truth: PathBuf,
    /// Keep the results, too, as `analyze` does; the report then shows the comparison.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Put the result in the place of one that is in DIR already, once it is whole.
    #[arg(long, requires = "out")]
    replace: bool,
    #[command(flatten)]
    settings: SettingsArgs,
    /// Print the comparison as JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Compared<'a> {
    #[serde(flatten)]
    evaluation: &'a Evaluation,
    #[serde(flatten)]
    verdict: Verdict,
}

pub fn run(args: &EvalArgs) -> anyhow::Result<Status> {
    let config = Config::load(&args.config)?;
    let watched: BTreeMap<CameraId, BTreeSet<Kind>> = config
        .cameras
        .iter()
        .map(|camera| (camera.id.clone(), camera.rules.iter().map(RuleConfig::kind).collect()))
        .collect();
    let spells = eval::read(&args.truth, &watched)?;
    // Observations are written while cameras are analysed, wherever the results go.
    let scratch =
        tempfile::tempdir().context("no temporary folder can be made (TMPDIR names another place)")?;
    let place = match &args.out {
        Some(out) => {
            let target = Target::of(out, Existing::of(args.replace))?;
            target.apart(&args.truth)?;
            Place::Result(target)
        }
        None => Place::Scratch(scratch.path()),
    };
    let mut analysis = batch::run(&config, &args.settings.settings(None), place)?;
    let mut status = analyze::tell(&config, &analysis);
    let violations = analysis.violations();
    let analysed: BTreeMap<CameraId, Analysed> = config
        .cameras
        .iter()
        .zip(&analysis.cameras)
        .map(|(camera, analysed)| {
            let outcome = &analysed.outcome;
            (camera.id.clone(), Analysed { looked_at: outcome.looked_at(), until: outcome.until })
        })
        .collect();
    let evaluation = eval::compare(&spells, &violations, &analysed, &watched);
    let written = batch::write(&config, &mut analysis, &violations, Some(&evaluation));
    let settled = batch::settle(&mut analysis, &written);
    if let Err(error) = written {
        say(format_args!("error: {error}"));
        status = Status::Failed;
    }
    if let (Some(settled), Some(out)) = (settled, &args.out) {
        settled.say(out);
        if !settled.is_in_place() && status == Status::Done {
            status = Status::Failed;
        }
    }
    if let Some(signal) = analysis.stopped {
        say(format_args!(
            "stopped: what was analysed is not compared with the truth, which tells of the whole"
        ));
        return Ok(Status::Stopped(signal));
    }
    let outcomes = analysis.cameras.iter().map(|analysed| &analysed.outcome);
    let verdict = Verdict::of(config.cameras.iter().zip(outcomes), &violations);
    print(&if args.json {
        serde_json::to_string_pretty(&Compared { evaluation: &evaluation, verdict })? + "\n"
    } else {
        // A spell that was missed may lie where nobody could look, and silence there is no merit.
        let doubts = table::not_judged(&verdict);
        eval::table(&evaluation) + if doubts.is_empty() { "" } else { "\n" } + &doubts
    })?;
    Ok(status)
}
