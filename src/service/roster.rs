//! Which cameras are watched.

use std::{
    cell::RefCell,
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    mem,
    rc::Rc,
    sync::Arc,
    thread::{self, Scope, ScopedJoinHandle},
    time::{Duration, Instant},
};

use jiff::Timestamp;

use super::{
    board::{Board, Known},
    day::gone,
    memory::Shares,
    post::{Left, Post},
    suspects::{self, Suspects},
    vitals::Vitals,
};
use crate::{
    clock::Clock,
    config::{Camera as CameraConfig, Config, Playing, SourceAddress},
    deliver::{self, Dispatcher, Sender, Uploader},
    detect::Models,
    domain::{CameraId, Explanation, MediaTime, ModelName, RuleId, When},
    engine::{Camera, Crew, Looking, WhenFull},
    evidence::live::Evidence,
    judge::{Judge, Saved},
    ledger::{Ledger, Step, database::Handle, days::Days},
    reactions::Reactions,
    rules::Beginning,
    source::{
        files,
        live::{CameraDial, Dial, Hosts, Link, LiveSource, Past, PlayedDial, place},
        rtsp::Guards,
    },
    stop::{Signal, Stop},
};

/// A camera whose watch failed is watched again after so long.
const AGAIN: Duration = Duration::from_secs(30);

/// What cameras are watched with.
#[derive(Clone)]
pub(super) struct Means {
    pub clock: Arc<dyn Clock>,
    pub database: Handle,
    pub dispatcher: Rc<RefCell<Dispatcher>>,
    pub uploader: Rc<Uploader>,
    pub reactions: Reactions,
    pub evidence: Rc<Evidence>,
    pub days: Arc<Days>,
    pub guards: Guards,
    pub suspects: Rc<RefCell<Suspects>>,
    pub hosts: Hosts,
    pub board: Board,
}

/// The cameras that are watched, each by a thread of its own.
pub(super) struct Roster<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    means: Means,
    crew: Crew,
    names: Vec<ModelName>,
    hashes: BTreeMap<ModelName, String>,
    watched: BTreeMap<CameraId, Watched<'scope>>,
    /// Cameras whose watch failed, and when they are watched again.
    waiting: BTreeMap<CameraId, Instant>,
    /// Of these, cameras that are set aside.
    aside: BTreeSet<CameraId>,
    /// When the next suspect may begin.
    next_suspect: Option<Instant>,
}

struct Watched<'scope> {
    stop: Stop,
    thread: ScopedJoinHandle<'scope, Left>,
    /// What it was begun with.
    settings: CameraConfig,
}

impl<'scope, 'env> Roster<'scope, 'env> {
    pub fn new(scope: &'scope Scope<'scope, 'env>, means: Means, crew: Crew, models: &Models) -> Self {
        let hashes = models.all().map(|(name, model)| (name.clone(), model.sha256().to_owned())).collect();
        let (watched, waiting, aside) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        let (names, next_suspect) = (models.names(), None);
        Self { scope, means, crew, names, hashes, watched, waiting, aside, next_suspect }
    }

