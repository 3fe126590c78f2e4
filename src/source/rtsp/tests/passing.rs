//! What passes, and what is read of it.

use std::net::TcpStream;

use jiff::Timestamp;

use super::{
    super::{GuardError, GuardLimits},
    Camera, answer, client, connected, exactly, guards, head, packet, report, request, rest, send, until,
};
use crate::config::Live;

/// A camera that gives each answer in its turn and then sends packets, byte by byte where `slowly`. It tells what it was asked.
fn playing(packets: Vec<u8>, step: usize) -> Camera<String> {
    Camera::serving(move |mut stream| {
        stream.set_nodelay(true).expect("an option");
        let mut asked = String::new();
        for answer in answers() {
            asked += &head(&mut stream);
            for part in answer.as_bytes().chunks(step) {
                send(&mut stream, part);
            }
        }
        for part in packets.chunks(step) {
            send(&mut stream, part);
        }
        asked += &String::from_utf8(rest(&mut stream)).expect("text");
        asked
    })
}

fn requests() -> Vec<String> {
    vec![
        request("OPTIONS", 1, ""),
        request("DESCRIBE", 2, "Accept: application/sdp\r\n"),
        request("DESCRIBE", 3, "Authorization: Digest username=\"user\"\r\n"),
        request("SETUP", 4, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"),
        request("PLAY", 5, "Session: 1\r\n"),
    ]
}

fn answers() -> Vec<String> {
    vec![
        answer("200 OK", 1, "Public: DESCRIBE, SETUP\r\n", ""),
        answer("401 Unauthorized", 2, "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n", ""),
        answer("200 OK", 3, "Content-Type: application/sdp\r\n", "v=0\r\ns=$\0\0\x20\r\n\r\n"),
        answer("200 OK", 4, "Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n", ""),
        answer("200 OK", 5, "Session: 1\r\nRTP-Info: url=x;seq=1\r\n", ""),
    ]
}

/// Asks, and reads each answer before it goes on.
fn talks(stream: &mut TcpStream) {
    for (request, answer) in requests().iter().zip(answers()) {
        send(stream, request);
        assert_eq!(exactly(stream, answer.len()), answer.as_bytes(), "{request}");
    }
}

#[test]
fn all_passes_byte_for_byte() {
    let mut packets = Vec::new();
    for picture in 0..40 {
        packets.extend(packet(0, 96, picture, &[b'$'; 1388]));
        packets.extend(packet(0, 0xe0, picture, b"RTSP/1.0 302 Found\r\n\r\n"));
    }
    packets.extend(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n");
    packets.extend(packet(0, 96, 100, &[0; 65523]));
    for step in [1, 7, 1460, 1 << 20] {
        let guards = guards();
        let camera = playing(packets.clone(), step);
        let (relay, mut stream) = connected(&guards, &camera, GuardLimits::default());
        talks(&mut stream);
        assert!(exactly(&mut stream, packets.len()) == packets, "in steps of {step}");
        // What the client says meanwhile passes, too: its answer to the camera's request, and its own reports.
        let said = "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n$\u{1}\0\u{8}reports.";
        send(&mut stream, said);
        stream.shutdown(std::net::Shutdown::Write).expect("an end");
        assert_eq!(camera.told(), requests().concat() + said);
        let all = packets.len() + answers().concat().len();
        assert_eq!(relay.bytes(), u64::try_from(all).expect("a number"));
        assert!(rest(&mut stream).is_empty());
    }
}

#[test]
fn the_cameras_clock_is_read() {
    let guards = guards();
    let earlier = Timestamp::now();
    let packets =
        [report(1, 0xe000_0000, 1), packet(0, 0xe0, 5, b"x"), report(1, 0xe000_0001, 90_001)].concat();
    let camera = playing(packets.clone(), 1000);
    let (relay, mut stream) = connected(&guards, &camera, GuardLimits::default());
    assert_eq!(relay.clock(), None);
    talks(&mut stream);
    exactly(&mut stream, packets.len());
    let clock = relay.clock().expect("a report");
    assert_eq!((clock.ntp.to_string(), clock.rtp), ("2019-02-02T11:39:45Z".to_owned(), 90_001));
    assert!(clock.wall >= earlier && clock.wall <= Timestamp::now());
}

#[test]
fn garbage_between_packets_is_left_out() {
    let guards = guards();
    let picture = packet(0, 0xe0, 5, b"picture");
    let camera = playing([&picture[..], b"\0\x01 junk $\x05\0", &picture, b"\r\n", &picture].concat(), 3);
    let (relay, mut stream) = connected(&guards, &camera, GuardLimits::default());
    talks(&mut stream);
    assert_eq!(exactly(&mut stream, 3 * picture.len()), picture.repeat(3));
    drop(relay);
}

#[test]
fn what_ffmpeg_opens_differs_in_host_and_port_alone() {
    let guards = guards();
    for (camera, before, after) in [
        ("rtsp://u:p%40s%2fs@10.2.0.31/a/b?x=1&y=%20", "rtsp://u:p%40s%2fs@127.0.0.1:", "/a/b?x=1&y=%20"),
        (
            "rtsp://10.2.0.31:8554/cam/realmonitor?channel=1#f",
            "rtsp://127.0.0.1:",
            "/cam/realmonitor?channel=1#f",
        ),
        ("RTSP://@[fe80::1%25eth0]:554", "rtsp://@127.0.0.1:", ""),
        ("rtsp://a:b:c@d@cam.local?x", "rtsp://a:b:c@d@127.0.0.1:", "?x"),
    ] {
        let relay = guards.relay(&Live::new(camera.to_owned()), GuardLimits::default()).expect("a relay");
        let address = relay.address().as_str();
        let port = address.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
        assert!(port.is_some_and(|port| port.parse::<u16>().is_ok()), "{camera}: {address}");
    }
}

#[test]
fn what_is_no_address_of_rtsp_is_refused_without_its_password() {
    let guards = guards();
    for address in ["ftp://u:s3cret@h/", "rtsp://u:s3cret/@h:554/x", "", "rtsp://"] {
        let refused = guards.relay(&Live::new(address.to_owned()), GuardLimits::default());
        let Err(error @ GuardError::Address { .. }) = refused else { panic!("{address}: {refused:?}") };
        let words = format!("{error} {error:?}");
        assert!(!words.contains("s3cret"), "{words}");
        assert!(words.contains("rtsp://USER:PASSWORD@HOST"), "{words}");
    }
}

#[test]
fn nothing_that_is_printed_has_the_password() {
    let guards = guards();
    let camera = Camera::serving(|mut stream| {
        head(&mut stream);
        send(&mut stream, answer("200 OK", 1, "", ""));
    });
    let (relay, mut stream) = connected(&guards, &camera, GuardLimits::default());
    send(&mut stream, request("OPTIONS", 1, "Authorization: Basic czNjcmV0\r\nX: s3cret\r\n"));
    exactly(&mut stream, 20);
    let words = format!("{guards:?} {relay:?} {relay:#?} {} {:?}", relay.address(), relay.address());
    assert!(!words.contains("s3cret") && !words.contains("czNjcmV0"), "{words}");
    assert!(relay.address().as_str().contains("user:s3cret@"));
}

#[test]
fn a_program_that_is_not_this_one_is_turned_away() {
    let guards = guards();
    let camera = Camera::serving(|mut stream| head(&mut stream));
    let relay = guards.relay(&camera.live(), GuardLimits::default()).expect("a relay");
    let port = relay.address().parts().and_then(|parts| parts.port).expect("a port");
    let script = format!("exec 3<>/dev/tcp/127.0.0.1/{port}; echo open; exec cat <&3");
    let mut other = std::process::Command::new("bash");
    let other = other.args(["-c", &script]).output().expect("bash");
    assert_eq!(String::from_utf8_lossy(&other.stdout), "open\n", "{other:?}");
    // It did not take the place of the client.
    let mut stream = client(&relay);
    send(&mut stream, request("OPTIONS", 1, ""));
    assert_eq!(camera.told(), request("OPTIONS", 1, ""));
    until(|| std::net::TcpStream::connect(("127.0.0.1", port)).is_err().then_some(()));
}
