//! The analysis itself, which `analyze` and `eval` share: from a configuration to outcomes and evidence in a folder.

use std::{
    collections::BTreeSet,
    fs,
    io::BufWriter,
    path::{Path, PathBuf},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;
use crossbeam::channel;
use jiff::Timestamp;

use super::{
    progress::Bar,
    setting::{self, Models, UsageError},
};
use crate::{
    config::{Camera, Config},
    domain::{Record, Violation},
    evidence::{self, Collected, MANIFEST, SUMS, Seen, moments},
    files, libav,
    pipeline::{self, Judge, Looking, Outcome, Progress, Records, Task},
    report::{ModelFact, SourceFact},
    source::{Options, Pace, Recording, labels},
};

/// Over so long the starts of paced recordings are spread, as cameras' key frames are.
const STAGGER: Duration = Duration::from_secs(2);

/// What can be said of an analysis beside its configuration.
#[derive(Debug, Clone, clap::Args)]
pub struct Settings {
    /// How many workers decode and detect [default: the number of processors].
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// When each camera's first recording began, whatever its name and metadata say, such as 2026-11-24T08:00:00+08:00; the
    /// others keep their distance from it.
    #[arg(long, value_name = "TIME")]
    pub start: Option<Timestamp>,
    /// How many times as fast as they were recorded all recordings are read, all at once.
    #[arg(skip)]
    pub paced: Option<f64>,
}

/// What came of it.
pub struct Analysis {
    /// Of each camera, in the order of the configuration.
    pub outcomes: Vec<Outcome>,
    /// Each camera's recordings.
    pub sources: Vec<Vec<SourceFact>>,
    /// The models that looked.
    pub models: Vec<ModelFact>,
    /// What came of each camera's evidence.
    pub evidence: Vec<Collected>,
    /// How long the cameras were analysed, evidence not counted.
    pub took: Duration,
}

impl Analysis {
    /// Every camera's violations, sorted by start, camera and rule.
    pub fn violations(&self) -> Vec<Violation> {
        let mut all: Vec<Violation> =
            self.outcomes.iter().flat_map(|outcome| outcome.violations.iter().cloned()).collect();
        sort(&mut all);
        all
    }
}

/// Sorts violations as files have them: by start, camera and rule.
pub fn sort(violations: &mut [Violation]) {
    violations
        .sort_by(|a, b| (a.started.wall, &a.camera, &a.rule).cmp(&(b.started.wall, &b.camera, &b.rule)));
}

/// Analyses every camera's recording into `out`; evidence is collected where it is to be kept.
///
/// # Errors
/// Where nothing can be analysed at all: a live camera, a model that cannot be had, a folder that cannot be written.
/// What goes wrong with one camera is in its outcome.
pub fn run(config: &Config, settings: &Settings, out: &Path, keep: bool) -> anyhow::Result<Analysis> {
    libav::init();
    let recordings: Vec<Vec<PathBuf>> =
        config.cameras.iter().map(setting::files).collect::<Result<_, UsageError>>()?;
    for (camera, files) in config.cameras.iter().zip(&recordings) {
        apart(camera, files, out)?;
    }
    let models = Models::load(config)?;
    prepare(out)?;
    let options = Options { start: settings.start, zone: config.site.timezone.clone(), ..Options::default() };
    let total: Duration = recordings.iter().flatten().filter_map(|file| setting::length(file)).sum();
    let threads = setting::threads(settings.threads);

    let default = config.detector.model.as_str().into();
    let mut tasks = Vec::new();
    for (index, (camera, files)) in config.cameras.iter().zip(&recordings).enumerate() {
        let path = observations(out, camera);
        let file =
            fs::File::create(&path).with_context(|| format!("{} cannot be written", path.display()))?;
        let pace = settings.paced.map(|speed| {
            let share = index as f64 / config.cameras.len() as f64;
            Pace { speed, delay: STAGGER.mul_f64(share) }
        });
        tasks.push(Task {
            camera: camera.id.clone(),
            judge: Judge::new(&config.site, camera, &default),
            recording: Recording::open(
                camera.id.clone(),
                files.clone(),
                Options {
                    pace,
                    long_groups_grow: recordings.len() >= threads,
                    pixel_aspect: camera.pixel_aspect,
                    rate: camera.rate,
                    sought: setting::sought(camera),
                    ..options.clone()
                },
            ),
            looking: Looking {
                region: camera.region,
                whole_picture: config.detector.whole_picture,
                max_age: config.detector.skip_static.then_some(config.detector.max_age),
            },
            records: Some(Records { path, out: Box::new(BufWriter::new(file)) }),
        });
    }
    // Recordings that are read as fast as possible would only hold more groups in memory if there were more of them
    // than workers.
    let at_once = if settings.paced.is_some() { tasks.len() } else { threads };
    let progress = Bar::new(total);
    let began = Instant::now();
    // Recordings are hashed meanwhile: what the report says of them is then of the bytes that were analysed.
    let (outcomes, sources) = thread::scope(|scope| {
        let hashing = scope.spawn(|| recordings.iter().map(|files| hash(files)).collect::<Vec<_>>());
        let outcomes =
            pipeline::analyze(tasks, threads, at_once, &models.names(), &|| models.detectors(), &progress);
        (outcomes, hashing.join().unwrap_or_default())
    });
    progress.finish();
    let took = began.elapsed();
    let mut outcomes: Vec<Outcome> = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
    let evidence =
        if keep { gather(config, &recordings, &options, &mut outcomes, threads, out) } else { Vec::new() };
    Ok(Analysis { outcomes, sources, models: models.facts(), evidence, took })
}

/// Where a camera's records lie.
fn observations(out: &Path, camera: &Camera) -> PathBuf {
    out.join("observations").join(format!("{}.jsonl", camera.id))
}

/// Refuses recordings that lie in the folder of the results.
fn apart(camera: &Camera, files: &[PathBuf], out: &Path) -> Result<(), UsageError> {
    let Ok(out) = out.canonicalize() else { return Ok(()) };
    let within = |file: &&PathBuf| file.canonicalize().is_ok_and(|file| file.starts_with(&out));
    match files.iter().find(within) {
        Some(file) => Err(UsageError::OwnRecording { camera: camera.id.clone(), recording: file.clone() }),
        None => Ok(()),
    }
}

/// Makes the folder, without what an earlier analysis left in it. The manifest goes first: without it a folder is
/// unfinished.
fn prepare(out: &Path) -> anyhow::Result<()> {
    let cannot = |path: &Path| format!("{} cannot be written", path.display());
    let folder = out.join("observations");
    fs::create_dir_all(&folder).with_context(|| cannot(&folder))?;
    let named = [MANIFEST, "violations.jsonl", "violations.csv", SUMS, evidence::REPORT];
    let below =
        |folder: &str| fs::read_dir(out.join(folder)).into_iter().flatten().flatten().map(|e| e.path());
    let unfinished = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(files::UNFINISHED))
    };
    let left = ["", "evidence"].into_iter().flat_map(below).filter(unfinished);
    let records =
        below("observations").filter(|path| path.is_file() && path.extension().is_some_and(|e| e == "jsonl"));
    // An analysis that was interrupted has left its records at least.
    let earlier: Vec<PathBuf> =
        named.iter().map(|name| out.join(name)).filter(|path| path.is_file()).chain(records).collect();
    let shown = below("evidence").filter(|path| !earlier.is_empty() && evidence::is_ours(path));
    let all: Vec<PathBuf> = left.chain(earlier.iter().cloned()).chain(shown).collect();
    for path in all {
        fs::remove_file(&path).with_context(|| cannot(&path))?;
    }
    Ok(())
}

