//! Real HTTP over loopback, of facts that are made by hand.

mod bounds;
mod format;
mod page;

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Extension, body::Body, http::Request};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::{
    clock::System,
    console::{
        pages::{is_loopback, is_this_machine, pages},
        serving::Peer,
    },
    deliver::{SinkFacts, UploadFacts},
    domain::{CameraId, OfflineReason, SinkName},
    evidence::live::EvidenceFacts,
    ledger::database::{DatabaseFacts, Depth},
    reactions::ReactionFacts,
    service::{CameraFacts, Stage, Tally, ThreadFacts, WorksFacts},
    source::live::LinkState,
};

/// So long is waited for what usually takes milliseconds.
const LONG: Duration = Duration::from_secs(60);
const PASSWORD: &str = "p@ss-w0rd";

/// A port of its own.
fn any() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

/// One camera that is watched, one that knows the box no more, and one that was not tried yet.
fn facts() -> BoxFacts {
    let wall = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24);
    let camera = |id: &str, link: LinkState, tally| CameraFacts {
        camera: CameraId::new(id).unwrap(),
        link,
        reconnects: 3,
        tally,
    };
    let mut lane = LinkState::default();
    (lane.since, lane.bytes, lane.bytes_per_s) = (Some(wall), 5_000_000, 250_000.5);
    lane.packets_lost = 12;
    lane.keyframes = Some(Duration::from_millis(2_500));
    let mut room = LinkState::default();
    room.reason = Some(OfflineReason::Unauthorized);
    room.words = format!("rtsp://viewer:{PASSWORD}@10.2.0.31/1 refuses it");
    let mut looks = Tally { wanted: 100, taken: 90, pictures: 95, raised: 2, ..Tally::default() };
    looks.dropped.insert("overload", 7);
    (looks.decoding, looks.looking) = (Duration::from_millis(1_500), Duration::from_secs(4));
    (looks.lag, looks.longest_lag) = (Some(Duration::from_millis(250)), Some(Duration::from_secs(1)));
    let works = WorksFacts {
        delivery: [(
            SinkName::new("file").expect("a name"),
            SinkFacts { delivered: 12, ..SinkFacts::default() },
        )]
        .into(),
        uploads: UploadFacts::default(),
        reactions: vec![ReactionFacts {
            what: "POST http://10.2.0.40/…".to_owned(),
            done: 3,
            failed: 0,
            replaced: 0,
            dropped: 0,
            failing: None,
        }],
        database: DatabaseFacts {
            waiting: 4,
            oldest_waiting: Some(wall - SignedDuration::from_secs(90)),
            sinks: [
                (
                    "file".to_owned(),
                    Depth { waiting: 4, oldest: Some(wall - SignedDuration::from_secs(90)), refused: 1 },
                ),
                ("platform".to_owned(), Depth::default()),
            ]
            .into(),
            commits: 12,
            ..DatabaseFacts::default()
        },
        evidence: EvidenceFacts { stills: 5, clips: 2, ..EvidenceFacts::default() },
        looks_left_out: 0,
    };
    BoxFacts {
        wall,
        began: wall - SignedDuration::from_secs(600),
        memory: Some(123_456_789),
        cameras: vec![
            camera("lane", lane, looks),
            camera("lift", LinkState::default(), Tally::default()),
            camera("room", room, Tally::default()),
        ],
        stage: Stage::Watching(works),
        threads: ThreadFacts {
            still: [].into(),
            stuck: [("read lane".to_owned(), 2), ("ledger".to_owned(), 1)].into(),
        },
    }
}

/// A console that tells these.
fn console(facts: BoxFacts) -> Console {
    with(Bounds::USUAL, move || facts.clone())
}

fn with(bounds: Bounds, asks: impl Fn() -> BoxFacts + Send + Sync + 'static) -> Console {
    Console::tell(any(), bounds, Arc::new(asks)).unwrap()
}

