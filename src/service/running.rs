//! What outlives a change of the configuration.

use std::{
    cell::RefCell,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    rc::Rc,
    sync::Arc,
    thread,
    time::Duration,
};

use jiff::SignedDuration;

use super::{
    ServiceError,
    board::{Board, Works},
    day,
    facts::Teller,
    manager::{Manager, State},
    memory::Shares,
    reload::Reload,
    roster::Means,
    shift::{self, ShiftEnd},
    supervisor::Supervisor,
    suspects::{self, Suspects},
};
use crate::{
    clock::{Clock, System},
    config::{Camera, Config, SourceAddress},
    deliver::{self, Dispatcher, Uploader},
    detect::{Models, OnnxModel},
    domain::{CameraId, ModelName},
    evidence::live::{self, Evidence},
    ledger::{
        database::{self, Database, Handle},
        days::{self, Days},
    },
    libav,
    lock::{FolderLock, LockError},
    reactions::Reactions,
    results::ModelFact,
    source::{files, live::Hosts, rtsp::Guards, sought},
    stop::{Signal, Stop},
};

/// Once it is to end, so long is waited for what is still to be written and sent.
const DRAIN: Duration = Duration::from_secs(10);

/// Of violations that were raised within this time before the start, a clip may have been lost.
const LATELY: SignedDuration = SignedDuration::from_hours(24);

/// What can be said of the service beside its configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The configuration's file, which is read again when it is to be.
    pub config: PathBuf,
    /// How many workers decode and detect; none for as many as there are processors.
    pub threads: Option<usize>,
}

/// How the service ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It was told to.
    Stopped(Signal),
    /// All that it watched were recordings, and they are over.
    Over,
}

/// Watches the cameras of a configuration until it is told to end, or nothing is left to be watched. Meanwhile `board` tells
/// how it does.
///
/// # Errors
/// [`ServiceError`] where it cannot begin. What goes wrong after that is told, and tried again.
pub fn run(config: Config, settings: &Settings, board: &Board) -> Result<Ended, ServiceError> {
    libav::init();
    config.in_use()?;
    let played = |camera: &&Camera| matches!(camera.source, SourceAddress::Recording { .. });
    for camera in config.cameras.iter().filter(played) {
        if files(camera)?.is_empty() {
            let sought = sought(camera).unwrap_or_default();
            return Err(ServiceError::NoFile { camera: camera.id.clone(), sought });
        }
    }
    let models = Models::load(&config)?;
    let system = |what| move |source| ServiceError::System { what, source };
    let stop = Stop::on_signals().map_err(system("signals cannot be received"))?;
    let reload = Reload::on_hangup(settings.config.clone()).map_err(system("signals cannot be received"))?;
    let clock: Arc<dyn Clock> = Arc::new(System);
    let (database, _) = Database::open(database_settings(&config), Arc::clone(&clock))?;
    let handle = database.handle();
    let _held = hold(&config.evidence.directory)?;
    // The folder is there, and this program's alone.
    let suspects = Suspects::open(&config.state.directory, &suspects::boot());
    let suspects = Rc::new(RefCell::new(suspects));
    let evidence = Rc::new(
        begin_evidence(&config, &models, &handle, &clock).map_err(system("evidence cannot be kept"))?,
    );
    // What a run before kept when its power failed was perhaps not written down.
    evidence.unclosed().into_iter().for_each(|kept| handle.evidence(of_database(kept)));
    let now = clock.wall();
    let lately = now.checked_sub(LATELY).unwrap_or(now);
    day::tell_lost_clips(&handle, lately, now);
    let days = Arc::new(begin_days(&config, &clock, &handle).map_err(system("looks cannot be kept"))?);
    let guards = Guards::start().map_err(system("the guard of cameras cannot be started"))?;
    let of_beats = board.clone();
    let health = move |sender: &deliver::Sender| of_beats.sign_of_life(sender);
    let sender = deliver::Sender::of(&config);
    let dispatcher = Dispatcher::start(handle.clone(), &config.sinks, &sender, health, stop.clone())
        .map_err(system("alerts cannot be delivered"))?;
    let delivery = dispatcher.board();
    let dispatcher = Rc::new(RefCell::new(dispatcher));
    let uploader = Uploader::start(handle.clone(), &config.evidence, delivery.clone())
        .map_err(system("evidence cannot be uploaded"))?;
    let uploader = Rc::new(uploader);
    let reactions = Reactions::start(config.reactions.clone()).map_err(system("reactions cannot begin"))?;
    let means = Means {
        hosts: Hosts::new(Arc::clone(&clock)),
        board: board.clone(),
        clock,
        database: handle,
        dispatcher: Rc::clone(&dispatcher),
        uploader: Rc::clone(&uploader),
        reactions: reactions.clone(),
        evidence: Rc::clone(&evidence),
        days: Arc::clone(&days),
        guards,
        suspects: Rc::clone(&suspects),
    };
    if config.sinks.is_empty() {
        tracing::warn!("there is no [[sink]]: alerts are kept in the database and go nowhere");
    }
    if let Err(error) = crate::files::check_writable(&config.evidence.directory) {
        let (folder, reason) = (config.evidence.directory.display(), crate::files::reason(&error));
        tracing::error!(
            "evidence cannot be written to {folder}: {reason}; violations are told without it until it can"
        );
    }
    tracing::info!(
        "watching {} cameras of {}; alerts wait in {}",
        config.cameras.len(),
        config.site.id,
        config.state.directory.display()
    );
    board.expect(config.cameras.iter().map(|camera| &camera.id));
    board.begin(Works {
        database: means.database.clone(),
        evidence: evidence.gauge(),
        days: Arc::clone(&days),
        delivery,
        uploads: uploader.facts(),
        reactions: reactions.clone(),
    });
    let teller = Teller::start(board.clone()).map_err(system("facts cannot be told"))?;
    let manager = Manager::of_environment();
    let supervisor = Supervisor::start(board.threads(), stop.clone(), manager.clone());
    let supervisor = supervisor.map_err(system("threads cannot be looked after"))?;
    let ended = watch(config, models, settings, &means, &reload, &stop);
    manager.say(State::Stopping);
    drop((teller, means));
    board.end();
    reactions.finish(DRAIN);
    // In this order: what is made last is still kept, and what is kept last still sent.
    days.finish(DRAIN);
    if let Some(evidence) = Rc::into_inner(evidence)
        && !evidence.finish(DRAIN)
    {
        tracing::warn!("not all evidence was completed: what was begun is put right at the next start");
    }
    let left = Rc::into_inner(dispatcher).map(|dispatcher| dispatcher.into_inner().finish(DRAIN));
    for (sink, why) in left.unwrap_or_default() {
        tracing::warn!("sink {sink}: {why}; what was not delivered waits for the next start");
    }
    if let Some(uploader) = Rc::into_inner(uploader) {
        uploader.finish(GOODBYE);
    }
    suspects.borrow_mut().close();
    database.close(DRAIN)?;
    match supervisor.gave_up() {
        Some(thread) => Err(ServiceError::StoodStill { thread }),
        None => Ok(ended),
    }
}

