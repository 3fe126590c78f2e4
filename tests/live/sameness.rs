//! What comes by RTSP, and what a recording played as a camera shows, is judged as `analyze` judges the recording.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{
    common::{assert_code, command, lines},
    scenes::{Codec, Scene},
    server::{Auth, Server},
    service::{PATIENCE, Site, wait_for},
};

pub fn rtsp_and_analyze() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let mut cameras = Vec::new();
    for scene in Scene::ALL {
        for codec in [Codec::H264, Codec::H265] {
            cameras.push((format!("{}-{}", scene.name(), codec.name()), scene, scene.clip(folder, codec)));
        }
    }
    for codec in [Codec::Mpeg4, Codec::Mjpeg] {
        let clip = Scene::Lane.clip(folder, codec);
        cameras.push((format!("lane-{}", codec.name()), Scene::Lane, clip));
    }
    let batch = analyzed(folder, &cameras);

    let (mut digest, mut basic) = (Vec::new(), Vec::new());
    for (at, (id, _, clip)) in cameras.iter().enumerate() {
        let mounts = if at % 2 == 0 { &mut digest } else { &mut basic };
        mounts.push((id.as_str(), clip.as_path()));
    }
    let servers =
        [Server::start(0, Auth::Digest, false, &digest), Server::start(0, Auth::Basic, false, &basic)];
    let mut site = Site::new();
    for (at, (id, scene, _)) in cameras.iter().enumerate() {
        site = site.camera(id, &servers[at % 2].address(id), scene.rule());
    }
    let played = &cameras[0].2;
    let again = format!("playing = \"loop\"\n{}", Scene::Room.rule());
    let site = site.camera("played", &played.display().to_string(), &again);
    let service = site.start();
    for (id, ..) in &cameras {
        site.losses_reach(id, 1);
    }
    // It begins anew, as it is in a loop.
    site.connections_reach("played", 2);
    // The last that ended was told of.
    wait_for("an end of each that ends", PATIENCE, || {
        let ended = site.told("ended");
        let has = |id: &str| ended.iter().any(|alert| alert["data"]["camera"] == id);
        cameras.iter().filter(|(_, scene, _)| *scene != Scene::Lane).all(|(id, ..)| has(id)).then_some(())
    });
    assert_eq!(service.end().code(), Some(143));

    let of_batch = |id: &str| if id == "played" { "room-h264".to_owned() } else { id.to_owned() };
    let all = cameras.iter().map(|(id, scene, _)| (id.as_str(), *scene)).chain([("played", Scene::Room)]);
    let mut differences = Vec::new();
    for (id, scene) in all {
        let found: Vec<&Value> = batch.iter().filter(|found| found["camera"] == of_batch(id)).collect();
        assert!(!found.is_empty(), "{id}: analyze finds what the scene shows");
        let told = |phase: &str| -> Vec<Value> {
            let alerts = site.told(phase).into_iter().map(|alert| alert["data"].clone());
            alerts.filter(|violation| violation["camera"] == id).collect()
        };
        let (raised, ended) = (told("raised"), told("ended"));
        // Of the first connection: after that the recording begins anew.
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
        let looks = |records: &[Value]| {
            let first = |record: &&Value| record["record"] == "observation" && record["epoch"] == 0;
            records.iter().filter(first).count()
        };
        let live = looks(&site.observations(id));
        let analyzed = looks(&lines(&folder.join(format!("out/observations/{}.jsonl", of_batch(id)))));
        if live.abs_diff(analyzed) * 4 > analyzed + 8 {
            differences.push(format!("{id}: {live} looks, analyze takes {analyzed}"));
        }
    }
    assert!(differences.is_empty(), "{differences:#?}\n{}", site.log());
}

/// What `analyze` finds in them.
fn analyzed(folder: &Path, cameras: &[(String, Scene, std::path::PathBuf)]) -> Vec<Value> {
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
