use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use anyhow::Context;
use clap::Args;
use serde::Serialize;

use super::{
    Status,
    analysis::{self, Settings},
    analyze, results,
    say::{print, say},
    table,
};
use crate::{
    config::{Config, RuleConfig},
    domain::{CameraId, Kind},
    eval::{self, Analysed, Evaluation},
    report::Verdict,
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
    #[command(flatten)]
    settings: Settings,
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
    let scratch = tempfile::tempdir().context("no temporary folder can be made; is the disk full?")?;
    let out = args.out.as_deref().unwrap_or(scratch.path());
    let analysis = analysis::run(&config, &args.settings, out, args.out.is_some())?;
    let mut status = analyze::tell(&config, &analysis);
    let violations = analysis.violations();
    let analysed: BTreeMap<CameraId, Analysed> = config
        .cameras
        .iter()
        .zip(&analysis.outcomes)
        .map(|(camera, outcome)| {
            (camera.id.clone(), Analysed { looked_at: outcome.looked_at(), until: outcome.until })
        })
        .collect();
    let evaluation = eval::compare(&spells, &violations, &analysed, &watched);
    if args.out.is_some() {
        if let Err(error) = results::write(&config, &analysis, &violations, Some(&evaluation), out) {
            say(format_args!("error: {error:#}"));
            status = Status::Failed;
        }
        analyze::say_where(out);
    }
    let verdict = Verdict::of(&config, &analysis.outcomes, &violations);
    print(&if args.json {
        serde_json::to_string_pretty(&Compared { evaluation: &evaluation, verdict })? + "\n"
    } else {
        // A spell that was missed may lie where nobody could look, and silence there is no merit.
        let doubts = table::not_judged(&verdict);
        eval::table(&evaluation) + if doubts.is_empty() { "" } else { "\n" } + &doubts
    })?;
    Ok(status)
}
