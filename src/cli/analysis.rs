//! The analysis itself, which `analyze` and `eval` share: from a configuration to outcomes and evidence in a folder.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;
use crossbeam::channel;
use jiff::Timestamp;

use super::{
    folder::{Target, Unfinished},
    limits,
    lists::{self, Reserve, sort},
    progress::Bar,
    setting::{self, Models, UsageError},
};
use crate::{
    config::{Camera, Config},
    domain::{MediaTime, MissingCause, Record, Violation},
    engine::{self, Looking, Outcome, PipelineError, Progress, Records, Regions, Task, WhenFull},
    evidence::{self, Collected, Seen, moments},
    files::{self, Stamp},
    judge::Judge,
    libav,
    report::{ModelFact, SourceFact},
    source::{LongGroups, Notice, Noticed, Options, Pace, Recording, Survey, Trail, labels},
    stop::{Signal, Stop},
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

/// Where what comes of it is written.
pub enum Place<'p> {
    /// Into the folder of a result, with evidence.
    Result(Target),
    /// Into a folder that goes afterwards: only what the analysis itself needs.
    Scratch(&'p Path),
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
    /// The result, where one is kept.
    pub result: Option<Unfinished>,
    /// Room for the lists, until they are written.
    pub reserve: Reserve,
    /// What stopped it before its end.
    pub stopped: Option<Signal>,
}

impl Analysis {
    /// Whether not one picture was looked at.
    pub fn is_empty(&self) -> bool {
        self.outcomes.iter().all(|outcome| outcome.looks == 0)
    }

    /// Whether something failed that another run may not meet: a model, a worker, the disk. A recording that cannot be read
    /// is no such failure.
    pub fn failed(&self) -> bool {
        let unread = |failure: &PipelineError| matches!(failure, PipelineError::Source(_));
        let unwritten = |c: &Collected| c.errors.iter().any(|e| e.cause() == MissingCause::NotWritten);
        self.outcomes.iter().flat_map(|outcome| &outcome.failures).any(|failure| !unread(failure))
            || self.evidence.iter().any(unwritten)
    }

    /// Every camera's violations, sorted by start, camera and rule.
    pub fn violations(&self) -> Vec<Violation> {
        let mut all: Vec<Violation> =
            self.outcomes.iter().flat_map(|outcome| outcome.violations.iter().cloned()).collect();
        sort(&mut all);
        all
    }
}

/// Analyses every camera's recording. Where a result is kept, evidence is collected, and violations are listed before that:
/// whatever becomes of it, they are not lost.
///
/// # Errors
/// Where nothing can be analysed at all: a live camera, a model that cannot be had, a folder that cannot be written.
/// What goes wrong with one camera is in its outcome.
pub fn run(config: &Config, settings: &Settings, place: Place<'_>) -> anyhow::Result<Analysis> {
    libav::init();
    let recordings: Vec<Vec<PathBuf>> =
        config.cameras.iter().map(setting::files).collect::<Result<_, UsageError>>()?;
    if let Place::Result(target) = &place {
        for (camera, files) in config.cameras.iter().zip(&recordings) {
            apart(camera, files, target)?;
        }
        target.free()?;
    }
    if settings.paced.is_some() {
        limits::enough_for(config.cameras.len())?;
    } else {
        limits::raise();
    }
    let models = Models::load(config)?;
    // Up to here a signal ends the program as it would any other: nothing has been written.
    let stop = &Stop::on_signals()?;
    let (result, out) = match place {
        Place::Result(target) => {
            let result = target.begin()?;
            let out = result.path().to_owned();
            (Some(result), out)
        }
        Place::Scratch(folder) => (None, folder.to_owned()),
    };
    let folder = out.join("observations");
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be written", folder.display()))?;
    let options = Options {
        start: settings.start,
        zone: config.site.timezone.clone(),
        stop: stop.clone(),
        ..Options::default()
    };
    let surveys = Survey::of(&recordings, &options);
    let total: Duration = surveys.iter().map(Survey::length).sum();
    let threads = setting::threads(settings.threads);
    let before: Vec<Vec<Option<Stamp>>> = recordings.iter().map(|files| stamps(files)).collect();

    let default = config.detector.model.as_str().into();
    let (mut tasks, mut trails) = (Vec::new(), Vec::new());
    for (index, (camera, survey)) in config.cameras.iter().zip(&surveys).enumerate() {
        if stop.is_set() {
            break;
        }
        let pace = settings.paced.map(|speed| {
            let share = index as f64 / config.cameras.len() as f64;
            Pace { speed, delay: STAGGER.mul_f64(share) }
        });
        let options = Options {
            pace,
            long_groups: if recordings.len() >= threads { LongGroups::Growing } else { LongGroups::AtOnce },
            pixel_aspect: camera.pixel_aspect,
            rate: camera.rate,
            sought: setting::sought(camera),
            ..options.clone()
        };
        let recording = Recording::surveyed(camera.id.clone(), survey.clone(), options);
        trails.push(recording.trail());
        tasks.push(Task {
            camera: camera.id.clone(),
            judge: Judge::new(&config.site, camera, &default),
            sent: recording.sent(),
            source: Box::new(recording),
            when_full: WhenFull::Block,
            looking: Looking {
                region: camera.region,
                regions: if config.detector.whole_picture { Regions::Whole } else { Regions::Needed },
                max_age: config.detector.skip_static.then_some(config.detector.max_age),
            },
            records: Some(Records::new(observations(&out, camera))),
        });
    }
    // Recordings that are read as fast as possible would only hold more groups in memory if there were more of them
    // than workers.
    let at_once = if settings.paced.is_some() { tasks.len() } else { threads };
    let progress = Bar::new(total);
    let began = Instant::now();
    // Recordings are hashed meanwhile, while what was read is still in memory.
    let (outcomes, hashes) = thread::scope(|scope| {
        let hashing = scope.spawn(|| recordings.iter().map(|files| hash(files, stop)).collect::<Vec<_>>());
        let names = models.names();
        let outcomes =
            engine::analyze(tasks, threads, at_once, &names, &|| models.detectors(), &progress, stop);
        (outcomes, hashing.join().unwrap_or_default())
    });
    progress.finish();
    let took = began.elapsed();
    let mut outcomes: Vec<Outcome> = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
    let untouched = || Outcome { failures: vec![PipelineError::Stopped], ..Outcome::default() };
    outcomes.resize_with(config.cameras.len(), untouched);
    let (mut evidence, mut reserve) = (Vec::new(), Reserve::default());
    if result.is_some() {
        reserve = lists::first(config, &outcomes, &out);
        evidence = gather(config, &surveys, &trails, &options, &mut outcomes, threads, &out);
    }
    let sources = sources(config, &recordings, &before, hashes, &mut outcomes);
    Ok(Analysis {
        outcomes,
        sources,
        models: models.facts(),
        evidence,
        took,
        result,
        reserve,
        stopped: stop.signal(),
    })
}

/// Where a camera's records lie.
fn observations(out: &Path, camera: &Camera) -> PathBuf {
    out.join("observations").join(format!("{}.jsonl", camera.id))
}

/// Refuses recordings that lie where the results go.
fn apart(camera: &Camera, files: &[PathBuf], target: &Target) -> Result<(), UsageError> {
    match files.iter().find(|file| target.contains(file)) {
        Some(file) => Err(UsageError::OwnRecording { camera: camera.id.clone(), recording: file.clone() }),
        None => Ok(()),
    }
}

fn stamps(files: &[PathBuf]) -> Vec<Option<Stamp>> {
    files.iter().map(|file| Stamp::of(file)).collect()
}

/// Hashes a camera's recordings, for as long as it is not to stop. One that cannot be read has no hash.
fn hash(files: &[PathBuf], stop: &Stop) -> Vec<Option<String>> {
    files.iter().map(|path| files::sha256_while(path, &|| !stop.is_set()).ok()).collect()
}

/// What the report says of the recordings. One that was written to while it was analysed, evidence included, is told of,
/// and no hash is shown as if it were that of what was looked at.
fn sources(
    config: &Config,
    recordings: &[Vec<PathBuf>],
    before: &[Vec<Option<Stamp>>],
    hashes: Vec<Vec<Option<String>>>,
    outcomes: &mut [Outcome],
) -> Vec<Vec<SourceFact>> {
    let mut hashes = hashes.into_iter();
    let cameras = config.cameras.iter().zip(recordings).zip(before).zip(outcomes);
    cameras
        .map(|(((camera, files), before), outcome)| {
            let mut hashes = hashes.next().unwrap_or_default().into_iter();
            let of = |((path, before), name): ((&PathBuf, &Option<Stamp>), String)| {
                let (after, sha256) = (Stamp::of(path), hashes.next().flatten());
                if before.is_some() && after != *before {
                    let epoch = outcome.epochs.iter().find(|epoch| epoch.file.as_ref() == Some(&name));
                    let at = epoch.map_or(MediaTime::ZERO, |epoch| epoch.from);
                    let camera = camera.id.clone();
                    let notice = Notice { camera, file: name.clone(), at, what: Noticed::Changed };
                    outcome.notices.push(notice);
                    return SourceFact { name, bytes: after.map(|stamp| stamp.bytes), sha256: None };
                }
                SourceFact { name, bytes: after.map(|stamp| stamp.bytes), sha256 }
            };
            files.iter().zip(before).zip(labels(files)).map(of).collect()
        })
        .collect()
}

/// Collects the evidence of all cameras, as many at a time as there are threads.
fn gather(
    config: &Config,
    surveys: &[Survey],
    trails: &[Trail],
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
                    let (Some(camera), Some(survey)) = (config.cameras.get(index), surveys.get(index)) else {
                        continue;
                    };
                    let collected = collect(
                        config,
                        camera,
                        (survey, trails.get(index)),
                        options,
                        outcome,
                        out,
                        &progress,
                    );
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
    (survey, trail): (&Survey, Option<&Trail>),
    options: &Options,
    outcome: &mut Outcome,
    out: &Path,
    progress: &Bar,
) -> Collected {
    let seen = seen(&observations(out, camera), &outcome.violations);
    let options = Options { pixel_aspect: camera.pixel_aspect, rate: camera.rate, ..options.clone() };
    let again = evidence::Again {
        recording: Recording::surveyed(camera.id.clone(), survey.clone(), options.clone()),
        trail: trail.cloned(),
        failed: outcome.failures.iter().map(ToString::to_string).collect(),
        stop: options.stop,
    };
    evidence::collect(config, camera, again, &mut outcome.violations, &seen, out, |at| {
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
    let _ = engine::read(records, &mut |_, record| {
        if let Record::Observation(observation) = record
            && wanted.contains(&observation.at)
        {
            seen.insert(observation.at, observation.detections);
        }
    });
    seen
}
