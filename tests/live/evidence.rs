//! The evidence of a live camera.

use std::{fs, path::Path, process::Command};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    common::{command, stderr, stdout},
    scenes::{Codec, Scene},
    server::{Auth, Server},
    service::{PATIENCE, Site, wait_for},
};

/// The files of a role that an alert names.
fn files<'a>(alert: &'a Value, role: &str) -> Vec<&'a Value> {
    let files = alert["data"]["evidence"].as_array().expect("a list");
    files.iter().filter(|file| file["role"] == role).collect()
}

/// Every file that is named is there as it is named.
fn assert_there(site: &Site, alert: &Value) {
    for file in alert["data"]["evidence"].as_array().expect("a list") {
        let name = file["name"].as_str().expect("a name");
        let bytes = fs::read(site.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(file["bytes"], bytes.len(), "{name}");
        assert_eq!(file["sha256"], format!("{:x}", Sha256::digest(&bytes)), "{name}");
    }
}

/// How bright a place of a picture is, given in fractions of it.
fn brightness(picture: &Path, (x, y): (f32, f32)) -> u8 {
    let picture = image::open(picture).expect("a picture").to_luma8();
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    picture.get_pixel((x * width) as u32, (y * height) as u32).0[0]
}

pub fn alerts_name_it() {
    let site = Site::new();
    let clip = Scene::Room.clip(site.folder(), Codec::H264);
    let server = Server::start(0, Auth::Digest, true, &[("bare", &clip), ("masked", &clip)]);
    let masked = format!("mask = [[[0.0, 0.0], [0.3, 0.0], [0.3, 0.3], [0.0, 0.3]]]\n{}", Scene::Room.rule());
    let site = site
        .with("[evidence]\npre_roll = \"2s\"\npost_roll = \"3s\"\n")
        .camera("bare", &server.address("bare"), Scene::Room.rule())
        .camera("masked", &server.address("masked"), &masked);
    let service = site.start();
    let of = |phase: &str, camera: &str| {
        let told = site.told(phase).into_iter();
        told.filter(|alert| alert["data"]["camera"] == camera).collect::<Vec<_>>()
    };
    for camera in ["bare", "masked"] {
        wait_for("a clip is told of", PATIENCE, || {
            of("updated", camera).iter().any(|alert| !files(alert, "clip").is_empty()).then_some(())
        });
        wait_for("it is over", PATIENCE, || (!of("ended", camera).is_empty()).then_some(()));
    }
    assert_eq!(service.end().code(), Some(143));

    let mut day = None;
    for camera in ["bare", "masked"] {
        let raised = &of("raised", camera)[0];
        assert_there(&site, raised);
        for role in ["started", "raised"] {
            let stills = files(raised, role);
            assert_eq!(stills.len(), 1, "{camera}: the still of {role}: {raised:#}");
            let still = site.path(stills[0]["name"].as_str().expect("a name"));
            // The lines of the zone run along the edges.
            let (inside, outside) = (brightness(&still, (0.1, 0.1)), brightness(&still, (0.5, 0.5)));
            assert_eq!(inside < 20, camera == "masked", "{camera}: {inside} where the mask is");
            assert!(outside > 20, "{camera}: {outside} where none is");
            day = still.parent().map(Path::to_owned);
        }
        let updated = of("updated", camera);
        let updated = updated.iter().find(|alert| !files(alert, "clip").is_empty()).expect("it was there");
        assert_there(&site, updated);
        let clips = files(updated, "clip");
        let length = length(&site.path(clips[0]["name"].as_str().expect("a name")));
        // From the key frame at or before it, of which there is one each two seconds.
        assert!((4.5..=8.0).contains(&length), "{camera}: a clip of {length} s");
        let ended = of("ended", camera);
        wait_for("the still of the end", PATIENCE, || {
            let mut all = of("updated", camera);
            all.extend(ended.iter().cloned());
            all.iter().any(|alert| !files(alert, "ended").is_empty()).then_some(())
        });
    }

    let day = day.expect("a day");
    let run = |what: &str| command().arg(what).arg(&day).output().expect("the binary starts");
    let verified = run("verify");
    let words = stdout(&verified);
    assert_eq!(verified.status.code(), Some(1), "the day is not over\n{words}{}", stderr(&verified));
    assert!(words.contains("; 0 not as listed") && words.contains("not closed yet"), "{words}");
    let report = run("report");
    assert_eq!(report.status.code(), Some(1), "the day is not over\n{}{}", stdout(&report), stderr(&report));
    assert!(stderr(&report).contains("not closed yet"), "{}", stderr(&report));
    let page = fs::read_to_string(day.join("report.html")).expect("a report");
    let subject = of("raised", "bare")[0]["subject"].as_str().expect("a subject").to_owned();
    assert!(page.contains(&subject), "the report shows what was raised");
    // Whoever changes a file is found out.
    let still = of("raised", "bare")[0]["data"]["evidence"][0]["name"].as_str().expect("a name").to_owned();
    let path = site.path(&still);
    let mut bytes = fs::read(&path).expect("a still");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).expect("written");
    let words = stdout(&run("verify"));
    assert!(words.contains("; 1 not as listed"), "{words}");
}

/// How long a clip is that can be decoded, in seconds.
fn length(clip: &Path) -> f64 {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-count_frames", "-select_streams", "v", "-show_entries"])
        .args(["stream=nb_read_frames:format=duration", "-of", "json"])
        .arg(clip)
        .output()
        .expect("ffprobe");
    assert!(output.status.success() && output.stderr.is_empty(), "{}", stderr(&output));
    let told: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    let frames: u32 =
        told["streams"][0]["nb_read_frames"].as_str().expect("frames").parse().expect("a number");
    assert!(frames > 10, "{frames} pictures");
    told["format"]["duration"].as_str().expect("a length").parse().expect("a number")
}
