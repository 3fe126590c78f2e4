use std::path::Path;

use proptest::prelude::*;
use serde_json::json;

use super::{
    super::tests::testing::{about, car, ebike, health, violation},
    *,
};
use crate::ledger::database::Queued;

const LONGEST: usize = 2_048;

fn zone() -> TimeZone {
    TimeZone::get("Asia/Shanghai").expect("a time zone")
}

fn told(alert: &Queued) -> Told {
    told_as(alert, Reading::Mentions).expect("something new")
}

fn told_as(alert: &Queued, reading: Reading) -> Option<Told> {
    Told::of(&alert.alert().expect("an alert"), &zone(), reading)
}

fn composed(alerts: &[Queued], most: usize) -> Composed {
    let told: Vec<Told> = alerts.iter().map(told).collect();
    let told: Vec<&Told> = told.iter().collect();
    compose(&told, &about("鸿坤理想城", Path::new("")), Reading::Mentions, most)
}

#[test]
fn one_alert_is_told_in_chinese_and_then_in_english() {
    assert_eq!(
        composed(&[ebike(1, "raised")], LONGEST).text,
        "【鸿坤理想城】违规告警：电动自行车进入电梯轿厢\n\
         3号梯；自 2026-11-24 20:58:29 起；电动自行车\n\
         \n\
         [鸿坤理想城] violation: E-bike taken into the elevator\n\
         3号梯; since 2026-11-24 20:58:29; e-bike\n\
         \n\
         Firewarden"
    );
}

#[test]
fn several_are_told_in_order_and_what_is_urgent_is_named_first() {
    let post = violation(2, "post", "消控室", "control_room_unattended", "raised", |data| {
        data["class"] = json!(null);
        data["count"] = json!({ "seen": 1, "required": 2 });
    });
    let offline = health(3, "offline", "1号楼", |data| data["reason"] = "unreachable".into());
    let text = composed(&[car(1, "ended"), post, offline, ebike(4, "warned")], LONGEST).text;
    assert_eq!(
        text,
        "【鸿坤理想城】4 条消息，紧急：电动自行车进入电梯轿厢 1\n\
         违规告警解除：车辆占用消防车通道\n\
         1号楼东侧消防车道；2026-11-24 20:58:29 至 2026-11-24 21:05:00，持续 6 分 31 秒；小型汽车\n\
         违规告警：消防控制室值班人员离岗（在岗人数不足）\n\
         消控室；自 2026-11-24 20:58:29 起；在岗人数 1/2\n\
         摄像机离线：网络不可达\n\
         1号楼；自 2026-11-24 20:58:29 起\n\
         违规预警：电动自行车进入电梯轿厢\n\
         3号梯；自 2026-11-24 20:58:29 起；电动自行车\n\
         \n\
         [鸿坤理想城] 4 alerts, urgent: E-bike taken into the elevator 1\n\
         violation over: Vehicle parked in the fire lane\n\
         1号楼东侧消防车道; 2026-11-24 20:58:29 to 2026-11-24 21:05:00, 6 min 31 s; car\n\
         violation: Fire control room left or understaffed\n\
         消控室; since 2026-11-24 20:58:29; People at the post 1/2\n\
         camera offline: nobody answers at its address\n\
         1号楼; since 2026-11-24 20:58:29\n\
         violation about to be raised: E-bike taken into the elevator\n\
         3号梯; since 2026-11-24 20:58:29; e-bike\n\
         \n\
         Firewarden"
    );
}

#[test]
fn an_end_tells_what_ended() {
    let warned = violation(1, "lane-3", "车道", "fire_lane_parking", "ended", |data| {
        data["raised"] = json!(null);
        data["ended_unknown"] = true.into();
    });
    let text = composed(&[warned], LONGEST).text;
    assert!(text.contains("】违规预警解除：车辆占用消防车通道\n"), "{text}");
    assert!(text.contains("；此后情况不明\n"), "{text}");
}

#[test]
fn every_type_of_health_is_told() {
    for (alert, key, value) in [
        ("offline", "reason", json!("stalled")),
        ("online", "", json!(null)),
        ("obstructed", "reason", json!("covered")),
        ("moved", "", json!(null)),
        ("clock", "off_by_s", json!(-90.0)),
        ("keyframes", "interval_s", json!(12.5)),
        ("restored", "was", json!("clock")),
    ] {
        let health = health(1, alert, "车道", |data| {
            if !key.is_empty() {
                data[key] = value;
            }
        });
        let said = told(&health);
        assert_eq!(said.urgency, Urgency::Collected);
        let expected = health.alert().expect("an alert").body.alert_type();
        assert!(said.headline.0.starts_with(words::alert_type(expected).0), "{said:?}");
    }
}

