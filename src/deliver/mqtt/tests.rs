//! The sink and its crate before a broker of bytes.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    super::requests::{self, Asked, Request},
    fake::{Acks, Fake, Manner, Published, Sent, alerts, connack, puback, publish},
    testing::{BASE, Log, PASSWORD, USER, about, alert, beat, settings, sink_of, soon, unheard, waits, why},
    *,
};
use crate::domain::SinkName;

#[tokio::test]
async fn an_alert_is_delivered_with_what_the_contract_says() {
    let fake = Fake::start(Manner::default()).await;
    let sink = sink_of(&fake, waits());
    soon(sink.deliver(&alert(7))).await.expect("delivered");
    let health = Queued { alert_type: "firewarden.camera.offline".to_owned(), sequence: 8, ..alert(8) };
    soon(sink.deliver(&health)).await.expect("delivered");
    soon(sink.heartbeat(&beat())).await.expect("delivered");
    soon(sink.test(&beat())).await.expect("delivered");
    let sent = fake.until("the status", |sent| {
        sent.iter().any(|sent| matches!(sent, Sent::Publish(published) if !published.is_alert()))
    });
    let sent = sent.await;
    let Some(Sent::Connect(connect)) = sent.first() else { panic!("{sent:?}") };
    assert_eq!((connect.version, connect.clean_start, connect.keep_alive), (5, false, 15));
    assert_eq!((connect.properties.session_expiry, connect.properties.largest), (Some(3600), Some(16 << 10)));
    assert!(connect.properties.receive_max.is_some());
    assert_eq!(connect.client_id, "lf-027-box-a");
    assert_eq!((connect.username.as_deref(), connect.password.as_deref()), (Some(USER), Some(PASSWORD)));
    let status = format!("{BASE}/box-a/status");
    assert_eq!(connect.will, Some((status.clone(), "{\"online\":false}".to_owned(), true)));

    let came: Vec<&Published> = alerts(&sent).collect();
    let topics: Vec<&str> = came.iter().map(|published| published.topic.as_str()).collect();
    let heartbeat = format!("{BASE}/box-a/heartbeat");
    assert_eq!(
        topics,
        [format!("{BASE}/lane-3/violation"), format!("{BASE}/lane-3/health"), heartbeat.clone(), heartbeat]
    );
    let first = came[0];
    assert_eq!((first.qos, first.retain, first.body.as_str()), (1, false, alert(7).body.as_str()));
    assert_eq!(first.properties.format, Some(1));
    assert_eq!(first.properties.content_type.as_deref(), Some("application/cloudevents+json; charset=utf-8"));
    assert_eq!(first.properties.user, [("id".to_owned(), alert(7).id.to_string())]);

    let told = sent.iter().find_map(|sent| match sent {
        Sent::Publish(published) if !published.is_alert() => Some(published),
        _ => None,
    });
    let told = told.expect("a status");
    assert!(told.retain && told.qos == 1 && told.topic == status, "{told:?}");
    let body: Value = serde_json::from_str(&told.body).expect("JSON");
    assert_eq!((&body["online"], &body["version"]), (&json!(true), &json!(env!("CARGO_PKG_VERSION"))));
    assert!(body["since"].as_str().is_some_and(|since| since.ends_with('Z')), "{body}");
    // Retained requests are not wanted: 0x20 in the options of a subscription.
    let topics = vec![(format!("{BASE}/box-a/resend"), 0x21), (format!("{BASE}/box-a/verdict"), 0x21)];
    assert!(sent.contains(&Sent::Subscribe { topics }), "{sent:?}");
}

#[tokio::test]
async fn only_its_own_acknowledgement_delivers_an_alert() {
    let fake = Fake::start(Manner { acks: Acks::Lost, ..Manner::default() }).await;
    let sink = sink_of(&fake, waits());
    let delivery = |number| {
        let sink = Arc::clone(&sink);
        tokio::spawn(async move { sink.deliver(&alert(number)).await })
    };
    let deliveries = [delivery(1), delivery(2), delivery(3)];
    let came = fake.alerts(3).await;
    let packet = |number: u64| {
        let body = alert(number).body;
        came.iter().find(|published| published.body == body).expect("it came").packet
    };
    let [first, second, third] = deliveries;
    fake.send(puback(packet(3), 0));
    soon(third).await.expect("whole").expect("delivered");
    fake.send(puback(packet(1), 0x87));
    assert!(why(soon(first).await.expect("whole")).contains("0x87"));
    assert!(!second.is_finished(), "two were acknowledged, and neither was it");
    // With no properties and no reason code at all: success.
    let [high, low] = packet(2).to_be_bytes();
    fake.send(vec![0x40, 2, high, low]);
    soon(second).await.expect("whole").expect("delivered");
}

