//! Cameras that are odd, refuse, or mean harm.

use std::{fs, path::Path, time::Duration};

use crate::{
    hostile::{Hostile, Mode},
    scenes::{self, PARKING},
    service::{PATIENCE, Service, Site, wait_for},
};

/// Names of this machine, each a host of its own: what is at one name waits for itself.
const HOSTS: [&str; 9] =
    ["127.1", "127.0.1", "0x7f.1", "0x7f000001", "2130706433", "0177.1", "127.0x1", "0177.0.1", "0x7f.0.1"];

/// More memory than this it never has, in kB.
const MOST: u64 = 400_000;

/// The most memory that a process has had, in kB.
fn peak(id: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{id}/status")).expect("it runs");
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line");
    line.trim().trim_end_matches("kB").trim().parse().expect("a number")
}

fn servers(film: &Path, modes: &[(&str, Mode)]) -> Vec<(String, Hostile)> {
    let start =
        |mode: &Mode| Hostile::start(mode.clone(), film, 10, Duration::from_secs(4)).expect("a server");
    modes.iter().map(|(name, mode)| ((*name).to_owned(), start(mode))).collect()
}

/// A site with a camera for each of them at a name of its own, and one, `well`, that nothing is wrong with.
fn site(servers: &[(String, Hostile)], well: &Hostile) -> Site {
    let mut site = Site::new().seeing_always().camera("well", &well.source(), PARKING);
    for ((name, server), host) in servers.iter().zip(HOSTS) {
        let source = server.source().replace("127.0.0.1", host);
        site =
            site.camera(name, &source, &format!("frame_timeout = \"2s\"\nopen_timeout = \"10s\"\n{PARKING}"));
    }
    site
}

fn ends_well(site: &Site, service: Service<'_>) {
    site.looks_on("well", 6);
    let peak = peak(service.id());
    eprintln!("the most memory was {peak} kB");
    assert_eq!(service.end().code(), Some(143));
    assert!(peak < MOST, "{peak} kB");
}

pub fn attacks() {
    let folder = tempfile::tempdir().expect("a folder");
    let film = scenes::raw(folder.path());
    let modes = [
        ("head", Mode::EndlessHead),
        ("body", Mode::HugeBody),
        ("picture", Mode::EndlessPicture),
        ("flood", Mode::Flood),
    ];
    let well = Hostile::start(Mode::Plain, &film, 10, Duration::from_secs(4)).expect("a server");
    let servers = servers(&film, &modes);
    let site = site(&servers, &well);
    let service = site.start();
    for id in ["head", "body", "picture", "flood"] {
        site.losses_reach(id, 1);
    }
    for id in ["head", "body", "picture"] {
        let losses = site.losses(id);
        assert!(losses[0].contains("more than") || losses[0].contains("too"), "{losses:?}");
    }
    ends_well(&site, service);
    for (name, server) in &servers {
        let seen = server.seen();
        let each = seen.bytes / seen.connections.len().max(1) as u64;
        assert!(name == "flood" || each < 64 << 20, "{name}: {each} bytes were taken by a connection");
    }
}

pub fn oddities() {
    let folder = tempfile::tempdir().expect("a folder");
    let film = scenes::raw(folder.path());
    let modes = [
        ("nonces", Mode::NonceEachTime),
        ("number", Mode::KeepAliveWrongNumber),
        ("unanswered", Mode::KeepAliveUnanswered),
        ("renewed", Mode::KeepAliveNewNonce),
        ("garbage", Mode::Garbage),
        ("ahead", Mode::ClockOff(7200)),
    ];
    let well = Hostile::start(Mode::Plain, &film, 10, Duration::from_secs(4)).expect("a server");
    let servers = servers(&film, &modes);
    let site = site(&servers, &well);
    let service = site.start();
    // Twelve seconds: some sessions of four, whose clients are to come back within them.
    for (id, _) in &servers {
        site.looks_reach(id, 24);
    }
    ends_well(&site, service);
    for (id, server) in &servers {
        let lost = site.losses(id);
        // It is cut off where it does not come with the new nonce, and is connected to again.
        let most = if id == "renewed" { 2 } else { 0 };
        assert!(lost.len() <= most, "{id}: {lost:#?}, {:?}", server.seen().methods);
    }
}

pub fn refusals() {
    let folder = tempfile::tempdir().expect("a folder");
    let film = scenes::raw(folder.path());
    let bait = Hostile::start(Mode::Plain, &film, 10, Duration::from_secs(4)).expect("a server");
    let modes = [
        ("nostream", Mode::Refuses("404 Not Found")),
        ("viewers", Mode::Refuses("453 Not Enough Bandwidth")),
        ("password", Mode::Refuses("401 Unauthorized")),
        ("elsewhere", Mode::Redirects(bait.source())),
        ("mute", Mode::NeverAnswers),
        ("closes", Mode::Closes),
        ("breaks", Mode::BreaksOff(15)),
        ("silent", Mode::FallsSilent(15)),
        ("nothing", Mode::FallsSilent(0)),
    ];
    let well = Hostile::start(Mode::Plain, &film, 10, Duration::from_secs(4)).expect("a server");
    let servers = servers(&film, &modes);
    let site = site(&servers, &well);
    let service = site.start();
    for (id, _) in &servers {
        site.losses_reach(id, 1);
    }
    // What had pictures has them again.
    wait_for("those that break off are connected to again", PATIENCE, || {
        ["breaks", "silent"].iter().all(|id| site.connections(id) >= 2).then_some(())
    });
    let seen = |id: &str| servers.iter().find(|(name, _)| name == id).expect("it is among them").1.seen();
    for id in ["viewers", "password"] {
        assert_eq!(seen(id).connections.len(), 1, "{id} is asked again after minutes, not seconds");
    }
    assert_eq!(bait.seen().connections.len(), 0, "where it pointed to was not dialled");
    ends_well(&site, service);
    for (id, word) in [
        ("nostream", "stream"),
        ("viewers", "453"),
        ("password", "password"),
        ("elsewhere", "another address"),
    ] {
        assert!(site.losses(id)[0].contains(word), "{:?}", site.losses(id));
    }
}
