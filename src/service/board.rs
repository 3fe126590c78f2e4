use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use jiff::Timestamp;

use super::{
    counts::{Counts, Tally},
    memory,
    supervisor::{ThreadFacts, Threads},
};
use crate::{
    clock::Clock,
    deliver::{DeliveryBoard, Sender, SinkFacts, UploadFacts},
    domain::{BoxHealth, CameraId, SinkName},
    evidence::live::{EvidenceFacts, EvidenceGauge},
    files,
    ledger::{
        database::{DatabaseFacts, Handle},
        days::Days,
    },
    reactions::{ReactionFacts, Reactions},
    source::live::{Link, LinkState},
};

/// What is known of the box and all its cameras, for whoever asks meanwhile. Copies share it.
#[derive(Clone)]
pub struct Board(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    began: Timestamp,
    /// Every camera that is configured; none is known of one whose watch could not begin.
    cameras: Mutex<BTreeMap<CameraId, Option<Known>>>,
    stage: Mutex<Stage<Works>>,
    threads: Threads,
}

/// What is known of a camera.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub link: Link,
    pub counts: Counts,
}

/// What all cameras share, and facts are asked of.
pub(super) struct Works {
    pub database: Handle,
    pub evidence: EvidenceGauge,
    pub days: Arc<Days>,
    /// The sinks that are configured.
    pub delivery: DeliveryBoard,
    pub uploads: Arc<Mutex<UploadFacts>>,
    pub reactions: Reactions,
}

/// How far the program has come.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage<T> {
    /// Models are loaded and the database is opened.
    Loading,
    /// Cameras are watched, with these.
    Watching(T),
    /// What was begun is completed.
    Ending,
}

/// What is known of the box at one moment.
#[derive(Debug, Clone)]
pub struct BoxFacts {
    /// That moment, on the wall.
    pub wall: Timestamp,
    /// Since when the program runs.
    pub began: Timestamp,
    /// The memory that it takes, in bytes; none where the system does not tell.
    pub memory: Option<u64>,
    /// Every camera that is configured, by its id.
    pub cameras: Vec<CameraFacts>,
    /// What they share.
    pub stage: Stage<WorksFacts>,
    /// Threads that stand still, or did.
    pub threads: ThreadFacts,
}

/// How what all cameras share does.
#[derive(Debug, Clone, PartialEq)]
pub struct WorksFacts {
    /// The database. Its sinks are those that are configured, and those for which something waits.
    pub database: DatabaseFacts,
    /// How each sink that is configured does.
    pub delivery: BTreeMap<SinkName, SinkFacts>,
    /// How files of evidence are put where `[evidence] upload` says.
    pub uploads: UploadFacts,
    /// How each reaction does, in the order of the configuration.
    pub reactions: Vec<ReactionFacts>,
    /// Evidence.
    pub evidence: EvidenceFacts,
    /// Records that were left out of the looks of the day, as the disk did not follow.
    pub looks_left_out: u64,
}

/// What is known of a camera at one moment.
#[derive(Debug, Clone)]
pub struct CameraFacts {
    /// The camera.
    pub camera: CameraId,
    /// How it is connected.
    pub link: LinkState,
    /// How often it was connected to again within the last hour.
    pub reconnects: usize,
    /// What its looks came to.
    pub tally: Tally,
}

impl CameraFacts {
    /// Whether pictures come.
    pub fn is_connected(&self) -> bool {
        self.link.since.is_some()
    }

    /// Whether it was ever tried to connect to it, however that ended.
    pub fn is_tried(&self) -> bool {
        self.is_connected() || self.link.reason.is_some() || !self.link.words.is_empty()
    }
}

impl BoxFacts {
    /// How what all cameras share does; none before they are watched, and after.
    pub fn works(&self) -> Option<&WorksFacts> {
        match &self.stage {
            Stage::Watching(works) => Some(works),
            Stage::Loading | Stage::Ending => None,
        }
    }
}