    /// Watches the cameras of a configuration: those that are new begin, those that are gone end, those that changed end and
    /// begin again.
    pub fn follow(&mut self, config: &Config) {
        let same = |id: &CameraId, watched: &Watched<'_>| {
            config.cameras.iter().any(|camera| camera.id == *id && camera == &watched.settings)
        };
        let changed: Vec<CameraId> = self
            .watched
            .iter()
            .filter(|(id, watched)| !same(id, watched))
            .map(|(id, _)| id.clone())
            .collect();
        let was: Vec<CameraConfig> =
            changed.iter().filter_map(|id| Some(self.watched.get(id)?.settings.clone())).collect();
        // Alerts of cameras that begin now are for the sinks that are configured now.
        self.means.database.set_sinks(config.sink_filters());
        self.means.dispatcher.borrow_mut().follow(&config.sinks, &Sender::of(config));
        self.means.database.set_urls(deliver::urls(&config.evidence));
        self.means.uploader.follow(&config.evidence);
        if let Err(error) = self.means.reactions.follow(config.reactions.clone()) {
            tracing::error!("a [[reaction]] that is new cannot begin: {error}");
        }
        self.end(&changed);
        let is_gone = |id: &CameraId| config.cameras.iter().all(|camera| camera.id != *id);
        for camera in was.into_iter().filter(|camera| is_gone(&camera.id)) {
            self.retire(config, camera);
        }
        self.means.board.expect(config.cameras.iter().map(|camera| &camera.id));
        // One that is set aside may have other settings now.
        let aside = mem::take(&mut self.aside);
        self.waiting.retain(|id, _| !aside.contains(id) && !is_gone(id));
        for camera in self.in_turn(config) {
            if !self.watched.contains_key(&camera.id) && !self.waiting.contains_key(&camera.id) {
                if let SourceAddress::Live(live) = &camera.source
                    && changed.contains(&camera.id)
                    && let Some(parts) = live.address.parts()
                {
                    // A password that was wrong is another one now.
                    self.means.hosts.forgive(&place(&parts));
                }
                self.begin(config, camera);
            }
        }
    }

    /// Those first that are suspected most: they are to bring down nobody but themselves.
    fn in_turn<'c>(&self, config: &'c Config) -> Vec<&'c CameraConfig> {
        let mut cameras: Vec<&CameraConfig> = config.cameras.iter().collect();
        let suspects = self.means.suspects.borrow();
        cameras.sort_by_key(|camera| Reverse(suspects.ends(&camera.id)));
        cameras
    }

    /// Ends what is open of cameras that were watched by a program before this and are not configured any more.
    pub fn retire_strangers(&self, config: &Config) {
        for id in self.means.database.cameras().unwrap_or_default() {
            if config.cameras.iter().all(|camera| camera.id != id) {
                self.retire(config, gone(&id, id.as_str()));
            }
        }
    }

    /// Ends what is open of a camera that is not configured any more: nobody will see its end.
    fn retire(&self, config: &Config, camera: CameraConfig) {
        let database = &self.means.database;
        let Ok(Some(bytes)) = database.saved(&camera.id) else { return };
        let Ok(saved) = Saved::read(&bytes, &config.site.id, &camera.id) else { return };
        let explanations = self.explanations(config, &camera);
        let bare = CameraConfig { rules: Vec::new(), ..camera };
        // It may come back: what was told of how it does is not told again then.
        let health = saved.health.clone();
        let (judge, restored) = Judge::restore(&config.site, &bare, &config.detector, saved);
        if !restored.dropped.is_empty() {
            tracing::warn!("camera {}: it is not watched any more; what it had open is ended", bare.id);
        }
        database.resumed(&bare.id, restored.judgement, &explanations);
        let mut state = judge.save();
        state.health = health;
        database.ledger(bare.id.clone(), explanations).leave(state);
    }

    /// Looks after cameras whose watch ended by itself. Whether any is watched, or will be.
    pub fn look_after(&mut self, config: &Config) -> bool {
        let ended: Vec<CameraId> = self
            .watched
            .iter()
            .filter(|(_, watched)| watched.thread.is_finished())
            .map(|(id, _)| id.clone())
            .collect();
        for id in ended {
            let Some(watched) = self.watched.remove(&id) else { continue };
            match watched.thread.join().unwrap_or_else(|_| Left::Failed("its thread ended".to_owned())) {
                Left::Over => tracing::info!("camera {id}: its recording is over"),
                Left::Stopped => {}
                Left::Failed(words) => {
                    let wait = AGAIN.as_secs();
                    tracing::error!("camera {id}: {words}; it is watched again in {wait} s");
                    self.waiting.insert(id, Instant::now() + AGAIN);
                }
            }
        }
        let due: Vec<CameraId> =
            self.waiting.iter().filter(|(_, at)| **at <= Instant::now()).map(|(id, _)| id.clone()).collect();
        for id in due {
            self.waiting.remove(&id);
            let Some(camera) = config.cameras.iter().find(|camera| camera.id == id) else { continue };
            if self.aside.remove(&id) {
                self.begin(config, camera);
            } else {
                self.start(config, camera);
            }
        }
        !self.watched.is_empty() || !self.waiting.is_empty()
    }

    /// Ends the watch of all cameras, together.
    pub fn end_all(&mut self) {
        let all: Vec<CameraId> = self.watched.keys().cloned().collect();
        self.end(&all);
        self.waiting.clear();
    }

    fn end(&mut self, cameras: &[CameraId]) {
        for id in cameras {
            if let Some(watched) = self.watched.get(id) {
                watched.stop.set(Signal::Terminate);
            }
        }
        for id in cameras {
            if let Some(watched) = self.watched.remove(id) {
                // What it left behind was committed by itself.
                let _ = watched.thread.join();
            }
        }
    }

    /// Whether a camera is not to begin now: it is set aside, or another suspect has just begun.
    fn is_put_off(&mut self, config: &Config, camera: &CameraConfig) -> bool {
        let (now, wall) = (Instant::now(), self.means.clock.wall());
        let (since, ends) = {
            let mut suspects = self.means.suspects.borrow_mut();
            (suspects.aside(camera, wall), suspects.ends(&camera.id))
        };
        if let Some(since) = since {
            let left = Duration::try_from(suspects::until(since).duration_since(wall)).unwrap_or_default();
            self.waiting.insert(camera.id.clone(), now + left + Duration::from_secs(1));
            self.aside.insert(camera.id.clone());
            self.set_aside(config, camera, since);
            return true;
        }
        let turn = self.next_suspect.filter(|next| ends > 0 && *next > now);
        if let Some(next) = turn {
            self.waiting.insert(camera.id.clone(), next);
        }
        if ends > 0 {
            self.next_suspect = turn.unwrap_or(now).checked_add(suspects::APART);
        }
        turn.is_some()
    }

    /// Tells of a camera that is set aside: it is offline, and nobody reads it.
    fn set_aside(&self, config: &Config, camera: &CameraConfig, since: Timestamp) {
        let until = suspects::until(since);
        tracing::error!(
            "camera {}: the program was brought down three times in a row while it read this camera; it is set aside until \
             {until:.0}, or until its settings are others",
            camera.id
        );
        let Means { database, board, clock, .. } = &self.means;
        let link = Link::default();
        link.set_aside(format!("it is set aside until {until:.0}: it brought the program down"), since);
        board.put(camera.id.clone(), Known { link: link.clone(), counts: board.counts(&camera.id) });
        let saved = database.saved(&camera.id).ok().flatten();
        let saved = saved.and_then(|bytes| Saved::read(&bytes, &config.site.id, &camera.id).ok());
        let mut state = saved
            .unwrap_or_else(|| Judge::begin(&config.site, camera, &config.detector, Beginning::Again).save());
        let now = state.reached().unwrap_or(When { at: MediaTime::ZERO, wall: since, epoch: 0 });
        let now = When { wall: clock.wall(), ..now };
        let health = state.health.take().unwrap_or_else(|| database.health_told(&camera.id));
        let mut vitals = Vitals::new(&config.site.id, camera, link, health, now);
        let facts = vitals.set_aside(now);
        state.health = Some(vitals.save());
        let mut ledger = database.ledger(camera.id.clone(), self.explanations(config, camera));
        let step = Step { camera: &camera.id, facts: &facts, state: &|| Some(state.clone()) };
        if let Err(error) = ledger.commit(&step) {
            tracing::error!("{error}");
        }
    }

    fn begin(&mut self, config: &Config, camera: &CameraConfig) {
        if !self.is_put_off(config, camera) {
            self.start(config, camera);
        }
    }

    fn start(&mut self, config: &Config, camera: &CameraConfig) {
        match self.post(config, camera) {
            Ok((post, known, stop)) => {
                self.means.board.put(camera.id.clone(), known);
                let named = thread::Builder::new().name(format!("watch {}", camera.id));
                match named.spawn_scoped(self.scope, || post.hold()) {
                    Ok(thread) => {
                        let watched = Watched { stop, thread, settings: camera.clone() };
                        self.watched.insert(camera.id.clone(), watched);
                    }
                    Err(error) => self.not_begun(camera, &error.to_string()),
                }
            }
            Err(words) => self.not_begun(camera, &words),
        }
    }

    fn not_begun(&mut self, camera: &CameraConfig, words: &str) {
        tracing::error!("camera {}: {words}; the next try is in {} s", camera.id, AGAIN.as_secs());
        self.waiting.insert(camera.id.clone(), Instant::now() + AGAIN);
    }

    /// All that a camera's thread works with, from what is known of the camera.
    fn post(&self, config: &Config, camera: &CameraConfig) -> Result<(Post, Known, Stop), String> {
        let Means { clock, database, evidence, days, hosts, board, .. } = &self.means;
        let dial = self.dial(camera)?;
        let explanations = self.explanations(config, camera);
        let saved = database.saved(&camera.id).map_err(|error| error.to_string())?;
        let beginning = if saved.is_some() { Beginning::Again } else { Beginning::First };
        let saved = saved.and_then(|bytes| match Saved::read(&bytes, &config.site.id, &camera.id) {
            Ok(saved) => Some(saved),
            Err(error) => {
                tracing::error!("{error}");
                None
            }
        });
        let past =
            saved.as_ref().and_then(|saved| Some(Past { reached: saved.reached()?, gap: saved.gap() }));
        let health = saved.as_ref().and_then(|saved| saved.health.clone());
        let health = health.unwrap_or_else(|| database.health_told(&camera.id));
        let day = past.as_ref().map(|past| config.site.timezone.to_datetime(past.reached.wall).date());
        let (judge, looks) = match saved {
            None => (Judge::begin(&config.site, camera, &config.detector, beginning), None),
            Some(saved) => {
                let (judge, restored) = Judge::restore(&config.site, camera, &config.detector, saved);
                restored.dropped.iter().for_each(|dropped| tracing::warn!("{dropped}"));
                database.resumed(&camera.id, restored.judgement, &explanations);
                (judge, Some(restored.looks))
            }
        };
        let looking = Looking::of(camera, &config.detector);
        let shares = Shares::of(config);
        let new = Camera::new(camera.id.clone(), judge, &self.names, looking, WhenFull::Newest, 2)
            .holding(shares.held);
        let source = LiveSource::new(camera.id.clone(), dial, hosts.clone(), Arc::clone(clock), past);
        let (counts, stop) = (board.counts(&camera.id), Stop::default());
        let known = Known { link: source.link(), counts: counts.clone() };
        let now = source.timeline().now();
        let vitals = Vitals::new(&config.site.id, camera, source.link(), health, now);
        let post = Post {
            camera: match looks {
                Some(looks) => new.resume(looks),
                None => new,
            },
            source,
            desk: self.crew.desk(),
            ledger: database.ledger(camera.id.clone(), explanations),
            reactions: self.means.reactions.clone(),
            keeper: evidence.keeper(config, camera),
            days: days.keeper(&camera.id),
            counts,
            vitals,
            stop: stop.clone(),
            zone: config.site.timezone.clone(),
            day,
            waiting: shares.waiting,
        };
        Ok((post, known, stop))
    }

    fn dial(&self, camera: &CameraConfig) -> Result<Box<dyn Dial>, String> {
        Ok(match &camera.source {
            SourceAddress::Live(live) => {
                Box::new(CameraDial::new(live.clone(), self.means.guards.clone(), camera.pixel_aspect))
            }
            SourceAddress::Recording { .. } => {
                let files = files(camera).map_err(|error| error.to_string())?;
                let (repeats, clock) = (camera.playing == Playing::Loop, Arc::clone(&self.means.clock));
                Box::new(PlayedDial::new(files, repeats, clock, camera.pixel_aspect))
            }
        })
    }

    /// What is told beside each rule's violations.
    fn explanations(&self, config: &Config, camera: &CameraConfig) -> BTreeMap<RuleId, Explanation> {
        let of = |rule: &crate::config::RuleConfig| {
            let id = RuleId::new(&camera.id, rule.kind(), rule.name.as_deref());
            let model = rule.model.as_deref().unwrap_or(&config.detector.model);
            let explanation = Explanation {
                camera_labels: camera.labels.clone(),
                model_sha256: self.hashes.get(model).cloned().unwrap_or_default(),
                config_sha256: config.sha256.clone(),
            };
            (id, explanation)
        };
        camera.rules.iter().map(of).collect()
    }
}
