//! What only MQTT can do.

use std::sync::Arc;

use firewarden::clock::System;
use serde_json::json;

use crate::{
    log,
    mosquitto::Mosquitto,
    peer::Peer,
    script::{read, sequence},
    service::{PATIENCE, wait_for},
    station::{PLATFORM, Station, platform},
};

/// One alert is larger than the broker takes, which it says when a box connects (`max_packet_size`) or once it has got it
/// (`message_size_limit`): it is a dead letter, and the next follow.
pub fn too_large(limit: &str) {
    let mut broker = Mosquitto::start_with(&format!("{limit} 1500"), None);
    let mut station = Station::start(&broker.sink());
    station.tell(2);
    station.tell_dead("lift", &"x".repeat(1500));
    station.tell(2);
    station.arrives(|| broker.alerts());
    wait_for("it is a dead letter", PATIENCE, || {
        (station.handle().facts().sinks[PLATFORM].refused == 1).then_some(())
    });
    station.end();
}

/// While nobody listens the broker takes alerts and loses them, as the protocol has it. The platform sees the hole by the
/// sequence, asks, and has them all.
pub fn holes_are_filled() {
    let mut broker = Mosquitto::start();
    let mut station = Station::start(&broker.sink());
    station.tell(3);
    station.arrives(|| broker.alerts());
    let before = broker.alerts();
    broker.platform_leaves();
    station.tell(4);
    wait_for("the broker has taken them", PATIENCE, || (station.handle().facts().waiting == 0).then_some(()));
    broker.platform_comes();
    station.tell(1);
    wait_for("the next come", PATIENCE, || (broker.alerts().len() == 4).then_some(()));
    // 12 were there, 16 are missing.
    let known = before.iter().map(|text| sequence(&read(text))).max().expect("some");
    let next = broker.alerts().iter().map(|text| sequence(&read(text))).min().expect("some");
    assert_eq!((known, next), (12, 29));
    let outbox = read(&before[0])["outboxid"].clone();
    let ask = json!({ "outboxid": outbox, "from": known + 1, "to": next - 1 });
    broker.say("firewarden/v1/test/box/resend", &ask.to_string());
    // What is sent again comes later than what came first; of all that were never there, each camera's come in order.
    wait_for("the hole is filled", PATIENCE, || (broker.alerts().len() >= 20).then_some(()));
    let again: Vec<u64> = broker.alerts()[4..].iter().map(|text| sequence(&read(text))).collect();
    let mut sorted = again.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (13..=28).collect::<Vec<_>>(), "those that were missing, and no others");
    station.end();
}

/// Two boxes by one client id throw each other off: that is said by its name, and all arrives once one of them is gone.
pub fn one_client_id() {
    const SHARED: &str = "shared-by-two";
    let mut broker = Mosquitto::start();
    let sinks = platform(&broker.sink()).replace(PLATFORM, SHARED);
    let mut station = Station::start_with(&sinks, Arc::new(System));
    let other = Station::start_with(&sinks, Arc::new(System));
    station.tell(2);
    // Whichever of them is thrown off again and again says so. Whether an alert fails of it is chance: it waits some seconds for a
    // connection, and one is often back by then.
    wait_for("two boxes by one id are told of", PATIENCE, || log::has(SHARED, "`client_id`").then_some(()));
    drop(other);
    station.tell(2);
    station.arrives(|| broker.alerts());
    station.end();
}
