//! What a hostile camera sends, and how little of it is taken.

use std::{io::Write, net::TcpStream, time::Duration};

use super::{
    super::{Bounded, GuardLimits, Refusal},
    Camera, answer, connected, exactly, guards, head, packet, request, rest, send, until,
};

/// A picture may be so large here.
const LIMITS: fn() -> GuardLimits = || GuardLimits { access_unit: 1 << 20, ..GuardLimits::default() };

/// Sends the same without end, and tells after how many bytes nobody took more.
fn floods(stream: &mut TcpStream, chunk: &[u8]) -> usize {
    let mut sent = 0;
    while sent < 1 << 30 && stream.write_all(chunk).is_ok() {
        sent += chunk.len();
    }
    sent
}

/// What is told of a camera that answers so and goes on with that for ever, and how many bytes of it were taken.
fn flooded(begin: Vec<u8>, chunk: Vec<u8>) -> (Refusal, u64) {
    let guards = guards();
    let camera = Camera::serving(move |mut stream| {
        head(&mut stream);
        send(&mut stream, begin);
        floods(&mut stream, &chunk)
    });
    let (relay, mut stream) = connected(&guards, &camera, LIMITS());
    send(&mut stream, request("PLAY", 1, "Transport: RTP/AVP/TCP;interleaved=0-1\r\n"));
    rest(&mut stream);
    let refusal = until(|| relay.refusal());
    assert!(camera.told() < 1 << 30, "all was taken");
    (refusal, relay.bytes())
}

#[test]
fn an_endless_head_is_cut_off() {
    let (refusal, taken) = flooded(b"RTSP/1.0 200 OK\r\nX: ".into(), vec![b'a'; 65536]);
    assert_eq!(refusal, Refusal::TooLarge { what: Bounded::Head, most: 64 << 10 });
    assert!(taken < 512 << 10, "{taken}");
    let (refusal, taken) = flooded(b"RTSP/1.0 200 OK\r\n".into(), b"X: y\r\n".repeat(1000));
    assert_eq!(refusal, Refusal::TooLarge { what: Bounded::Head, most: 64 << 10 });
    assert!(taken < 512 << 10, "{taken}");
}

#[test]
fn a_huge_body_is_not_begun() {
    for length in ["1048577", "4000000000", "18446744073709551617"] {
        let begin = format!("RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: {length}\r\n\r\n");
        let (refusal, taken) = flooded(begin.into(), vec![b'a'; 65536]);
        assert_eq!(refusal, Refusal::TooLarge { what: Bounded::Body, most: 1 << 20 });
        assert!(taken < 512 << 10, "{taken}");
    }
}

#[test]
fn an_endless_picture_is_cut_off() {
    let (refusal, taken) =
        flooded(answer("200 OK", 1, "", "").into(), packet(0, 96, 5, &[0x88; 1400]).repeat(50));
    assert_eq!(refusal, Refusal::TooLarge { what: Bounded::AccessUnit, most: 1 << 20 });
    assert!(taken < 2 << 20, "{taken}");
}

#[test]
fn endless_garbage_is_cut_off() {
    let (refusal, taken) = flooded(answer("200 OK", 1, "", "").into(), b"\0garbage$\0".repeat(1000));
    assert_eq!(refusal, Refusal::NotRtsp);
    assert!(taken < 512 << 10, "{taken}");
}

/// What waits is what sockets hold, which the kernel bounds.
#[test]
fn a_camera_has_to_wait_for_ffmpeg() {
    let guards = guards();
    let picture = packet(0, 0xe0, 5, &[0x88; 60_000]);
    let length = picture.len();
    let camera = Camera::serving(move |mut stream| {
        stream.set_write_timeout(Some(Duration::from_secs(2))).expect("a timeout");
        head(&mut stream);
        send(&mut stream, answer("200 OK", 1, "", ""));
        floods(&mut stream, &picture)
    });
    let (relay, mut stream) = connected(&guards, &camera, LIMITS());
    send(&mut stream, request("PLAY", 1, ""));
    // Nothing is read: after a while the camera cannot write.
    let sent = camera.told();
    assert!(sent > length && sent < 48 << 20, "{sent}");
    assert!(relay.bytes() < 32 << 20, "{}", relay.bytes());
    // All that was taken is there to be read.
    exactly(&mut stream, answer("200 OK", 1, "", "").len() + length);
    assert_eq!(relay.refusal().filter(|refusal| *refusal != Refusal::BrokeOff), None);
}
