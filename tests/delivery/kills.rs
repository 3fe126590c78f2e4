//! The box is killed −9 at random moments, while it delivers to three platforms at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, thread,
    time::Duration,
};

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use crate::{
    child::OwnBox,
    hostile::{Hostile, Mode},
    mosquitto::Mosquitto,
    nats::Nats,
    peer::Peer,
    receiver::Receiver,
    scenes,
    script::{Script, read, sequence},
    service::{PATIENCE, Site, wait_for},
    webhook,
};

/// How often it is killed.
fn faults() -> usize {
    env::var("FAULTS").ok().and_then(|faults| faults.parse().ok()).unwrap_or(5)
}

/// What is drawn by chance, and how it is drawn again.
pub fn chance() -> fastrand::Rng {
    let seed = env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| fastrand::u64(..));
    eprintln!("SEED={seed} draws the same again");
    fastrand::Rng::with_seed(seed)
}

/// An MQTT broker, a NATS server and a webhook at once.
pub struct Platforms {
    pub mqtt: Mosquitto,
    pub nats: Nats,
    pub webhook: Receiver,
}

impl Platforms {
    pub fn are_here() -> bool {
        Mosquitto::is_here() && Nats::is_here()
    }

    pub fn start() -> Self {
        Self { mqtt: Mosquitto::start(), nats: Nats::start(), webhook: Receiver::start(None) }
    }

    /// A sink for each.
    pub fn sinks(&self) -> String {
        let keys = [
            ("mqtt", self.mqtt.sink()),
            ("nats", self.nats.sink()),
            ("webhook", webhook::keys(&self.webhook)),
        ];
        keys.map(|(name, keys)| format!("[[sink]]\nname = \"{name}\"\n{keys}\n")).concat()
    }

