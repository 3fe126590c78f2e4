use std::{
    io::Write,
    sync::{Mutex, PoisonError},
};

use jiff::tz::TimeZone;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{
    super::requests::{self, Asked, Request, Requests},
    fake::{Answer, Fake, Greeting, Heard, USUAL},
    *,
};
use crate::domain::{CameraId, SinkName, SiteId};

const RESEND: &str = "firewarden.v1.lf-027.lf-027-a.resend";
const VERDICT: &str = "firewarden.v1.lf-027.lf-027-a.verdict";
const PASSWORD: &str = "pa55-w0rd";

/// Short, for what is to come too late; where something is to come, as long as on a box.
fn waits() -> Waits {
    Waits { again: Duration::from_millis(1), locked_out: Duration::from_millis(20), ..Waits::default() }
}

fn impatient() -> Waits {
    let brief = Duration::from_millis(300);
    Waits { connection: brief * 7, acknowledgement: brief, objection: brief, ..waits() }
}

fn about() -> (About, mpsc::Receiver<Asked>) {
    let (to, asked) = requests::queue();
    let name = SinkName::new("platform").expect("a name");
    let about = About {
        name: name.clone(),
        site: SiteId::new("lf-027").expect("an id"),
        site_name: "鸿坤理想城".to_owned(),
        box_id: "lf-027-a".to_owned(),
        zone: TimeZone::UTC,
        evidence: "evidence".into(),
        requests: Requests::new(name, to),
    };
    (about, asked)
}

fn settings(url: String) -> config::Nats {
    config::Nats { url: url.into(), credentials: None, ca: None, stream: "FIREWARDEN".to_owned() }
}

fn sink_of(fake: &Fake, waits: Waits) -> (NatsSink, mpsc::Receiver<Asked>) {
    let (about, asked) = about();
    let url = format!("nats://viewer:{PASSWORD}@{}", fake.address);
    (NatsSink::with_waits(settings(url), about, waits), asked)
}

fn alert(number: u128) -> Queued {
    Queued {
        outbox: Uuid::from_u128(9).into(),
        sequence: 1,
        id: Uuid::from_u128(number),
        alert_type: "firewarden.violation.raised".to_owned(),
        camera: CameraId::new("lane-3").expect("an id"),
        body: format!("{{\"number\":{number}}}"),
    }
}

fn beat() -> Beat {
    Beat { id: Uuid::from_u128(5), body: "{\"beat\":5}".to_owned() }
}

/// Why it was held.
fn held(answer: Result<(), Refusal>) -> String {
    match answer {
        Err(Refusal::Transient { why, .. }) => why,
        other => panic!("it is not held: {other:?}"),
    }
}

/// Gives it again until it is taken, as the dispatcher does. What was said meanwhile.
async fn deliver_at_last(sink: &NatsSink, alert: &Queued) -> Vec<String> {
    let mut said = Vec::new();
    for _ in 0..1_000 {
        match sink.deliver(alert).await {
            Ok(()) => return said,
            Err(Refusal::Permanent { why }) => panic!("refused for good: {why}"),
            Err(Refusal::Transient { why, after }) => {
                said.push(why);
                tokio::time::sleep(after.unwrap_or(Duration::from_millis(5))).await;
            }
        }
    }
    panic!("it is never taken: {said:?}");
}

#[tokio::test]
async fn an_alert_is_published_with_its_id_and_the_stream_that_is_meant() {
    let fake = Fake::start(USUAL).await;
    let (sink, _asked) = sink_of(&fake, waits());
    sink.deliver(&alert(7)).await.expect("taken");
    let health = Queued { alert_type: "firewarden.camera.offline".to_owned(), ..alert(8) };
    sink.deliver(&health).await.expect("taken");
    let published = fake.published();
    let subjects: Vec<&str> = published.iter().map(|(subject, ..)| subject.as_str()).collect();
    assert_eq!(subjects, ["firewarden.v1.lf-027.lane-3.violation", "firewarden.v1.lf-027.lane-3.health"]);
    let (_, headers, body) = &published[0];
    assert_eq!(*body, alert(7).body);
    for header in [
        format!("Nats-Msg-Id: {}", alert(7).id),
        "Nats-Expected-Stream: FIREWARDEN".to_owned(),
        "Content-Type: application/cloudevents+json".to_owned(),
    ] {
        assert!(headers.contains(&format!("{header}\r\n")), "{header} is not in {headers}");
    }
    let Some(Heard::Connect(said)) = fake.heard().into_iter().next() else { panic!("it says who it is") };
    assert_eq!((&said["user"], &said["pass"]), (&"viewer".into(), &PASSWORD.into()));
    assert_eq!(fake.connections(), 1);
}

