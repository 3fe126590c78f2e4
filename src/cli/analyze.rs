use std::{
    collections::BTreeMap,
    fs,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::{
    Status,
    progress::Bar,
    setting::{self, Models, UsageError},
    table,
};
use crate::{
    config::{Camera, Config, RuleKind},
    domain::{EvidenceRole, GapReason, Violation},
    evidence::{self, Shot},
    files, libav,
    pipeline::{self, Judge, Outcome, PipelineError, Records, Task},
    source::{Options, Recording},
    vision::Marks,
};

/// Analyse every camera's recording from start to end, losslessly.
///
/// Writes DIR/violations.jsonl, DIR/observations/CAMERA.jsonl and stills in DIR/evidence/. The result does not depend
/// on the number of threads.
#[derive(Debug, Args)]
pub struct AnalyzeArgs {
    /// The configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Where the results go; made if need be.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// How many workers decode and detect [default: the number of processors].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// When the recordings begin, where neither file name nor metadata say so, such as 2026-11-24T08:00:00+08:00.
    #[arg(long, value_name = "TIME")]
    start: Option<Timestamp>,
    /// Print a summary as JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Summary<'a> {
    violations: &'a [Violation],
    cameras: Vec<CameraSummary<'a>>,
}

/// Each camera's part of it.
#[derive(Serialize)]
struct CameraSummary<'a> {
    camera: &'a str,
    looks: u64,
    missed: u64,
    analysed_s: f64,
    failures: Vec<String>,
    notices: Vec<String>,
}

pub fn run(args: &AnalyzeArgs) -> anyhow::Result<Status> {
    let config = Config::load(&args.config)?;
    libav::init();
    let recordings: Vec<Vec<PathBuf>> =
        config.cameras.iter().map(setting::files).collect::<Result<_, UsageError>>()?;
    let models = Models::load(&config)?;
    prepare(&args.out)?;
    let options = Options { start: args.start, zone: config.site.timezone.clone(), ..Options::default() };
    let total: Duration = recordings.iter().flatten().filter_map(|file| setting::length(file)).sum();
    let threads = setting::threads(args.threads);

    let default = config.detector.model.as_str().into();
    let mut tasks = Vec::new();
    for (camera, files) in config.cameras.iter().zip(&recordings) {
        let path = args.out.join("observations").join(format!("{}.jsonl", camera.id));
        let file =
            fs::File::create(&path).with_context(|| format!("{} cannot be written", path.display()))?;
        tasks.push(Task {
            camera: camera.id.clone(),
            judge: Judge::new(&config.site, camera, &default),
            recording: Recording::open(camera.id.clone(), files.clone(), options.clone())?,
            records: Some(Records { path, out: Box::new(BufWriter::new(file)) }),
        });
    }
    let progress = Bar::new(total);
    let outcomes = pipeline::analyze(tasks, threads, &models.names(), &|| models.detectors(), &progress);
    progress.finish();

    let mut status = Status::Done;
    let mut done: Vec<Outcome> = Vec::new();
    for (_, outcome) in outcomes {
        done.push(outcome.unwrap_or_else(|error| Outcome { failures: vec![error], ..Outcome::default() }));
    }
    for ((camera, files), outcome) in config.cameras.iter().zip(&recordings).zip(&mut done) {
        if !outcome.violations.is_empty() {
            let errors = take_stills(camera, files, &options, &mut outcome.violations, &args.out);
            for error in errors {
                eprintln!("warning: camera {}: {error}", camera.id);
                status = Status::Failed;
            }
        }
        tell(outcome, camera, &config);
        status = worse(status, outcome);
    }

    let mut violations: Vec<Violation> =
        done.iter().flat_map(|outcome| outcome.violations.iter().cloned()).collect();
    violations
        .sort_by(|a, b| (a.started.wall, &a.camera, &a.rule).cmp(&(b.started.wall, &b.camera, &b.rule)));
    print(args, &config, &violations, &done)?;
    write_violations(&args.out.join("violations.jsonl"), &violations)?;
    eprintln!("results are in {}", args.out.display());
    Ok(status)
}

/// Makes the folder, without what an earlier analysis left in it.
fn prepare(out: &Path) -> anyhow::Result<()> {
    let cannot = |path: &Path| format!("{} cannot be written", path.display());
    let observations = out.join("observations");
    fs::create_dir_all(&observations).with_context(|| cannot(&observations))?;
    let earlier = out.join("violations.jsonl");
    if earlier.exists() {
        fs::remove_file(&earlier).with_context(|| cannot(&earlier))?;
        let stale = |folder: &str, extension: &str| {
            let entries = fs::read_dir(out.join(folder)).into_iter().flatten().flatten();
            let extension = extension.to_owned();
            entries
                .map(|entry| entry.path())
                .filter(move |path| path.extension().is_some_and(|e| *e == *extension))
        };
        for path in stale("observations", "jsonl").chain(stale("evidence", "jpg")) {
            fs::remove_file(&path).with_context(|| cannot(&path))?;
        }
    }
    Ok(())
}

