//! How connections end.

use std::net::TcpStream;

use super::{
    super::{GuardLimits, Guards, Refusal, Relay},
    Camera, answer, closes, connected, exactly, guards, head, packet, request, rest, send, until,
};
use crate::config::Live;

/// A camera that plays and sends no picture until the connection ends.
fn camera() -> Camera<()> {
    Camera::serving(|mut stream| {
        head(&mut stream);
        send(&mut stream, answer("200 OK", 1, "", ""));
        closes(&stream);
    })
}

fn playing(guards: &Guards, camera: &Camera<()>) -> (Relay, TcpStream) {
    let (relay, mut stream) = connected(guards, camera, GuardLimits::default());
    send(&mut stream, request("PLAY", 1, ""));
    exactly(&mut stream, answer("200 OK", 1, "", "").len());
    (relay, stream)
}

fn is_free(port: u16) -> Option<()> {
    TcpStream::connect(("127.0.0.1", port)).is_err().then_some(())
}

#[test]
fn a_client_that_goes_away_leaves_nothing() {
    let guards = guards();
    let camera = camera();
    let (relay, stream) = playing(&guards, &camera);
    drop(stream);
    camera.told();
    assert_eq!(relay.refusal(), None);
}

#[test]
fn a_relay_that_is_dropped_cuts_both_connections() {
    let guards = guards();
    let camera = camera();
    let (relay, mut stream) = playing(&guards, &camera);
    drop(relay);
    assert!(rest(&mut stream).is_empty());
    camera.told();
}

#[test]
fn a_relay_that_was_never_dialled_frees_its_port() {
    let guards = guards();
    let relay =
        guards.relay(&Live::new("rtsp://127.0.0.1:1/".to_owned()), GuardLimits::default()).expect("a relay");
    let port = relay.address().parts().and_then(|parts| parts.port).expect("a port");
    drop(relay);
    until(|| is_free(port));
}

#[test]
fn with_the_last_of_the_guards_all_connections_end() {
    let guards = guards();
    let camera = camera();
    let (relay, mut stream) = playing(&guards, &camera);
    drop(guards.clone());
    let idle = guards.relay(&camera.live(), GuardLimits::default()).expect("a relay");
    let port = idle.address().parts().and_then(|parts| parts.port).expect("a port");
    drop(guards);
    assert!(rest(&mut stream).is_empty());
    camera.told();
    until(|| is_free(port));
    assert_eq!((relay.refusal(), idle.refusal()), (None, None));
}

#[test]
fn one_connection_is_taken_and_no_second() {
    let guards = guards();
    let camera = camera();
    let (relay, _stream) = playing(&guards, &camera);
    let port = relay.address().parts().and_then(|parts| parts.port).expect("a port");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn a_connection_that_breaks_in_the_middle_gives_what_came_before() {
    let guards = guards();
    let picture = packet(0, 0xe0, 5, &[7; 1000]);
    let half = picture[..500].to_owned();
    let sent = picture.clone();
    let camera = Camera::serving(move |mut stream| {
        head(&mut stream);
        send(&mut stream, answer("200 OK", 1, "", ""));
        send(&mut stream, [&sent[..], &half].concat());
    });
    let (relay, mut stream) = playing(&guards, &camera);
    assert_eq!(rest(&mut stream), picture);
    assert_eq!(until(|| relay.refusal()), Refusal::BrokeOff);
    camera.told();
}

#[test]
fn many_cameras_share_the_threads() {
    let guards = guards();
    let cameras: Vec<_> = (0..40).map(|_| camera()).collect();
    let all: Vec<_> = cameras.iter().map(|camera| playing(&guards, camera)).collect();
    // One that is dialled late, and one that never is.
    let _never = guards.relay(&cameras[0].live(), GuardLimits::default()).expect("a relay");
    let late = camera();
    let (relay, stream) = playing(&guards, &late);
    drop((all, stream));
    cameras.into_iter().for_each(Camera::told);
    late.told();
    assert_eq!(relay.refusal(), None);
}