#[tokio::test]
async fn a_sign_of_life_is_published_without_being_acknowledged() {
    let fake = Fake::start(USUAL).await;
    let (sink, _asked) = sink_of(&fake, impatient());
    sink.heartbeat(&beat()).await.expect("taken");
    let heard = fake.heard();
    let Some(Heard::Published { subject, headers, body, wants_answer }) = heard.last() else {
        panic!("{heard:?}")
    };
    assert_eq!((subject.as_str(), *body == beat().body), ("firewarden.v1.lf-027.lf-027-a.heartbeat", true));
    assert!(headers.contains("Content-Type: application/cloudevents+json\r\n") && !wants_answer);
}

#[tokio::test]
async fn one_that_is_known_there_counts_as_delivered() {
    let fake = Fake::start(USUAL).await;
    let (sink, _asked) = sink_of(&fake, impatient());
    fake.answer([Answer::Lost, Answer::Duplicate]);
    let why = held(sink.deliver(&alert(7)).await);
    assert!(why.contains("acknowledges") && why.contains("FIREWARDEN"), "{why}");
    sink.deliver(&alert(7)).await.expect("known");
    // The client does not keep headers in order.
    let sorted = |(subject, headers, body): &(String, String, String)| {
        let mut headers: Vec<String> = headers.lines().map(str::to_owned).collect();
        headers.sort();
        (subject.clone(), headers, body.clone())
    };
    let published: Vec<_> = fake.published().iter().map(sorted).collect();
    assert_eq!(published[0], published[1], "a repeat is the same");
    assert_eq!(fake.connections(), 1, "one acknowledgement that is lost ends no connection");
}

#[tokio::test]
async fn acknowledgements_that_come_out_of_order_are_each_of_their_alert() {
    let fake = Fake::start(USUAL).await;
    let (sink, _asked) = sink_of(&fake, waits());
    sink.heartbeat(&beat()).await.expect("connected");
    fake.answer([Answer::Late, Answer::Error(10_054, "message size exceeds maximum allowed")]);
    let (seven, eight) = (alert(7), alert(8));
    let (first, second) = tokio::join!(sink.deliver(&seven), sink.deliver(&eight));
    first.expect("taken");
    assert!(matches!(second, Err(Refusal::Permanent { .. })), "{second:?}");
}

#[tokio::test]
async fn only_what_is_of_this_alert_is_for_good() {
    let fake = Fake::start(USUAL).await;
    let (sink, _asked) = sink_of(&fake, waits());
    fake.answer([Answer::Error(10_054, "message size exceeds maximum allowed")]);
    let Err(Refusal::Permanent { why }) = sink.deliver(&alert(7)).await else { panic!("too large") };
    assert!(why.contains("FIREWARDEN") && why.contains("10054"), "{why}");
    for (answer, parts) in [
        (Answer::Error(10_047, "insufficient storage resources available"), ["no room", "10047"]),
        (Answer::Error(10_077, "maximum bytes exceeded"), ["no room", "maximum bytes"]),
        (Answer::Error(10_023, "insufficient resources"), ["no room", "10023"]),
        (
            Answer::Error(10_060, "expected stream does not match"),
            ["another stream than FIREWARDEN", "lane-3.violation"],
        ),
        (Answer::Error(10_109, "invalid operation on sealed stream"), ["takes nothing any more", "sealed"]),
        (Answer::Error(10_039, "jetstream not enabled for account"), ["no JetStream", "10039"]),
        (Answer::Error(99_999, "the moon is full"), ["does not take it now", "the moon is full"]),
        (
            Answer::NoResponders,
            ["no stream FIREWARDEN takes firewarden.v1.lf-027.lane-3.violation", "the platform makes it"],
        ),
        (Answer::Other("EVENTS"), ["stream EVENTS takes", "and not FIREWARDEN"]),
        (Answer::Garbage, ["is no stream", "somebody else"]),
        (
            Answer::Says("Permissions Violation for Publish to \"SUBJECT\""),
            ["may not publish as firewarden.v1.lf-027.lane-3.violation", "allow it"],
        ),
    ] {
        fake.answer([answer]);
        let why = held(sink.deliver(&alert(7)).await);
        assert!(parts.iter().all(|part| why.contains(part)), "{answer:?}: {why}");
    }
    sink.deliver(&alert(7)).await.expect("taken at last");
    assert_eq!(fake.connections(), 1);
}

