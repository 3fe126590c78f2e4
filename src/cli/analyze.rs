use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::{Status, settings::SettingsArgs, table};
use crate::{
    batch::{self, Analysed, Analysis, Place},
    config::{Camera, Config},
    domain::{GapReason, Violation},
    evidence::EvidenceError,
    report::Verdict,
    results::{Existing, Extent, Failure, FailureOf, Target},
    say::{print, say},
};

/// Analyse every camera's recording from start to end, losslessly.
///
/// Writes DIR/violations.jsonl and violations.csv, DIR/report.html, DIR/observations/CAMERA.jsonl, stills and clips in
/// DIR/evidence/, and what proves them unchanged (DIR/evidence/manifest.jsonl, DIR/SHA256SUMS, DIR/report.sha256). The
/// result does not depend on the number of threads. It is written into DIR.partial and put in place at the end: where DIR
/// holds an earlier one, that stays, unless --replace is given and the new one is whole.
#[derive(Debug, Args)]
pub struct AnalyzeArgs {
    /// The configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Where the results go; made if need be.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Put the result in the place of one that is in DIR already, once it is whole.
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    settings: SettingsArgs,
    /// Read all recordings at once, each packet when a camera would have sent it, or SPEED times as fast: shows how many
    /// cameras this machine carries, and how long after its picture was sent a look is judged.
    #[arg(long, value_name = "SPEED", num_args = 0..=1, default_missing_value = "1", value_parser = speed)]
    paced: Option<f64>,
    /// Print a summary as JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Summary<'a> {
    /// What may be said of all cameras together.
    #[serde(flatten)]
    verdict: Verdict,
    violations: &'a [Violation],
    cameras: Vec<CameraSummary<'a>>,
}

#[derive(Serialize)]
struct BehindSummary {
    mean: f64,
    most: f64,
}

/// Each camera's part of it.
#[derive(Serialize)]
struct CameraSummary<'a> {
    camera: &'a str,
    verdict: &'static str,
    /// Null where nothing was looked at, and so is `analysed_s`.
    looks: Option<u64>,
    missed: u64,
    analysed_s: Option<f64>,
    /// With `--paced`: how long after their pictures were sent looks were judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    behind_s: Option<BehindSummary>,
    failures: Vec<String>,
    notices: Vec<String>,
}

pub fn run(args: &AnalyzeArgs) -> anyhow::Result<Status> {
    let config = Config::load(&args.config)?;
    let target = Target::of(&args.out, Existing::of(args.replace))?;
    let mut analysis = batch::run(&config, &args.settings.settings(args.paced), Place::Result(target))?;
    let violations = analysis.violations();
    // First the files: whoever reads what is said and printed, or no longer does, keeps nothing from being kept.
    let written = batch::write(&config, &mut analysis, &violations, None);
    let settled = batch::settle(&mut analysis, &written);
    let mut status = tell(&config, &analysis);
    if let Err(error) = written {
        say(format_args!("error: {error}"));
        status = Status::Failed;
    }
    // Of what was stopped, a table would look as if that were all.
    let printed = match analysis.stopped {
        Some(signal) => {
            status = Status::Stopped(signal);
            Ok(())
        }
        None => print(&printed(args, &config, &violations, &analysis.cameras)?),
    };
    if let Some(settled) = settled {
        settled.say(&args.out);
        if !settled.is_in_place() && status == Status::Done {
            status = Status::Failed;
        }
    }
    Ok(printed.map(|()| status)?)
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(speed) if (0.01..=1000.0).contains(&speed) => Ok(speed),
        _ => Err("a number from 0.01 to 1000 is wanted, such as 1 or 2.5".to_owned()),
    }
}

/// Tells people what was noticed, what failed and what is missing, and says how the whole went.
pub(super) fn tell(config: &Config, analysis: &Analysis) -> Status {
    let mut status = Status::Done;
    for (camera, analysed) in config.cameras.iter().zip(&analysis.cameras) {
        // That it was stopped is said once.
        let told = |error: &&EvidenceError| !matches!(error, EvidenceError::Stopped(_));
        for error in analysed.evidence.errors.iter().filter(told) {
            say(format_args!("warning: camera {}: {error}", camera.id));
            status = Status::Failed;
        }
    }
    for (camera, analysed) in config.cameras.iter().zip(&analysis.cameras) {
        tell_of(analysed, camera, config);
        status = worse(status, analysed);
    }
    status
}

