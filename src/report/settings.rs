//! Rules in words: what an auditor needs to know of the settings by which something became a violation.

use maud::{Markup, html};

use super::words::{both, pair};
use crate::{
    config::{Camera, RuleConfig, Schedule},
    kinds::words::{basis, names, sentences},
    words::{Said, lasting},
};

/// The rules of a camera, each with its settings in words.
pub fn rules(camera: &Camera) -> Markup {
    html! {
        div.rules {
            h3 { (both("判定规则", "Rules")) }
            ul {
                @for rule in &camera.rules {
                    li {
                        strong { (pair(names(rule.kind()).title)) }
                        @if let Some(name) = &rule.name { " " code { (name) } }
                        ": " (in_words(rule))
                        @if let Some((zh, en)) = basis(&rule.settings) { " " small { (both(zh, en)) } }
                    }
                }
            }
        }
    }
}

/// A rule's settings as sentences.
pub fn in_words(rule: &RuleConfig) -> Markup {
    let mut said = sentences(&rule.settings);
    said.push(hours(&rule.schedule));
    let (every, quiet) = (lasting(rule.every()), lasting(rule.quiet()));
    said.push(if every == quiet {
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
        said.push((format!("使用专用模型 {model}。"), format!("It has a model of its own, {model}.")));
    }
    let (zh, en): (Vec<String>, Vec<String>) = said.into_iter().unzip();
    both(zh.concat(), en.join(" "))
}

fn hours(schedule: &Schedule) -> Said {
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