/// Hashes a camera's recordings. One that cannot be read has no hash.
fn hash(files: &[PathBuf]) -> Vec<SourceFact> {
    files
        .iter()
        .zip(labels(files))
        .map(|(path, name)| SourceFact {
            name,
            bytes: fs::metadata(path).map(|about| about.len()).ok(),
            sha256: files::sha256_of(path).ok(),
        })
        .collect()
}

/// Collects the evidence of all cameras, as many at a time as there are threads.
fn gather(
    config: &Config,
    recordings: &[Vec<PathBuf>],
    options: &Options,
    outcomes: &mut [Outcome],
    threads: usize,
    out: &Path,
) -> Vec<Collected> {
    let length = |outcome: &Outcome| Duration::from_secs_f64(outcome.until.as_secs_f64().max(0.0));
    let progress =
        Bar::new(outcomes.iter().filter(|outcome| !outcome.violations.is_empty()).map(length).sum());
    let (queue, waiting) = channel::unbounded();
    let results: Vec<Mutex<Collected>> = outcomes.iter().map(|_| Mutex::default()).collect();
    for (index, outcome) in outcomes.iter_mut().enumerate().filter(|(_, o)| !o.violations.is_empty()) {
        let _ = queue.send((index, outcome));
    }
    drop(queue);
    thread::scope(|scope| {
        for _ in 0..threads.min(results.len()) {
            scope.spawn(|| {
                for (index, outcome) in &waiting {
                    let (Some(camera), Some(files)) = (config.cameras.get(index), recordings.get(index))
                    else {
                        continue;
                    };
                    let collected = collect(config, camera, files, options, outcome, out, &progress);
                    if let Some(slot) = results.get(index) {
                        *slot.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = collected;
                    }
                }
            });
        }
    });
    progress.finish();
    results.into_iter().map(|r| r.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)).collect()
}

fn collect(
    config: &Config,
    camera: &Camera,
    files: &[PathBuf],
    options: &Options,
    outcome: &mut Outcome,
    out: &Path,
    progress: &Bar,
) -> Collected {
    let seen = seen(&observations(out, camera), &outcome.violations);
    let options = Options { pixel_aspect: camera.pixel_aspect, rate: camera.rate, ..options.clone() };
    let recording = Recording::open(camera.id.clone(), files.to_vec(), options);
    evidence::collect(config, camera, recording, &mut outcome.violations, &seen, out, |at| {
        progress.reached(&camera.id, Some("evidence"), at)
    })
}

/// What was found at the moments that evidence shows. Where the records cannot be read, nothing is boxed but what the
/// violations themselves say.
fn seen(records: &Path, violations: &[Violation]) -> Seen {
    let wanted: BTreeSet<_> = violations
        .iter()
        .flat_map(|v| moments(v).map(|(_, moment)| moment.media_s).collect::<Vec<_>>())
        .collect();
    let mut seen = Seen::new();
    let _ = pipeline::read(records, &mut |_, record| {
        if let Record::Observation(observation) = record
            && wanted.contains(&observation.at)
        {
            seen.insert(observation.at, observation.detections);
        }
    });
    seen
}
