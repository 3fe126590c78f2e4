//! What only NATS can do.

use serde_json::json;

use crate::{
    nats::Nats,
    peer::Peer,
    service::{PATIENCE, wait_for},
    station::{CAMERAS, PLATFORM, Station},
};

/// Nobody has made the stream yet: it is waited for, and nobody but the platform makes it.
pub fn no_stream() {
    let mut server = Nats::start_with("", None);
    let mut station = Station::start(&server.sink());
    station.tell(3);
    station.fails(&["stream"]);
    assert_eq!(server.alerts(), Vec::<String>::new());
    assert_eq!(station.handle().facts().sinks[PLATFORM].refused, 0);
    server.make_stream(&json!({}));
    station.arrives(|| server.alerts());
    station.end();
}

/// The stream of this name takes other subjects.
pub fn another_stream() {
    let mut server = Nats::start_with("", None);
    server.make_stream(&json!({ "subjects": ["something.else"] }));
    let mut station = Station::start(&server.sink());
    station.tell(2);
    station.fails(&["stream"]);
    server.change_stream(&json!({}));
    station.arrives(|| server.alerts());
    station.end();
}

/// The stream is full and takes nothing new; then it has room.
pub fn full() {
    let mut server = Nats::start_with("", None);
    server.make_stream(&json!({ "max_msgs": 6 }));
    let mut station = Station::start(&server.sink());
    station.tell(4);
    station.fails(&["full", "max", "room", "space", "limit"]);
    assert_eq!(server.alerts().len(), 6);
    assert_eq!(station.handle().facts().sinks[PLATFORM].refused, 0);
    server.change_stream(&json!({ "max_msgs": -1 }));
    station.arrives(|| server.alerts());
    station.end();
}

/// One alert is larger than the server takes, or than the stream does: it is a dead letter, and the next follow.
pub fn too_large() {
    let mut server = Nats::start_with("max_payload: 2048", None);
    server.make_stream(&json!({ "max_msg_size": 1500 }));
    let mut station = Station::start(&server.sink());
    station.tell(2);
    station.tell_dead("lift", &"长".repeat(800));
    station.tell_dead("room", &"x".repeat(1200));
    station.tell(2);
    station.arrives(|| server.alerts());
    wait_for("they are dead letters", PATIENCE, || {
        (station.handle().facts().sinks[PLATFORM].refused == 2).then_some(())
    });
    station.end();
}

/// The server forgets its repeats, and loses nothing that it acknowledged, killed again and again.
pub fn repeats_are_known() {
    let mut server = Nats::start();
    let mut station = Station::start(&server.sink());
    for _ in 0..3 {
        station.begin_to_tell(&CAMERAS, 50);
        server.kill();
        server.start_again();
    }
    let report = station.arrives(|| server.alerts());
    assert_eq!(report.repeated, 0, "within its window the stream keeps each once");
    station.end();
}