    /// What came to each.
    pub fn alerts(&mut self) -> [(&'static str, Vec<String>); 3] {
        [("mqtt", self.mqtt.alerts()), ("nats", self.nats.alerts()), ("webhook", self.webhook.alerts())]
    }
}

/// The library's part alone, quickly: the script knows exactly what was written down, and when it was killed.
pub fn while_alerts_come() {
    let mut chance = chance();
    let mut platforms = Platforms::start();
    let folder = tempfile::tempdir().expect("a folder");
    let sinks = platforms.sinks();
    let mut script = Script::default();
    for _ in 0..faults() * 3 {
        let mut own = OwnBox::start(folder.path(), &sinks);
        for _ in 0..chance.usize(0..4) {
            own.tell(&mut script, chance.usize(1..15));
            own.written();
            thread::sleep(Duration::from_millis(chance.u64(0..60)));
        }
        let last = own.tell(&mut script, chance.usize(1..15));
        thread::sleep(Duration::from_micros(chance.u64(0..30_000)));
        if !own.kill() {
            for (camera, since) in last {
                script.is_doubtful(camera, since);
            }
        }
    }
    let mut own = OwnBox::start(folder.path(), &sinks);
    own.tell(&mut script, 1);
    own.written();
    for name in 0..3 {
        // There may be thousands: as long as some come, more will.
        let (mut came, mut since) = (0, std::time::Instant::now());
        loop {
            let (name, alerts) = &platforms.alerts()[name];
            let (before, expected) = (came, script.expected());
            came = script.arrived(alerts);
            if came >= expected {
                break;
            }
            if came > before {
                since = std::time::Instant::now();
            }
            assert!(
                since.elapsed() < PATIENCE,
                "{name}: {came} of {expected}\n{}",
                std::fs::read_to_string(folder.path().join("log")).unwrap_or_default()
            );
            thread::sleep(Duration::from_millis(50));
        }
    }
    wait_for("all is noted", PATIENCE, || {
        waiting(&folder.path().join("state/firewarden.db")).is_empty().then_some(())
    });
    for (name, alerts) in platforms.alerts() {
        let report = script.check(&alerts);
        eprintln!("{name}: {report}");
    }
    webhook::assert_signed(&platforms.webhook.taken());
}

/// The whole program, as it is started: its violations come and go.
pub fn while_violations_come_and_go() {
    let mut chance = chance();
    let mut platforms = Platforms::start();
    let folder = tempfile::tempdir().expect("a folder");
    let film = scenes::raw(folder.path());
    let cameras = ["lane", "yard"]
        .map(|_| Hostile::start(Mode::Plain, &film, 10, Duration::from_secs(60)).expect("a server"));
    let site = Site::new().seeing_always().with(&platforms.sinks());
    let [lane, yard] = &cameras;
    // Where a rule is another one, what it had open is ended, and it begins anew.
    let rule = |dwell: f64| {
        format!(
            "[[camera.rule]]\nkind = \"fire_lane_parking\"\nzone = [[0,0],[1,0],[1,1],[0,1]]\ndwell = \"{dwell}s\"\n\
             every = \"0.2s\"\nupdate_every = \"1s\"\n"
        )
    };
    let mut site = site.camera("lane", &lane.source(), &rule(2.0)).camera("yard", &yard.source(), &rule(2.0));
    // What somebody at the platform saw while it ran.
    let mut seen = BTreeSet::new();
    for fault in 0..faults() {
        site = site.with_camera("lane", &lane.source(), &rule([2.0, 2.2][fault % 2]));
        let service = site.start();
        site.looks_on("lane", chance.usize(5..30));
        thread::sleep(Duration::from_millis(chance.u64(0..200)));
        seen.extend(platforms.webhook.alerts());
        service.kill();
    }
    site = site.with_camera("lane", &lane.source(), &rule(2.5));
    let began = Timestamp::now();
    let service = site.start();
    // What was raised before the last kill may come only now.
    let is_last = |alert: &Value| {
        let time = alert["time"].as_str().and_then(|time| time.parse::<Timestamp>().ok());
        alert["type"] == "firewarden.violation.raised"
            && alert["data"]["camera"] == "lane"
            && time.is_some_and(|time| time > began)
    };
    wait_for("the last is raised", PATIENCE, || {
        platforms.webhook.alerts().iter().any(|text| is_last(&read(text))).then_some(())
    });
    assert_eq!(service.end().code(), Some(143));

    let known = known(&site.path("state/firewarden.db"));
    assert!(waiting(&site.path("state/firewarden.db")).is_empty(), "the end waits until all is delivered");
    let all = platforms
        .alerts()
        .into_iter()
        .chain([("file", site.alerts().iter().map(Value::to_string).collect())]);
    for (name, alerts) in all {
        let first = checked(&alerts);
        assert_eq!(
            first.keys().copied().collect::<Vec<_>>(),
            known,
            "{name}: all that was written down, and nothing else"
        );
        assert_told_in_turn(name, &first);
        if name != "file" {
            assert!(seen.iter().all(|text| alerts.contains(text)), "{name}: what one platform saw, all have");
        }
        let of_lane: Vec<&Value> = first.values().filter(|alert| alert["data"]["camera"] == "lane").collect();
        let count = |phase: &str| {
            of_lane.iter().filter(|alert| alert["type"] == format!("firewarden.violation.{phase}")).count()
        };
        assert_eq!(count("raised"), count("ended") + 1, "{name}: they come and go, and the last stands");
        let of_yard = first.values().filter(|alert| {
            alert["data"]["camera"] == "yard" && alert["type"] == "firewarden.violation.raised"
        });
        assert_eq!(of_yard.count(), 1, "{name}: what stands all the time is raised once");
        eprintln!("{name}: {} alerts, {} repeated", first.len(), alerts.len() - first.len());
    }
}

/// The first of each alert by its number. Each is the same whenever it comes, and of each camera they come in order.
pub fn checked(alerts: &[String]) -> BTreeMap<u64, Value> {
    let mut first: BTreeMap<u64, (Value, &String)> = BTreeMap::new();
    let (mut ids, mut last, mut boxes) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
    for text in alerts {
        let alert = read(text);
        let number = sequence(&alert);
        boxes.insert(alert["outboxid"].to_string());
        let id = alert["id"].to_string();
        assert_eq!(*ids.entry(id).or_insert(number), number, "one id, two numbers: {text}");
        if let Some((_, known)) = first.get(&number) {
            assert_eq!(*known, text, "a repeat is what came first");
            continue;
        }
        let before = last.insert(alert["data"]["camera"].to_string(), number);
        assert!(before.is_none_or(|before| before < number), "in order by camera: {before:?}, {text}");
        first.insert(number, (alert, text));
    }
    assert!(boxes.len() <= 1, "one outbox: {boxes:?}");
    first.into_iter().map(|(number, (alert, _))| (number, alert)).collect()
}

/// Each violation is raised once, and first.
pub fn assert_told_in_turn(name: &str, alerts: &BTreeMap<u64, Value>) {
    let mut phases: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for alert in alerts.values() {
        let Some(subject) = alert["subject"].as_str() else { continue };
        let phase = alert["type"].as_str().expect("a type").trim_start_matches("firewarden.violation.");
        phases.entry(subject).or_default().push(phase);
    }
    assert!(!phases.is_empty(), "{name}: something was told");
    for (subject, phases) in phases {
        assert_eq!(phases[0], "raised", "{name}, {subject}: {phases:?}");
        assert_eq!(
            phases.iter().filter(|phase| **phase == "raised").count(),
            1,
            "{name}, {subject}: {phases:?}"
        );
    }
}

fn numbers(database: &std::path::Path, query: &str) -> Vec<u64> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let database = Connection::open_with_flags(database, flags).expect("a database");
    let mut rows = database.prepare(query).expect("a query");
    let numbers = rows.query_map([], |row| row.get::<_, i64>(0)).expect("rows");
    numbers.map(|number| u64::try_from(number.expect("a number")).expect("a sequence")).collect()
}

/// What a database has written down, in order.
pub fn known(database: &std::path::Path) -> Vec<u64> {
    numbers(database, "SELECT sequence FROM alerts ORDER BY sequence")
}

/// What some sink does not have.
pub fn waiting(database: &std::path::Path) -> Vec<u64> {
    numbers(database, "SELECT sequence FROM outbox WHERE delivered IS NULL ORDER BY sequence")
}
