//! The system's clock is set while a car stands. Only the program's own clock is: by libfaketime.

use std::{fs, path::PathBuf, time::Duration};

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    hostile::{Hostile, Mode},
    scenes,
    service::{PATIENCE, Site, wait_for},
};

/// What sets the clock of one program, where this machine has it.
pub fn library() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?.flatten();
    let place = |folder: fs::DirEntry| folder.path().join("faketime/libfaketimeMT.so.1");
    folders.map(place).find(|path| path.is_file())
}

pub fn forward() {
    set(3600);
}

pub fn back() {
    set(-3600);
}

fn set(by: i64) {
    let folder = tempfile::tempdir().expect("a folder");
    let film = scenes::raw(folder.path());
    let server = Hostile::start(Mode::Plain, &film, 10, Duration::from_secs(60)).expect("a server");
    let rule = |name: &str, dwell: u32| {
        format!(
            "[[camera.rule]]\nkind = \"fire_lane_parking\"\nname = \"{name}\"\ndwell = \"{dwell}s\"\nevery = \"0.5s\"\n\
             update_every = \"2s\"\nzone = [[0, 0], [1, 0], [1, 1], [0, 1]]\n"
        )
    };
    let rules = rule("told", 5) + &rule("waits", 14);
    let site = Site::new().seeing_always().camera("lane", &server.source(), &rules);
    let offset = folder.path().join("offset");
    fs::write(&offset, "+0\n").expect("written");
    let service = site.start_with(|command| {
        command.env("LD_PRELOAD", library().expect("it is here")).env("FAKETIME_TIMESTAMP_FILE", &offset);
        command.env("FAKETIME_NO_CACHE", "1").env("DONT_FAKE_MONOTONIC", "1").env("NO_FAKE_STAT", "1");
    });
    let about = |name: &str| -> Vec<Value> {
        let rule = format!("lane/fire_lane_parking/{name}");
        site.alerts().into_iter().filter(|alert| alert["data"]["rule"] == rule).collect()
    };
    let told = wait_for("the first is told of", PATIENCE, || about("told").into_iter().next());
    assert!(about("waits").is_empty(), "it is still to come");

    // Whole or not at all: it is read all the time.
    let new = folder.path().join("new");
    fs::write(&new, format!("{by:+}\n")).expect("written");
    fs::rename(&new, &offset).expect("renamed");

    let waits = wait_for("the second is told of", PATIENCE, || about("waits").into_iter().next());
    let count = about("told").len();
    wait_for("the first is told of again", PATIENCE, || (about("told").len() > count + 1).then_some(()));
    site.looks_on("lane", 4);
    assert_eq!(service.end().code(), Some(143));

    let wall = |alert: &Value, moment: &str| -> Timestamp {
        alert["data"][moment]["wall"].as_str().unwrap_or_else(|| panic!("{alert}")).parse().expect("a time")
    };
    let media = |alert: &Value, moment: &str| alert["data"][moment]["media_s"].as_f64().expect("a time");
    let apart = |from: Timestamp, to: Timestamp| to.duration_since(from).as_secs_f64();

    // Nothing is raised or lost by it.
    let phases: Vec<String> = site.alerts().iter().map(|alert| alert["type"].to_string()).collect();
    assert_eq!(phases.iter().filter(|phase| phase.contains("raised")).count(), 2, "{phases:?}");
    assert!(phases.iter().all(|phase| !phase.contains("ended")), "{phases:?}");
    let records = site.observations("lane");
    let of = |what: &str| records.iter().filter(|record| record["record"] == what).count();
    assert_eq!((of("epoch"), of("gap")), (1, 0));

    // What was told keeps its time.
    assert!(
        told["type"] == "firewarden.violation.raised" && told["time"] == told["data"]["raised"]["wall"],
        "{told}"
    );
    for again in about("told") {
        for moment in ["started", "raised"] {
            assert_eq!(again["data"][moment], told["data"][moment], "{moment} of {}", again["type"]);
        }
    }

    // What was not yet told has the new one, and the spans between its moments are what they were.
    assert_eq!(waits["type"], "firewarden.violation.raised");
    assert_eq!(waits["time"], waits["data"]["raised"]["wall"]);
    let span = media(&waits, "raised") - media(&told, "raised");
    let off = apart(wall(&told, "raised"), wall(&waits, "raised")) - span - by as f64;
    assert!(off.abs() < 2.0, "raised {off} s from where it should be\n{told}\n{waits}");
    let span = media(&waits, "raised") - media(&waits, "started");
    let off = apart(wall(&waits, "started"), wall(&waits, "raised")) - span;
    assert!(off.abs() < 2.0, "started {off} s from where it should be\n{waits}");
}
