//! A webhook: what an endpoint answers, and what follows.

use std::{
    collections::BTreeSet,
    fs,
    sync::{Arc, Mutex},
    time::Duration,
};

use standardwebhooks::Webhook;
use ureq::http::{HeaderMap, HeaderName};

use crate::{
    certificates::{Authority, Holds, Issued},
    receiver::{Receiver, Reply, Request},
    script::{Report, read, sequence},
    station::{CAMERAS, PLATFORM, Station},
};

pub const SECRETS: [&str; 2] =
    ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwaaaa", "whsec_c2Vjb25kLXNlY3JldC1vZi10aGUtc3VpdGU="];
/// It is in the address.
const TOKEN: &str = "t0ken-of-the-path";

/// The keys of a sink that posts there.
pub fn keys(receiver: &Receiver) -> String {
    format!(
        "kind = \"webhook\"\nurl = \"http://127.0.0.1:{}/{TOKEN}\"\nsecrets = [\"{}\", \"{}\"]\n",
        receiver.port(),
        SECRETS[0],
        SECRETS[1]
    )
}

/// Younger requests are verified as a receiver does.
const FRESH: Duration = Duration::from_secs(240);

/// Each request is signed by both secrets, as another hand reads the specification, and is what it says.
pub fn assert_signed(requests: &[Request]) {
    for request in requests {
        let mut headers = HeaderMap::new();
        for (name, value) in &request.headers {
            let name: HeaderName = name.parse().expect("a header's name");
            headers.insert(name, value.parse().expect("a header's value"));
        }
        for secret in SECRETS {
            let webhook = Webhook::new(secret).expect("a secret");
            if request.came.elapsed() < FRESH {
                webhook.verify(&request.body, &headers).expect("signed");
                continue;
            }
            // Who verifies takes nothing that is older than five minutes, and this came before that.
            let at = request.header("webhook-timestamp").parse().expect("seconds");
            let signed = webhook.sign(request.header("webhook-id"), at, &request.body).expect("text");
            assert!(request.header("webhook-signature").split(' ').any(|one| one == signed), "signed");
        }
        assert_eq!(read(&request.text())["id"], request.header("webhook-id"));
        assert_eq!(request.header("content-type"), "application/cloudevents+json; charset=utf-8");
        assert_eq!(request.method, "POST");
    }
    assert!(!requests.is_empty());
}

/// Nothing that is said holds a secret.
fn assert_no_secret(why: &str) {
    for secret in SECRETS.iter().chain([&TOKEN]) {
        assert!(!why.contains(secret), "{why}");
    }
}

/// An endpoint that fails in one way after another, each mended.
pub fn fails_and_is_well() {
    let receiver = Receiver::start(None);
    let mut station = Station::start(&keys(&receiver));
    station.tell(3);
    station.arrives(|| receiver.alerts());
    let elsewhere = Receiver::start(None);
    let to = format!("location: http://127.0.0.1:{}/stolen?key={TOKEN}\r\n", elsewhere.port());
    let ways: [(Reply, &[&str]); 7] = [
        (Reply::status(500), &["500"]),
        (Reply::Status(401, String::new(), b"who are you?".to_vec()), &["401"]),
        (Reply::status(404), &["404"]),
        (Reply::Status(307, to.clone(), Vec::new()), &["redirect"]),
        (Reply::HangUp, &["connection", "answer", "closed", "broke"]),
        (Reply::Garbage, &["http"]),
        (Reply::Endless, &["500"]),
    ];
    for (reply, words) in ways {
        receiver.answers(move |_| reply.clone());
        station.tell(2);
        let why = station.fails(words);
        assert_no_secret(&why);
        assert!(why.chars().count() < 400, "{why}");
        receiver.takes();
        station.arrives(|| receiver.alerts());
    }
    assert!(elsewhere.seen().is_empty(), "no redirect is followed");
    assert_signed(&receiver.seen());
    let tries = receiver.seen().len();
    assert!(tries > receiver.taken().len(), "{tries} tries");
    station.end();
}

/// It says when, and is not asked before; others do not wait for it.
pub fn says_when() {
    let receiver = Receiver::start(None);
    let mut station = Station::start(&keys(&receiver));
    receiver.answers(|_| Reply::Status(429, "retry-after: 4\r\n".to_owned(), Vec::new()));
    station.tell_of(&CAMERAS[..1], 1);
    station.fails(&["429"]);
    let posted = |request: &Request| !request.text().contains("heartbeat");
    let refused = receiver.seen().into_iter().rfind(posted).expect("one");
    receiver.takes();
    station.tell(3);
    station.arrives(|| receiver.alerts());
    let next = receiver.taken().into_iter().find(posted).expect("one");
    let waited = next.came.duration_since(refused.came);
    assert!(waited >= Duration::from_secs(4), "it was asked again after {waited:?}");
    station.end();
}

