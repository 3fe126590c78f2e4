//! `make soak`: for as long as SOAK says, what lies between the program and its cameras goes wrong at random. At the end all is well, what was
//! told is counted, and what the program takes is compared with what it took early.

use std::{
    env, fs, thread,
    time::{Duration, Instant},
};

use firewarden::duration;

use crate::{
    faults::{assert_as_in_the_database, assert_one_at_a_time, assert_told_in_turn, once},
    relay::{Relay, Way},
    scenes::{self, Codec, PARKING, Scene},
    server::{Auth, Server},
    service::{PATIENCE, Service, Site, wait_for},
};

const LANES: [&str; 3] = ["lane-1", "lane-2", "lane-3"];
const ROOM: &str = "room";

/// Memory of the last sixth of the time, as a multiple of that between a twelfth and a quarter.
const GROWN: f64 = 1.05;
/// It is compared where the soak lasts for so long: before that the last pictures of the cameras fill up.
const JUDGED: Duration = Duration::from_secs(20 * 60);

/// How long; none where nobody asked for it.
pub fn time() -> Option<Duration> {
    let text = env::var("SOAK").ok()?;
    Some(duration::parse(&text).unwrap_or_else(|error| panic!("SOAK={text}: {error}")))
}

/// What the program takes at a time.
#[derive(Debug, Clone, Copy)]
struct Taken {
    at: Duration,
    /// MiB.
    memory: f64,
    threads: usize,
    descriptors: usize,
}

impl Taken {
    fn now(id: u32, began: Instant) -> Self {
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let of = |name: &str| -> f64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.trim().trim_end_matches(" kB").parse().unwrap_or_default()
        };
        let descriptors = fs::read_dir(format!("/proc/{id}/fd")).map_or(0, Iterator::count);
        Self {
            at: began.elapsed(),
            memory: of("VmRSS:") / 1024.0,
            threads: of("Threads:") as usize,
            descriptors,
        }
    }
}

/// Everything between the program and its cameras.
struct Network {
    server: Option<Server>,
    port: u16,
    relays: Vec<(&'static str, Relay)>,
    start: Box<dyn Fn(u16) -> Server>,
}

impl Network {
    /// Something goes wrong, and most of it is put right after a while.
    fn act(&mut self, chance: &mut fastrand::Rng) -> &'static str {
        let lasts = Duration::from_millis(chance.u64(200..8_000));
        let (_, relay) = &self.relays[chance.usize(..self.relays.len())];
        match chance.usize(..8) {
            0 | 1 => {
                relay.cut();
                "cut"
            }
            2 => {
                relay.half_close();
                "half-closed"
            }
            3 => {
                relay.set(Way::Lost);
                thread::sleep(lasts);
                relay.set(Way::Open);
                "lost"
            }
            // It stays so until another takes its place.
            4 => {
                relay.set(Way::Late(lasts / 6));
                "late"
            }
            5 => {
                relay.set(Way::Open);
                "open"
            }
            6 => {
                let server = self.server.as_ref().expect("it is there");
                server.freeze();
                thread::sleep(lasts);
                server.thaw();
                "frozen"
            }
            _ => {
                self.server.take().expect("it is there").kill();
                thread::sleep(lasts);
                self.server = Some((self.start)(self.port));
                "without power"
            }
        }
    }

    /// All is well: waits until every camera is looked at again, and what was begun meanwhile is over.
    fn calm(&self, site: &Site) {
        self.relays.iter().for_each(|(_, relay)| relay.set(Way::Open));
        let connected = |name: &str| format!("firewarden_camera_connected{{camera=\"{name}\"}} 1");
        wait_for("all cameras are connected to", 5 * PATIENCE, || {
            let told = site.console("/metrics");
            self.relays.iter().all(|(name, _)| told.contains(&connected(name))).then_some(())
        });
        self.relays.iter().for_each(|(name, _)| site.looks_on(name, 10));
    }
}