#[test]
fn only_an_ebike_is_urgent_and_what_is_updated_is_not_told() {
    let urgency = |alert: &Queued| told(alert).urgency;
    assert_eq!(urgency(&ebike(1, "warned")), Urgency::Urgent);
    assert_eq!(urgency(&ebike(1, "raised")), Urgency::Urgent);
    assert_eq!(urgency(&ebike(1, "ended")), Urgency::Collected);
    assert_eq!(urgency(&car(1, "raised")), Urgency::Collected);
    assert_eq!(told_as(&ebike(1, "updated"), Reading::Marks), None);
}

#[test]
fn what_there_is_no_room_for_is_counted() {
    let mut alerts: Vec<Queued> =
        (0..40).map(|n| car(n, if n % 2 == 0 { "raised" } else { "ended" })).collect();
    alerts.push(health(40, "online", "车道", |_| ()));
    alerts.push(ebike(41, "raised"));
    let Composed { text, shown } = composed(&alerts, LONGEST);
    assert!(text.len() <= LONGEST && !text.contains('…'), "{text}");
    assert!(shown.contains(&41), "what is urgent is told before all else: {shown:?}");
    assert_eq!(shown[..shown.len() - 1], (0..shown.len() - 1).collect::<Vec<_>>());
    let (cars, left) = (40 - (shown.len() - 1), 42 - shown.len());
    let (raised, over) = (cars / 2, cars - cars / 2);
    assert!(shown.len() > 4, "{shown:?}");
    assert!(
        text.contains(&format!(
            "\n另有 {left} 条：车辆占用消防车通道 告警 {raised}、解除 {over}，摄像机恢复在线 1\n"
        )),
        "{text}"
    );
    let english = format!(
        "\n{left} more: Vehicle parked in the fire lane (raised {raised}, over {over}), camera online again 1\n"
    );
    assert!(text.contains(&english), "{text}");
    assert!(text.starts_with("【鸿坤理想城】42 条消息，紧急：电动自行车进入电梯轿厢 1\n"), "{text}");
    assert!(text.ends_with("\n\nFirewarden"));
}

#[test]
fn an_end_that_there_is_no_room_for_is_counted_as_one() {
    let long = |n: u64, phase: &str, raised: bool| {
        violation(n, "post", &"控".repeat(160), "control_room_unattended", phase, |data| {
            if !raised {
                data["raised"] = json!(null);
            }
        })
    };
    let text = composed(&[long(1, "raised", true), long(2, "ended", true)], LONGEST).text;
    assert!(text.contains("\n另有 1 条：消防控制室值班人员离岗（在岗人数不足） 解除 1\n"), "{text}");
    assert!(text.contains("\n1 more: Fire control room left or understaffed (over 1)\n"), "{text}");
    let text = composed(&[long(1, "warned", false), long(2, "ended", false)], LONGEST).text;
    assert!(text.contains(" 预警解除 1\n") && text.contains(" (warning over 1)\n"), "{text}");
}

#[test]
fn all_that_can_be_said_of_many_fits() {
    let mut alerts: Vec<Queued> = Vec::new();
    let site = "𠮷".repeat(60);
    for kind in Kind::ALL {
        for n in 0..10_000_u64 {
            let phase = ["raised", "warned", "ended", "ended"][n as usize % 4];
            alerts.push(violation(n, "a", "车道", kind.name(), phase, |data| {
                if n % 4 == 3 {
                    data["raised"] = json!(null);
                }
            }));
        }
    }
    for alert in ["online", "moved"] {
        alerts.push(health(1, alert, "车道", |_| ()));
    }
    let told: Vec<Told> = alerts.iter().map(told).collect();
    let told: Vec<&Told> = told.iter().collect();
    let Composed { text, .. } = compose(&told, &about(&site, Path::new("")), Reading::Mentions, LONGEST);
    assert!(text.len() <= LONGEST && !text.contains('…'), "{text}");
    assert!(text.contains("30002 条消息，紧急：电动自行车进入电梯轿厢 5000"), "{text}");
}

