use std::path::Path;

use serde_json::json;

use super::*;
use crate::deliver::chat::tests::testing::{Fake, Reply, URGENT_ONLY, about, beat, car, clock, ebike};

const PATH: &str = "/robot/send?access_token=t0kent0ken";
const SECRET: &str = "SECtest0123456789";

async fn stage(secret: Option<&str>) -> (Fake, DingtalkSink, Arc<crate::clock::Manual>) {
    let fake = Fake::start(PATH).await;
    let settings = json!({ "url": fake.url, "secret": secret });
    let settings: Settings = serde_json::from_value(settings).expect("settings");
    let clock = clock("2023-11-14T22:13:20.123Z");
    let about = about("鸿坤理想城", Path::new(""));
    let sink = DingtalkSink::with(settings, about, Arc::clone(&clock) as Arc<dyn Clock>, URGENT_ONLY);
    (fake, sink, clock)
}

async fn refusal(code: i64, text: &str) -> Refusal {
    let (fake, sink, _) = stage(Some(SECRET)).await;
    let mut reply = Reply::of(&json!({ "errcode": code, "errmsg": text }));
    reply.headers = "date: Tue, 14 Nov 2023 22:43:20 GMT\r\n".to_owned();
    fake.reply(reply);
    let refusal = sink.deliver(&ebike(1, "raised")).await.expect_err("refused");
    let shown = format!("{refusal} {refusal:?}");
    assert!(!shown.contains(SECRET) && !shown.contains("t0kent0ken"), "{shown}");
    refusal
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_is_signed_with_milliseconds() {
    let (mut fake, sink, _) = stage(Some(SECRET)).await;
    let (first, second) = (car(1, "raised"), ebike(2, "raised"));
    let answers = tokio::join!(sink.deliver(&first), sink.deliver(&second));
    assert_eq!(answers, (Ok(()), Ok(())));
    let heard = fake.next().await;
    // As Python's hmac has it.
    let sign = "Fu23Ue8IkFmlxFpmeItlgyo2GpWW6M6MFH5DnuAvYg8%3D";
    assert_eq!(heard.target, format!("{PATH}&timestamp=1700000000123&sign={sign}"));
    assert_eq!(heard.body["msgtype"], "text");
    assert_eq!(heard.body["at"], json!({ "isAtAll": false }), "nobody is mentioned");
    assert!(heard.text().starts_with("【鸿坤理想城】2 条消息"), "{}", heard.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_secret_nothing_is_signed() {
    let (mut fake, sink, _) = stage(None).await;
    assert_eq!(sink.test(&beat()).await, Ok(()));
    let heard = fake.next().await;
    assert_eq!(heard.target, PATH);
    assert!(heard.text().starts_with("试验消息"), "{}", heard.text());
    assert_eq!((sink.heartbeat(&beat()).await, sink.pace()), (Ok(()), Pace::Gathered));
    assert!(fake.rest().is_empty(), "a sign of life is nothing for people");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_robot_that_shuts_is_left_alone_for_ten_minutes() {
    let refused = refusal(130_101, "send too fast, exceed 20 times per minute").await;
    assert!(matches!(refused, Refusal::Transient { after: Some(after), .. } if after.as_secs() == 600));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_security_refuses_is_explained() {
    for (text, says) in [
        ("sign not match", "clock is 30 min behind the robot's"),
        ("invalid timestamp", "clock is 30 min behind the robot's"),
        ("description:机器人发送签名不匹配;solution:请确认签名", "clock is 30 min behind the robot's"),
        ("keywords not in content", "add Firewarden"),
        ("description:关键词不匹配;solution:请联系群管理员", "add Firewarden"),
        ("ip 10.2.0.7 not in whitelist", "10.2.0.7 not in whitelist): add the address"),
        ("description:来源IP不在白名单", "add the address"),
    ] {
        let refused = refusal(310_000, text).await;
        assert!(matches!(refused, Refusal::Transient { .. }), "{refused:?}");
        assert!(refused.to_string().contains(says), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_wrong_with_the_message_is_for_good() {
    for code in [40_035, 400_105, 430_102] {
        assert!(matches!(refusal(code, "no").await, Refusal::Permanent { .. }), "{code}");
    }
    for code in [-1, 300_001, 12_345, 310_000] {
        let refused = refusal(code, "no").await;
        assert!(matches!(refused, Refusal::Transient { after: None, .. }), "{code}");
        assert!(refused.to_string().contains(&format!("code {code}: no")), "{refused}");
    }
}
