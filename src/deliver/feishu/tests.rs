use std::path::Path;

use serde_json::json;

use super::*;
use crate::deliver::chat::tests::testing::{Fake, Reply, URGENT_ONLY, about, beat, clock, ebike, violation};

const PATH: &str = "/open-apis/bot/v2/hook/h00kh00kh00k";
const SECRET: &str = "SECtest0123456789";

async fn stage(secret: Option<&str>) -> (Fake, FeishuSink) {
    let fake = Fake::start(PATH).await;
    let settings = json!({ "url": fake.url, "secret": secret });
    let settings: Settings = serde_json::from_value(settings).expect("settings");
    let about = about("<at user_id=\"all\">所有人</at>", Path::new(""));
    let sink = FeishuSink::with(settings, about, clock("2023-11-14T22:13:20.987Z"), URGENT_ONLY);
    (fake, sink)
}

async fn refusal(reply: Reply) -> Refusal {
    let (fake, sink) = stage(Some(SECRET)).await;
    fake.reply(reply);
    let refusal = sink.deliver(&ebike(1, "raised")).await.expect_err("refused");
    let shown = format!("{refusal} {refusal:?}");
    assert!(!shown.contains(SECRET) && !shown.contains("h00kh00kh00k"), "{shown}");
    refusal
}

#[tokio::test(flavor = "multi_thread")]
async fn the_body_is_signed_with_seconds() {
    let (mut fake, sink) = stage(Some(SECRET)).await;
    assert_eq!(sink.deliver(&ebike(1, "raised")).await, Ok(()));
    let heard = fake.next().await;
    assert_eq!(heard.target, PATH);
    assert_eq!(heard.body["timestamp"], "1700000000");
    // As Python's hmac has it.
    assert_eq!(heard.body["sign"], "xqhKocb0RcGBDr30iFkLPByPLrRBM9Oy/dgBx968k0U=");
    assert_eq!(heard.body["msg_type"], "text");
    assert!(heard.body.to_string().len() <= 20_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_secret_nothing_is_signed() {
    let (mut fake, sink) = stage(None).await;
    assert_eq!(sink.test(&beat()).await, Ok(()));
    let heard = fake.next().await;
    assert_eq!((heard.body.get("timestamp"), heard.body.get("sign")), (None, None));
    assert!(heard.text().starts_with("试验消息"), "{}", heard.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_mentioned_by_a_name() {
    let (mut fake, sink) = stage(None).await;
    let name = "<at user_id=\"all\"></at> [x](https://evil.example) **y**";
    let alert = violation(1, "a", name, "ebike_in_elevator", "raised", |_| ());
    assert_eq!(sink.deliver(&alert).await, Ok(()));
    let heard = fake.next().await;
    let (zh, _) = heard.text().split_once("\n\n").expect("two languages");
    assert!(!zh.contains(['<', '>', '@', '[', ']', '(', '*', '_']), "{zh}");
    assert!(zh.contains("＜at user＿id=\"all\"＞"), "{zh}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_text_is_under_what_a_body_may_have() {
    let (mut fake, sink) = stage(Some(SECRET)).await;
    let name = "\"\\".repeat(2_000);
    assert_eq!(sink.deliver(&violation(1, "a", &name, "ebike_in_elevator", "raised", |_| ())).await, Ok(()));
    let heard = fake.next().await;
    assert!(heard.text().len() <= 4_096 && heard.text().ends_with("…\n\nFirewarden"));
    assert!(heard.body.to_string().len() <= 20_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_told_apart() {
    let coded = |code: i64| Reply::of(&json!({ "code": code, "data": {}, "msg": "no" }));
    let refused = refusal(coded(11_232)).await;
    assert!(matches!(refused, Refusal::Transient { after: Some(after), .. } if after.as_secs() == 60));
    for (code, says) in [
        (19_022, "address in the network"),
        (19_024, "add Firewarden"),
        (19_001, "no such robot"),
        (7, "code 7: no"),
    ] {
        let refused = refusal(coded(code)).await;
        assert!(matches!(refused, Refusal::Transient { after: None, .. }), "{refused:?}");
        assert!(refused.to_string().contains(says), "{refused}");
    }
    for status in [200, 400] {
        let refused = refusal(Reply { status, ..coded(9_499) }).await;
        assert!(matches!(refused, Refusal::Permanent { .. }), "{refused:?}");
    }
    let old = Reply::of(&json!({ "Extra": null, "StatusCode": 7, "StatusMessage": "no" }));
    assert!(refusal(old).await.to_string().contains("code 7: no"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_clock_is_explained() {
    let mut reply =
        Reply::of(&json!({ "code": 19_021, "msg": "sign match fail or timestamp is not within one hour" }));
    reply.headers = "date: Tue, 14 Nov 2023 20:13:20 GMT\r\n".to_owned();
    let refused = refusal(reply).await;
    assert!(refused.to_string().contains("clock is 2 h ahead of the robot's"), "{refused}");
}
