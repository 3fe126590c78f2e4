//! What is done on the spot.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, SystemTime},
};

use serde_json::Value;

use crate::{
    hostile::{Hostile, Mode},
    reload,
    scenes::PARKING,
    service::{PATIENCE, Site, wait_for},
};

/// A relay that takes HTTP: what is posted to it, and when it came.
fn relay() -> (String, Receiver<(SystemTime, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}/hold", listener.local_addr().expect("an address"));
    let (to, posted) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let came = SystemTime::now();
            if let Some(body) = taken(stream)
                && to.send((came, body)).is_err()
            {
                return;
            }
        }
    });
    (address, posted)
}

/// The body of one request, which is answered.
fn taken(mut stream: TcpStream) -> Option<Value> {
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let mut text = Vec::new();
    let mut some = [0; 4096];
    loop {
        let count = stream.read(&mut some).ok()?;
        text.extend_from_slice(some.get(..count)?);
        let whole = String::from_utf8_lossy(&text);
        if let Some((_, body)) = whole.split_once("\r\n\r\n")
            && let Ok(body) = serde_json::from_str(body)
        {
            stream.write_all(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n").ok()?;
            return Some(body);
        }
        if count == 0 {
            return None;
        }
    }
}

/// A violation is reacted to while its alert still waits for its picture, even where nothing can be written down, and once.
pub fn are_on_the_spot() {
    let (_folder, film) = reload::film();
    let server = Hostile::start(Mode::Plain, &film, 10, Duration::from_secs(60)).expect("a server");
    let (address, posted) = relay();
    let site = Site::new()
        .with(&format!(
            "[[reaction]]\nurl = \"{address}\"\n[[reaction]]\nurl = \"{address}\"\nkinds = [\"ebike_in_elevator\"]\n\
             [[reaction]]\ncommand = [\"/etc/firewarden-is-not-there\"]\n"
        ))
        .seeing_always()
        .camera("lane", &server.source(), PARKING);
    let service = site.start();
    let (came, reaction) = posted.recv_timeout(PATIENCE).expect("a reaction");
    assert_eq!(reaction["type"], "firewarden.violation.raised");
    assert!(reaction.get("sequence").is_none() && reaction.get("outboxid").is_none(), "{reaction}");
    let alert = wait_for("the alert is told", PATIENCE, || site.told("raised").into_iter().next());
    for key in ["id", "subject", "source", "time"] {
        assert_eq!(reaction[key], alert[key], "{key}");
    }
    // The still is of the look that raised it, and its file is written after that: the reaction did not wait for it.
    let still = alert["data"]["evidence"][0]["name"].as_str().expect("a still");
    let written = site.path(still).metadata().and_then(|about| about.modified()).expect("it is there");
    assert!(
        came < written,
        "the reaction came {:?} after the still was written",
        came.duration_since(written)
    );
    wait_for("a program that is not there is said", PATIENCE, || {
        site.log().contains("/etc/firewarden-is-not-there").then_some(())
    });
    site.looks_on("lane", 10);
    assert_eq!(service.end().code(), Some(143));
    assert!(posted.try_recv().is_err(), "it is reacted to once, and only to what is asked for");
}
