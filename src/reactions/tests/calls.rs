//! Reactions that post to a device.

use std::net::TcpListener;

use super::*;

const HURRIED: Limits = Limits { patience: Duration::from_secs(1), stale: LONG, ..LIMITS };

#[test]
fn it_is_posted_as_a_cloud_event() {
    let device = Device::start();
    let reactions = started(&[posting(&device, "/hold?for=30")]);
    tell(&reactions, "lift-1", "raised");
    let called = device.next();
    assert!(called.head.starts_with("POST /hold?for=30 HTTP/1.1\r\n"), "{}", called.head);
    let head = called.head.to_ascii_lowercase();
    assert!(head.contains("\r\ncontent-type: application/cloudevents+json\r\n"), "{head}");
    assert_eq!(called.body, message("lift-1", "raised").body);
    called.succeed();
    facts(&reactions, |facts| facts.done == 1);
}

#[test]
fn a_device_that_refuses_is_not_asked_again() {
    let device = Device::start();
    let reactions = started(&[posting(&device, "/")]);
    tell(&reactions, "lift-1", "raised");
    device.next().answer("HTTP/1.1 500 Oh\r\ncontent-length: 5\r\n\r\nrelay");
    let why = failed(&reactions);
    assert!(why.contains("HTTP 500 (relay)"), "{why}");
    tell(&reactions, "lift-1", "ended");
    device.next().answer("HTTP/1.1 200 Fine\r\n\r\n");
    let facts = facts(&reactions, |facts| facts.done == 1);
    assert_eq!((facts.failed, facts.failing), (1, None));
    reactions.finish(LONG);
    assert!(device.is_idle());
}

#[test]
fn a_redirect_is_not_followed() {
    let (device, elsewhere) = (Device::start(), Device::start());
    let reactions = started(&[posting(&device, "/")]);
    tell(&reactions, "lift-1", "raised");
    device.next().answer(&format!("HTTP/1.1 307 There\r\nlocation: http://{}/\r\n\r\n", elsewhere.at));
    assert!(failed(&reactions).contains("redirect"));
    assert!(elsewhere.is_idle());
}

#[test]
fn silence_is_said_and_has_an_end() {
    let device = Device::start();
    let reactions = started_with(&[posting(&device, "/")], HURRIED);
    tell(&reactions, "lift-1", "raised");
    let silent = device.next();
    let why = failed(&reactions);
    assert!(why.contains("in time"), "{why}");
    drop(silent);
    reactions.finish(LONG);
    assert!(device.is_idle(), "it may have been heard: it is not said again");
}

#[test]
fn a_connection_that_breaks_is_tried_once_more_at_once() {
    let device = Device::start();
    let reactions = started(&[posting(&device, "/")]);
    tell(&reactions, "lift-1", "raised");
    drop(device.next());
    device.next().succeed();
    assert_eq!(facts(&reactions, |facts| facts.done == 1).failed, 0);
    tell(&reactions, "lift-1", "ended");
    drop(device.next());
    drop(device.next());
    let why = failed(&reactions);
    assert!(why.contains("answers nothing"), "{why}");
    reactions.finish(LONG);
    assert!(device.is_idle());
}

#[test]
fn nobody_there_is_said() {
    let at = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let reactions = started(&[to_all(Deed::Url(format!("http://{at}/").into()))]);
    tell(&reactions, "lift-1", "raised");
    assert!(failed(&reactions).contains("takes connections"));
}

/// Devices quote what they were asked for.
#[test]
fn what_is_secret_in_an_address_is_not_repeated() {
    let device = Device::start();
    let address = format!("http://viewer:s3cret-word@{}/s3cret-path?key=s3cret%2Dkey", device.at);
    let reactions = started(&[to_all(Deed::Url(address.into()))]);
    tell(&reactions, "lift-1", "raised");
    let called = device.next();
    assert!(called.head.to_ascii_lowercase().contains("\r\nauthorization: basic "), "{}", called.head);
    let said = format!("{} viewer:s3cret-word s3cret-key", called.head.lines().next().unwrap_or_default());
    called.answer(&format!("HTTP/1.1 404 No\r\ncontent-length: {}\r\n\r\n{said}", said.len()));
    let facts = facts(&reactions, |facts| facts.failed == 1);
    let shown = format!("{facts:?} {reactions:?}");
    assert!(shown.contains("HTTP 404") && !shown.contains("s3cret"), "{shown}");
}
