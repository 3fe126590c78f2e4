//! What cameras refuse, and what is told of it.

use std::{
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

use super::{
    super::{GuardLimits, Refusal},
    Camera, answer, client, closes, connected, guards, head, request, rest, send, until,
};
use crate::{config::Live, domain::OfflineReason};

/// What is told of a camera that answers the first request so, and what FFmpeg sees of it.
fn refused(answers: impl Into<Vec<u8>>) -> (Option<Refusal>, Vec<u8>) {
    let guards = guards();
    let answers = answers.into();
    let camera = Camera::serving(move |mut stream| {
        head(&mut stream);
        send(&mut stream, answers);
        drop(stream.shutdown(std::net::Shutdown::Write));
        closes(&stream);
    });
    let (relay, mut stream) = connected(&guards, &camera, GuardLimits::default());
    send(&mut stream, request("DESCRIBE", 1, "Authorization: Basic x\r\n"));
    let seen = rest(&mut stream);
    camera.told();
    (Some(until(|| relay.refusal())), seen)
}

#[test]
fn what_a_camera_refuses_is_remembered_and_passes() {
    for (status, refusal, reason, minutes) in [
        ("401 Unauthorized", Refusal::Unauthorized, OfflineReason::Unauthorized, true),
        ("401 User Locked", Refusal::LockedOut, OfflineReason::LockedOut, true),
        ("403 Forbidden", Refusal::Forbidden, OfflineReason::Unauthorized, true),
        ("404 Stream Not Found", Refusal::NoSuchStream, OfflineReason::NoSuchStream, false),
        ("454 Session Not Found", Refusal::NoSuchStream, OfflineReason::NoSuchStream, false),
        ("453 Not Enough Bandwidth", Refusal::TooManyViewers, OfflineReason::Refused, true),
        ("461 Unsupported Transport", Refusal::Answer { code: 461 }, OfflineReason::Refused, false),
        ("500 Internal Server Error", Refusal::Answer { code: 500 }, OfflineReason::Refused, false),
        ("503 Service Unavailable", Refusal::Answer { code: 503 }, OfflineReason::Refused, false),
    ] {
        let answer = answer(status, 1, "", "why");
        assert_eq!(refused(answer.clone()), (Some(refusal.clone()), answer.into_bytes()));
        assert_eq!((refusal.reason(), refusal.waits_minutes()), (reason, minutes), "{refusal:?}");
    }
}

#[test]
fn a_redirect_does_not_reach_ffmpeg() {
    for status in ["300 Multiple Choices", "301 Moved", "302 Found", "305 Use Proxy", "399 ?"] {
        let answer = answer(status, 1, "Location: rtsp://192.0.2.1/\r\n", "");
        assert_eq!(refused(answer), (Some(Refusal::Redirected), Vec::new()), "{status}");
    }
}

#[test]
fn who_does_not_speak_rtsp_is_cut_off() {
    for answer in ["HTTP/1.1 400 Bad Request\r\n\r\n", "RTSP/1.0 OK\r\n\r\n", "SSH-2.0-x\r\n", "\0\0\0\0"] {
        assert_eq!(refused(answer), (Some(Refusal::NotRtsp), Vec::new()), "{answer:?}");
    }
}

#[test]
fn who_closes_before_an_answer_is_there_is_told() {
    assert_eq!(refused(""), (Some(Refusal::Closed), Vec::new()));
    assert_eq!(refused("RTSP/1.0 200 OK\r\nCSe"), (Some(Refusal::Closed), Vec::new()));
}

fn impatient() -> GuardLimits {
    GuardLimits { answer: Duration::from_millis(100), ..GuardLimits::default() }
}

#[test]
fn who_accepts_and_never_answers_is_cut_off() {
    let guards = guards();
    let camera = Camera::serving(|stream| closes(&stream));
    let (relay, mut stream) = connected(&guards, &camera, impatient());
    send(&mut stream, request("OPTIONS", 1, ""));
    assert!(rest(&mut stream).is_empty());
    assert_eq!(until(|| relay.refusal()), Refusal::Silent);
    camera.told();
}

#[test]
fn an_answer_that_comes_without_end_is_cut_off() {
    let guards = guards();
    // Each byte comes soon after the one before, in head or body.
    for begin in ["RTSP/1.0 200 OK\r\nX: ", "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 900000\r\n\r\n"] {
        let camera = Camera::serving(move |mut stream: TcpStream| {
            use std::io::Write;
            send(&mut stream, begin);
            while stream.write_all(b"a").is_ok() {
                thread::sleep(Duration::from_millis(1));
            }
        });
        let (relay, mut stream) = connected(&guards, &camera, impatient());
        send(&mut stream, request("DESCRIBE", 1, ""));
        rest(&mut stream);
        assert_eq!(until(|| relay.refusal()), Refusal::Silent);
        camera.told();
    }
}

fn unreached(address: &str, limits: GuardLimits) -> Refusal {
    let guards = guards();
    let relay = guards.relay(&Live::new(address.to_owned()), limits).expect("a relay");
    assert_eq!(relay.refusal(), None);
    let mut stream = client(&relay);
    assert!(rest(&mut stream).is_empty());
    until(|| relay.refusal())
}

#[test]
fn who_is_not_reached_is_told() {
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let refused = unreached(&format!("rtsp://127.0.0.1:{port}/"), GuardLimits::default());
    assert_eq!(refused, Refusal::Refused);
    let unresolved = unreached("rtsp://no-such-camera.invalid/", GuardLimits::default());
    assert_eq!((unresolved.reason(), unresolved), (OfflineReason::Unreachable, Refusal::Unresolved));
}

#[test]
fn who_does_not_take_the_connection_in_time_is_told() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let listener = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket.bind(([127, 0, 0, 1], 0).into()).expect("a port");
        socket.listen(1).expect("a listener")
    });
    let address = listener.local_addr().expect("an address");
    // Who comes when its queue is full gets no answer.
    let brief = Duration::from_millis(500);
    let mut waiting = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, brief) {
        waiting.push(stream);
        assert!(waiting.len() < 100, "the queue takes all");
    }
    let limits = GuardLimits { connect: brief, ..GuardLimits::default() };
    let refusal = unreached(&format!("rtsp://{address}/"), limits);
    assert_eq!(refusal, Refusal::Unreachable(std::io::ErrorKind::TimedOut));
}