#[tokio::test]
async fn what_was_not_acknowledged_is_not_delivered_until_it_is() {
    let fake = Fake::start(Manner { acks: Acks::Lost, ..Manner::default() }).await;
    let sink = sink_of(&fake, Waits { acknowledged: Duration::from_millis(300), ..waits() });
    let late = why(soon(sink.deliver(&alert(1))).await);
    assert!(late.contains("did not acknowledge"), "{late}");
    fake.change(|manner| manner.acks = Acks::Code(0));
    // The connection was ended, and comes back by itself.
    loop {
        match soon(sink.deliver(&alert(1))).await {
            Ok(()) => break,
            Err(Refusal::Transient { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
    let came = fake.alerts(2).await;
    assert!(came.len() >= 2);
    for published in &came {
        assert_eq!(published.properties.user, [("id".to_owned(), alert(1).id.to_string())]);
        assert!(!published.duplicate, "the crate sends nothing again by itself");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_delivers_nothing_and_comes_back() {
    let fake = Fake::start(Manner { acks: Acks::Lost, ..Manner::default() }).await;
    let sink = sink_of(&fake, waits());
    let giving = Arc::clone(&sink);
    let lost = tokio::spawn(async move { giving.deliver(&alert(1)).await });
    fake.alerts(1).await;
    fake.kill();
    assert!(why(soon(lost).await.expect("whole")).contains("broke off"));
    // The broker has kept the session, in which nothing of ours was on its way.
    fake.change(|manner| *manner = Manner { greeting: connack(true, 0, &[]), ..Manner::default() });
    soon(sink.deliver(&alert(1))).await.expect("delivered");
    let sent = fake.until("subscribed again", |sent| {
        sent.iter().filter(|sent| matches!(sent, Sent::Subscribe { .. })).count() == 2
    });
    let sent = sent.await;
    assert_eq!(alerts(&sent).count(), 2, "each was sent once");
}

#[tokio::test]
async fn each_refusal_means_what_it_says() {
    let fake = Fake::start(Manner::default()).await;
    let sink = sink_of(&fake, waits());
    for (code, words) in [
        (0x80, "does not say why"),
        (0x83, "of its own"),
        (0x87, "allow it to publish"),
        (0x91, "0x91"),
        (0x97, "quota"),
    ] {
        fake.change(|manner| manner.acks = Acks::Code(code));
        let why = why(soon(sink.deliver(&alert(1))).await);
        assert!(why.contains(words), "{code:#x}: {why}");
    }
    for code in [0x90, 0x99] {
        fake.change(|manner| manner.acks = Acks::Code(code));
        let refused = soon(sink.deliver(&alert(1))).await;
        assert!(matches!(refused, Err(Refusal::Permanent { .. })), "{code:#x}: {refused:?}");
    }
    fake.change(|manner| manner.acks = Acks::Code(0));
    soon(sink.deliver(&alert(1))).await.expect("delivered");
    let connections = fake.all().iter().filter(|sent| matches!(sent, Sent::Connect(_))).count();
    assert_eq!(connections, 1, "a refusal ends no connection");
}

#[tokio::test]
async fn that_nobody_listens_is_counted_and_said_once() {
    let log = Log::default();
    let _log = log.start();
    let fake = Fake::start(Manner { acks: Acks::Code(0x10), ..Manner::default() }).await;
    let sink = sink_of(&fake, waits());
    let said = || log.text().matches("nobody has subscribed").count();
    for number in 0..3 {
        soon(sink.deliver(&alert(number))).await.expect("delivered");
    }
    assert_eq!((sink.unheard(), said()), (3, 1));
    fake.change(|manner| manner.acks = Acks::Code(0));
    soon(sink.deliver(&alert(4))).await.expect("delivered");
    fake.change(|manner| manner.acks = Acks::Code(0x10));
    soon(sink.deliver(&alert(5))).await.expect("delivered");
    assert_eq!((sink.unheard(), said()), (4, 2));
}

#[tokio::test]
async fn a_message_that_a_broker_takes_from_nobody_is_found_and_no_other_goes_with_it() {
    // A PUBACK with 0x95, as Mosquitto sends it, which MQTT 5 does not have; and a DISCONNECT.
    for bytes in [&[0x40, 4, 0, 1, 0x95, 0][..], &[0xE0, 2, 0x95, 0], &[0xE0, 1, 0x99]] {
        let bytes: &'static [u8] = bytes.to_vec().leak();
        let acks = Acks::Refused("large", bytes);
        let fake = Fake::start(Manner { acks, ..Manner::default() }).await;
        let sink = sink_of(&fake, waits());
        let large = Queued { body: "{\"large\":1}".to_owned(), ..alert(1) };
        let delivered = |alert: Queued| {
            let sink = Arc::clone(&sink);
            tokio::spawn(async move {
                loop {
                    match sink.deliver(&alert).await {
                        Err(Refusal::Transient { .. }) => {}
                        done => return done,
                    }
                }
            })
        };
        let others = [delivered(alert(2)), delivered(alert(3)), delivered(alert(4))];
        let refused = soon(delivered(large)).await.expect("whole");
        assert!(matches!(refused, Err(Refusal::Permanent { .. })), "{refused:?}");
        for other in others {
            soon(other).await.expect("whole").expect("delivered");
        }
    }
}

#[tokio::test]
async fn a_message_larger_than_the_broker_takes_is_not_sent() {
    // A greatest size of 1,000 bytes.
    let greeting = connack(false, 0, &[0x27, 0, 0, 0x03, 0xE8]);
    let fake = Fake::start(Manner { greeting, ..Manner::default() }).await;
    let sink = sink_of(&fake, waits());
    let large = Queued { body: format!("{{\"a\":\"{}\"}}", "x".repeat(900)), ..alert(1) };
    let refused = soon(sink.deliver(&large)).await;
    let Err(Refusal::Permanent { why }) = refused else { panic!("{refused:?}") };
    assert!(why.contains("larger than the broker takes"), "{why}");
    soon(sink.deliver(&alert(2))).await.expect("delivered");
    assert_eq!(fake.alerts(1).await.len(), 1);
}

#[tokio::test]
async fn a_broker_that_takes_one_at_a_time_is_given_one_at_a_time() {
    let fake = Fake::start(Manner {
        greeting: connack(false, 0, &[0x21, 0, 1]),
        acks: Acks::Lost,
        ..Manner::default()
    })
    .await;
    let sink = sink_of(&fake, waits());
    let deliveries: Vec<_> = (0..5)
        .map(|number| {
            let sink = Arc::clone(&sink);
            tokio::spawn(async move { sink.deliver(&alert(number)).await })
        })
        .collect();
    for number in 1..=5 {
        let came = fake.alerts(number).await;
        assert_eq!(came.len(), number, "the next comes once the one before is acknowledged");
        fake.send(puback(came[number - 1].packet, 0));
    }
    for delivery in deliveries {
        soon(delivery).await.expect("whole").expect("delivered");
    }
}

#[tokio::test]
async fn requests_of_the_platform_arrive() {
    let fake = Fake::start(Manner::default()).await;
    let (to, mut asked) = requests::queue();
    let requests = super::super::Requests::new(SinkName::new("platform").expect("a name"), to);
    let sink = MqttSink::new(settings(format!("mqtt://{}", fake.address)), about(requests));
    soon(sink.heartbeat(&beat())).await.expect("delivered");
    let id = Uuid::from_u128(7);
    let resend = json!({ "outboxid": id, "from": 3, "to": 9 }).to_string();
    let verdict =
        json!({ "subject": id, "verdict": "true", "by": "王", "at": "2026-01-01T00:00:00Z" }).to_string();
    fake.send(publish(&format!("{BASE}/box-a/elsewhere"), 1, resend.as_bytes()));
    fake.send(publish(&format!("{BASE}/box-a/resend"), 2, b"{\"odd\":"));
    fake.send(publish(&format!("{BASE}/box-a/resend"), 3, resend.as_bytes()));
    fake.send(publish(&format!("{BASE}/box-a/verdict"), 4, verdict.as_bytes()));
    let Some(Asked { request: Request::Resend(first), .. }) = soon(asked.recv()).await else {
        panic!("a resend")
    };
    assert_eq!((first.from, first.to), (3, 9));
    let Some(Asked { request: Request::Verdict(second), .. }) = soon(asked.recv()).await else {
        panic!("a verdict")
    };
    assert_eq!(second.subject, id);
    let count = |sent: &[Sent]| sent.iter().filter(|sent| matches!(sent, Sent::PubAck)).count();
    fake.until("each is acknowledged", |sent| count(sent) == 4).await;
}

#[tokio::test]
async fn a_verdict_is_acknowledged_once_it_is_kept() {
    let fake = Fake::start(Manner::default()).await;
    let (to, mut asked) = requests::queue();
    let requests = super::super::Requests::new(SinkName::new("platform").expect("a name"), to);
    let sink = MqttSink::new(settings(format!("mqtt://{}", fake.address)), about(requests));
    soon(sink.heartbeat(&beat())).await.expect("delivered");
    let verdict =
        json!({ "subject": Uuid::nil(), "verdict": "true", "by": "王", "at": "2026-01-01T00:00:00Z" });
    for packet in [1, 2] {
        fake.send(publish(&format!("{BASE}/box-a/verdict"), packet, verdict.to_string().as_bytes()));
    }
    let first = soon(asked.recv()).await.expect("the first");
    drop(soon(asked.recv()).await.expect("the second"));
    let acks = |sent: &[Sent]| sent.iter().filter(|sent| matches!(sent, Sent::PubAck)).count();
    fake.until("the second is acknowledged", |sent| acks(sent) >= 1).await;
    soon(sink.deliver(&alert(1))).await.expect("others do not wait for it");
    assert_eq!(acks(&fake.until("now", |_| true).await), 1, "the first is not kept yet");
    drop(first);
    fake.until("both are acknowledged", |sent| acks(sent) == 2).await;
}

#[tokio::test]
async fn a_refused_subscription_is_said_once_and_stops_nothing() {
    let log = Log::default();
    let _log = log.start();
    let fake = Fake::start(Manner { subscribed: 0x87, ..Manner::default() }).await;
    let sink = sink_of(&fake, waits());
    let subscribed = |number: usize| {
        let is_so = move |sent: &[Sent]| {
            let of = |is: fn(&Sent) -> bool| sent.iter().filter(|sent| is(sent)).count();
            // The status follows when the refusal is known.
            of(|sent| matches!(sent, Sent::Publish(published) if !published.is_alert())) == number
        };
        fake.until("subscribed", is_so)
    };
    soon(sink.deliver(&alert(1))).await.expect("delivered");
    subscribed(1).await;
    fake.kill();
    subscribed(2).await;
    soon(sink.deliver(&alert(2))).await.expect("delivered");
    assert_eq!(log.text().matches("does not let this user subscribe").count(), 1, "{}", log.text());
}

#[tokio::test]
async fn the_end_is_told_and_dropping_it_is_an_end() {
    let fake = Fake::start(Manner::default()).await;
    let sink = sink_of(&fake, waits());
    soon(sink.deliver(&alert(1))).await.expect("delivered");
    soon(sink.close()).await;
    let sent = fake.until("the end", |sent| sent.last() == Some(&Sent::End)).await;
    let [.., Sent::Publish(goodbye), Sent::Disconnect, Sent::End] = &sent[..] else { panic!("{sent:#?}") };
    assert_eq!((goodbye.body.as_str(), goodbye.retain), ("{\"online\":false}", true));
    assert!(goodbye.topic.ends_with("/box-a/status"));
    assert!(why(soon(sink.deliver(&alert(2))).await).contains("closed"));

    let fake = Fake::start(Manner::default()).await;
    let sink = sink_of(&fake, waits());
    soon(sink.deliver(&alert(1))).await.expect("delivered");
    drop(sink);
    let sent = fake.until("the end", |sent| sent.last() == Some(&Sent::End)).await;
    assert!(!sent.contains(&Sent::Disconnect), "the broker tells the last will");
}

#[tokio::test]
async fn a_sink_that_is_tried_leaves_the_service_of_its_box_alone() {
    let fake = Fake::start(Manner::default()).await;
    let sink = MqttSink::tried(settings(format!("mqtt://{}", fake.address)), about(unheard()));
    soon(sink.test(&beat())).await.expect("taken");
    soon(sink.close()).await;
    let sent = fake.until("goodbye", |sent| sent.contains(&Sent::Disconnect)).await;
    let Some(Sent::Connect(connect)) = sent.first() else { panic!("{sent:?}") };
    assert_eq!((connect.client_id.as_str(), &connect.will), ("lf-027-box-a-test", &None));
    let own = |sent: &&Sent| matches!(sent, Sent::Publish(_) | Sent::Subscribe { .. });
    let own: Vec<&Sent> = sent.iter().filter(own).collect();
    let [Sent::Publish(heartbeat)] = own[..] else { panic!("{own:?}") };
    assert_eq!((heartbeat.topic.as_str(), heartbeat.retain), ("firewarden/v1/lf-027/box-a/heartbeat", false));
}