#[tokio::test]
async fn what_is_larger_than_the_server_takes_is_refused_for_good_but_not_by_one_that_says_no_size() {
    let fake = Fake::start(Greeting::Usual { max_payload: 300 }).await;
    let (sink, _asked) = sink_of(&fake, waits());
    let large = Queued { body: "x".repeat(1_000), ..alert(7) };
    let Err(Refusal::Permanent { why }) = sink.deliver(&large).await else { panic!("too large") };
    assert!(why.contains("300 bytes"), "{why}");
    sink.deliver(&alert(8)).await.expect("small enough");
    let fake = Fake::start(Greeting::Usual { max_payload: 0 }).await;
    let (sink, _asked) = sink_of(&fake, waits());
    assert!(held(sink.deliver(&alert(7)).await).contains("max_payload"));
}

#[tokio::test]
async fn a_connection_that_breaks_off_is_made_again_and_nothing_is_lost() {
    let fake = Fake::start(USUAL).await;
    let (sink, _asked) = sink_of(&fake, waits());
    fake.answer([Answer::HangUp, Answer::HangUp]);
    let said = deliver_at_last(&sink, &alert(7)).await;
    assert!(said.iter().any(|why| why.contains("broke off")), "{said:?}");
    assert_eq!((fake.published().len(), fake.connections()), (3, 3));
    fake.hang_up();
    // By itself, without anything to deliver.
    fake.until("it is back", |heard| {
        heard.iter().filter(|heard| **heard == Heard::Subscribed(RESEND.to_owned())).count() == 4
    })
    .await;
    deliver_at_last(&sink, &alert(8)).await;
}

#[tokio::test]
async fn one_that_acknowledges_nothing_is_connected_to_anew() {
    let fake = Fake::start(USUAL).await;
    let (sink, _asked) = sink_of(&fake, impatient());
    fake.answer([Answer::Lost; 3]);
    let said = deliver_at_last(&sink, &alert(7)).await;
    assert!(said.iter().filter(|why| why.contains("acknowledges")).count() >= 3, "{said:?}");
    assert_eq!(fake.connections(), 2);
}

#[tokio::test]
async fn whoever_is_not_let_in_is_told_why_and_does_not_knock_all_the_time() {
    for (said, part) in [
        ("Authorization Violation", "check the user and password in `url`"),
        ("User Authentication Expired", "renew `credentials`"),
        ("User Authentication Revoked", "revoked"),
        ("maximum connections exceeded", "too many connections"),
        ("Secure Connection - TLS Required", "tls://"),
        ("Something Else", "Something Else"),
    ] {
        let fake = Fake::start(Greeting::Refuses(said)).await;
        let (sink, _asked) = sink_of(&fake, Waits::default());
        let alerts: Vec<Queued> = (0..20).map(alert).collect();
        for answer in futures_util::future::join_all(alerts.iter().map(|alert| sink.deliver(alert))).await {
            let why = held(answer);
            assert!(why.contains(part), "{said}: {why}");
        }
        let Err(Refusal::Transient { after, .. }) = sink.deliver(&alert(7)).await else { panic!("held") };
        assert!(after.is_some(), "it is of no use to try at once");
        assert_eq!(fake.connections(), 1, "{said}");
    }
}

#[tokio::test]
async fn once_it_is_let_in_it_delivers() {
    let fake = Fake::start(Greeting::Refuses("User Authentication Expired")).await;
    let (sink, _asked) = sink_of(&fake, waits());
    assert!(held(sink.deliver(&alert(7)).await).contains("expired") || fake.connections() > 0);
    fake.greet(USUAL);
    deliver_at_last(&sink, &alert(7)).await;
    // And put out in the middle of it, it says why.
    fake.answer([Answer::Lost]);
    let late = alert(8);
    let waiting = sink.deliver(&late);
    let put_out = async {
        fake.until("it is published", |_| fake.published().len() == 2).await;
        fake.say("-ERR 'User Authentication Expired'\r\n");
        fake.hang_up();
    };
    let (answer, ()) = tokio::join!(waiting, put_out);
    let why = held(answer);
    assert!(why.contains("User Authentication Expired") && why.contains("renew"), "{why}");
}

