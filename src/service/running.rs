//! What outlives a change of the configuration.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use super::{
    ServiceError,
    board::Board,
    roster::Means,
    shift::{self, ShiftEnd},
};
use crate::{
    clock::{Clock, System},
    config::{Camera, Config, SourceAddress},
    deliver::Dispatcher,
    detect::Models,
    evidence::live::{self, Evidence},
    ledger::database::{self, Database},
    libav,
    source::{files, live::Hosts, rtsp::Guards},
    stop::{self, Signal, Stop},
};

/// Once it is to end, so long is waited for what is still to be written and sent.
const DRAIN: Duration = Duration::from_secs(10);

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

/// The wish to read the configuration again.
pub(super) struct Reload {
    wanted: Arc<AtomicBool>,
    file: PathBuf,
}

impl Reload {
    /// The configuration as it now is, where that is wanted and is another. One that is wrong is told, and the old one stands.
    pub fn wanted(&self, now: &Config) -> Option<Config> {
        if !self.wanted.swap(false, Ordering::SeqCst) {
            return None;
        }
        let new = match Config::load(&self.file) {
            Ok(new) => new,
            Err(error) => {
                tracing::error!("the configuration stays as it was: {error}");
                return None;
            }
        };
        for (what, same) in [
            ("[box]", new.box_id == now.box_id && new.memory == now.memory),
            ("[evidence]", new.evidence == now.evidence),
            ("[state]", new.state == now.state),
            ("[[sink]]", new.sinks == now.sinks),
            ("[console]", new.console == now.console),
        ] {
            if !same {
                tracing::warn!("{what} changed: that is followed once the program starts again");
            }
        }
        tracing::info!("the configuration was read again");
        Some(new)
    }
}

/// Watches the cameras of a configuration until it is told to end, or nothing is left to be watched.
///
/// # Errors
/// [`ServiceError`] where it cannot begin. What goes wrong after that is told, and tried again.
pub fn run(settings: &Settings) -> Result<Ended, ServiceError> {
    let config = Config::load(&settings.config)?;
    libav::init();
    let models = Models::load(&config)?;
    let played = |camera: &&Camera| matches!(camera.source, SourceAddress::Recording { .. });
    for camera in config.cameras.iter().filter(played) {
        files(camera)?;
    }
    let system = |what| move |source| ServiceError::System { what, source };
    let stop = Stop::on_signals().map_err(system("signals cannot be received"))?;
    let reload = Reload {
        wanted: stop::on_hangup().map_err(system("signals cannot be received"))?,
        file: settings.config.clone(),
    };
    let clock: Arc<dyn Clock> = Arc::new(System);
    let (database, found) = Database::open(database_settings(&config), Arc::clone(&clock))?;
    if let Some(aside) = &found.set_aside {
        tracing::error!("the database was damaged and was set aside as {}", aside.display());
    }
    let handle = database.handle();
    let evidence = Arc::new(begin_evidence(&config, &handle, &clock));
    let guards = Guards::start().map_err(system("the guard of cameras cannot be started"))?;
    let dispatcher = Dispatcher::start(handle.clone(), config.sinks.clone());
    let board = Board::new(clock.wall());
    let means = Means {
        hosts: Hosts::new(Arc::clone(&clock)),
        clock,
        database: handle,
        evidence: Arc::clone(&evidence),
        guards,
        board,
    };
    let ended = watch(config, models, settings, &means, &reload, &stop);
    drop(means);
    // In this order: what is made last is still kept, and what is kept last still sent.
    evidence.finish(DRAIN);
    dispatcher.finish(DRAIN);
    database.close(DRAIN)?;
    Ok(ended)
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
        config = match end {
            ShiftEnd::Stopped => return Ended::Stopped(stop.signal().unwrap_or(Signal::Terminate)),
            ShiftEnd::Over => return Ended::Over,
            ShiftEnd::Changed(new) => match Models::load(&new) {
                Ok(loaded) => {
                    models = loaded;
                    *new
                }
                Err(error) => {
                    tracing::error!("the configuration stays as it was: {error}");
                    now
                }
            },
        };
    }
}
