//! What is told of a connection that cannot be made, or does not last.

use std::{sync::Arc, time::Duration};

use super::{
    MqttSink, Sink, Waits,
    fake::{Acks, Fake, Manner, Sent, connack, publish},
    testing::{
        BASE, Log, PASSWORD, USER, about, alert, impatient, reason, settings, sink_of, soon, unheard, waits,
        why,
    },
};

#[tokio::test]
async fn why_there_is_no_connection_is_told_with_the_way_out() {
    for (greeting, words) in [
        (connack(false, 0x84, &[]), "does not speak MQTT 5"),
        (connack(false, 0x85, &[]), "`client_id`"),
        (connack(false, 0x86, &[]), "`username` and `password`"),
        (connack(false, 0x87, &[]), "does not let this user in"),
        (connack(false, 0x89, &[]), "busy"),
        (connack(false, 0x8A, &[]), "banned"),
        (connack(false, 0x9A, &[]), "retained"),
        (connack(false, 0x9D, &[]), "`url`"),
        // QoS 0 at most.
        (connack(false, 0, &[0x24, 0]), "QoS 1"),
        // As MQTT 3.1.1 refuses.
        (vec![0x20, 2, 0, 1], "an earlier version"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), "does not speak MQTT 5"),
        (vec![0x15, 3, 3, 0, 2, 2, 40], "does not speak MQTT 5"),
        (vec![0xFF; 64], "does not speak MQTT 5"),
        // 200 MB are announced.
        (vec![0x20, 0x80, 0x80, 0x80, 0x60], "does not speak MQTT 5"),
    ] {
        // A server of HTTP ends what it does not understand.
        let only_greets = greeting.starts_with(b"HTTP");
        let fake = Fake::start(Manner { greeting: greeting.clone(), only_greets, ..Manner::default() }).await;
        let why = reason(&sink_of(&fake, impatient())).await;
        assert!(why.contains(words), "{greeting:x?}: {why}");
    }
}

#[tokio::test]
async fn where_nobody_is_or_says_anything_it_is_told_soon() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("one");
    let sink = MqttSink::patient(settings(format!("mqtt://{nobody}")), about(unheard()), impatient());
    let refused = reason(&sink).await;
    assert!(refused.contains("nobody answers"), "{refused}");
    let silent = Fake::start(Manner { greeting: Vec::new(), ..Manner::default() }).await;
    let why = why(soon(sink_of(&silent, impatient()).deliver(&alert(1))).await);
    assert!(why.contains("has not answered yet"), "{why}");
}

#[tokio::test]
async fn two_with_one_name_are_told_so() {
    let fake = Fake::start(Manner { acks: Acks::Lost, ..Manner::default() }).await;
    let sink = sink_of(&fake, waits());
    let giving = Arc::clone(&sink);
    let taken = tokio::spawn(async move { giving.deliver(&alert(1)).await });
    fake.alerts(1).await;
    // As Mosquitto says it.
    fake.send(vec![0xE0, 1, 0x8E]);
    let why = why(soon(taken).await.expect("whole"));
    assert!(why.contains("`client_id`") && why.contains("0x8E"), "{why}");
}

#[tokio::test]
async fn that_a_connection_breaks_again_and_again_may_be_for_its_name() {
    let fake = Fake::start(Manner { acks: Acks::Refused("id", &[]), ..Manner::default() }).await;
    let sink = sink_of(&fake, waits());
    let mut said = Vec::new();
    for _ in 0..4 {
        said.push(why(soon(sink.deliver(&alert(1))).await));
    }
    let named: Vec<bool> = said.iter().map(|why| why.contains("`client_id`")).collect();
    assert_eq!(named, [false, false, true, true], "{said:#?}");
}

#[tokio::test]
async fn what_is_odd_ends_a_connection_and_nothing_else() {
    let fake = Fake::start(Manner::default()).await;
    let sink = sink_of(&fake, waits());
    let larger = publish(&format!("{BASE}/box-a/resend"), 1, &vec![b'x'; 20_000]);
    for odd in [larger, vec![0xF0, 0], vec![0x40, 4, 0xFF, 0xFF, 0, 0], vec![0x20, 3, 0, 0, 0], vec![0x10, 0]]
    {
        soon(sink.deliver(&alert(1))).await.expect("delivered");
        let ends = |sent: &[Sent]| sent.iter().filter(|sent| **sent == Sent::End).count();
        let before = ends(&fake.all());
        fake.send(odd);
        fake.until("the end of the connection", |sent| ends(sent) > before).await;
    }
    soon(sink.deliver(&alert(2))).await.expect("delivered");
}

#[tokio::test]
async fn nobody_learns_the_name_or_the_password() {
    let log = Log::default();
    let _log = log.start();
    let mut said = Vec::new();
    // CONNECT sent back, as a server does that echoes; then refusals, and what is odd.
    let (name, password) = (USER.as_bytes(), PASSWORD.as_bytes());
    let short = |bytes: &[u8]| [&u16::try_from(bytes.len()).expect("short").to_be_bytes(), bytes].concat();
    let rest =
        [&[0, 4][..], b"MQTT", &[5, 0xC2, 0, 15, 0], &short(b"a"), &short(name), &short(password)].concat();
    let echo = [&[0x10, u8::try_from(rest.len()).expect("short")][..], &rest].concat();
    let said_why = [&[0x1F][..], &short(password)].concat();
    let after = [connack(false, 0, &[]), echo.clone()].concat();
    for greeting in [echo, connack(false, 0x86, &said_why), after, b"HTTP/1.1 200 OK\r\n".to_vec()] {
        let fake =
            Fake::start(Manner { greeting, acks: Acks::Lost, subscribed: 0x87, ..Manner::default() }).await;
        let sink = sink_of(&fake, Waits { acknowledged: Duration::from_secs(1), ..impatient() });
        said.push(format!("{sink:?}"));
        said.push(reason(&sink).await);
    }
    said.push(log.text());
    let said = said.join("\n");
    assert!(said.contains("no connection with the broker"), "{said}");
    assert!(!said.contains(PASSWORD) && !said.contains(USER), "{said}");
    assert!(!said.contains("rumqttc"), "the crate itself is not heard: {said}");
}
