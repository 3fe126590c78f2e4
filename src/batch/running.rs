//! The analysis itself: from a configuration to what became of its cameras, and evidence in a folder.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;

use super::{
    BatchError,
    analysis::{Analysed, Analysis},
    evidence::{self, Footage},
    limits,
    progress::Bar,
    sources,
};
use crate::{
    config::{Camera, Config},
    detect::Models,
    engine::{self, Looking, Task, WhenFull},
    judge::Judge,
    libav, report,
    results::{
        FolderLedger, ModelFact, OBSERVATIONS, Reserve, TABLE, Target, WriteError, put, put_violations,
    },
    source::{FindError, LongGroups, Options, Pace, Recording, Survey, files, sought},
    stop::Stop,
};

/// Over so long the starts of paced recordings are spread, as cameras' key frames are.
const STAGGER: Duration = Duration::from_secs(2);

/// What can be said of an analysis beside its configuration.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// How many workers decode and detect; none for the number of processors.
    pub threads: Option<usize>,
    /// When each camera's first recording began, whatever its name and metadata say.
    pub start: Option<Timestamp>,
    /// How many times as fast as they were recorded all recordings are read, all at once.
    pub paced: Option<f64>,
}

/// Where what comes of it is written.
pub enum Place<'p> {
    /// Into the folder of a result, with evidence.
    Result(Target),
    /// Into a folder that goes afterwards: only what the analysis itself needs.
    Scratch(&'p Path),
}

/// Analyses every camera's recording. Where a result is kept, evidence is collected, and violations are listed before that:
/// whatever becomes of it, they are not lost.
///
/// # Errors
/// Where nothing can be analysed at all: a live camera, a model that cannot be had, a folder that cannot be written.
/// What goes wrong with one camera is in its outcome.
pub fn run(config: &Config, settings: &Settings, place: Place<'_>) -> Result<Analysis, BatchError> {
    libav::init();
    let recordings: Vec<Vec<PathBuf>> = config.cameras.iter().map(files).collect::<Result<_, FindError>>()?;
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
    let folder = out.join(OBSERVATIONS);
    fs::create_dir_all(&folder).map_err(|source| WriteError { path: folder, source })?;
    let options = Options {
        start: settings.start,
        zone: config.site.timezone.clone(),
        stop: stop.clone(),
        ..Options::default()
    };
    let surveys = Survey::of(&recordings, &options);
    let total: Duration = surveys.iter().map(Survey::length).sum();
    let threads = threads(settings.threads);
    let before: Vec<_> = recordings.iter().map(|files| sources::stamps(files)).collect();

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
            sought: sought(camera),
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
            looking: Looking::of(camera, &config.detector),
            ledger: FolderLedger::new(&out, &camera.id),
        });
    }
    // Recordings that are read as fast as possible would only hold more groups in memory if there were more of them
    // than workers.
    let at_once = if settings.paced.is_some() { tasks.len() } else { threads };
    let progress = Bar::new(total);
    let began = Instant::now();
    // Recordings are hashed meanwhile, while what was read is still in memory.
    let (ended, hashes) = thread::scope(|scope| {
        let hashing =
            scope.spawn(|| recordings.iter().map(|files| sources::hash(files, stop)).collect::<Vec<_>>());
        let names = models.names();
        let ended = engine::analyze(tasks, threads, at_once, &names, &|| models.detectors(), &progress, stop);
        (ended, hashing.join().unwrap_or_default())
    });
    progress.finish();
    let took = began.elapsed();
    let mut cameras: Vec<Analysed> = ended.into_iter().map(Analysed::of).collect();
    cameras.resize_with(config.cameras.len(), Analysed::untouched);
    let mut analysis = Analysis {
        cameras,
        models: facts(&models),
        took,
        result,
        reserve: Reserve::default(),
        stopped: None,
    };
    if analysis.result.is_some() {
        let violations = analysis.violations();
        if !violations.is_empty() {
            // What cannot be written now is tried again at the end, and told then.
            let _ = put_violations(&out, &violations);
            let _ = put(&out, TABLE, &report::csv(&violations, &config.site.timezone));
            analysis.reserve = Reserve::for_lists(config.cameras.len(), violations.len(), &out);
        }
        let footage = Footage { surveys: &surveys, trails: &trails, options: &options };
        evidence::gather(config, &footage, &mut analysis.cameras, threads, &out);
    }
    sources::facts(config, &recordings, &before, hashes, &mut analysis.cameras);
    analysis.stopped = stop.signal();
    Ok(analysis)
}

/// What is said of the models.
fn facts(models: &Models) -> Vec<ModelFact> {
    let fact = |(name, model): (&crate::domain::ModelName, &crate::detect::OnnxModel)| ModelFact {
        name: name.to_string(),
        sha256: model.sha256().to_owned(),
        provider: models.provider(),
        confidence: model.confidence(),
    };
    models.all().map(fact).collect()
}

/// The number of processors, where nothing else is said.
fn threads(given: Option<usize>) -> usize {
    given.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from)).clamp(1, 256)
}

/// Refuses recordings that lie where the results go.
fn apart(camera: &Camera, files: &[PathBuf], target: &Target) -> Result<(), BatchError> {
    match files.iter().find(|file| target.contains(file)) {
        Some(file) => Err(BatchError::OwnRecording { camera: camera.id.clone(), recording: file.clone() }),
        None => Ok(()),
    }
}
