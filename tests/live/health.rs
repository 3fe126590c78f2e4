//! What is told of a camera's health: that it is gone and comes back, over kills too, and that its clock is wrong.

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;

use crate::{
    hostile::{Hostile, Mode},
    scenes::{self, Codec, PARKING},
    server::{Auth, Server},
    service::{PATIENCE, Site, wait_for},
};

/// What was told of the health of a camera: its types without what they have in common. What came twice, as a kill may bring about,
/// is the same alert.
fn told(site: &Site, camera: &str) -> Vec<String> {
    let mut known = BTreeSet::new();
    let mut of = |alert: &Value| {
        alert["data"]["camera"] == camera
            && alert["subject"].is_null()
            && known.insert(alert["id"].to_string())
    };
    let kind = |alert: &Value| alert["type"].as_str().expect("a type").replace("firewarden.camera.", "");
    site.alerts().iter().filter(|alert| of(alert)).map(kind).collect()
}

fn wait_until_told(site: &Site, camera: &str, expected: &[&str]) {
    wait_for(&format!("{camera}: {expected:?}"), 4 * PATIENCE, || {
        (told(site, camera) == expected).then_some(())
    });
}

pub fn gone_and_back() {
    let site = Site::new();
    let clip = scenes::noise(site.folder(), "lane", "320x240", Codec::H264);
    let server = Server::start(0, Auth::None, true, &[("lane", &clip)]);
    let rules = format!("name = \"Gate\"\nlabels = {{ number = \"7\" }}\nframe_timeout = \"2s\"\n{PARKING}");
    let site = site.seeing_always().camera("lane", &server.address("lane"), &rules);
    let service = site.start();
    site.looks_on("lane", 3);
    let port = server.kill();
    wait_until_told(&site, "lane", &["offline"]);
    let alert =
        site.alerts().into_iter().find(|alert| alert["type"] == "firewarden.camera.offline").expect("told");
    assert_eq!(alert["data"]["reason"], "refused");
    assert_eq!(
        (&alert["data"]["camera_name"], &alert["data"]["camera_labels"]["number"]),
        (&"Gate".into(), &"7".into())
    );
    assert_eq!(alert["source"], "/sites/test/cameras/lane");
    // It is killed meanwhile, which neither repeats what was told nor forgets that it has an end.
    service.kill();
    let service = site.start();
    site.losses_reach("lane", site.losses("lane").len() + 3);
    let _server = Server::start(port, Auth::None, true, &[("lane", &clip)]);
    wait_until_told(&site, "lane", &["offline", "online"]);
    assert_eq!(service.end().code(), Some(143));
    assert_eq!(told(&site, "lane"), ["offline", "online"]);
}

pub fn clock_is_off() {
    let folder = tempfile::tempdir().expect("a folder");
    let film = scenes::raw(folder.path());
    let server = |mode| Hostile::start(mode, &film, 10, Duration::from_secs(120)).expect("a server");
    let (behind, right) = (server(Mode::ClockOff(-3600)), server(Mode::ClockOff(0)));
    let site = Site::new().seeing_always().camera("behind", &behind.source(), PARKING).camera(
        "right",
        &right.source(),
        PARKING,
    );
    let service = site.start();
    wait_until_told(&site, "behind", &["clock"]);
    let alert =
        site.alerts().into_iter().find(|alert| alert["type"] == "firewarden.camera.clock").expect("told");
    let off = alert["data"]["off_by_s"].as_f64().expect("a time");
    assert!((off + 3600.0).abs() < 5.0, "{off}");
    site.looks_on("right", 4);
    assert_eq!(service.end().code(), Some(143));
    assert_eq!(told(&site, "right"), Vec::<String>::new());
}

/// Kills the program three times while it opens a camera that answers nothing: at the next start that one is set aside, and the
/// other is watched. With other settings it is tried again.
pub fn brings_it_down() {
    let folder = tempfile::tempdir().expect("a folder");
    let film = scenes::raw(folder.path());
    let server = |mode| Hostile::start(mode, &film, 10, Duration::from_secs(600)).expect("a server");
    let (bad, good) = (server(Mode::NeverAnswers), server(Mode::Plain));
    let site = Site::new().seeing_always().camera("bad", &bad.source(), PARKING).camera(
        "good",
        &good.source(),
        PARKING,
    );
    for kill in 0..3 {
        let service = site.start();
        let before = bad.seen().connections.len();
        site.looks_on("good", 3);
        // It is being dialled at this moment: each try lasts for ten seconds.
        wait_for(&format!("it is dialled, {kill}"), PATIENCE, || {
            (bad.seen().connections.len() > before || bad.seen().open > 0).then_some(())
        });
        service.kill();
    }
    // A machine that is slow may have told of it already that it does not answer.
    let told_before = !told(&site, "bad").is_empty();
    let service = site.start();
    site.says("camera bad: the program was brought down three times in a row while it read this camera");
    wait_until_told(&site, "bad", &["offline"]);
    let alert =
        site.alerts().into_iter().find(|alert| alert["type"] == "firewarden.camera.offline").expect("told");
    assert!(alert["data"]["reason"] == "undecodable" || told_before, "{alert}");
    let dialled = bad.seen().connections.len();
    site.looks_on("good", 10);
    assert_eq!(bad.seen().connections.len(), dialled, "it is left alone");
    assert!(
        site.console("/metrics")
            .contains("firewarden_camera_offline{camera=\"bad\",reason=\"undecodable\"} 1")
    );
    assert_eq!(service.end().code(), Some(143));
    // That holds over an end of the program's own, too, and until its settings are others.
    let service = site.start();
    site.looks_on("good", 3);
    assert_eq!(bad.seen().connections.len(), dialled, "it is left alone");
    assert_eq!(service.end().code(), Some(143));
    let other = format!("open_timeout = \"20s\"\n{PARKING}");
    let site = site.with_camera("bad", &bad.source(), &other);
    let service = site.start();
    wait_for("it is tried again", PATIENCE, || (bad.seen().connections.len() > dialled).then_some(()));
    assert_eq!(service.end().code(), Some(143));
    assert_eq!((told(&site, "bad"), told(&site, "good")), (vec!["offline".to_owned()], vec![]));
}