/// Takes a still of the moment each violation was raised, and notes it in the violation.
fn take_stills(
    camera: &Camera,
    files: &[PathBuf],
    options: &Options,
    violations: &mut [Violation],
    out: &Path,
) -> Vec<evidence::EvidenceError> {
    let zones: BTreeMap<String, _> = camera
        .rules
        .iter()
        .map(|rule| {
            let zone = match &rule.kind {
                RuleKind::FireLaneParking(keys) => &keys.zone,
                RuleKind::ControlRoomUnattended(keys) => &keys.zone,
                RuleKind::EbikeInElevator(keys) => &keys.floor,
            };
            let id = crate::domain::RuleId::new(&camera.id, rule.kind(), rule.name.as_deref());
            (id.as_str().to_owned(), zone)
        })
        .collect();
    let shots: Vec<Shot> = violations
        .iter()
        .map(|violation| {
            let when = violation.raised.wall.strftime("%Y%m%dT%H%M%SZ");
            let name =
                format!("evidence/{}_{}_{when}_{}_raised.jpg", camera.id, violation.kind, violation.id);
            let zone = zones.get(violation.rule.as_str()).map(|zone| (*zone).clone());
            let marks = Marks { zone, boxes: violation.bbox.into_iter().collect() };
            Shot { at: violation.raised.media_s, role: EvidenceRole::Raised, name, marks }
        })
        .collect();
    let recording = match Recording::open(camera.id.clone(), files.to_vec(), options.clone()) {
        Ok(recording) => recording,
        Err(error) => return vec![error.into()],
    };
    let mut errors = Vec::new();
    for (violation, still) in violations.iter_mut().zip(evidence::stills(recording, &shots, out)) {
        match still {
            Ok(file) => violation.evidence.push(file),
            Err(error) => errors.push(error),
        }
    }
    errors
}

/// Tells people how wall time is known, what was noticed and what failed.
fn tell(outcome: &Outcome, camera: &Camera, config: &Config) {
    for epoch in &outcome.epochs {
        let file = epoch.file.as_deref().unwrap_or("-");
        eprintln!(
            "{}: {file} begins at {} ({})",
            camera.id,
            table::local(epoch.wall, &config.site.timezone),
            epoch.wall_origin
        );
    }
    for notice in &outcome.notices {
        eprintln!("note: {notice}");
    }
    for failure in &outcome.failures {
        eprintln!("error: {}", with_camera(camera, failure));
    }
    if outcome.missed > 0 {
        eprintln!(
            "note: camera {}: {} looks could not be taken ({}); rules treat that time as a gap",
            camera.id,
            outcome.missed,
            GapReason::Damaged
        );
    }
}

fn with_camera(camera: &Camera, failure: &PipelineError) -> String {
    match failure {
        PipelineError::Source(error) => error.to_string(),
        other => format!("camera {}: {other}", camera.id),
    }
}

fn worse(status: Status, outcome: &Outcome) -> Status {
    let unread = |failure: &PipelineError| matches!(failure, PipelineError::Source(_));
    match status {
        Status::Failed => Status::Failed,
        _ if outcome.failures.iter().any(|failure| !unread(failure)) => Status::Failed,
        _ if outcome.failures.iter().any(unread) => Status::InputUnread,
        status => status,
    }
}

fn print(
    args: &AnalyzeArgs,
    config: &Config,
    violations: &[Violation],
    done: &[Outcome],
) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    if args.json {
        let cameras: Vec<CameraSummary<'_>> = config
            .cameras
            .iter()
            .zip(done)
            .map(|(camera, outcome)| CameraSummary {
                camera: camera.id.as_str(),
                looks: outcome.looks,
                missed: outcome.missed,
                analysed_s: outcome.until.as_secs_f64(),
                failures: outcome.failures.iter().map(|failure| with_camera(camera, failure)).collect(),
                notices: outcome.notices.iter().map(ToString::to_string).collect(),
            })
            .collect();
        serde_json::to_writer_pretty(&mut stdout, &Summary { violations, cameras })?;
        writeln!(stdout)?;
    } else if violations.is_empty() {
        writeln!(stdout, "no violations")?;
    } else {
        write!(stdout, "{}", table::violations(violations, &config.site.timezone))?;
    }
    Ok(())
}

/// Writes the lines whole or not at all.
pub(super) fn write_violations(path: &Path, violations: &[Violation]) -> anyhow::Result<()> {
    let write = || -> std::io::Result<()> {
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        for violation in violations {
            serde_json::to_writer(&mut file, violation)?;
            file.write_all(b"\n")?;
        }
        files::persist(file, path)
    };
    write().with_context(|| format!("{} cannot be written; is the disk full?", path.display()))
}