/// Tells how wall time is known, what was noticed and what failed.
fn tell_of(analysed: &Analysed, camera: &Camera, config: &Config) {
    let outcome = &analysed.outcome;
    for epoch in &outcome.epochs {
        let file = epoch.file.as_deref().unwrap_or("-");
        say(format_args!(
            "{}: {file} begins at {} ({})",
            camera.id,
            table::local(epoch.wall, &config.site.timezone),
            epoch.wall_origin
        ));
    }
    for notice in &outcome.notices {
        say(format_args!("note: {notice}"));
    }
    // That all were stopped is said once.
    for failure in outcome.failures.iter().filter(|failure| failure.of != FailureOf::Stopped) {
        say(format_args!("error: {}", with_camera(camera, failure)));
    }
    for file in outcome.unseen() {
        let (id, name, of) = (&camera.id, file.file.as_deref().unwrap_or("-"), file.looks + file.missed);
        match file.extent() {
            Extent::Unseen => say(format_args!(
                "error: camera {id}: {name}: not one picture could be decoded, so nothing in it was watched. Is the recording \
                 encrypted? Export it again without encryption"
            )),
            Extent::MostlyUnseen => say(format_args!(
                "error: camera {id}: {name}: most of it could not be looked at ({} of {of} looks could not be taken). Is it \
                 damaged, or encrypted? Export it again",
                file.missed
            )),
            Extent::Seen => {}
        }
    }
    if let Some(behind) = analysed.behind {
        say(format_args!(
            "camera {}: looks were judged {:.1} s after their pictures were sent, {:.1} s at most",
            camera.id,
            behind.mean().as_secs_f64(),
            behind.most.as_secs_f64()
        ));
    }
    let damaged = outcome.missed - outcome.not_looked;
    let why = [(damaged, GapReason::Damaged), (outcome.not_looked, GapReason::NotLooked)];
    for (looks, reason) in why.into_iter().filter(|(looks, _)| *looks > 0) {
        say(format_args!(
            "note: camera {}: {looks} looks could not be taken ({reason}); rules treat that time as a gap",
            camera.id
        ));
    }
}

fn with_camera(camera: &Camera, failure: &Failure) -> String {
    match failure.of {
        // What cannot be read is told with its camera.
        FailureOf::Recording => failure.text.clone(),
        FailureOf::Stopped | FailureOf::Machine => format!("camera {}: {failure}", camera.id),
    }
}

fn worse(status: Status, analysed: &Analysed) -> Status {
    let outcome = &analysed.outcome;
    let unread = |failure: &Failure| failure.of == FailureOf::Recording;
    let unseen = outcome.unseen().next().is_some();
    match status {
        Status::Failed => Status::Failed,
        _ if outcome.failures.iter().any(|failure| !unread(failure)) => Status::Failed,
        _ if unseen || outcome.failures.iter().any(unread) => Status::InputUnread,
        status => status,
    }
}

fn printed(
    args: &AnalyzeArgs,
    config: &Config,
    violations: &[Violation],
    done: &[Analysed],
) -> anyhow::Result<String> {
    let outcomes = done.iter().map(|camera| &camera.outcome);
    let verdict = Verdict::of(config.cameras.iter().zip(outcomes), violations);
    if args.json {
        let cameras: Vec<CameraSummary<'_>> = config
            .cameras
            .iter()
            .zip(done)
            .map(|(camera, Analysed { outcome, behind, .. })| CameraSummary {
                camera: camera.id.as_str(),
                verdict: Verdict::of_camera(camera, outcome, violations).name(),
                looks: (outcome.looks > 0).then_some(outcome.looks),
                missed: outcome.missed,
                analysed_s: (outcome.looks > 0).then(|| outcome.until.as_secs_f64()),
                behind_s: behind
                    .map(|b| BehindSummary { mean: b.mean().as_secs_f64(), most: b.most.as_secs_f64() }),
                failures: outcome.failures.iter().map(|failure| with_camera(camera, failure)).collect(),
                notices: outcome.notices.iter().map(ToString::to_string).collect(),
            })
            .collect();
        return Ok(serde_json::to_string_pretty(&Summary { verdict, violations, cameras })? + "\n");
    }
    Ok(table::violations(violations, &config.site.timezone, &verdict))
}