impl Board {
    /// One on which nothing is known yet, but that the program has begun.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let began = clock.wall();
        let (cameras, stage) = (Mutex::default(), Mutex::new(Stage::Loading));
        Self(Arc::new(Inner { clock, began, cameras, stage, threads: Threads::default() }))
    }

    /// What is known of the program's threads.
    pub(super) fn threads(&self) -> Threads {
        self.0.threads.clone()
    }

    /// Every camera that is configured, by its id. It waits for nothing.
    pub fn cameras(&self) -> Vec<CameraFacts> {
        let now = self.0.clock.monotonic();
        let facts = |(camera, known): (&CameraId, &Option<Known>)| {
            let camera = camera.clone();
            match known {
                Some(Known { link, counts }) => {
                    let (link, reconnects) = (link.state(), link.reconnects(now));
                    CameraFacts { camera, link, reconnects, tally: counts.tally(now) }
                }
                None => CameraFacts {
                    camera,
                    link: LinkState::default(),
                    reconnects: 0,
                    tally: Counts::default().tally(now),
                },
            }
        };
        lock(&self.0.cameras).iter().map(facts).collect()
    }

    /// All that is known. It reads the database, and may wait for its disk.
    pub fn facts(&self) -> BoxFacts {
        let cameras = self.cameras();
        let stage = match &*lock(&self.0.stage) {
            Stage::Loading => Stage::Loading,
            Stage::Ending => Stage::Ending,
            Stage::Watching(Works { database, evidence, days, delivery, uploads, reactions }) => {
                let others = (delivery.facts(), lock(uploads).clone(), reactions.facts());
                Stage::Watching((database.clone(), others, evidence.facts(), days.dropped()))
            }
        };
        // By now nobody waits for the disk who is to end.
        let stage = match stage {
            Stage::Loading => Stage::Loading,
            Stage::Ending => Stage::Ending,
            Stage::Watching((database, (delivery, uploads, reactions), evidence, looks_left_out)) => {
                let mut database = database.facts();
                for sink in delivery.keys() {
                    database.sinks.entry(sink.to_string()).or_default();
                }
                Stage::Watching(WorksFacts {
                    database,
                    delivery,
                    uploads,
                    reactions,
                    evidence,
                    looks_left_out,
                })
            }
        };
        let Inner { clock, began, .. } = &*self.0;
        let (wall, threads) = (clock.wall(), self.0.threads.facts());
        BoxFacts { wall, began: *began, memory: memory::resident(), cameras, stage, threads }
    }

    /// How the box does, as signs of life tell it. It reads the database, and may wait for its disk.
    pub(super) fn sign_of_life(&self, sender: &Sender) -> BoxHealth {
        let facts = self.facts();
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let mut offline = BTreeMap::new();
        for camera in facts.cameras.iter().filter(|camera| !camera.is_connected()) {
            if let Some(reason) = camera.link.reason {
                *offline.entry(reason).or_default() += 1;
            }
        }
        let database = facts.works().map(|works| works.database.clone()).unwrap_or_default();
        let age = |since: Timestamp| u64::try_from(facts.wall.duration_since(since).as_secs()).unwrap_or(0);
        let online = facts.cameras.iter().filter(|camera| camera.is_connected()).count();
        BoxHealth {
            site: sender.site.clone(),
            r#box: sender.box_id.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            since: facts.began,
            cameras: count(facts.cameras.len()),
            cameras_online: count(online),
            cameras_offline: offline,
            cores: count(thread::available_parallelism().map_or(1, usize::from)),
            memory_bytes: facts.memory,
            disk_free_bytes: files::free(&sender.evidence),
            alerts_waiting: database.waiting,
            oldest_waiting_s: database.oldest_waiting.map_or(0, age),
            dead_letters: database.sinks.values().map(|depth| depth.refused).sum(),
            uploads_waiting: database.uploads.waiting,
        }
    }

    /// From now on cameras are watched, with these.
    pub(super) fn begin(&self, works: Works) {
        *lock(&self.0.stage) = Stage::Watching(works);
    }

    /// The program ends: what all cameras share is held no more.
    pub(super) fn end(&self) {
        *lock(&self.0.stage) = Stage::Ending;
    }

    /// These cameras are configured, and no others.
    pub(super) fn expect<'c>(&self, configured: impl Iterator<Item = &'c CameraId>) {
        let configured: BTreeSet<&CameraId> = configured.collect();
        let mut cameras = lock(&self.0.cameras);
        cameras.retain(|camera, _| configured.contains(camera));
        for camera in configured {
            cameras.entry(camera.clone()).or_insert(None);
        }
    }

    pub(super) fn put(&self, camera: CameraId, known: Known) {
        lock(&self.0.cameras).insert(camera, Some(known));
    }

    /// What was counted of a camera that is watched again goes on.
    pub(super) fn counts(&self, camera: &CameraId) -> Counts {
        let cameras = lock(&self.0.cameras);
        cameras.get(camera).and_then(Option::as_ref).map(|known| known.counts.clone()).unwrap_or_default()
    }
}

impl fmt::Debug for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Board").field("began", &self.0.began).finish_non_exhaustive()
    }
}

