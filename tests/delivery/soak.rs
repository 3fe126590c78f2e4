//! `make soak`: for as long as SOAK says, platforms are killed, frozen and refuse, cameras break off, and the box is killed, all at
//! random. At the end all are well, and what came is counted.

use std::{
    env, thread,
    time::{Duration, Instant},
};

use firewarden::duration;

use crate::{
    hostile::{Hostile, Mode},
    kills::{Platforms, assert_told_in_turn, chance, checked, known, waiting},
    peer::Peer,
    receiver::Reply,
    scenes,
    script::Report,
    service::{PATIENCE, Service, Site, wait_for},
};

/// How long; none where nobody asked for it.
pub fn time() -> Option<Duration> {
    let text = env::var("SOAK").ok()?;
    Some(duration::parse(&text).unwrap_or_else(|error| panic!("SOAK={text}: {error}")))
}

pub fn soak() {
    let until = Instant::now() + time().unwrap_or_default();
    let mut chance = chance();
    let mut platforms = Platforms::start();
    let folder = tempfile::tempdir().expect("a folder");
    let film = scenes::raw(folder.path());
    let modes = [("lane", Mode::Plain), ("breaks", Mode::BreaksOff(120)), ("silent", Mode::FallsSilent(150))];
    let cameras = modes
        .map(|(id, mode)| (id, Hostile::start(mode, &film, 10, Duration::from_secs(60)).expect("a server")));
    let rule = |dwell: f64| {
        format!(
            "frame_timeout = \"3s\"\n[[camera.rule]]\nkind = \"fire_lane_parking\"\nzone = [[0,0],[1,0],[1,1],[0,1]]\n\
             dwell = \"{dwell}s\"\nevery = \"0.2s\"\nupdate_every = \"1s\"\n"
        )
    };
    let mut site = Site::new().seeing_always().with(&platforms.sinks());
    for (id, camera) in &cameras {
        site = site.camera(id, &camera.source(), &rule(2.0));
    }
    let mut acts = 0;
    let mut dwell = 2.0;
    while Instant::now() < until {
        // Another rule: what is open ends, and others begin.
        dwell = if dwell > 4.0 { 2.0 } else { dwell + 0.1 };
        for (id, camera) in &cameras {
            site = site.with_camera(id, &camera.source(), &rule(dwell));
        }
        let service = site.start();
        for _ in 0..chance.usize(1..6) {
            acts += 1;
            act(&mut platforms, &mut chance);
        }
        end(service, &mut chance);
    }
    // At last all goes well.
    let service = site.start();
    let database = site.path("state/firewarden.db");
    wait_for("all is delivered", 5 * PATIENCE, || waiting(&database).is_empty().then_some(()));
    assert_eq!(service.end().code(), Some(143));

    let known = known(&database);
    println!(
        "{acts} faults; {} alerts\n{:>9} {:>9} {:>9} {:>9} {:>9}",
        known.len(),
        "",
        "expected",
        "delivered",
        "repeated",
        "lost"
    );
    let mut lost = 0;
    for (name, alerts) in platforms.alerts() {
        let first = checked(&alerts);
        assert_told_in_turn(name, &first);
        let delivered = known.iter().filter(|number| first.contains_key(number)).count();
        let report = Report {
            expected: known.len(),
            delivered,
            repeated: alerts.len() - first.len(),
            lost: known.len() - delivered,
        };
        println!(
            "{name:>9} {:>9} {:>9} {:>9} {:>9}",
            report.expected, report.delivered, report.repeated, report.lost
        );
        lost += report.lost;
        assert_eq!(first.len(), delivered, "{name}: nothing comes that was not written down");
    }
    assert_eq!(lost, 0);
    assert!(!known.is_empty());
}

/// Something goes wrong for some seconds.
fn act(platforms: &mut Platforms, chance: &mut fastrand::Rng) {
    let while_it_lasts = Duration::from_millis(chance.u64(200..6_000));
    let which = chance.usize(0..2);
    let broker: &mut dyn Peer = if which == 0 { &mut platforms.mqtt } else { &mut platforms.nats };
    match chance.usize(0..7) {
        0 => {
            broker.kill();
            thread::sleep(while_it_lasts);
            broker.start_again();
        }
        1 => {
            broker.end();
            thread::sleep(while_it_lasts);
            broker.start_again();
        }
        2 => {
            broker.freeze();
            thread::sleep(while_it_lasts);
            broker.thaw();
        }
        3 => {
            platforms.mqtt.gate().shut();
            thread::sleep(while_it_lasts);
            platforms.mqtt.gate().open();
        }
        4 => {
            let replies = [Reply::status(500), Reply::status(401), Reply::HangUp, Reply::Garbage];
            let reply = replies[chance.usize(0..replies.len())].clone();
            platforms.webhook.answers(move |_| reply.clone());
            thread::sleep(while_it_lasts);
            platforms.webhook.takes();
        }
        5 => {
            platforms.webhook.set_away(true);
            thread::sleep(while_it_lasts);
            platforms.webhook.set_away(false);
        }
        _ => thread::sleep(while_it_lasts),
    }
}

/// It is killed, or ends as it should.
fn end(service: Service<'_>, chance: &mut fastrand::Rng) {
    match chance.bool() {
        true => service.kill(),
        false => drop(service.end()),
    }
}