#[test]
fn a_text_is_cut_at_a_character_and_as_late_as_can_be() {
    assert_eq!(cut("汉字", 6), "汉字");
    assert_eq!(cut("汉字汉", 8), "汉…");
    assert_eq!(cut("汉字汉字", 11), "汉字…");
    assert_eq!(cut("汉字汉字", 9), "汉字…");
    assert_eq!(cut("aé𠮷x汉字", 10), "aé𠮷…");
    assert_eq!(cut("aé𠮷x汉字", 9), "aé…");
    assert_eq!(cut("", 0), "");
    let long = violation(1, "a", &"𠮷".repeat(400), "ebike_in_elevator", "raised", |_| ());
    let text = composed(&[long], LONGEST).text;
    assert!((LONGEST - 3..=LONGEST).contains(&text.len()), "{}", text.len());
    assert!(text.ends_with("𠮷…\n\nFirewarden"));
}

#[test]
fn names_are_nothing_but_characters() {
    for (name, mentions, marks) in [
        ("1号楼", "1号楼", "1号楼"),
        ("@所有人 @all", "＠所有人 ＠all", "＠所有人 ＠all"),
        ("<at user_id=\"all\">x</at>", "＜at user_id=\"all\"＞x＜/at＞", "＜at user＿id=\"all\"＞x＜/at＞"),
        ("<font color=red>", "＜font color=red＞", "＜font color=red＞"),
        ("<@user>", "＜＠user＞", "＜＠user＞"),
        ("&lt;at&gt;", "＆lt;at＆gt;", "＆lt;at＆gt;"),
        ("[x](http://a)", "[x](http://a)", "［x］（http://a）"),
        ("**a** _b_ ~~c~~ `d`", "**a** _b_ ~~c~~ `d`", "＊＊a＊＊ ＿b＿ ～～c～～ ｀d｀"),
        ("a\nb\u{202e}c", "a\\u{a}b\\u{202e}c", "a＼u{a}b＼u{202e}c"),
    ] {
        assert_eq!(plain(name, Reading::Mentions), mentions);
        assert_eq!(plain(name, Reading::Marks), marks);
    }
    let name = "<at user_id=\"all\">@所有人</at>";
    let camera = violation(1, "a", name, "ebike_in_elevator", "raised", |_| ());
    let told = told_as(&camera, Reading::Marks).expect("something new");
    let all = compose(&[&told], &about(name, Path::new("")), Reading::Marks, LONGEST).text;
    let test = compose_test(&about(name, Path::new("")), Reading::Marks, LONGEST);
    for text in [all, test] {
        assert!(text.contains("＠所有人") && !text.contains(['<', '>', '@', '_']), "{text}");
    }
}

#[test]
fn a_test_says_that_it_is_one_of_which_site_and_box() {
    let text = compose_test(&about("鸿坤理想城", Path::new("")), Reading::Mentions, LONGEST);
    assert!(text.starts_with("试验消息："), "{text}");
    assert!(text.contains("站点：鸿坤理想城\n设备：lf-027-a\n"), "{text}");
    assert!(text.contains("Test message: ") && text.ends_with("Firewarden"), "{text}");
}

#[test]
fn only_a_raised_alert_brings_its_still() {
    let files = json!([
        { "name": "evidence/a-started.jpg", "role": "started", "sha256": "ab".repeat(32), "bytes": 1 },
        { "name": "evidence/a-raised.jpg", "role": "raised", "sha256": "ab".repeat(32), "bytes": 1 },
    ]);
    let still = |phase: &str| {
        told(&violation(1, "a", "车道", "fire_lane_parking", phase, |data| {
            data["evidence"] = files.clone()
        }))
        .still
    };
    assert_eq!(still("raised").as_deref(), Some("evidence/a-raised.jpg"));
    assert_eq!((still("warned"), still("ended")), (None, None));
}

proptest! {
    #[test]
    fn whatever_is_told_no_message_is_too_long(
        names in prop::collection::vec("\\PC{0,130}", 1..12), site in "\\PC{0,120}", most in 60..5_000_usize,
    ) {
        let told: Vec<Told> = names
            .iter()
            .zip(0..)
            .filter_map(|(name, n)| {
                let phase = if n % 3 == 0 { "raised" } else { "ended" };
                told_as(&violation(n, "a", name, "ebike_in_elevator", phase, |_| ()), Reading::Marks)
            })
            .collect();
        let told: Vec<&Told> = told.iter().collect();
        let Composed { text, shown } = compose(&told, &about(&site, Path::new("")), Reading::Marks, most);
        prop_assert!(text.len() <= most, "{} over {most}", text.len());
        prop_assert!(shown.is_sorted_by(|a, b| a < b) && shown.iter().all(|index| *index < told.len()));
        prop_assert!(!text.contains(['<', '>', '@']));
    }
}