/// What was locked when a thread panicked is as good as before.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{path::Path, time::Duration};

    use super::*;
    use crate::{
        clock::Manual,
        config::Config,
        evidence::live::{self, Evidence, bare_summary},
        ledger::{
            database::{self, Database, Depth},
            days,
        },
    };

    fn id(id: &str) -> CameraId {
        CameraId::new(id).expect("an id")
    }

    #[test]
    fn every_camera_that_is_configured_is_told_and_no_other() {
        let board = Board::new(Arc::new(Manual::at(Timestamp::UNIX_EPOCH)));
        let (lane, room, lift) = (id("lane"), id("room"), id("lift"));
        board.expect([&lane, &room].into_iter());
        let counts = board.counts(&lane);
        counts.want(3);
        board.put(lane.clone(), Known { link: Link::default(), counts });
        let wanted = |board: &Board| {
            let told =
                board.cameras().into_iter().map(|facts| (facts.camera.to_string(), facts.tally.wanted));
            told.collect::<Vec<_>>()
        };
        assert_eq!(wanted(&board), [("lane".to_owned(), 3), ("room".to_owned(), 0)]);
        assert!(board.cameras().iter().all(|facts| !facts.is_connected() && !facts.is_tried()));
        // One that goes, one that comes, and one of which is known what was.
        board.expect([&lane, &lift].into_iter());
        assert_eq!(wanted(&board), [("lane".to_owned(), 3), ("lift".to_owned(), 0)]);
        board.counts(&lane).want(1);
        assert_eq!(wanted(&board)[0].1, 4);
    }

    #[test]
    fn before_and_after_cameras_are_watched_nothing_is_asked_of_what_they_share() {
        let board = Board::new(Arc::new(Manual::at(Timestamp::UNIX_EPOCH)));
        assert_eq!(board.facts().stage, Stage::Loading);
        board.end();
        assert_eq!(board.facts().stage, Stage::Ending);
        assert!(board.facts().memory.is_some_and(|bytes| bytes > 1 << 20), "{:?}", board.facts().memory);
    }

    /// A configuration whose folders lie in this one.
    fn config(folder: &Path) -> Config {
        let text = "[site]\nid = \"s\"\n[[camera]]\nid = \"lane\"\nsource = \"rtsp://viewer:s3cr3t@10.2.0.31/1\"\n\
                    [[camera.rule]]\nkind = \"fire_lane_parking\"\nzone = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]\ndwell = \"60s\"\n";
        Config::parse(text, folder, &|_| None).expect("sound")
    }

    #[test]
    fn what_cameras_share_is_told_while_they_are_watched_and_then_held_no_more() {
        let folder = tempfile::tempdir().expect("a folder");
        let (config, clock) = (config(folder.path()), Arc::new(Manual::at(Timestamp::UNIX_EPOCH)));
        let settings = database::Settings {
            directory: config.state.directory.clone(),
            budget: config.state.budget.0,
            keep_sent: config.state.keep_sent,
            keep_violations: config.evidence.keep,
            sinks: Vec::new(),
            urls: None,
            site: config.site.id.clone(),
            timezone: config.site.timezone.clone(),
            bound: None,
        };
        let (database, _) = Database::open(settings, clock.clone()).expect("a database");
        let summary = bare_summary(&config, Vec::new());
        let asked = live::Asked {
            violations: Box::new(|_, _| Some(Vec::new())),
            summary: Box::new(move |_, _| summary.clone()),
            is_needed: Box::new(|_| false),
        };
        let settings = live::Settings::new(&config, 1 << 20, clock.clone(), asked);
        let evidence = Evidence::start(settings, |_| {}).expect("threads");
        let settings = days::Settings {
            folder: folder.path().join("observations"),
            zone: config.site.timezone.clone(),
            keep: Duration::ZERO,
            budget: 1 << 20,
        };
        let days = Arc::new(Days::start(settings, clock.clone(), |_| {}, |_, _| None).expect("a thread"));
        let board = Board::new(clock);
        board.begin(Works {
            database: database.handle(),
            evidence: evidence.gauge(),
            days: Arc::clone(&days),
            delivery: DeliveryBoard::of(["file"]),
            uploads: Arc::default(),
            reactions: Reactions::start(Vec::new()).expect("threads"),
        });
        let facts = board.facts();
        let works = facts.works().expect("they are told");
        // A sink for which nothing waits is told, too.
        assert_eq!(works.database.sinks, BTreeMap::from([("file".to_owned(), Depth::default())]));
        assert!(works.database.bytes > 0 && works.database.failing_since.is_none(), "{works:?}");
        board.end();
        assert!(Arc::into_inner(days).is_some(), "somebody holds what is to end");
        assert!(board.facts().works().is_none());
    }
}
