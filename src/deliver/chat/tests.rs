//! The task of a robot, by the robot that is simplest.

pub(in crate::deliver) mod testing;

use std::{path::Path, task::Poll};

use futures_util::future::join_all;
use serde_json::json;

use self::testing::{Fake, Heard, NEVER, Reply, URGENT_ONLY, about, car, clock, ebike};
use super::*;
use crate::clock::Manual;

const EBIKE: &str = "ebike_in_elevator";

struct Plain(Hook);

impl Platform for Plain {
    const CODES: &'static [&'static str] = &["code"];
    const TEXTS: &'static [&'static str] = &["msg"];
    const LONGEST: usize = 4_096;
    const READING: Reading = Reading::Mentions;
    const SHUT: Duration = Duration::from_secs(60);
    const STILLS: Stills = Stills::Taken;

    fn hook(&self) -> &Hook {
        &self.0
    }

    fn secret(&self) -> Option<&Secret> {
        None
    }

    fn text(&self, text: &str, _: Timestamp) -> Result<Request, Refusal> {
        let body = json!({ "text": { "content": text } });
        Ok(Request { url: self.0.as_str().to_owned(), body })
    }

    fn meaning(code: i64, _: &str) -> Meaning {
        match code {
            1 => Meaning::TooOften,
            3 => Meaning::Message,
            _ => Meaning::Other,
        }
    }

    fn picture(&self, _: &About, name: &str) -> Option<Request> {
        Some(Request { url: self.0.as_str().to_owned(), body: json!({ "picture": name }) })
    }
}

async fn stage(timing: Timing) -> (Fake, Arc<Chat<Plain>>, Arc<Manual>) {
    let fake = Fake::start("/hook").await;
    let hook = serde_json::from_value(json!(fake.url)).expect("a text");
    let clock = clock("2026-11-24T12:58:29Z");
    let about = about("鸿坤理想城", Path::new(""));
    let chat = Chat::new(Plain(hook), about, Arc::clone(&clock) as Arc<dyn Clock>, timing);
    (fake, Arc::new(chat), clock)
}

fn refused(code: i64) -> Reply {
    Reply::of(&json!({ "code": code, "msg": "no" }))
}

