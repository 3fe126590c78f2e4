//! A program that is killed again and again while violations come and go.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    time::Instant,
};

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use crate::{
    scenes::{Codec, Scene},
    server::{Auth, Server},
    service::{PATIENCE, Site, wait_for},
};

/// How long the car may stand, and how often the lane is looked at, in seconds.
const DWELL: f64 = 30.0;
const EVERY: f64 = 0.5;
/// What is known is committed at least so often, in seconds.
const COMMITTED: f64 = 5.0;
/// After so many more looks at the room it is killed: at other moments of what happens there.
const LOOKS: [usize; 7] = [37, 45, 4, 52, 40, 58, 21];

pub fn killed() {
    let faults = env::var("FAULTS").ok().and_then(|faults| faults.parse().ok()).unwrap_or(5);
    let site = Site::new();
    // Of 14 s somebody is there for the first six.
    let room = Scene::Room.cut(site.folder(), Codec::H264, 13, 14);
    let lane = Scene::Lane.cut(site.folder(), Codec::H264, 0, 50);
    let server = Server::start(0, Auth::Digest, true, &[("room", &room), ("lane", &lane)]);
    let of_room = "[[camera.rule]]\nkind = \"control_room_unattended\"\nrequired = 1\ngrace = \"2s\"\nevery = \"0.2s\"\n";
    let of_lane = Scene::Lane.rule().replace("\"8s\"", &format!("\"{DWELL}s\"\nevery = \"{EVERY}s\""));
    let site = site
        .with("[evidence]\npre_roll = \"1s\"\npost_roll = \"1s\"\n")
        .camera("room", &server.address("room"), of_room)
        .camera("lane", &server.address("lane"), &of_lane);

    let mut outages: Vec<(Timestamp, f64)> = Vec::new();
    let mut service = site.start();
    site.connections_reach("lane", 1);
    let first = Timestamp::now();
    for fault in 0..faults {
        site.looks_on("room", LOOKS[fault % LOOKS.len()]);
        let (at, began) = (Timestamp::now(), Instant::now());
        service.kill();
        service = site.start();
        site.connections_reach("lane", fault + 2);
        outages.push((at, began.elapsed().as_secs_f64()));
    }
    let about = |phase: &str, camera: &str| {
        site.told(phase).into_iter().filter(|alert| alert["data"]["camera"] == camera).collect::<Vec<_>>()
    };
    wait_for("the car is told of", PATIENCE, || (!about("raised", "lane").is_empty()).then_some(()));
    // The room goes on, too: one more that begins and ends.
    let ended = about("ended", "room").len();
    wait_for("the room's violations come and go", PATIENCE, || {
        (about("ended", "room").len() > ended).then_some(())
    });
    assert_eq!(service.end().code(), Some(143));

    let alerts = once(site.alerts());
    assert_as_in_the_database(&site, &alerts);
    assert_told_in_turn(&alerts);
    assert_one_at_a_time(&alerts, "room");

    let of_lane: Vec<&Value> = alerts.values().filter(|alert| alert["data"]["camera"] == "lane").collect();
    let subjects: BTreeSet<&str> = of_lane.iter().filter_map(|alert| alert["subject"].as_str()).collect();
    assert_eq!(subjects.len(), 1, "the car stands all the time: {of_lane:#?}");
    assert!(of_lane.iter().all(|alert| alert["type"] != "firewarden.violation.ended"), "{of_lane:#?}");
    let car =
        of_lane.iter().find(|alert| alert["type"] == "firewarden.violation.raised").expect("it was told");
    let wall = |moment: &str| -> Timestamp {
        car["data"][moment]["wall"].as_str().expect("a time").parse().expect("a time")
    };
    let (started, raised) = (wall("started"), wall("raised"));
    let media = |moment: &str| car["data"][moment]["media_s"].as_f64().expect("a time");
    let stood = media("raised") - media("started");
    assert!(stood >= DWELL, "{stood} s");
    // Since the first picture, whatever the kills made of it.
    let took = raised.duration_since(first).as_secs_f64();
    let before: Vec<f64> = outages.iter().filter(|(at, _)| *at < raised).map(|(_, lasted)| *lasted).collect();
    // The first pictures of a connection are taken for up to two seconds younger than they are.
    let most =
        DWELL + before.iter().map(|lasted| lasted + COMMITTED + EVERY + 2.0).sum::<f64>() + EVERY + 1.0;
    assert!(
        took <= most,
        "after {took} s, not within {most} s; outages {outages:?}\n{of_lane:#?}\n{}",
        site.story()
    );
    if started.duration_since(first).as_secs_f64() > COMMITTED + 3.0 {
        panic!("the car has stood since {first}, not {started}; outages {outages:?}\n{}", site.story());
    }
    eprintln!(
        "{faults} kills, {} alerts; the car was raised after {took:.1} s, outages {before:.1?}",
        alerts.len()
    );
}

