//! A box within this program: its database and its dispatcher, without cameras. A script tells it what cameras would.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use firewarden::{
    clock::{Clock, System},
    config::Config,
    deliver::{Dispatcher, Sender, SinkFacts},
    domain::{BoxHealth, CameraFact, CameraHealth, CameraId, OfflineReason, SinkName, SiteId},
    ledger::database::{Database, Handle, Settings},
    stop::{Signal, Stop},
};
use jiff::Timestamp;

use crate::{
    script::{Report, Script},
    service::{PATIENCE, wait_for},
};

/// The only sink of most tests.
pub const PLATFORM: &str = "platform";
/// The cameras that a script tells of.
pub const CAMERAS: [&str; 4] = ["lane-1", "lane-2", "lift", "room"];

/// The box.
pub struct Station {
    folder: tempfile::TempDir,
    database: Option<Database>,
    dispatcher: Option<Dispatcher>,
    stop: Stop,
    clock: Arc<dyn Clock>,
    pub script: Script,
}

/// A configuration with these sinks.
pub fn config(folder: &Path, sinks: &str) -> Config {
    let cameras = CAMERAS.map(|id| {
        let rule = "[[camera.rule]]\nkind = \"control_room_unattended\"\n";
        format!("[[camera]]\nid = \"{id}\"\nsource = \"rtsp://127.0.0.1:9/{id}\"\n{rule}")
    });
    let head = "[site]\nid = \"test\"\nname = \"试验\"\ntimezone = \"Asia/Shanghai\"\n[box]\nid = \"box\"\n";
    let text = format!("{head}{}{sinks}", cameras.concat());
    Config::parse(&text, folder, &|_| None).unwrap_or_else(|faults| panic!("{faults:?}\n{text}"))
}

/// A sink of the name that most tests have.
pub fn platform(keys: &str) -> String {
    format!("[[sink]]\nname = \"{PLATFORM}\"\n{keys}\n")
}

/// Opens the database of a folder.
pub fn open(folder: &Path, config: &Config, clock: Arc<dyn Clock>) -> Database {
    let settings = Settings {
        directory: folder.join("state"),
        budget: 1 << 30,
        keep_sent: Duration::from_secs(86_400),
        keep_violations: Duration::from_secs(86_400),
        sinks: config.sinks.iter().map(|sink| (sink.name.to_string(), sink.filter.clone())).collect(),
        urls: None,
        site: config.site.id.clone(),
        timezone: config.site.timezone.clone(),
        bound: None,
    };
    Database::open(settings, clock).expect("it opens").0
}

/// Begins to deliver.
pub fn deliver(handle: &Handle, config: &Config, stop: &Stop) -> Dispatcher {
    let (of, depths) = (Sender::of(config), handle.clone());
    let health = move |sender: &Sender| health(sender, &depths);
    Dispatcher::start(handle.clone(), &config.sinks, &of, health, stop.clone()).expect("it starts")
}

fn health(sender: &Sender, handle: &Handle) -> BoxHealth {
    BoxHealth {
        site: sender.site.clone(),
        r#box: sender.box_id.clone(),
        version: "0.1.0".to_owned(),
        since: Timestamp::UNIX_EPOCH,
        cameras: 4,
        cameras_online: 4,
        cameras_offline: [].into(),
        cores: 2,
        memory_bytes: None,
        disk_free_bytes: None,
        alerts_waiting: handle.facts().waiting,
        oldest_waiting_s: 0,
        dead_letters: 0,
        uploads_waiting: 0,
    }
}

/// Tells that a camera is offline since this moment.
pub fn tell(handle: &Handle, camera: &str, name: &str, since: Timestamp) {
    let health = CameraHealth {
        site: SiteId::new("test").expect("an id"),
        camera: CameraId::new(camera).expect("an id"),
        camera_name: name.to_owned(),
        camera_labels: [].into(),
        since,
    };
    handle.health(health, CameraFact::Offline(OfflineReason::Stalled));
}

/// Waits until all that was told is written down.
pub fn written(handle: &Handle) {
    wait_for("all is written down", PATIENCE, || (handle.facts().in_memory == 0).then_some(()));
}

impl Station {
    /// Begins with one sink, of which these are the keys.
    pub fn start(keys: &str) -> Self {
        Self::start_with(&platform(keys), Arc::new(System))
    }