#[tokio::test]
async fn what_speaks_something_else_is_named() {
    for bytes in [
        &b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"[..],
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\xff\xfe\x00\x01garbage\r\n",
        b"INFO {not json}\r\n",
        b"-ERR\r\n",
        b"PING\r\n",
        b"MSG a 1 18446744073709551615\r\n",
        b"HMSG a 1 5 2\r\n",
    ] {
        let fake = Fake::start(Greeting::Says(bytes)).await;
        let (sink, _asked) = sink_of(&fake, waits());
        let why = held(sink.deliver(&alert(7)).await);
        assert!(why.contains("does not speak NATS"), "{}: {why}", String::from_utf8_lossy(bytes));
        fake.greet(USUAL);
        deliver_at_last(&sink, &alert(7)).await;
    }
}

#[tokio::test]
async fn one_that_says_nothing_is_waited_for_no_longer_than_it_takes() {
    let fake = Fake::start(Greeting::Says(b"")).await;
    let (sink, _asked) = sink_of(&fake, impatient());
    let why = held(sink.deliver(&alert(7)).await);
    assert!(why.contains("no answer in time"), "{why}");
    fake.greet(USUAL);
    deliver_at_last(&sink, &alert(7)).await;
}

#[tokio::test]
async fn nobody_there_is_named_and_so_is_one_that_hangs_up() {
    let (about, _asked) = about();
    // A port that was free just now.
    let free =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("one");
    let sink = NatsSink::with_waits(settings(format!("nats://{free}")), about, waits());
    assert!(held(sink.deliver(&alert(7)).await).contains("nobody answers"));
    let fake = Fake::start(Greeting::HangsUp).await;
    let (sink, _asked) = sink_of(&fake, waits());
    let why = held(sink.deliver(&alert(7)).await);
    assert!(why.contains("broke off") || why.contains("hung up"), "{why}");
}

#[tokio::test]
async fn garbage_in_the_middle_of_a_connection_ends_it_alone() {
    for text in ["-ERR\r\n", "MSG a 1 18446744073709551615\r\n", "what?\r\n", "HMSG a 1 1 1\r\nx\r\n"] {
        let fake = Fake::start(USUAL).await;
        let (sink, _asked) = sink_of(&fake, waits());
        sink.deliver(&alert(7)).await.expect("taken");
        fake.say(text);
        fake.until("it comes again", |heard| {
            heard.iter().filter(|heard| matches!(heard, Heard::Connect(_))).count() == 2
        })
        .await;
        deliver_at_last(&sink, &alert(8)).await;
    }
}

#[tokio::test]
async fn what_a_platform_asks_for_is_handed_in_also_after_a_connection_was_lost() {
    let fake = Fake::start(USUAL).await;
    let (sink, mut asked) = sink_of(&fake, waits());
    sink.deliver(&alert(7)).await.expect("taken");
    let resend = format!("{{\"outboxid\":\"{}\",\"from\":3,\"to\":9}}", Uuid::from_u128(9));
    let verdict = format!(
        "{{\"subject\":\"{}\",\"verdict\":\"false\",\"by\":\"王\",\"at\":\"2026-01-01T00:00:00Z\"}}",
        Uuid::from_u128(7)
    );
    for round in 1..=2 {
        fake.until("it listens", |heard| {
            heard.iter().filter(|heard| **heard == Heard::Subscribed(VERDICT.to_owned())).count() == round
        })
        .await;
        fake.send(RESEND, "no request");
        fake.send(RESEND, &resend);
        let request = asked.recv().await.expect("asked").request;
        assert!(
            matches!(request, Request::Resend(resend) if (resend.from, resend.to) == (3, 9)),
            "{request:?}"
        );
        fake.send(VERDICT, &verdict);
        let request = asked.recv().await.expect("asked").request;
        assert!(matches!(&request, Request::Verdict(verdict) if verdict.by == "王"), "{request:?}");
        fake.hang_up();
    }
}

#[tokio::test]
async fn who_may_not_listen_delivers_all_the_same() {
    let fake = Fake::start(USUAL).await;
    fake.forbid("firewarden.");
    let (sink, _asked) = sink_of(&fake, waits());
    for number in 0..5 {
        sink.deliver(&alert(number)).await.expect("taken");
    }
    assert_eq!(fake.connections(), 1);
}