/// One alert is malformed to it: that goes to the dead letters, and the next follow.
pub fn refuses_one() {
    let receiver = Receiver::start(None);
    let mut station = Station::start(&keys(&receiver));
    receiver.answers(|request| match request.text().contains("unwelcome") {
        true => Reply::Status(422, String::new(), b"no such camera".to_vec()),
        false => Reply::status(200),
    });
    station.tell(2);
    station.tell_dead("lift", "unwelcome");
    station.tell_dead("room", "unwelcome, too");
    station.tell(2);
    station.arrives(|| receiver.alerts());
    crate::service::wait_for("they are dead letters", crate::service::PATIENCE, || {
        (station.handle().facts().sinks[PLATFORM].refused == 2).then_some(())
    });
    let refused = receiver.seen().iter().filter(|request| request.text().contains("unwelcome")).count();
    assert_eq!(refused, 2, "each is tried once");
    let facts = station.facts(PLATFORM);
    assert_eq!((facts.refused, facts.failing), (2, None));
    station.end();
}

/// It takes what it is given and says nothing: that is given again, the same.
pub fn silent() {
    never_answers(Reply::Silence);
}

/// It answers a byte at a time.
pub fn slow() {
    never_answers(Reply::Trickle);
}

fn never_answers(reply: Reply) {
    let receiver = Receiver::start(None);
    receiver.answers(move |_| reply.clone());
    let mut station = Station::start(&keys(&receiver));
    station.tell(1);
    let why = station.fails(&["time", "answer"]);
    assert_no_secret(&why);
    receiver.takes();
    station.tell(1);
    station.arrives(|| receiver.alerts());
    let ids: Vec<String> =
        receiver.seen().iter().map(|request| request.header("webhook-id").to_owned()).collect();
    let different: BTreeSet<&String> = ids.iter().collect();
    assert!(ids.len() > different.len(), "what was not answered comes again, by the same id: {ids:?}");
    station.end();
}

/// It does what it is told, and its answer is lost: it has that twice, the same.
pub fn answers_are_lost() {
    let receiver = Receiver::start(None);
    let mut station = Station::start(&keys(&receiver));
    let had: Arc<Mutex<Vec<String>>> = Arc::default();
    let to = Arc::clone(&had);
    receiver.answers(move |request| {
        let text = request.text();
        if text.contains("heartbeat") {
            return Reply::status(204);
        }
        let mut had = to.lock().expect("nobody fails");
        let is_first = !had.contains(&text);
        let is_odd = sequence(&read(&text)) % 2 == 1;
        had.push(text);
        if is_first && is_odd { Reply::HangUp } else { Reply::status(204) }
    });
    station.tell(4);
    let report = station.arrives(|| had.lock().expect("nobody fails").clone());
    station.end();
    let report = Report { repeated: had.lock().expect("nobody fails").len() - 16, ..report };
    assert_eq!((report.delivered, report.repeated), (16, 8), "half of them came twice");
}

/// TLS: a certificate that holds no more, one of strangers, and a good one.
pub fn tls() {
    let folder = tempfile::tempdir().expect("a folder");
    let (authority, stranger) = (Authority::new("Those who vouch"), Authority::new("Strangers"));
    let ca = folder.path().join("ca.pem");
    authority.write(&ca);
    let issue = |of: &Authority, name: &str, holds: Holds| -> Issued { of.issue(folder.path(), name, holds) };
    let receiver = Receiver::start(Some(&issue(&authority, "once", Holds::Once)));
    let keys = keys(&receiver).replace("http://", "https://") + &format!("ca = \"{}\"\n", ca.display());
    let mut station = Station::start(&keys);
    station.tell(2);
    assert_no_secret(&station.fails(&["expired"]));
    receiver.certify(&issue(&stranger, "strange", Holds::Now));
    assert_no_secret(&station.fails(&["unknown", "issuer", "authority", "vouch"]));
    assert!(receiver.seen().is_empty(), "nothing is told to strangers");
    receiver.certify(&issue(&authority, "good", Holds::Now));
    station.arrives(|| receiver.alerts());

    // The authority changes, and so does the file.
    receiver.certify(&issue(&stranger, "other", Holds::Now));
    station.tell(2);
    station.fails(&["unknown", "issuer", "authority", "vouch"]);
    stranger.write(&folder.path().join("new.pem"));
    fs::rename(folder.path().join("new.pem"), &ca).expect("renamed");
    station.arrives(|| receiver.alerts());
    assert_signed(&receiver.taken());
    station.end();
}
