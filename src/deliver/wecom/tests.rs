use std::path::Path;

use serde_json::json;

use super::*;
use crate::deliver::chat::tests::testing::{
    Fake, Reply, URGENT_ONLY, about, beat, car, clock, ebike, violation,
};

const PATH: &str = "/cgi-bin/webhook/send?key=k3yk3yk3y";

async fn stage(evidence: &Path) -> (Fake, WecomSink, Arc<crate::clock::Manual>) {
    let fake = Fake::start(PATH).await;
    let settings: Wecom = serde_json::from_value(json!({ "url": fake.url })).expect("settings");
    let clock = clock("2026-11-24T12:58:29Z");
    let about = about("鸿坤理想城", evidence);
    let sink = WecomSink::with(settings, about, Arc::clone(&clock) as Arc<dyn Clock>, URGENT_ONLY);
    (fake, sink, clock)
}

fn with_still(sequence: u64) -> Queued {
    violation(sequence, "a", "3号梯", "ebike_in_elevator", "raised", |data| {
        data["evidence"] = json!([
            { "name": "evidence/2026-11-24/a.jpg", "role": "raised", "sha256": "ab".repeat(32), "bytes": 1 },
        ]);
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_text_and_mentions_nobody() {
    let (mut fake, sink, _) = stage(Path::new("")).await;
    let alert = violation(1, "a", "@所有人 <@all>", "ebike_in_elevator", "raised", |_| ());
    assert_eq!(sink.deliver(&alert).await, Ok(()));
    let heard = fake.next().await;
    assert_eq!(heard.target, PATH);
    let content = heard.text();
    assert_eq!(heard.body, json!({ "msgtype": "text", "text": { "content": content } }));
    assert!(
        content.contains("＠所有人 ＜＠all＞；自 2026-11-24 20:58:29 起") && !content.contains('@'),
        "{content}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_has_2048_bytes_at_most_and_whole_characters() {
    let (mut fake, sink, _) = stage(Path::new("")).await;
    let long = violation(1, "a", &"梯".repeat(3_000), "ebike_in_elevator", "raised", |_| ());
    assert_eq!(sink.deliver(&long).await, Ok(()));
    let heard = fake.next().await;
    assert!((2_046..=2_048).contains(&heard.text().len()), "{}", heard.text().len());
    assert!(heard.text().ends_with("梯…\n\nFirewarden"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_still_follows_as_base64_with_its_sum() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("2026-11-24")).expect("a folder");
    let jpeg = b"\xFF\xD8\xFFhello";
    std::fs::write(folder.path().join("2026-11-24/a.jpg"), jpeg).expect("written");
    let (mut fake, sink, _) = stage(folder.path()).await;
    assert_eq!(sink.deliver(&with_still(1)).await, Ok(()));
    assert!(fake.next().await.text().contains("3号梯"));
    let picture = fake.next().await;
    assert_eq!(picture.target, PATH);
    let image = json!({ "base64": "/9j/aGVsbG8=", "md5": "950f11379cf74a0481e932ceafdf972c" });
    assert_eq!(picture.body, json!({ "msgtype": "image", "image": image }));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_still_there_is_the_text() {
    let (mut fake, sink, _) = stage(Path::new("/nowhere")).await;
    assert_eq!(sink.deliver(&with_still(1)).await, Ok(()));
    assert_eq!(sink.deliver(&with_still(2)).await, Ok(()));
    assert_eq!(sink.test(&beat()).await, Ok(()));
    let texts: Vec<String> = fake.rest().iter().map(|heard| heard.text().to_owned()).collect();
    assert_eq!(texts.len(), 3);
    assert!(texts[2].starts_with("试验消息"), "{}", texts[2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_45009_nothing_is_sent_for_a_minute() {
    let (mut fake, sink, clock) = stage(Path::new("")).await;
    fake.reply(Reply::of(&json!({ "errcode": 45_009, "errmsg": "api freq out of limit" })));
    let waits = |answer: Result<(), Refusal>| match answer {
        Err(Refusal::Transient { after: Some(after), .. }) => after.as_secs(),
        other => panic!("{other:?}"),
    };
    assert_eq!(waits(sink.deliver(&ebike(1, "raised")).await), 60);
    clock.advance(Duration::from_secs(59));
    assert_eq!(waits(sink.deliver(&ebike(1, "raised")).await), 1);
    assert_eq!(waits(sink.deliver(&car(2, "raised")).await), 1);
    assert_eq!(fake.rest().len(), 1);
    clock.advance(Duration::from_secs(1));
    assert_eq!(sink.deliver(&ebike(1, "raised")).await, Ok(()));
    assert_eq!(fake.rest().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_told_apart_and_the_key_is_never_repeated() {
    for (code, is_permanent) in [(93_000, false), (-1, false), (45_002, true), (44_004, true), (40_058, true)]
    {
        let (fake, sink, _) = stage(Path::new("")).await;
        fake.reply(Reply::of(&json!({ "errcode": code, "errmsg": "no k3yk3yk3y" })));
        let refused = sink.deliver(&ebike(1, "raised")).await.expect_err("refused");
        assert_eq!(matches!(refused, Refusal::Permanent { .. }), is_permanent, "{refused:?}");
        assert!(refused.to_string().contains(&format!("code {code}: no …")), "{refused}");
    }
}