#[tokio::test]
async fn who_may_not_hear_acknowledgements_is_told_so() {
    let fake = Fake::start(USUAL).await;
    fake.forbid("_INBOX.");
    let (sink, _asked) = sink_of(&fake, waits());
    let why = held(sink.deliver(&alert(7)).await);
    assert!(why.contains("_INBOX.>"), "{why}");
    fake.allow_all();
    deliver_at_last(&sink, &alert(7)).await;
}

#[tokio::test]
async fn a_closed_sink_makes_no_connection() {
    let fake = Fake::start(USUAL).await;
    let (sink, _asked) = sink_of(&fake, waits());
    sink.close().await;
    assert_eq!(fake.connections(), 0, "nothing was given");
    sink.deliver(&alert(7)).await.expect("taken");
    sink.close().await;
    let why = held(sink.deliver(&alert(8)).await);
    assert!(why.contains("closed") || why.contains("broke off"), "{why}");
    assert_eq!(fake.connections(), 1);
}

/// What is logged on this thread, of all that is said.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_secret_is_said_or_logged_even_where_a_server_repeats_it() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    // A user of NATS that was made for this test, with a token that says nothing.
    let seed = nkeys_seed();
    let token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJlZDI1NTE5LW5rZXkifQ.c2VjcmV0LXRva2Vu.c2lnbmF0dXJl";
    let credentials = format!(
        "-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n{seed}\n\
         ------END USER NKEY SEED------\n"
    );
    let repeating: &'static str = Box::leak(format!("no {token} and {seed}").into_boxed_str());
    let (mut said, mut said_to_signer) = (String::new(), String::new());
    for greeting in [
        Greeting::Refuses("no pa55-w0rd"),
        Greeting::Says(b"HTTP/1.1 pa55-w0rd\r\n"),
        Greeting::Says(b"INFO {\"pa55-w0rd\r\n"),
        Greeting::Refuses(repeating),
        USUAL,
    ] {
        let fake = Fake::start(greeting).await;
        fake.answer([Answer::Error(10_052, "what is pa55-w0rd?"), Answer::Other("pa55-w0rd")]);
        if greeting != Greeting::Refuses(repeating) {
            let (sink, _asked) = sink_of(&fake, waits());
            for _ in 0..4 {
                said += &format!("{:?}\n", sink.deliver(&alert(7)).await);
            }
        }
        let with = config::Nats {
            credentials: Some(credentials.as_str().into()),
            ..settings(format!("nats://{}", fake.address))
        };
        let sink = NatsSink::with_waits(with, about().0, waits());
        said_to_signer += &format!("{:?}\n", sink.deliver(&alert(7)).await);
        let signed = fake.heard().into_iter().any(
            |heard| matches!(heard, Heard::Connect(said) if said["jwt"] == token && said["sig"].is_string()),
        );
        assert!(signed || matches!(greeting, Greeting::Says(_)));
    }
    let logged =
        String::from_utf8(log.0.lock().unwrap_or_else(PoisonError::into_inner).clone()).expect("text");
    assert!(logged.contains("async_nats"), "what the client logs is looked at");
    assert!(!said.contains(PASSWORD) && said.contains("***"), "{said}");
    let repeated = |secret: &str| said_to_signer.contains(secret);
    assert!(!repeated(&seed) && !repeated(token) && repeated("no *** and ***"), "{said_to_signer}");
    for secret in [PASSWORD, seed.as_str(), token] {
        let line = logged.lines().find(|line| line.contains(secret));
        assert!(line.is_none_or(|line| line.contains("TRACE")), "{line:?}");
    }
}

/// The seed of a user's key, whose 32 bytes are all one: a prefix, them, and a check sum, in base 32.
fn nkeys_seed() -> String {
    let mut bytes = vec![(18 << 3) | (20 << 3 >> 5), (20 << 3 & 31) << 3];
    bytes.extend([1_u8; 32]);
    let sum = bytes.iter().fold(0_u16, |mut sum, byte| {
        sum ^= u16::from(*byte) << 8;
        for _ in 0..8 {
            sum = if sum & 0x8000 == 0 { sum << 1 } else { (sum << 1) ^ 0x1021 };
        }
        sum
    });
    bytes.extend(sum.to_le_bytes());
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    bits.chunks(5)
        .map(|five| {
            let value =
                five.iter().fold(0_usize, |value, bit| value << 1 | usize::from(*bit)) << (5 - five.len());
            char::from(letters[value])
        })
        .collect()
}
