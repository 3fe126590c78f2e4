//! A configuration that changes, and the end.

use std::{collections::BTreeSet, fs, path::PathBuf, time::Duration};

use rusqlite::Connection;
use serde_json::Value;

use crate::{
    hostile::{Hostile, Mode},
    scenes::{self, PARKING},
    service::{PATIENCE, Site, wait_for},
};

fn epochs(site: &Site, camera: &str) -> BTreeSet<u64> {
    let records = site.observations(camera);
    records
        .iter()
        .filter(|record| record["record"] == "epoch")
        .filter_map(|epoch| epoch["epoch"].as_u64())
        .collect()
}

fn raised(site: &Site, camera: &str) -> Vec<Value> {
    site.told("raised").into_iter().filter(|alert| alert["data"]["camera"] == camera).collect()
}

pub fn film() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let film = scenes::raw(folder.path());
    (folder, film)
}

pub fn changed() {
    let (_folder, film) = film();
    let server = Hostile::start(Mode::Plain, &film, 10, Duration::from_secs(60)).expect("a server");
    let source = server.source();
    let site = Site::new()
        .seeing_always()
        .camera("same", &source, PARKING)
        .camera("other", &source, &PARKING.replace("5s", "5.5s"))
        .camera("gone", &source, PARKING);
    let service = site.start();
    let config = site.path("site.toml");
    for id in ["same", "other", "gone"] {
        site.looks_reach(id, 3);
    }
    wait_for("the car is told of", PATIENCE, || (!raised(&site, "same").is_empty()).then_some(()));
    let text = fs::read_to_string(&config).expect("written");

    // One changes, and only that one begins again.
    let text = text.replace("5.5s", "6s");
    fs::write(&config, &text).expect("written");
    service.signal("HUP");
    site.connections_reach("other", 2);
    site.looks_on("same", 3);

    // What is wrong changes nothing, and the key is named.
    fs::write(&config, text.replace("dwell", "dwel")).expect("written");
    service.signal("HUP");
    site.says("the configuration stays as it was");
    assert!(site.log().contains("dwel"), "{}", site.log());
    for id in ["same", "other", "gone"] {
        site.looks_on(id, 3);
    }
    assert_eq!(site.connections("other"), 2);

    // One goes, one comes, and so does a sink. What the camera that goes had open is ended: nobody will see its end.
    wait_for("its car is told of", PATIENCE, || (!raised(&site, "gone").is_empty()).then_some(()));
    let more = "[[sink]]\nname = \"more\"\nkind = \"file\"\npath = \"more.jsonl\"\n[[camera]]";
    let text = text.replace("id = \"gone\"", "id = \"new\"").replacen("[[camera]]", more, 1);
    fs::write(&config, text).expect("written");
    service.signal("HUP");
    site.looks_reach("new", 3);
    let ended = wait_for("what was open is ended", PATIENCE, || {
        site.told("ended").into_iter().find(|alert| alert["data"]["camera"] == "gone")
    });
    assert_eq!(
        (&ended["subject"], &ended["data"]["ended_unknown"]),
        (&raised(&site, "gone")[0]["subject"], &Value::Bool(true))
    );
    wait_for("the new sink is told, too", PATIENCE, || {
        let text = fs::read_to_string(site.path("more.jsonl")).unwrap_or_default();
        text.contains(ended["id"].as_str().expect("an id")).then_some(())
    });
    assert!(!site.log().contains("[[sink]] changed"), "a sink needs no start of the program");
    let before = site.looks("gone");
    site.looks_on("new", 6);
    assert_eq!(site.looks("gone"), before);
    site.looks_on("same", 3);
    assert_eq!(service.end().code(), Some(143));

    assert_eq!(epochs(&site, "same"), BTreeSet::from([0]), "its connection was left alone");
    assert_eq!(epochs(&site, "other"), BTreeSet::from([0, 1]));
    assert_eq!(epochs(&site, "new"), BTreeSet::from([0]));
    assert_eq!(raised(&site, "same").len(), 1);
}

pub fn evidence_is_ones_own() {
    let (_folder, film) = film();
    let server = Hostile::start(Mode::Plain, &film, 10, Duration::from_secs(60)).expect("a server");
    let site = Site::new().seeing_always().camera("lane", &server.source(), PARKING);
    let service = site.start();
    site.looks_on("lane", 1);
    let folder = format!("[evidence]\ndirectory = {:?}\n", site.path("evidence"));
    let other = Site::new().seeing_always().with(&folder).camera("lane", &server.source(), PARKING);
    assert_eq!(other.start().wait().code(), Some(2), "{}", other.log());
    assert!(other.log().contains("is in use by process"), "{}", other.log());
    assert_eq!(service.end().code(), Some(143));
    // Once it is free it may be had.
    let next = other.start();
    other.looks_on("lane", 1);
    assert_eq!(next.end().code(), Some(143));
}

pub fn ends() {
    let (_folder, film) = film();
    let server = Hostile::start(Mode::Plain, &film, 10, Duration::from_secs(60)).expect("a server");
    let site = Site::new()
        .with("[[sink]]\nname = \"full\"\nkind = \"file\"\npath = \"/dev/full\"\n")
        .seeing_always()
        .camera("lane", &server.source(), PARKING);
    let service = site.start();
    wait_for("the car is told of", PATIENCE, || (!site.told("raised").is_empty()).then_some(()));
    assert_eq!(service.end().code(), Some(143));
    assert!(site.log().contains("sink full"), "{}", site.log());
    let looks = site.observations("lane").iter().filter(|record| record["record"] == "observation").count();
    assert!(looks >= 10, "{looks} looks were kept at the end");

    // It goes on where it was. While another program holds the database, nothing can be kept: an end would take seconds.
    let mut service = site.start();
    site.looks_on("lane", 14);
    let database = Connection::open(site.path("state/firewarden.db")).expect("a database");
    database.busy_timeout(PATIENCE).expect("set");
    database.execute_batch("BEGIN IMMEDIATE").expect("held");
    let heard = || site.log().matches("told to end").count();
    let before = heard();
    service.signal("TERM");
    wait_for("it has heard that it is to end", PATIENCE, || (heard() > before).then_some(()));
    service.signal("TERM");
    assert_eq!(service.wait().code(), Some(143), "told twice, it does not wait for the database");
    assert!(!site.log().contains("could not be written"), "{}", site.log());
    drop(database);
    assert_eq!(site.told("raised").len(), 1, "{:#?}", site.told("raised"));

    // Nor was anything lost by that.
    let service = site.start();
    site.looks_on("lane", 4);
    assert_eq!(service.end().code(), Some(143));
    assert_eq!(site.told("raised").len(), 1, "{:#?}", site.told("raised"));
    let records = site.observations("lane");
    let off = records.iter().filter(|record| record["reason"] == "box_off" && record["to"].is_number());
    assert!(off.count() >= 1, "the time in which it was off is a gap");
}
