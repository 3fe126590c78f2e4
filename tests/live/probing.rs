//! `check --probe` opens live cameras, looks through them, and says why it cannot.

use std::time::Duration;

use crate::{
    common::{assert_code, command, stderr, stdout},
    hostile::{Hostile, Mode},
    scenes::{self, PARKING},
    service::Site,
};

const SECRET: &str = "n0t-to-be-shown";

pub fn probed() {
    let folder = tempfile::tempdir().expect("a folder");
    let film = scenes::raw(folder.path());
    let start = |mode: Mode| Hostile::start(mode, &film, 10, Duration::from_secs(60)).expect("a server");
    let (well, password) = (start(Mode::Plain), start(Mode::Refuses("401 Unauthorized")));
    let (nostream, viewers) =
        (start(Mode::Refuses("404 Not Found")), start(Mode::Refuses("453 Not Enough Bandwidth")));
    let mute = start(Mode::FallsSilent(0));
    let keys = format!("frame_timeout = \"2s\"\nopen_timeout = \"10s\"\n{PARKING}");
    let secret = |server: &Hostile| server.source().replace("rtsp://", &format!("rtsp://viewer:{SECRET}@"));
    // An hour that is half a day away, whatever the zone.
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").expect("a zone");
    let hour = (zone.to_datetime(jiff::Timestamp::now()).hour() + 12) % 24;
    let hours = format!("{hour:02}:00-{hour:02}:30");
    let site = Site::new()
        .seeing_always()
        .camera("well", &well.source(), &keys)
        .camera("closed", &well.source(), &format!("{keys}schedule = [\"{hours}\"]\n"))
        .camera("password", &secret(&password), &keys)
        .camera("twin", &secret(&password), &keys)
        .camera("nostream", &secret(&nostream), &keys)
        .camera("viewers", &viewers.source(), &keys)
        .camera("mute", &mute.source(), &keys)
        .camera("nowhere", &format!("rtsp://viewer:{SECRET}@127.0.0.9:9/lane"), &keys)
        .camera("nobody", "rtsp://no-such-host.invalid/lane", &keys);
    let config = site.write();
    let output = command().args(["check", "--probe", "--config"]).arg(config).output().expect("it starts");
    let (told, errors) = (stdout(&output), stderr(&output));
    assert_code(&output, 3);
    assert!(told.contains("camera well: rtsp://") && told.contains("h264 "), "{told}\n{errors}");
    assert!(told.contains("rule well/fire_lane_parking: something was seen in its zone, in "), "{told}");
    // Pictures come, and its hours have not.
    assert!(told.contains("camera closed: rtsp://"), "{told}\n{errors}");
    assert!(told.contains("rule closed/fire_lane_parking: it is out of its hours"), "{told}");
    let of = |id: &str| {
        let begins = format!("error: camera {id}: ");
        let found: Vec<&str> = errors.lines().filter(|line| line.starts_with(&begins)).collect();
        assert_eq!(found.len(), 1, "{id}: {errors}");
        found[0].to_owned()
    };
    // Which of the two was asked is chance.
    let (one, other) = (of("password"), of("twin"));
    let not_asked = |line: &str| line.contains("it was not asked");
    assert!(not_asked(&one) != not_asked(&other), "{one}\n{other}");
    assert!(one.contains("unauthorized: ") && other.contains("unauthorized: "), "{one}\n{other}");
    assert_eq!(password.seen().connections.len(), 1, "nothing is locked by it");
    for (id, words) in [
        ("nostream", "no_such_stream: it has no such stream"),
        ("viewers", "refused: it serves as many viewers as it can (453)"),
        ("mute", "stalled: "),
        ("nowhere", "refused: it refuses connections"),
        ("nobody", "unreachable: the name of its host cannot be resolved"),
    ] {
        assert!(of(id).contains(words), "{}", of(id));
    }
    assert!(!told.contains(SECRET) && !errors.contains(SECRET), "{told}\n{errors}");
    // Nothing that was seen is kept or told: the sink has its sign of life alone.
    assert!(
        site.alerts().iter().all(|alert| alert["type"] == "firewarden.box.heartbeat"),
        "{:?}",
        site.alerts()
    );
    assert!(!site.path("evidence").exists());
}
