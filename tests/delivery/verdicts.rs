//! What people found of a violation comes back through real brokers, and is kept with it.

use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use serde_json::json;

use crate::{
    hostile::{Hostile, Mode},
    mosquitto::Mosquitto,
    nats::Nats,
    peer::Peer,
    scenes,
    service::{PATIENCE, Site, wait_for},
};

const RULE: &str = "[[camera.rule]]\nkind = \"fire_lane_parking\"\nzone = [[0,0],[1,0],[1,1],[0,1]]\ndwell = \"2s\"\n\
                    every = \"0.2s\"\nupdate_every = \"1s\"\n";

/// All that is kept of verdicts: of what, who, what and why.
fn kept(site: &Site) -> Vec<[String; 4]> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let database = Connection::open_with_flags(site.path("state/firewarden.db"), flags).expect("a database");
    let mut all = database
        .prepare("SELECT violation, who, verdict, coalesce(cause, '') FROM verdicts ORDER BY at, who")
        .expect("a table");
    let rows = all.query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]));
    rows.and_then(Iterator::collect).expect("rows")
}

/// By MQTT one says that it was none, by NATS another that it was one. What is of no violation, and what is no verdict, is told and
/// harms nothing.
pub fn kept_with_the_violation() {
    let (mut mqtt, mut nats) = (Mosquitto::start(), Nats::start());
    let sinks = [("by-mqtt", mqtt.sink()), ("by-nats", nats.sink())];
    let sinks = sinks.map(|(name, keys)| format!("[[sink]]\nname = \"{name}\"\n{keys}\n")).concat();
    let site = Site::new();
    let film = scenes::raw(site.folder());
    let camera = Hostile::start(Mode::Plain, &film, 10, Duration::from_secs(60)).expect("a server");
    let site = site.seeing_always().with(&sinks).camera("lane", &camera.source(), RULE);
    let service = site.start();
    let raised = wait_for("a violation", PATIENCE, || site.told("raised").into_iter().next());
    let subject = raised["subject"].as_str().expect("an id").to_owned();
    let say = |mqtt: &Mosquitto, nats: &Nats, by_mqtt: &str, by_nats: &str| {
        mqtt.say("firewarden/v1/test/box/verdict", by_mqtt);
        nats.say("firewarden.v1.test.box.verdict", by_nats);
    };
    let verdict = |subject: &str, verdict: &str, by: &str, at: &str| {
        json!({ "subject": subject, "verdict": verdict, "cause": "反光", "by": by, "at": at }).to_string()
    };
    let nobodys = "7f10740c-3770-5deb-bda1-914ec5dca044";
    let of_nothing = verdict(nobodys, "true", "王", "2026-01-01T00:00:00Z");
    let (first, second) = (
        verdict(&subject, "false", "王", "2026-01-01T00:00:00Z"),
        verdict(&subject, "true", "李", "2026-01-02T00:00:00Z"),
    );
    // Whoever says it again, because nobody answers, says nothing new.
    wait_for("they are kept", PATIENCE, || {
        say(&mqtt, &nats, &first, &second);
        (kept(&site).len() == 2).then_some(())
    });
    say(&mqtt, &nats, &of_nothing, &of_nothing);
    say(&mqtt, &nats, "{\"subject\":7}", "\u{0}");
    for sink in ["by-mqtt", "by-nats"] {
        for words in ["of no violation that this box knows", "a request (verdict) cannot be read"] {
            wait_for(&format!("{sink}: {words}"), PATIENCE, || {
                let log = site.log();
                let of = format!("sink={sink}");
                log.lines().any(|line| line.contains(&of) && line.contains(words)).then_some(())
            });
        }
    }
    let (mqtt_has, nats_has) = (mqtt.alerts().len(), nats.alerts().len());
    wait_for("alerts go on", PATIENCE, || {
        (mqtt.alerts().len() > mqtt_has && nats.alerts().len() > nats_has).then_some(())
    });
    assert_eq!(service.end().code(), Some(143));
    let row = |who: &str, verdict: &str| [&subject, who, verdict, "反光"].map(str::to_owned);
    assert_eq!(kept(&site), [row("王", "false"), row("李", "true")]);
}
