//! The subscribers in `samples/subscribers` that need a broker, before real ones: what they print is what was told.

use serde_json::json;

use crate::{
    brokers::Kind,
    script::read,
    service::{PATIENCE, wait_for},
    station::{CAMERAS, Station},
    subscriber::Subscriber,
};

/// It asks soon, and for everything.
const ALL: [&str; 4] = ["--from", "1", "--ask-after", "1"];

/// The subscriber is killed −9 while alerts come, and then the broker, which may forget what nobody has yet. Nothing is missing in the
/// end, and nothing is printed twice but what was printed in the moment of a kill and not noted yet.
pub fn killed(kind: Kind) {
    const KILLS: usize = 3;
    let mut broker = kind.start();
    let mut subscriber = Subscriber::start(kind, broker.port_of_platforms(), &ALL);
    let mut station = Station::start(&broker.sink());
    for _ in 0..KILLS {
        station.begin_to_tell(&CAMERAS, 50);
        wait_for("some are printed", PATIENCE, || (!subscriber.printed().is_empty()).then_some(()));
        subscriber.kill();
        station.tell(5);
        subscriber.start_again(&[]);
    }
    station.arrives(|| subscriber.printed());
    station.begin_to_tell(&CAMERAS, 50);
    broker.kill();
    station.tell(5);
    broker.start_again();
    // Where the broker has forgotten some, the next one tells.
    wait_for("the broker has taken all", PATIENCE, || (station.handle().facts().waiting == 0).then_some(()));
    station.tell(1);
    let report = station.arrives(|| subscriber.printed());
    assert!(report.repeated <= KILLS, "{report}\n{}", subscriber.said());
    station.end();
}

/// A sink with a filter has holes by design. Who says so asks for nothing; who does not asks in vain.
pub fn filtered(kind: Kind) {
    let broker = kind.start();
    let own = match kind {
        Kind::Mqtt => "--client-id",
        Kind::Nats => "--durable",
    };
    let start = |name: &str, more: &[&str]| {
        let arguments = [&["--ask-after", "0.1", "--count", "5", own, name], more].concat();
        Subscriber::start(kind, broker.port_of_platforms(), &arguments)
    };
    let (mut knows, mut asks) = (start("knows", &["--filtered"]), start("asks", &[]));
    let mut station = Station::start(&format!("{}cameras = [\"lift\"]\n", broker.sink()));
    station.tell(3);
    asks.says("missing: ");
    wait_for("it has the same", PATIENCE, || (knows.printed().len() == 3).then_some(()));
    station.tell(2);
    for subscriber in [&mut knows, &mut asks] {
        assert_eq!(subscriber.end(), Some(0), "{}", subscriber.said());
        let cameras: Vec<_> =
            subscriber.printed().iter().map(|text| read(text)["data"]["camera"].clone()).collect();
        assert_eq!(cameras, vec![json!("lift"); 5]);
    }
    assert!(!knows.said().contains("missing"), "{}", knows.said());
    station.end();
}