pub fn soak() {
    let lasts = time().unwrap_or_default();
    let seed = env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| fastrand::u64(..));
    eprintln!("SEED={seed} draws the same again");
    let mut chance = fastrand::Rng::with_seed(seed);
    let folder = tempfile::tempdir().expect("a folder");
    let noise = scenes::noise(folder.path(), "lane", "320x240", Codec::H264);
    let room = Scene::Room.cut(folder.path(), Codec::H264, 13, 14);
    let start = Box::new(move |port| {
        let mut mounts: Vec<_> = LANES.iter().map(|name| (*name, noise.as_path())).collect();
        mounts.push((ROOM, &room));
        Server::start(port, Auth::Digest, true, &mounts)
    });
    let server = start(0);
    let port = server.port();
    let mut site = Site::new().seeing_always().with("[evidence]\npre_roll = \"1s\"\npost_roll = \"1s\"\n");
    let relays: Vec<_> = LANES.into_iter().chain([ROOM]).map(|name| (name, Relay::start(port))).collect();
    for (name, relay) in &relays {
        let rule = match *name {
            ROOM => {
                "[[camera.rule]]\nkind = \"control_room_unattended\"\nmodel = \"firewarden-nano\"\nrequired = 1\ngrace = \"2s\"\nevery = \"0.5s\"\n"
            }
            _ => PARKING,
        };
        site = site.camera(
            name,
            &server.address_by(relay.port(), name),
            &format!("frame_timeout = \"3s\"\n{rule}"),
        );
    }
    let mut network = Network { server: Some(server), port, relays, start };
    let service = site.start();
    site.says("console listens on");
    network.calm(&site);
    let (began, mut taken, mut acts) = (Instant::now(), Vec::new(), std::collections::BTreeMap::new());
    let mut early = None;
    while began.elapsed() < lasts {
        *acts.entry(network.act(&mut chance)).or_insert(0_usize) += 1;
        let next = Instant::now() + Duration::from_millis(chance.u64(500..10_000));
        while Instant::now() < next {
            taken.push(Taken::now(service.id(), began));
            thread::sleep(Duration::from_secs(1));
        }
        if early.is_none() && began.elapsed() >= lasts / 4 {
            network.calm(&site);
            early = Some(settled(&service, began));
        }
    }
    network.calm(&site);
    let late = settled(&service, began);
    let early = early.unwrap_or(late);
    assert_eq!(service.end().code(), Some(143));
    let memory = |from: Duration, to: Duration| {
        let of = taken.iter().filter(|taken| (from..to).contains(&taken.at)).map(|taken| taken.memory);
        let (sum, count) = of.fold((0.0, 0.0), |(sum, count), memory| (sum + memory, count + 1.0));
        sum / f64::max(count, 1.0)
    };
    let (first, last) = (memory(lasts / 12, lasts / 4), memory(lasts * 5 / 6, Duration::MAX));
    println!("{} s with {acts:?}", lasts.as_secs());
    println!("| what | early | at the end |\n|---|---|---|");
    println!(
        "| memory, mean of 1/12 to 1/4 of the time and of the last sixth | {first:.1} MiB | {last:.1} MiB ({:.3} x) |",
        last / first
    );
    println!("| threads, with all cameras connected | {} | {} |", early.threads, late.threads);
    println!("| descriptors, likewise | {} | {} |", early.descriptors, late.descriptors);
    told(&site);
    assert_eq!((early.threads, early.descriptors), (late.threads, late.descriptors), "nothing is left open");
    if lasts >= JUDGED {
        assert!(last <= first * GROWN, "memory grows from {first:.1} to {last:.1} MiB");
    } else {
        println!("Memory is judged from {} min on.", JUDGED.as_secs() / 60);
    }
}

/// What the program takes while all is well: the least of some seconds. Threads for what has to wait come when they are needed, and go after
/// ten seconds.
fn settled(service: &Service<'_>, began: Instant) -> Taken {
    let taken: Vec<Taken> = (0..25)
        .map(|_| {
            thread::sleep(Duration::from_secs(1));
            Taken::now(service.id(), began)
        })
        .collect();
    let least = |of: fn(&Taken) -> usize| taken.iter().map(of).min().unwrap_or_default();
    Taken { threads: least(|taken| taken.threads), descriptors: least(|taken| taken.descriptors), ..taken[0] }
}

/// Nothing is lost and nothing is told twice.
fn told(site: &Site) {
    let alerts = once(site.alerts());
    assert_as_in_the_database(site, &alerts);
    assert_told_in_turn(&alerts);
    println!("| camera | connections | raised | ended |\n|---|---|---|---|");
    for name in LANES.into_iter().chain([ROOM]) {
        let count = |phase: &str| {
            let wanted = format!("firewarden.violation.{phase}");
            let of = alerts.values().filter(|alert| alert["type"] == wanted.as_str());
            of.filter(|alert| alert["data"]["camera"] == name).count()
        };
        let (raised, ended) = (count("raised"), count("ended"));
        println!("| {name} | {} | {raised} | {ended} |", site.connections(name));
        if name != ROOM {
            assert_eq!((raised, ended), (1, 0), "{name}: the car stands all the time");
        }
    }
    assert_one_at_a_time(&alerts, ROOM);
}
