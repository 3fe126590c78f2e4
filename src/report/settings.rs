//! Rules in words: what an auditor needs to know of the settings by which something became a violation.

use maud::{Markup, html};

use super::words::{both, classes, kind, lasting, pair};
use crate::{
    config::{Camera, RuleConfig, Schedule},
    kinds::settings::Settings,
};

/// The rules of a camera, each with its settings in words.
pub fn rules(camera: &Camera) -> Markup {
    html! {
        div.rules {
            h3 { (both("判定规则", "Rules")) }
            ul {
                @for rule in &camera.rules {
                    li {
                        strong { (pair(kind(rule.kind()))) }
                        @if let Some(name) = &rule.name { " " code { (name) } }
                        ": " (in_words(rule))
                        @if let Some((zh, en)) = basis(&rule.settings) { " " small { (both(zh, en)) } }
                    }
                }
            }
        }
    }
}

/// What the rule is founded on, where that is a rule for everybody.
fn basis(settings: &Settings) -> Option<(&'static str, &'static str)> {
    match settings {
        Settings::FireLaneParking(_) => Some((
            "依据：《中华人民共和国消防法》第二十八条。",
            "Basis: Fire Protection Law of the People's Republic of China, article 28.",
        )),
        Settings::ControlRoomUnattended(keys) if keys.required < 2 => Some((
            "注意：GB 25506-2010《消防控制室通用技术要求》4.2.1 规定每班不应少于 2 人，本规则的要求低于该标准。",
            "Note: GB 25506-2010, 4.2.1, asks for no fewer than two people per shift; this rule asks for fewer.",
        )),
        Settings::ControlRoomUnattended(_) => Some((
            "依据：GB 25506-2010《消防控制室通用技术要求》4.2.1，每班不应少于 2 人。",
            "Basis: GB 25506-2010, 4.2.1: no fewer than two people per shift.",
        )),
        Settings::EbikeInElevator(_) => None,
    }
}

/// A rule's settings as sentences.
pub fn in_words(rule: &RuleConfig) -> Markup {
    let mut zh = Vec::new();
    let mut en = Vec::new();
    let mut say = |sentence: (String, String)| {
        zh.push(sentence.0);
        en.push(sentence.1);
    };
    let (things_zh, things_en) = classes(rule.keys().classes());
    match &rule.settings {
        Settings::FireLaneParking(keys) => {
            let (dwell, hidden) = (lasting(keys.dwell), lasting(keys.occlusion));
            say((
                format!(
                    "监控区域内的{things_zh}停留满 {} 即认定为违规；被遮挡不超过 {} 视为仍在停留。",
                    dwell.0, hidden.0
                ),
                format!(
                    "{} that stands in the zone for {} is a violation; hidden for no more than {}, it still counts as standing.",
                    one_of(&things_en),
                    dwell.1,
                    hidden.1
                ),
            ));
            if let Some(after) = keys.warn_after.map(lasting) {
                say((
                    format!("停留满 {} 的预警不列入本报告。", after.0),
                    format!("Warnings, due after {}, are not in this report.", after.1),
                ));
            }
        }
        Settings::ControlRoomUnattended(keys) => {
            let (required, grace) = (keys.required, lasting(keys.grace));
            say((
                format!(
                    "值班区域应有 {required} 人在岗；不足 {required} 人持续满 {} 即认定为离岗。",
                    grace.0
                ),
                format!(
                    "{required} {} required at the post; fewer for {} is a violation.",
                    if required == 1 { "person is" } else { "people are" },
                    grace.1
                ),
            ));
            if let Some(after) = keys.warn_after.map(lasting) {
                say((
                    format!("人数不足满 {} 的预警不列入本报告。", after.0),
                    format!("Warnings, due after {}, are not in this report.", after.1),
                ));
            }
        }
        Settings::EbikeInElevator(keys) => {
            let (confirm, rearm) = (lasting(keys.confirm), lasting(keys.rearm));
            say((
                format!(
                    "在轿厢地面上清晰看到{things_zh}累计满 {} 即认定为违规（置信度以 {:.2} 为准，越不清晰所需时间越长）；消失满 {} 视为结束。",
                    confirm.0, keys.confidence, rearm.0
                ),
                format!(
                    "{} seen clearly on the elevator's floor for {} in all is a violation (confidence {:.2} is asked for; the less clearly, \
                     the longer); gone for {}, it is over.",
                    one_of(&things_en),
                    confirm.1,
                    keys.confidence,
                    rearm.1
                ),
            ));
        }
    }
    say(hours(&rule.schedule));
    let (every, quiet) = (lasting(rule.every()), lasting(rule.quiet()));
    say(if every == quiet {
        (
            format!("至少每 {} 查看一次画面。", every.0),
            format!("The picture is looked at every {} at least.", every.1),
        )
    } else {
        (
            format!("至少每 {} 查看一次画面，无动静时每 {}。", every.0, quiet.0),
            format!(
                "The picture is looked at every {} at least, every {} while nothing moves.",
                every.1, quiet.1
            ),
        )
    });
    if let Some(model) = &rule.model {
        say((format!("使用专用模型 {model}。"), format!("It has a model of its own, {model}.")));
    }
    both(zh.concat(), en.join(" "))
}

/// "A car, bus or truck", of a list with commas.
fn one_of(things: &str) -> String {
    let article = if things.starts_with(['a', 'e', 'i', 'o', 'u']) { "An" } else { "A" };
    match things.rsplit_once(", ") {
        Some((first, last)) => format!("{article} {first} or {last}"),
        None => format!("{article} {things}"),
    }
}

fn hours(schedule: &Schedule) -> (String, String) {
    if schedule.is_always() {
        return ("全天生效。".to_owned(), "It holds at all hours.".to_owned());
    }
    let spans = schedule.to_string();
    (format!("生效时段：{}。", in_chinese(&spans)), format!("It holds {spans}."))
}

/// A schedule's days by their Chinese names.
fn in_chinese(spans: &str) -> String {
    let days = [
        ("mon", "周一"),
        ("tue", "周二"),
        ("wed", "周三"),
        ("thu", "周四"),
        ("fri", "周五"),
        ("sat", "周六"),
        ("sun", "周日"),
    ];
    let mut text = spans.to_ascii_lowercase();
    for (english, chinese) in days {
        text = text.replace(english, chinese);
    }
    text.replace("; ", "；").replace(',', "、")
}
