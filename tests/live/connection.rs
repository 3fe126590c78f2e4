//! Connections that end, and what becomes of the camera meanwhile.

use std::{path::Path, time::Duration};

use serde_json::Value;

use crate::{
    hostile::{Hostile, Mode},
    scenes::{self, Codec, PARKING},
    server::{Auth, Server},
    service::{PATIENCE, Site, wait_for},
};

/// How far looks lie apart at most: PARKING asks for two a second.
const EVERY: f64 = 0.5;

/// Media times of all looks of a camera.
pub fn looks_of(site: &Site, camera: &str) -> Vec<f64> {
    let records = site.observations(camera);
    let looks = records.iter().filter(|record| record["record"] == "observation");
    looks.map(|record| record["at"].as_f64().expect("a time")).collect()
}

/// Media times of a camera's looks of one connection.
fn looks(records: &[Value], epoch: u64) -> Vec<f64> {
    let of = |record: &&Value| record["record"] == "observation" && record["epoch"] == epoch;
    records.iter().filter(of).map(|record| record["at"].as_f64().expect("a time")).collect()
}

fn epochs(records: &[Value]) -> Vec<&Value> {
    records.iter().filter(|record| record["record"] == "epoch").collect()
}

/// The gaps that are over: from, to, and their reason.
fn gaps(records: &[Value]) -> Vec<(f64, f64, String)> {
    let over = |record: &&Value| record["record"] == "gap" && record["to"].is_number();
    let time = |record: &Value, key: &str| record[key].as_f64().expect("a time");
    let reason = |record: &Value| record["reason"].as_str().unwrap_or_default().to_owned();
    records.iter().filter(over).map(|gap| (time(gap, "from"), time(gap, "to"), reason(gap))).collect()
}

/// There was one gap, between the last look of the first connection and the first of the second, and the car that stands
/// was told of once.
pub fn assert_one_gap(site: &Site, camera: &str) {
    let records = site.observations(camera);
    let (before, after, mut gaps) = (looks(&records, 0), looks(&records, 1), gaps(&records));
    // The last picture may have come in part.
    gaps.retain(|(.., reason)| reason != "damaged");
    assert_eq!(epochs(&records).len(), 2, "{:#?}", epochs(&records));
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    let (from, to, reason) = &gaps[0];
    assert_eq!(reason, "offline");
    let last = *before.last().expect("looks before it");
    let first = *after.first().expect("looks after it");
    assert!((last..=last + EVERY + 0.3).contains(from), "from {from}, the last look was at {last}");
    assert!((*to..=to + EVERY + 0.3).contains(&first), "to {to}, the first look after it is at {first}");
    assert!(from < to, "{gaps:?}\n{}", site.log());
    let raised = site.told("raised").into_iter().filter(|alert| alert["data"]["camera"] == camera);
    let raised: Vec<String> = raised.map(|alert| alert["subject"].to_string()).collect();
    assert_eq!(raised.len(), 1, "{raised:?}\n{}", site.log());
}

/// Media time went on by the clock: between two looks as much as between their wall times.
fn assert_time_goes_on(site: &Site, camera: &str) {
    let records = site.observations(camera);
    let looks: Vec<(f64, jiff::Timestamp)> = records
        .iter()
        .filter(|record| record["record"] == "observation")
        .map(|record| {
            (
                record["at"].as_f64().expect("a time"),
                record["wall"].as_str().expect("a wall").parse().expect("a time"),
            )
        })
        .collect();
    let ((from, began), (to, ended)) = (looks[0], looks[looks.len() - 1]);
    let wall = ended.duration_since(began).as_secs_f64();
    assert!((to - from - wall).abs() < 1.0, "{} s of media time in {wall} s", to - from);
}

fn parked(site: Site, address: &str) -> Site {
    let rules = format!("open_timeout = \"20s\"\nframe_timeout = \"2s\"\n{PARKING}");
    site.seeing_always().camera("lane", address, &rules)
}

fn raised(site: &Site) {
    wait_for("the car is told of", PATIENCE, || (!site.told("raised").is_empty()).then_some(()));
}

pub fn started_again() {
    let site = Site::new();
    let clip = scenes::noise(site.folder(), "lane", "320x240", Codec::H264);
    let server = Server::start(0, Auth::None, true, &[("lane", &clip)]);
    let site = parked(site, &server.address("lane"));
    let service = site.start();
    raised(&site);
    let port = server.kill();
    site.losses_reach("lane", 1);
    let _server = Server::start(port, Auth::None, true, &[("lane", &clip)]);
    site.connections_reach("lane", 2);
    site.looks_on("lane", 4);
    assert_eq!(service.end().code(), Some(143));
    assert_one_gap(&site, "lane");
    assert_time_goes_on(&site, "lane");
}

pub fn stands_still() {
    let site = Site::new();
    let clip = scenes::noise(site.folder(), "lane", "320x240", Codec::H265);
    let server = Server::start(0, Auth::Digest, true, &[("lane", &clip)]);
    let site = parked(site, &server.address("lane"));
    let service = site.start();
    raised(&site);
    server.freeze();
    site.losses_reach("lane", 1);
    server.thaw();
    site.connections_reach("lane", 2);
    site.looks_on("lane", 4);
    assert_eq!(service.end().code(), Some(143));
    assert_one_gap(&site, "lane");
    assert_time_goes_on(&site, "lane");
}

