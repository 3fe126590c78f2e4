//! What platforms ask for and what they see of a box beside its alerts, through real brokers.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    mosquitto::Mosquitto,
    nats::Nats,
    peer::Peer,
    script::{read, sequence},
    service::{PATIENCE, wait_for},
    station::{CAMERAS, Station},
};

/// Everything is asked for again, of an outbox and of one that is none: what is sent again is bounded in number and in time, is
/// what came first, and new alerts do not wait for it.
pub fn everything_again() {
    let mut broker = Mosquitto::start();
    let mut station = Station::start(&broker.sink());
    station.tell(375);
    station.arrives(|| broker.alerts());
    let outbox = read(&broker.alerts()[0])["outboxid"].clone();
    let resend = "firewarden/v1/test/box/resend";
    let all = json!({ "outboxid": outbox, "from": 0, "to": u64::MAX });
    let asked = Instant::now();
    for _ in 0..50 {
        broker.say(resend, &all.to_string());
    }
    for strange in [
        json!({ "outboxid": "7f10740c-3770-5deb-bda1-914ec5dca044", "from": 1, "to": 9 }),
        json!({ "outboxid": outbox, "from": 9, "to": 1 }),
        json!(["all"]),
        json!(null),
    ] {
        broker.say(resend, &strange.to_string());
    }
    wait_for("some come again", PATIENCE, || (broker.alerts().len() >= 2_500).then_some(()));
    // 1,500 first, 1,000 again; the rest is due ten seconds after.
    let early = broker.alerts().len();
    let took = asked.elapsed();
    assert!(took >= Duration::from_secs(9) || early <= 2_500, "{early} within {took:?}");
    station.tell(1);
    wait_for("all have come again", PATIENCE, || (broker.alerts().len() >= 3_004).then_some(()));
    let report = station.arrives(|| broker.alerts());
    assert!(report.repeated >= 1_500, "{report}");
    assert_eq!(report.delivered, 376 * CAMERAS.len());
    station.end();
}

/// The same by NATS, where the stream does not keep what it has: asked for by sequence, it is sent and acknowledged.
pub fn again_by_nats() {
    let mut server = Nats::start();
    server.listen();
    let mut station = Station::start(&server.sink());
    station.tell(3);
    station.arrives(|| server.alerts());
    let outbox = read(&server.alerts()[0])["outboxid"].clone();
    server
        .say("firewarden.v1.test.box.resend", &json!({ "outboxid": outbox, "from": 5, "to": 8 }).to_string());
    let alerts = |server: &Nats| -> Vec<u64> {
        let heard = server.heard().into_iter().filter(|(subject, _)| subject.ends_with(".health"));
        heard.map(|(_, text)| sequence(&read(&text))).collect()
    };
    wait_for("they are sent again", PATIENCE, || (alerts(&server).len() >= 16).then_some(()));
    let mut again = alerts(&server).split_off(12);
    again.sort_unstable();
    assert_eq!(again, [5, 6, 7, 8]);
    assert_eq!(server.alerts().len(), 12, "the stream knows repeats");
    station.end();
}

/// What a subscriber sees of a box that comes, lives, dies and goes.
pub fn life_by_mqtt() {
    let mut broker = Mosquitto::start();
    let mut station = Station::start(&broker.sink());
    station.tell(1);
    station.arrives(|| broker.alerts());
    let status = |broker: &Mosquitto| -> Vec<Value> {
        let of =
            broker.messages().into_iter().filter(|message| message.topic == "firewarden/v1/test/box/status");
        of.map(|message| read(&message.payload)).collect()
    };
    let states = |broker: &Mosquitto| -> Vec<bool> {
        status(broker).iter().map(|status| status["online"].as_bool().expect("a truth")).collect()
    };
    wait_for("it is online", PATIENCE, || (states(&broker).last() == Some(&true)).then_some(()));
    let online = status(&broker).pop().expect("one");
    assert!(online["since"].is_string() && online["version"].is_string(), "{online}");
    assert_eq!(broker.retained("firewarden/v1/test/box/status").len(), 1, "who comes later sees it, too");
    let beats = |broker: &Mosquitto| -> Vec<Value> {
        let of = broker.messages().into_iter().filter(|message| message.topic.ends_with("/box/heartbeat"));
        of.map(|message| read(&message.payload)).collect()
    };
    let beat = wait_for("a sign of life", PATIENCE, || beats(&broker).pop());
    assert_eq!(beat["type"], "firewarden.box.heartbeat");
    assert_eq!(beat["source"], "/sites/test/boxes/box");
    assert_eq!(beat["data"]["cameras"], CAMERAS.len());
    assert!(
        broker.messages().iter().all(|message| !message.topic.ends_with("heartbeat") || !message.retained)
    );

    // The line is cut: the broker tells its last will, and the box comes back by itself.
    broker.gate().shut();
    wait_for("it is told dead", PATIENCE, || (states(&broker).last() == Some(&false)).then_some(()));
    broker.gate().open();
    wait_for("it is back", PATIENCE, || (states(&broker).last() == Some(&true)).then_some(()));
    station.tell(1);
    station.arrives(|| broker.alerts());
    station.end();
    wait_for("it says goodbye", PATIENCE, || (states(&broker).last() == Some(&false)).then_some(()));
    assert_eq!(read(&broker.retained("firewarden/v1/test/box/status")[0])["online"], false);
}

/// Signs of life by NATS.
pub fn life_by_nats() {
    let server = Nats::start();
    server.listen();
    let station = Station::start(&server.sink());
    let beat = wait_for("a sign of life", PATIENCE, || {
        server.heard().into_iter().find(|(subject, _)| subject == "firewarden.v1.test.box.heartbeat")
    });
    assert_eq!(read(&beat.1)["source"], "/sites/test/boxes/box");
    station.end();
}
