//! What comes by RTSP, and what a recording played as a camera shows, is judged as `analyze` judges the recording.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{
    common::{assert_code, command, lines},
    scenes::{Codec, Scene},
    server::{Auth, Server},
    service::{PATIENCE, Site, wait_for},
};

/// So often it is tried. Where the machine is busy with what is not ours, looks are shed, and there is nothing to compare.
const TRIES: u32 = 3;

pub fn h264() {
    compare(Codec::H264, Auth::Digest);
}

pub fn h265() {
    compare(Codec::H265, Auth::Basic);
}

/// A camera, what it shows, and the recording that it shows.
type Shown = (String, Scene, PathBuf);

fn compare(codec: Codec, auth: Auth) {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let show = |scene: &Scene| (scene.name().to_owned(), *scene, scene.clip(folder, codec));
    let mut cameras: Vec<Shown> = Scene::ALL.iter().map(show).collect();
    // One that is no stream: the recording itself, played as a camera would send it.
    cameras.push(("played".to_owned(), Scene::Room, cameras[0].2.clone()));
    let batch = analyzed(folder, &cameras);
    let mut differences = Vec::new();
    for _ in 0..TRIES {
        let site = watched(&cameras, auth);
        let shed: Vec<String> = cameras.iter().filter_map(|camera| shed(&site, folder, camera)).collect();
        let found = cameras.iter().flat_map(|camera| differ(&site, &batch, camera));
        differences = found.chain(shed.iter().cloned()).collect();
        if shed.is_empty() {
            break;
        }
        eprintln!("once more, as looks were shed: {differences:#?}");
    }
    assert!(differences.is_empty(), "{differences:#?}");
}

/// What `analyze` finds.
fn analyzed(folder: &Path, cameras: &[Shown]) -> Vec<Value> {
    let mut text = "[site]\nid = \"test\"\ntimezone = \"Asia/Shanghai\"\n".to_owned();
    for (id, scene, clip) in cameras {
        text += &format!("[[camera]]\nid = \"{id}\"\nsource = \"{}\"\n{}", clip.display(), scene.rule());
    }
    let config = folder.join("batch.toml");
    fs::write(&config, text).expect("written");
    let output =
        command().args(["analyze", "--config"]).arg(&config).arg("--out").arg(folder.join("out")).output();
    assert_code(&output.expect("the binary starts"), 0);
    lines(&folder.join("out/violations.jsonl"))
}

/// A site that has watched each of them from its first picture to its last.
fn watched(cameras: &[Shown], auth: Auth) -> Site {
    let streams: Vec<(&str, &Path)> = cameras
        .iter()
        .filter(|(id, ..)| id != "played")
        .map(|(id, _, clip)| (id.as_str(), clip.as_path()))
        .collect();
    let server = Server::start(0, auth, false, &streams);
    let mut site = Site::new();
    for (id, scene, clip) in cameras {
        site = if id == "played" {
            let rules = format!("playing = \"loop\"\n{}", scene.rule());
            site.camera(id, &clip.display().to_string(), &rules)
        } else {
            let rules = format!("frame_timeout = \"3s\"\n{}", scene.rule());
            site.camera(id, &server.address(id), &rules)
        };
    }
    let service = site.start();
    for (id, ..) in cameras {
        if id == "played" {
            // It begins anew at its end.
            site.connections_reach(id, 2);
        } else {
            site.losses_reach(id, 1);
        }
    }
    // What was looked at last may still be on its way.
    wait_for("what ends was told", PATIENCE, || {
        let ended = site.told("ended");
        let has = |id: &str| ended.iter().any(|alert| alert["data"]["camera"] == id);
        cameras.iter().filter(|(_, scene, _)| *scene != Scene::Lane).all(|(id, ..)| has(id)).then_some(())
    });
    assert_eq!(service.end().code(), Some(143));
    eprintln!("{}", site.log());
    site
}

/// Whether a camera was looked at less, or more, than `analyze` does.
fn shed(site: &Site, folder: &Path, (id, ..): &Shown) -> Option<String> {
    let looks = |records: &[Value]| {
        let first = |record: &&Value| record["record"] == "observation" && record["epoch"] == 0;
        records.iter().filter(first).count()
    };
    let live = looks(&site.observations(id));
    let analyzed = looks(&lines(&folder.join(format!("out/observations/{id}.jsonl"))));
    let differs = live.abs_diff(analyzed) * 5 > analyzed;
    differs.then(|| format!("{id}: {live} looks, analyze takes {analyzed}"))
}

/// In what the violations of a camera's first connection differ from those of its recording.
fn differ(site: &Site, batch: &[Value], (id, scene, _): &Shown) -> Vec<String> {
    let found: Vec<&Value> = batch.iter().filter(|found| found["camera"] == id.as_str()).collect();
    assert!(!found.is_empty(), "{id}: analyze finds what the scene shows");
    let told = |phase: &str| -> Vec<Value> {
        let alerts = site.told(phase).into_iter().map(|alert| alert["data"].clone());
        alerts.filter(|violation| violation["camera"] == id.as_str()).collect()
    };
    let (raised, ended) = (told("raised"), told("ended"));
    let mut differences = Vec::new();
    for (at, found) in found.iter().enumerate() {
        let Some(raised) = raised.get(at) else {
            differences.push(format!("{id}: only {at} were raised"));
            break;
        };
        for key in ["kind", "class", "count"] {
            if raised[key] != found[key] {
                differences.push(format!("{id}: {key} is {}, not {}", raised[key], found[key]));
            }
        }
        let mut compare = |live: &Value, moment: &str| {
            let media = |of: &Value| of[moment]["media_s"].as_f64().unwrap_or(-1.0);
            let (live, batch) = (media(live), media(found));
            // One look, and a picture.
            if (live - batch).abs() > scene.every() + 0.21 {
                differences.push(format!("{id}: {moment} at {live}, analyze says {batch}"));
            }
        };
        compare(raised, "started");
        compare(raised, "raised");
        if found["ended"].is_null() {
            continue;
        }
        match ended.iter().find(|ended| ended["id"] == raised["id"]) {
            Some(ended) => compare(ended, "ended"),
            None => differences.push(format!("{id}: what was raised at {} has no end", raised["raised"])),
        }
    }
    differences
}