    /// Begins with these sinks and this clock.
    pub fn start_with(sinks: &str, clock: Arc<dyn Clock>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = config(folder.path(), sinks);
        let database = open(folder.path(), &config, Arc::clone(&clock));
        let stop = Stop::default();
        let dispatcher = deliver(&database.handle(), &config, &stop);
        let (database, dispatcher) = (Some(database), Some(dispatcher));
        Self { folder, database, dispatcher, stop, clock, script: Script::default() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn handle(&self) -> Handle {
        self.database.as_ref().expect("it is open").handle()
    }

    /// So many alerts come of each camera, in turn. They are on the disk when this returns.
    pub fn tell(&mut self, each: usize) {
        self.tell_of(&CAMERAS, each);
    }

    /// The same of these cameras.
    pub fn tell_of(&mut self, cameras: &[&str], each: usize) {
        self.begin_to_tell(cameras, each);
        written(&self.handle());
    }

    /// The same, and nobody waits that they are on the disk.
    pub fn begin_to_tell(&mut self, cameras: &[&str], each: usize) {
        for _ in 0..each {
            for camera in cameras {
                let since = self.script.next(camera);
                tell(&self.handle(), camera, "门口", since);
            }
        }
    }

    /// One that is never taken comes of a camera whose name is this.
    pub fn tell_dead(&mut self, camera: &str, name: &str) {
        let since = self.script.next(camera);
        self.script.is_refused(camera, since);
        tell(&self.handle(), camera, name, since);
        written(&self.handle());
    }

    /// How a sink does.
    pub fn facts(&self, sink: &str) -> SinkFacts {
        let name = SinkName::new(sink).expect("a name");
        let mut facts = self.dispatcher.as_ref().expect("it delivers").board().facts();
        facts.remove(&name).expect("a sink")
    }

    /// Waits until the sink fails and says one of these words, in small letters, and gives all it says.
    pub fn fails(&self, words: &[&str]) -> String {
        let mut last = String::new();
        let found = wait_until(|| {
            let failing = self.facts(PLATFORM).failing?;
            last = failing.why.to_lowercase();
            words.iter().any(|word| last.contains(word)).then_some(failing.why)
        });
        found.unwrap_or_else(|| panic!("it does not fail with any of {words:?}; it said last: {last:?}"))
    }

    /// Waits until it has failed so often.
    pub fn failures(&self, count: u64) {
        wait_for("failures", PATIENCE, || (self.facts(PLATFORM).failures >= count).then_some(()));
    }

    /// Waits until all that the script told has come, and checks it.
    pub fn arrives(&self, mut received: impl FnMut() -> Vec<String>) -> Report {
        let expected = self.script.expected();
        let mut arrived = 0;
        let all = wait_until(|| {
            let received = received();
            arrived = self.script.arrived(&received);
            (arrived >= expected).then_some(received)
        });
        let all = all.unwrap_or_else(|| {
            panic!("{arrived} of {expected} came; {:?}; {:?}", self.all_facts(), self.handle().facts())
        });
        self.script.check(&all)
    }

    fn all_facts(&self) -> String {
        self.dispatcher
            .as_ref()
            .map_or_else(String::new, |dispatcher| format!("{:?}", dispatcher.board().facts()))
    }

    /// Ends it once all is delivered. Nothing waits then.
    pub fn end(mut self) {
        let left = self.dispatcher.take().expect("it delivers").finish(PATIENCE);
        assert!(left.is_empty(), "{left:?}");
        let facts = self.handle().facts();
        assert_eq!(facts.waiting, 0, "{facts:?}");
        self.database.take().expect("it is open").close(PATIENCE).expect("closed");
    }

    /// It ends and begins again with these sinks.
    pub fn restart(&mut self, sinks: &str) {
        self.stop.set(Signal::Terminate);
        if let Some(dispatcher) = self.dispatcher.take() {
            dispatcher.finish(Duration::from_secs(5));
        }
        if let Some(database) = self.database.take() {
            database.close(PATIENCE).expect("closed");
        }
        let config = config(self.folder.path(), sinks);
        let database = open(self.folder.path(), &config, Arc::clone(&self.clock));
        self.stop = Stop::default();
        self.dispatcher = Some(deliver(&database.handle(), &config, &self.stop));
        self.database = Some(database);
    }

    /// The configuration is read again, with these sinks.
    pub fn follow(&mut self, sinks: &str) {
        let config = config(self.folder.path(), sinks);
        let named = config.sinks.iter().map(|sink| (sink.name.to_string(), sink.filter.clone())).collect();
        self.handle().set_sinks(named);
        self.dispatcher.as_mut().expect("it delivers").follow(&config.sinks, &Sender::of(&config));
    }
}

/// As [`wait_for`], for whoever tells more where it does not come about.
fn wait_until<T>(mut there: impl FnMut() -> Option<T>) -> Option<T> {
    let began = std::time::Instant::now();
    loop {
        let found = there();
        if found.is_some() || began.elapsed() > PATIENCE {
            return found;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
