//! What is logged: no secret, and nothing all the time.

use std::{
    io::Write,
    sync::{Mutex, PoisonError},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::*;

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

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()).expect("text")
    }
}

fn logging() -> (Log, tracing::subscriber::DefaultGuard) {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    (log, tracing::subscriber::set_default(subscriber))
}

#[tokio::test]
async fn who_may_not_listen_is_told_once_and_delivers_all_the_same() {
    let (log, _logging) = logging();
    let fake = Fake::start(USUAL).await;
    fake.forbid("firewarden.");
    let (sink, _asked) = sink_of(&fake, waits());
    for number in 0..5 {
        sink.deliver(&alert(number)).await.expect("taken");
    }
    assert_eq!(fake.connections(), 1);
    fake.hang_up();
    fake.until("it is back", |heard| {
        heard.iter().filter(|heard| **heard == Heard::Subscribed(VERDICT.to_owned())).count() == 2
    })
    .await;
    deliver_at_last(&sink, &alert(7)).await;
    for subject in [RESEND, VERDICT] {
        let said = format!("may not subscribe to {subject}");
        assert_eq!(log.text().matches(&said).count(), 1, "{said}");
    }
}

#[tokio::test]
async fn no_secret_is_said_or_logged_even_where_a_server_repeats_it() {
    let (log, _logging) = logging();
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
    let logged = log.text();
    assert!(logged.contains("async_nats"), "what the client logs is looked at");
    assert!(!said.contains(PASSWORD) && said.contains("***"), "{said}");
    let repeated = |secret: &str| said_to_signer.contains(secret);
    assert!(!repeated(&seed) && !repeated(token) && repeated("no *** and ***"), "{said_to_signer}");
    for secret in [PASSWORD, seed.as_str(), token] {
        let line = logged.lines().find(|line| line.contains(secret));
        assert!(line.is_none_or(|line| line.contains("TRACE")), "{line:?}");
    }
}

#[tokio::test]
async fn a_token_that_has_ended_is_named_where_a_server_lets_nobody_in() {
    let claims = URL_SAFE_NO_PAD.encode(r#"{"exp":1767225600}"#);
    let credentials = format!(
        "-----BEGIN NATS USER JWT-----\neyJ0eXAiOiJKV1QifQ.{claims}.c2ln\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{}\n------END USER NKEY SEED------\n",
        nkeys_seed()
    );
    for (greeting, is_named) in
        [(Greeting::Refuses("Authorization Violation"), true), (Greeting::Says(b"HTTP/1.1 400\r\n"), false)]
    {
        let fake = Fake::start(greeting).await;
        let with = config::Nats {
            credentials: Some(credentials.as_str().into()),
            ..settings(format!("nats://{}", fake.address))
        };
        let why = held(NatsSink::with_waits(with, about().0, waits()).deliver(&alert(7)).await);
        assert_eq!(why.contains("ended at 2026-01-01T00:00:00Z"), is_named, "{why}");
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
