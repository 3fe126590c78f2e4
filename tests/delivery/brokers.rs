//! What brokers go through, MQTT's and NATS's alike.

use std::{fs, thread, time::Duration};

use crate::{
    certificates::{Authority, Holds, Issued},
    mosquitto::Mosquitto,
    nats::Nats,
    peer::{Access, Peer},
    service::{PATIENCE, wait_for},
    station::{CAMERAS, PLATFORM, Station, platform},
};

/// Which broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Mqtt,
    Nats,
}

impl Kind {
    pub fn is_here(self) -> bool {
        match self {
            Self::Mqtt => Mosquitto::is_here(),
            Self::Nats => Nats::is_here(),
        }
    }

    pub fn start(self) -> Box<dyn Peer> {
        match self {
            Self::Mqtt => Box::new(Mosquitto::start()),
            Self::Nats => Box::new(Nats::start()),
        }
    }

    fn start_with_tls(self, tls: Issued) -> Box<dyn Peer> {
        match self {
            Self::Mqtt => Box::new(Mosquitto::start_with("", Some(tls))),
            Self::Nats => {
                let server = Nats::start_with("", Some(tls));
                server.make_stream(&serde_json::json!({}));
                Box::new(server)
            }
        }
    }
}

/// Killed −9 while alerts are under way, and back.
pub fn killed_and_back(kind: Kind) {
    let mut broker = kind.start();
    let mut station = Station::start(&broker.sink());
    station.tell(5);
    station.arrives(|| broker.alerts());
    for _ in 0..3 {
        // Some are under way while it dies.
        station.begin_to_tell(&CAMERAS, 20);
        broker.kill();
        station.tell(5);
        station.fails(&[""]);
        broker.start_again();
        station.arrives(|| broker.alerts());
    }
    station.end();
}

/// Away until it was tried again and again, and back.
pub fn away_for_a_while(kind: Kind) {
    let mut broker = kind.start();
    broker.end();
    // It is not there when the program begins, either.
    let mut station = Station::start(&broker.sink());
    station.tell(10);
    station.failures(2);
    let why = station.fails(&["connect", "connection", "refused", "answer"]);
    assert!(!why.contains('\n'), "{why}");
    station.tell(10);
    broker.start_again();
    station.arrives(|| broker.alerts());
    broker.end();
    station.tell(25);
    station.failures(station.facts(PLATFORM).failures + 2);
    broker.start_again();
    let report = station.arrives(|| broker.alerts());
    assert_eq!(report.delivered, 45 * CAMERAS.len());
    station.end();
}

/// It hangs until that is noticed, and goes on.
pub fn frozen_and_thawed(kind: Kind) {
    let mut broker = kind.start();
    let mut station = Station::start(&broker.sink());
    station.tell(5);
    station.arrives(|| broker.alerts());
    broker.freeze();
    station.tell(5);
    let why = station.fails(&["answer", "time", "acknowledge", "connect"]);
    assert!(!why.is_empty());
    broker.thaw();
    station.tell(5);
    station.arrives(|| broker.alerts());
    // For a moment only: nobody has to notice.
    broker.freeze();
    station.tell(5);
    thread::sleep(Duration::from_secs(2));
    broker.thaw();
    station.arrives(|| broker.alerts());
    station.end();
}

/// The password is wrong; then the box may do nothing; then somebody mends it at the broker.
pub fn refusing(kind: Kind) {
    let mut broker = kind.start();
    broker.let_in(Access::Password("an0ther-passw0rd"));
    let mut station = Station::start(&broker.sink_with_password());
    station.tell(3);
    let why = station.fails(&["password", "authori", "credential"]);
    assert!(!why.contains(crate::peer::PASSWORD), "{why}");
    assert_eq!(broker.alerts(), Vec::<String>::new());

    broker.let_in(Access::Nothing);
    let why = station.fails(&["authoris", "authoriz", "permi", "allow"]);
    assert!(!why.contains(crate::peer::PASSWORD), "{why}");
    station.tell(3);
    assert_eq!(broker.alerts(), Vec::<String>::new());
    let facts = station.handle().facts();
    assert_eq!((facts.sinks[PLATFORM].refused, facts.sinks[PLATFORM].waiting), (0, 24), "they are held");

    broker.let_in(Access::Password(crate::peer::PASSWORD));
    station.tell(3);
    station.arrives(|| broker.alerts());
    station.end();
}

/// Its certificate holds no more, and is renewed; then the file of the authority is wrong, and is mended.
pub fn certificates(kind: Kind) {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new("Those who vouch");
    let (once, now) = (
        authority.issue(folder.path(), "once", Holds::Once),
        authority.issue(folder.path(), "now", Holds::Now),
    );
    let ca = folder.path().join("ca.pem");
    authority.write(&ca);
    let mut broker = kind.start_with_tls(once);
    let keys = format!("{}ca = \"{}\"\n", broker.sink(), ca.display());
    let mut station = Station::start(&keys);
    station.tell(3);
    station.fails(&["expired"]);
    assert_eq!(broker.alerts(), Vec::<String>::new());
    broker.certify(now);
    station.arrives(|| broker.alerts());

    // Another authority, of whom the box's file does not know; the file is mended while the program runs.
    let stranger = Authority::new("Strangers");
    broker.certify(stranger.issue(folder.path(), "strange", Holds::Now));
    station.tell(3);
    station.fails(&["unknown", "authority", "issuer", "vouch"]);
    let new = folder.path().join("new.pem");
    stranger.write(&new);
    fs::rename(&new, &ca).expect("renamed");
    station.arrives(|| broker.alerts());
    station.end();
}

/// Its sink is taken out of the configuration and comes back: what waited for it waits still.
pub fn out_of_the_configuration(kind: Kind) {
    let mut broker = kind.start();
    let sinks = platform(&broker.sink());
    let mut station = Station::start(&broker.sink());
    station.tell(3);
    station.arrives(|| broker.alerts());
    // What it has acknowledged is noted before it goes, so that it is known what waits.
    wait_for("all is noted", PATIENCE, || (station.handle().facts().waiting == 0).then_some(()));
    broker.end();
    station.tell(3);
    station.fails(&[""]);
    station.follow("[[sink]]\nname = \"other\"\nkind = \"file\"\npath = \"other.jsonl\"\n");
    assert_eq!(station.handle().facts().sinks[PLATFORM].waiting, 12);
    broker.start_again();
    station.restart(&sinks);
    station.arrives(|| broker.alerts());
    station.end();
}