/// Sends as it is, and gives all that is answered.
fn send(console: &Console, text: &str) -> String {
    let mut stream = TcpStream::connect(console.address()).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Asks by a method for a path: the status, the head and the body.
fn ask(console: &Console, method: &str, path: &str) -> (u16, String, String) {
    let answer = send(console, &format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n\r\n", console.address()));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_ascii_lowercase(), body.to_owned())
}

fn get(console: &Console, path: &str) -> (u16, String) {
    let (status, _, body) = ask(console, "GET", path);
    (status, body)
}

#[test]
fn what_can_be_asked_for_is_told_and_nothing_else() {
    let console = console(facts());
    assert_eq!(get(&console, "/healthz"), (200, "ok\n".to_owned()));
    assert_eq!(get(&console, "/").0, 404);
    assert_eq!(get(&console, "/metrics/../etc/passwd").0, 404);
    let (status, head, body) = ask(&console, "HEAD", "/healthz");
    assert_eq!((status, body.as_str()), (200, ""), "{head}");
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let (status, head, _) = ask(&console, method, "/metrics");
        assert_eq!(status, 405, "{method}");
        assert!(head.contains("\r\nallow: get,head"), "{head}");
    }
    let (status, head, _) = ask(&console, "GET", "/metrics");
    assert_eq!(status, 200);
    for field in [
        "content-type: application/openmetrics-text; version=1.0.0; charset=utf-8",
        "cache-control: no-store",
        "x-content-type-options: nosniff",
        "connection: close",
    ] {
        assert!(head.contains(&format!("\r\n{field}")), "{field}: {head}");
    }
}

#[test]
fn it_is_ready_once_it_can_do_its_work() {
    let told = Arc::new(Mutex::new(facts()));
    let asked = Arc::clone(&told);
    let console = with(Bounds::USUAL, move || asked.lock().unwrap().clone());
    let change = |how: fn(&mut BoxFacts)| how(&mut told.lock().unwrap());
    assert_eq!(get(&console, "/readyz"), (503, "camera lift has not been tried yet\n".to_owned()));
    change(|facts| facts.cameras.retain(|camera| camera.is_tried()));
    // One that cannot be reached was tried.
    assert_eq!(get(&console, "/readyz"), (200, "ready\n".to_owned()));
    change(|facts| facts.threads.still = [("read lane".to_owned(), "connecting")].into());
    let said = "thread read lane stands still: it is connecting\n".to_owned();
    assert_eq!(get(&console, "/readyz"), (503, said));
    change(|facts| facts.threads.still.clear());
    change(|facts| {
        let Stage::Watching(works) = &mut facts.stage else { panic!("it watches") };
        works.database.failing_since = Some(facts.began);
        works.database.in_memory = 8;
    });
    let (status, reason) = get(&console, "/readyz");
    assert_eq!(status, 503);
    let words = "the database cannot be written since 1970-01-01T23:50:00Z; 8 changes wait in memory";
    assert!(reason.starts_with(words) && reason.lines().count() == 1, "{reason}");
    change(|facts| facts.stage = Stage::Ending);
    assert_eq!(get(&console, "/readyz"), (503, "the program is ending\n".to_owned()));
}

#[test]
fn before_models_are_loaded_it_answers_already() {
    let console = Console::start(any(), Board::new(Arc::new(System))).unwrap();
    assert_eq!(get(&console, "/healthz").0, 200);
    assert_eq!(get(&console, "/readyz"), (503, "models are not loaded yet\n".to_owned()));
    let series = format::read(&get(&console, "/metrics").1);
    assert!(series["process_resident_memory_bytes"] > 1e6);
    let version = format!("firewarden_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    assert!(
        series[&version] == 1.0 && !series.contains_key("firewarden_database_alerts_waiting"),
        "{series:?}"
    );
}

#[test]
fn metrics_are_what_is_known() {
    let console = console(facts());
    let series = format::read(&get(&console, "/metrics").1);
    for (name, value) in [
        ("process_start_time_seconds", 85_800.0),
        ("process_resident_memory_bytes", 123_456_789.0),
        ("firewarden_camera_connected{camera=\"lane\"}", 1.0),
        ("firewarden_camera_connected{camera=\"lift\"}", 0.0),
        ("firewarden_camera_offline{camera=\"room\",reason=\"unauthorized\"}", 1.0),
        ("firewarden_camera_offline{camera=\"room\",reason=\"stalled\"}", 0.0),
        ("firewarden_camera_offline{camera=\"lane\",reason=\"unauthorized\"}", 0.0),
        ("firewarden_camera_reconnects{camera=\"lane\"}", 3.0),
        ("firewarden_camera_received_bytes_total{camera=\"lane\"}", 5e6),
        ("firewarden_camera_receiving_bytes_per_second{camera=\"lane\"}", 250_000.5),
        ("firewarden_camera_packets_lost_total{camera=\"lane\"}", 12.0),
        ("firewarden_camera_key_frame_interval_seconds{camera=\"lane\"}", 2.5),
        ("firewarden_camera_looks_wanted_total{camera=\"lane\"}", 100.0),
        ("firewarden_camera_looks_taken_total{camera=\"lane\"}", 90.0),
        ("firewarden_camera_looks_dropped_total{camera=\"lane\",reason=\"overload\"}", 7.0),
        ("firewarden_camera_looks_dropped_total{camera=\"lane\",reason=\"damaged\"}", 0.0),
        ("firewarden_camera_decode_seconds_total{camera=\"lane\"}", 1.5),
        ("firewarden_camera_look_seconds_total{camera=\"lane\"}", 4.0),
        ("firewarden_camera_pictures_total{camera=\"lane\"}", 95.0),
        ("firewarden_camera_lag_seconds{camera=\"lane\"}", 0.25),
        ("firewarden_camera_longest_lag_seconds{camera=\"lane\"}", 1.0),
        ("firewarden_camera_violations_total{camera=\"lane\"}", 2.0),
        ("firewarden_evidence_stills_total", 5.0),
        ("firewarden_evidence_clips_total", 2.0),
        ("firewarden_database_alerts_waiting", 4.0),
        ("firewarden_database_oldest_alert_seconds", 90.0),
        ("firewarden_database_failing_seconds", 0.0),
        ("firewarden_database_commits_total", 12.0),
        ("firewarden_sink_alerts_waiting{sink=\"file\"}", 4.0),
        ("firewarden_sink_oldest_alert_seconds{sink=\"file\"}", 90.0),
        ("firewarden_sink_alerts_waiting{sink=\"platform\"}", 0.0),
    ] {
        assert_eq!(series.get(name), Some(&value), "{name}: {series:#?}");
    }
    // What nothing is known of is not told.
    for name in ["firewarden_camera_lag_seconds", "firewarden_camera_key_frame_interval_seconds"] {
        assert!(!series.contains_key(&format!("{name}{{camera=\"room\"}}")), "{name}");
    }
}

#[test]
fn no_password_and_no_address_is_told() {
    let console = console(facts());
    for path in ["/healthz", "/readyz", "/metrics", "/other"] {
        let told = ask(&console, "GET", path);
        let told = format!("{} {}", told.1, told.2);
        for secret in [PASSWORD, "viewer", "10.2.0.31", "rtsp"] {
            assert!(!told.contains(secret), "{path} tells {secret}: {told}");
        }
    }
}

/// A page that was opened elsewhere is not to read what this machine tells to itself.
#[test]
fn who_asks_for_another_machine_is_refused() {
    for name in
        ["localhost", "LOCALHOST:8480", "127.0.0.1:8480", "127.1.2.3", "[::1]:8480", "[::ffff:127.0.0.1]"]
    {
        assert!(is_this_machine(name), "{name}");
    }
    for name in [
        "",
        "evil.example",
        "evil.example:8480",
        "10.2.0.31",
        "0.0.0.0",
        "[::]",
        "localhost.evil.example",
        "a@localhost",
    ] {
        assert!(!is_this_machine(name), "{name}");
    }
    let console = console(facts());
    let status = |head: &str| send(&console, &format!("{head}\r\n\r\n")).split(' ').nth(1).map(str::to_owned);
    for head in [
        "GET /healthz HTTP/1.1\r\nHost: evil.example",
        "GET /metrics HTTP/1.1\r\nHost: evil.example:80",
        "GET /nothing HTTP/1.1\r\nHost: evil.example",
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example",
        "GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost",
        "GET /healthz HTTP/1.0",
    ] {
        assert_eq!(status(head).as_deref(), Some("403"), "{head}");
    }
    for head in ["GET /healthz HTTP/1.1\r\nHost: localhost", "GET /healthz HTTP/1.0\r\nHost: 127.0.0.1"] {
        assert_eq!(status(head).as_deref(), Some("200"), "{head}");
    }
}

#[test]
fn metrics_are_told_to_this_machine_alone() {
    for (address, is) in [
        ("127.0.0.1", true),
        ("127.9.9.9", true),
        ("::1", true),
        ("::ffff:127.0.0.1", true),
        ("10.2.0.31", false),
        ("::ffff:10.2.0.31", false),
        ("0.0.0.0", false),
        ("fe80::1", false),
    ] {
        assert_eq!(is_loopback(address.parse().unwrap()), is, "{address}");
    }
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let status = |peer: &str, path: &str| {
        let peer = Peer(peer.parse().unwrap());
        let pages = pages(Arc::new(facts), LONG).layer(Extension(peer));
        let request = Request::get(path).header("host", "localhost").body(Body::empty()).unwrap();
        runtime.block_on(TowerToHyperService::new(pages).call(request)).unwrap().status().as_u16()
    };
    assert_eq!(status("10.2.0.31:40000", "/metrics"), 403);
    assert_eq!(status("10.2.0.31:40000", "/healthz"), 200);
    assert_eq!(status("[::1]:40000", "/metrics"), 200);
}

#[test]
fn an_address_that_is_taken_is_told_with_the_way_out() {
    let taken = TcpListener::bind(any()).unwrap();
    let address = taken.local_addr().unwrap();
    let error = Console::start(address, Board::new(Arc::new(System))).unwrap_err().to_string();
    for word in ["[console] listen", &address.to_string(), "another port"] {
        assert!(error.contains(word), "{word}: {error}");
    }
}