/// The alerts by their number. One that came twice is the same each time.
pub fn once(alerts: Vec<Value>) -> BTreeMap<u64, Value> {
    let (mut by_number, mut by_id) = (BTreeMap::new(), BTreeMap::new());
    for alert in alerts {
        let number: u64 = alert["sequence"].as_str().expect("a number").parse().expect("a number");
        if let Some(before) = by_number.insert(number, alert.clone()) {
            assert_eq!(before, alert, "what is sent again is what was sent");
        }
        let before = by_id.insert(alert["id"].to_string(), number);
        assert!(before.is_none_or(|before| before == number), "one id, two numbers: {alert}");
    }
    let boxes: BTreeSet<String> = by_number.values().map(|alert| alert["outboxid"].to_string()).collect();
    assert_eq!(boxes.len(), 1, "one outbox: {boxes:?}");
    by_number
}

/// The file has every alert of the database, whose numbers have no holes.
pub fn assert_as_in_the_database(site: &Site, alerts: &BTreeMap<u64, Value>) {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let database = Connection::open_with_flags(site.path("state/firewarden.db"), flags).expect("a database");
    let all = |query: &str| -> Vec<u64> {
        let mut rows = database.prepare(query).expect("a query");
        let numbers = rows.query_map([], |row| row.get::<_, i64>(0)).expect("rows");
        numbers.map(|number| number.expect("a number") as u64).collect()
    };
    let known = all("SELECT sequence FROM alerts ORDER BY sequence");
    let numbers: Vec<u64> = alerts.keys().copied().collect();
    assert_eq!(numbers, known, "the file has what the database has");
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "no holes");
    assert_eq!(all("SELECT sequence FROM outbox WHERE delivered IS NULL"), Vec::<u64>::new());
    let state: String =
        database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("an answer");
    assert_eq!(state, "ok");
}

/// Each violation is raised once, and ends after that, once.
pub fn assert_told_in_turn(alerts: &BTreeMap<u64, Value>) {
    let mut phases: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for alert in alerts.values().filter(|alert| alert["subject"].is_string()) {
        let phase = alert["type"].as_str().expect("a type").trim_start_matches("firewarden.violation.");
        phases.entry(alert["subject"].as_str().expect("a subject")).or_default().push(phase);
    }
    for (subject, phases) in phases {
        let count = |phase| phases.iter().filter(|told| **told == phase).count();
        assert_eq!(phases[0], "raised", "{subject}: {phases:?}");
        assert_eq!(count("raised"), 1, "{subject}: {phases:?}");
        // A vehicle's end may be withdrawn; a post's may not.
        assert!(count("ended") <= 1, "{subject}: {phases:?}");
    }
}

/// A post that is empty is told of once until somebody is there.
pub fn assert_one_at_a_time(alerts: &BTreeMap<u64, Value>, camera: &str) {
    let mut last: BTreeMap<&str, &Value> = BTreeMap::new();
    // How the camera does is no violation's.
    let of_violations = |alert: &&Value| alert["data"]["camera"] == camera && alert["subject"].is_string();
    for alert in alerts.values().filter(of_violations) {
        last.insert(alert["subject"].as_str().expect("a subject"), &alert["data"]);
    }
    let media = |violation: &Value, moment: &str| violation[moment]["media_s"].as_f64();
    let mut spells: Vec<(f64, Option<f64>)> = last
        .values()
        .map(|violation| (media(violation, "started").expect("a start"), media(violation, "ended")))
        .collect();
    spells.sort_by(|one, other| one.0.total_cmp(&other.0));
    assert!(spells.len() >= 2, "they come and go: {spells:?}");
    for pair in spells.windows(2) {
        let ended = pair[0].1.unwrap_or_else(|| panic!("only the last is open: {spells:?}"));
        assert!(ended <= pair[1].0, "one after the other: {spells:?}");
    }
}