/// The database of a configuration.
fn database_settings(config: &Config) -> database::Settings {
    database::Settings {
        directory: config.state.directory.clone(),
        budget: config.state.budget.0,
        keep_sent: config.state.keep_sent,
        keep_violations: config.evidence.keep,
        sinks: config.sink_filters(),
        urls: deliver::urls(&config.evidence),
        site: config.site.id.clone(),
        timezone: config.site.timezone.clone(),
        bound: None,
    }
}

/// Takes the folder of evidence for this program alone, as long as it runs. One that cannot be written to is not taken: that is told
/// below, and violations are watched for all the same.
fn hold(folder: &Path) -> Result<Option<FolderLock>, ServiceError> {
    if std::fs::DirBuilder::new().recursive(true).mode(0o750).create(folder).is_err() {
        return Ok(None);
    }
    match FolderLock::take(folder) {
        Ok(lock) => Ok(Some(lock)),
        Err(LockError::File { .. }) => Ok(None),
        Err(held @ LockError::Held { .. }) => Err(ServiceError::EvidenceHeld { held }),
    }
}

/// An upload is left between two blocks, which takes so long at most.
const GOODBYE: Duration = Duration::from_secs(2);

fn begin_evidence(
    config: &Config,
    models: &Models,
    database: &Handle,
    clock: &Arc<dyn Clock>,
) -> std::io::Result<Evidence> {
    let (needs, knows, bare) =
        (database.clone(), database.clone(), live::bare_summary(config, facts(models)));
    let zone = config.site.timezone.clone();
    let asks = {
        let (database, zone) = (database.clone(), zone.clone());
        move |from, to| day::violations(&database, &zone, from, to)
    };
    let seen = asks.clone();
    let asked = live::Asked {
        violations: Box::new(asks),
        summary: Box::new(move |from, to| {
            day::of_day(&bare, &knows, zone.to_datetime(from).date(), &seen(from, to).unwrap_or_default())
        }),
        is_needed: Box::new(move |name| needs.refers_to(name)),
    };
    let settings = live::Settings::new(config, Shares::of(config).ring, Arc::clone(clock), asked);
    let to = database.clone();
    Evidence::start(settings, move |kept| to.evidence(of_database(kept)))
}

fn of_database(kept: live::Kept) -> database::Kept {
    let live::Kept { violation, entries, missing } = kept;
    database::Kept { violation, entries, missing }
}

fn begin_days(config: &Config, clock: &Arc<dyn Clock>, database: &Handle) -> std::io::Result<Days> {
    let settings = days::Settings {
        folder: config.state.directory.join("observations"),
        zone: config.site.timezone.clone(),
        keep: config.state.observations,
        budget: config.state.budget.0 / 2,
    };
    let (to, from) = (database.clone(), database.clone());
    let earlier = move |camera: &CameraId, day| from.outcome_of(camera, day).ok().flatten();
    Days::start(settings, Arc::clone(clock), move |day| to.outcome(day), earlier)
}

/// What is said of the models.
fn facts(models: &Models) -> Vec<ModelFact> {
    let fact = |(name, model): (&ModelName, &OnnxModel)| ModelFact {
        name: name.to_string(),
        sha256: model.sha256().to_owned(),
        provider: models.provider(),
        confidence: model.confidence(),
    };
    models.all().map(fact).collect()
}

/// One shift after the other.
fn watch(
    mut config: Config,
    mut models: Models,
    settings: &Settings,
    means: &Means,
    reload: &Reload,
    stop: &Stop,
) -> Ended {
    let threads = settings.threads.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
    loop {
        let (now, end) = shift::hold(config, &models, threads.clamp(1, 256), means, reload, stop);
        config = now;
        models = match end {
            ShiftEnd::Stopped => {
                tracing::info!(
                    "told to end: what was seen is still kept and sent, for some seconds; told again, it ends at once"
                );
                return Ended::Stopped(stop.signal().unwrap_or(Signal::Terminate));
            }
            ShiftEnd::Over => return Ended::Over,
            ShiftEnd::Changed(models) => models,
        };
    }
}