pub fn each_codec() {
    let mut site = Site::new().seeing_always();
    let mut servers = Vec::new();
    for (codec, auth) in [
        (Codec::H264, Auth::Digest),
        (Codec::H265, Auth::Basic),
        (Codec::Mpeg4, Auth::Digest),
        (Codec::Mjpeg, Auth::Basic),
        (Codec::Mjpeg, Auth::None),
    ] {
        let id = format!("{}-{auth:?}", codec.name()).to_lowercase();
        let clip = scenes::noise(site.folder(), &id, "320x240", codec);
        let server = Server::start(0, auth, true, &[(&id, &clip)]);
        site = site.camera(&id, &server.address(&id), PARKING);
        servers.push((id, codec, server));
    }
    let service = site.start();
    for (id, ..) in &servers {
        site.looks_reach(id, 12);
    }
    assert_eq!(service.end().code(), Some(143));
    for (id, codec, _) in &servers {
        let records = site.observations(id);
        let (epochs, looks) = (epochs(&records), looks(&records, 0));
        assert_eq!((epochs.len(), &epochs[0]["codec"]), (1, &Value::from(codec.name())), "{id}");
        // None is left out: what is looked at is known beforehand.
        let apart = looks.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max);
        assert!(apart <= EVERY + 0.3, "{id}: {apart} s between two looks of {looks:?}");
        assert_eq!(site.losses(id), Vec::<String>::new());
    }
}

pub fn another_stream() {
    let site = Site::new();
    let small = scenes::noise(site.folder(), "small", "320x240", Codec::H264);
    let large = scenes::noise(site.folder(), "large", "640x360", Codec::H265);
    let server = Server::start(0, Auth::Basic, true, &[("lane", &small)]);
    let rule = |name: &str, zone: &str| {
        format!(
            "[[camera.rule]]\nkind = \"fire_lane_parking\"\nname = \"{name}\"\nzone = {zone}\ndwell = \"5s\"\n"
        )
    };
    // The car stands in the middle.
    let (with, without) = (
        rule("with", "[[0.2, 0.5], [0.8, 0.5], [0.8, 0.9], [0.2, 0.9]]"),
        rule("without", "[[0.0, 0.8], [1.0, 0.8], [1.0, 1.0], [0.0, 1.0]]"),
    );
    let rules = format!("frame_timeout = \"2s\"\n{with}{without}");
    let site = site.seeing_always().camera("lane", &server.address("lane"), &rules);
    let service = site.start();
    raised(&site);
    let port = server.kill();
    site.losses_reach("lane", 1);
    let _server = Server::start(port, Auth::Basic, true, &[("lane", &large)]);
    site.connections_reach("lane", 2);
    // As long as a car that were new would have to stand.
    site.looks_on("lane", 14);
    assert_eq!(service.end().code(), Some(143));
    assert_one_gap(&site, "lane");
    let records = site.observations("lane");
    let streams: Vec<String> = epochs(&records)
        .iter()
        .map(|epoch| {
            format!("{} {}x{}", epoch["codec"].as_str().unwrap_or_default(), epoch["width"], epoch["height"])
        })
        .collect();
    assert_eq!(streams, ["h264 320x240", "hevc 640x360"]);
    assert_eq!(site.told("raised")[0]["data"]["rule"], "lane/fire_lane_parking/with");
    assert!(site.told("ended").is_empty(), "{:#?}", site.told("ended"));
}

/// How often each of three cameras is looked at in a second while a fourth is like this, if there is one.
fn beside(film: &Path, fourth: Option<&str>) -> Vec<f64> {
    const THREE: [&str; 3] = ["one", "two", "three"];
    let start = || Hostile::start(Mode::Plain, film, 10, Duration::from_secs(60)).expect("a server");
    let servers = THREE.map(|_| start());
    let mut site = Site::new().seeing_always();
    if let Some(fourth) = fourth {
        // The first in the file, so that others would wait for it.
        site = site.camera("dead", fourth, PARKING);
    }
    for (id, server) in THREE.iter().zip(&servers) {
        site = site.camera(id, &server.source(), PARKING);
    }
    let service = site.start();
    for id in THREE {
        site.looks_reach(id, 30);
    }
    assert_eq!(service.end().code(), Some(143));
    if fourth.is_some() {
        assert_eq!(site.observations("dead").len(), 0);
    }
    let rate = |id: &str| {
        let looks = looks(&site.observations(id), 0);
        looks.len() as f64 / (looks[looks.len() - 1] - looks[0])
    };
    THREE.map(rate).to_vec()
}

pub fn dead_camera() {
    let folder = tempfile::tempdir().expect("a folder");
    let film = scenes::raw(folder.path());
    let silent = Hostile::start(Mode::NeverAnswers, &film, 10, Duration::from_secs(60)).expect("a server");
    // Other names of this machine: what is at one name waits for itself.
    let silent = format!("rtsp://127.1:{}/live", silent.port());
    let alone = beside(&film, None);
    // Nobody listens there; nothing leads there; and one that never answers.
    for dead in ["rtsp://127.0.0.9:9/live", "rtsp://203.0.113.7:554/live", &silent] {
        let with = beside(&film, Some(dead));
        for (alone, with) in alone.iter().zip(&with) {
            assert!(*with >= alone * 0.8, "{dead}: {with:.2} looks a second, {alone:.2} without it");
        }
    }
}