/// Gives alerts as the dispatcher does: in order, without waiting for answers.
async fn deliver(chat: &Chat<Plain>, alerts: &[Queued]) -> Vec<Result<(), Refusal>> {
    join_all(alerts.iter().map(|alert| chat.deliver(alert))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_urgent_takes_along_what_waits_and_all_are_answered_then() {
    let (mut fake, chat, _) = stage(URGENT_ONLY).await;
    let answers = deliver(&chat, &[car(1, "raised"), car(2, "ended"), ebike(3, "raised")]).await;
    assert_eq!(answers, [Ok(()), Ok(()), Ok(())]);
    let heard = fake.next().await;
    let places =
        ["违规告警：车辆", "违规告警解除：车辆", "违规告警：电动自行车"].map(|s| heard.text().find(s));
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{}", heard.text());
    assert!(fake.rest().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_goes_by_itself_after_its_time() {
    let timing = Timing { window: Duration::from_millis(50), burst: 5, every: NEVER };
    let fake = Fake::start("/hook").await;
    let hook = serde_json::from_value(json!(fake.url)).expect("a text");
    let chat = Chat::new(Plain(hook), about("a", Path::new("")), Arc::new(crate::clock::System), timing);
    assert_eq!(deliver(&chat, &[car(1, "raised"), car(2, "ended")]).await, [Ok(()), Ok(())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_end_what_is_collected_goes_at_once() {
    let (mut fake, chat, _) = stage(URGENT_ONLY).await;
    let waiting = tokio::spawn({
        let chat = Arc::clone(&chat);
        async move { deliver(&chat, &[car(1, "raised"), car(2, "ended")]).await }
    });
    chat.hurry();
    let answers = time::timeout(Duration::from_secs(60), waiting).await.expect("in time").expect("whole");
    assert_eq!(answers, [Ok(()), Ok(())]);
    assert!(fake.next().await.text().contains("车辆占用消防车通道"));
    // So does what comes after that.
    let late = time::timeout(Duration::from_secs(60), chat.deliver(&car(3, "raised"))).await;
    assert_eq!(late, Ok(Ok(())));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_tells_nothing_new_is_taken_and_not_sent() {
    let (mut fake, chat, _) = stage(URGENT_ONLY).await;
    assert_eq!(chat.deliver(&ebike(1, "updated")).await, Ok(()));
    assert!(fake.rest().is_empty());
    let none = Queued { body: "{}".to_owned(), ..ebike(2, "raised") };
    assert!(matches!(chat.deliver(&none).await, Err(Refusal::Permanent { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_alerts_without_a_token_are_one_message_that_counts_them() {
    let (mut fake, chat, clock) = stage(URGENT_ONLY).await;
    for sequence in 1..=5 {
        assert_eq!(chat.deliver(&ebike(sequence, "raised")).await, Ok(()));
    }
    assert_eq!(fake.rest().len(), 5);
    let alerts: Vec<Queued> = (6..=105).map(|n| ebike(n, "raised")).collect();
    let (first, others) = alerts.split_at(99);
    let mut waiting = Box::pin(deliver(&chat, first));
    let polled = future::poll_fn(|context| Poll::Ready(waiting.as_mut().poll(context))).await;
    assert!(polled.is_pending() && fake.rest().is_empty(), "there is no token");
    clock.advance(NEVER);
    let (first, others) = tokio::join!(waiting, deliver(&chat, others));
    assert!(first.iter().chain(&others).all(Result::is_ok));
    let heard = fake.next().await;
    assert!(heard.text().contains("100 条消息，紧急：电动自行车进入电梯轿厢 100"), "{}", heard.text());
    assert!(heard.text().contains("另有 "), "{}", heard.text());
    assert!(fake.rest().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn after_too_many_nothing_is_sent_for_a_minute() {
    let (mut fake, chat, clock) = stage(URGENT_ONLY).await;
    fake.reply(refused(1));
    let alerts = [car(1, "raised"), ebike(2, "raised"), car(3, "raised")];
    for answer in deliver(&chat, &alerts[..2]).await {
        assert!(
            matches!(answer, Err(Refusal::Transient { after: Some(after), .. }) if after.as_secs() == 60)
        );
    }
    fake.next().await;
    clock.advance(Duration::from_secs(59));
    for answer in deliver(&chat, &alerts).await {
        assert!(matches!(answer, Err(Refusal::Transient { after: Some(after), .. }) if after.as_secs() == 1));
    }
    assert!(fake.rest().is_empty());
    clock.advance(Duration::from_secs(1));
    assert_eq!(deliver(&chat, &alerts[..2]).await, [Ok(()), Ok(())]);
    assert!(fake.next().await.text().contains("2 条消息"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_fails_for_all_of_the_message() {
    let (mut fake, chat, _) = stage(URGENT_ONLY).await;
    fake.reply(refused(42));
    let alerts = [car(1, "raised"), ebike(2, "raised")];
    for answer in deliver(&chat, &alerts).await {
        let refusal = answer.expect_err("refused");
        assert_eq!(refusal, Refusal::transient("the robot does not take the message (code 42: no)"));
    }
    assert_eq!(deliver(&chat, &alerts).await, [Ok(()), Ok(())]);
    let [first, again] = [fake.next().await, fake.next().await];
    assert_eq!(first.text(), again.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_refused_for_good_does_not_take_others_with_it() {
    let timing = Timing { every: Duration::ZERO, ..URGENT_ONLY };
    let (mut fake, chat, _) = stage(timing).await;
    for code in [3, 0, 3] {
        fake.reply(refused(code));
    }
    let answers = deliver(&chat, &[car(1, "raised"), car(2, "raised"), ebike(3, "raised")]).await;
    assert!(answers[0].is_ok() && answers[2].is_ok(), "{answers:?}");
    assert!(matches!(answers[1], Err(Refusal::Permanent { .. })), "{answers:?}");
    assert_eq!(fake.rest().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_at_the_address_is_told_without_it() {
    let (fake, _, _) = stage(URGENT_ONLY).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    drop(fake);
    let hook = serde_json::from_value(json!(format!("http://{free}/s3cret-h00k"))).expect("a text");
    let chat = Chat::new(Plain(hook), about("a", Path::new("")), clock("2026-11-24T12:58:29Z"), URGENT_ONLY);
    let refusal = chat.deliver(&ebike(1, "raised")).await.expect_err("nobody");
    assert!(matches!(refusal, Refusal::Transient { .. }));
    assert!(!refusal.to_string().contains("s3cret"), "{refusal}");
}

fn with_still(sequence: u64, kind: &str) -> Queued {
    testing::violation(sequence, "a", "3号梯", kind, "raised", |data| {
        let name = format!("evidence/{sequence}.jpg");
        data["evidence"] = json!([{ "name": name, "role": "raised", "sha256": "ab".repeat(32), "bytes": 1 }]);
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_still_follows_its_text_and_does_not_make_it_come_again() {
    let timing = Timing { every: Duration::ZERO, ..URGENT_ONLY };
    let (mut fake, chat, _) = stage(timing).await;
    // The text is taken, its still is not; then all are.
    fake.reply(Reply::of(&json!({ "code": 0 })));
    fake.reply(refused(42));
    assert_eq!(chat.deliver(&with_still(1, EBIKE)).await, Ok(()));
    assert!(fake.next().await.text().contains("3号梯"));
    let picture = |heard: Heard| heard.body["picture"].as_str().map(str::to_owned);
    assert_eq!(picture(fake.next().await).as_deref(), Some("evidence/1.jpg"));
    assert_eq!(chat.deliver(&with_still(2, EBIKE)).await, Ok(()));
    assert!(fake.next().await.text().contains("3号梯"));
    assert_eq!(picture(fake.next().await).as_deref(), Some("evidence/2.jpg"));
}

#[tokio::test(flavor = "multi_thread")]
async fn stills_leave_tokens_for_texts() {
    let (mut fake, chat, _) = stage(URGENT_ONLY).await;
    let alerts: Vec<Queued> =
        (1..=4).map(|n| with_still(n, if n < 4 { "fire_lane_parking" } else { EBIKE })).collect();
    assert!(deliver(&chat, &alerts).await.iter().all(Result::is_ok));
    let mut kinds = Vec::new();
    for _ in 0..3 {
        kinds.push(fake.next().await.body.get("picture").is_some());
    }
    assert_eq!(kinds, [false, true, true]);
    assert_eq!(deliver(&chat, &[ebike(5, "raised")]).await, [Ok(())]);
    assert_eq!(deliver(&chat, &[ebike(6, "raised")]).await, [Ok(())]);
    assert!(fake.rest().iter().all(|heard| heard.body.get("picture").is_none()));
}
