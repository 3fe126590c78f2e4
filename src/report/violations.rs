//! One violation: pictures, clip, times, what was seen.

use maud::{Markup, html};

use super::{
    Report,
    pictures::Pictures,
    words::{self, both, cause, class, kind, local, pair, role, size, span},
};
use crate::domain::{EvidenceFile, EvidenceRole, Moment, Violation};

/// The address of a violation within the page.
pub fn anchor(number: usize) -> String {
    format!("violation-{number}")
}

/// A violation as a card that is not broken over two pages.
pub fn card(report: &Report<'_>, number: usize, violation: &Violation, pictures: &Pictures) -> Markup {
    let zone = &report.config.site.timezone;
    let clip = violation.evidence.iter().find(|file| file.role == EvidenceRole::Clip);
    html! {
        article.violation id=(anchor(number)) {
            h3 {
                span.number { (number) } " " (pair(kind(violation.kind)))
                " " (state(violation))
            }
            div.stills {
                @for file in violation.evidence.iter().filter(|file| file.role != EvidenceRole::Clip) {
                    (still(file, violation, pictures))
                }
            }
            dl {
                (moment("开始", "Began", &violation.started, zone))
                (moment("认定违规", "Became a violation", &violation.raised, zone))
                @match &violation.ended {
                    Some(ended) => (moment("结束", "Ended", ended, zone)),
                    None => {
                        dt { (both("结束", "Ended")) }
                        dd { (both("录像结束时仍在持续", "It went on when the recording ended")) }
                    }
                }
                dt { (both("持续", "Lasted")) }
                dd {
                    @match &violation.ended {
                        Some(ended) => (span(ended.media_s.since(violation.started.media_s))),
                        None => (at_least(report, violation)),
                    }
                    @if violation.ended_unknown {
                        " " (both("（结束时画面中断，实际结束时间不明）", "(lost sight of in a gap; when it really ended is not known)"))
                    }
                }
                @if let Some(class_of) = violation.class {
                    dt { (both("对象", "What")) }
                    dd {
                        (pair(class(class_of)))
                        @if let Some(confidence) = violation.confidence {
                            " " (both("置信度", "confidence")) " " (format!("{confidence:.2}"))
                        }
                    }
                }
                @if let Some(count) = violation.count {
                    dt { (both("在岗人数", "People at the post")) }
                    dd { (both(format!("{} 人（应有 {} 人）", count.seen, count.required), format!("{} of {} required", count.seen, count.required))) }
                }
                dt { (both("规则", "Rule")) }
                dd { code { (violation.rule.as_str()) } }
                @if let Some(file) = clip {
                    dt { (both("视频片段", "Clip")) }
                    dd { (clip_link(report, file)) }
                }
                @for missing in &violation.missing {
                    dt { (both("缺失证据", "Missing evidence")) }
                    dd.missing {
                        (pair(role(missing.role, violation.kind))) ": " (pair(cause(missing.cause)))
                        " " small { "(" bdi { (missing.reason) } ")" }
                    }
                }
                dt { (both("编号", "Id")) }
                dd { code { (violation.id) } }
            }
        }
    }
}

fn state(violation: &Violation) -> Markup {
    if violation.ended.is_some() {
        html! { span.over { (both("已结束", "over")) } }
    } else {
        html! { span.going-on { (both("未结束", "not over")) } }
    }
}

/// How long it lasted at least, where the recording stopped first.
fn at_least(report: &Report<'_>, violation: &Violation) -> Markup {
    let index = report.config.cameras.iter().position(|camera| camera.id == violation.camera);
    let until = index.and_then(|index| report.outcomes.get(index)).map(|outcome| outcome.until);
    let lasted = until.unwrap_or(violation.raised.media_s).since(violation.started.media_s);
    html! { (both("至少 ", "at least ")) (span(lasted)) }
}

fn moment(zh: &str, en: &str, moment: &Moment, zone: &jiff::tz::TimeZone) -> Markup {
    html! {
        dt { (both(zh, en)) }
        dd {
            (local(moment.wall, zone))
            @if let (Some(file), Some(at)) = (&moment.file, moment.file_s) {
                " " small { bdi { (file) } " " (format!("{:.1} s", at.as_secs_f64())) }
            }
        }
    }
}

fn still(file: &EvidenceFile, violation: &Violation, pictures: &Pictures) -> Markup {
    let words = role(file.role, violation.kind);
    let alt = format!("{} · {}: {} · {}", kind(violation.kind).0, words.0, kind(violation.kind).1, words.1);
    html! {
        figure {
            a href=(file.name) {
                @match pictures.get(&file.name) {
                    Some(picture) => {
                        img src=(picture.data) width=(picture.width) height=(picture.height) alt=(alt)
                            loading="lazy" decoding="async";
                    }
                    None => (file.name),
                }
            }
            figcaption { (pair(words)) }
        }
    }
}

fn clip_link(report: &Report<'_>, file: &EvidenceFile) -> Markup {
    let entry = report.entries.iter().find(|entry| entry.name == file.name);
    let lasts = entry.map(|entry| entry.last_s.since(entry.first_s));
    let kind = if file.name.ends_with(".mp4") { "MP4" } else { "Matroska" };
    html! {
        a href=(file.name) { (both("播放视频片段", "Play the clip")) }
        " " small {
            (kind) ", " (size(file.bytes))
            @if let Some(lasts) = lasts { ", " (span(lasts)) }
            @if kind == "Matroska" { " " (both("（用 VLC 等播放器打开）", "(open with a player such as VLC)")) }
        }
        @if let Some(entry) = entry {
            @for shortfall in &entry.shortfalls { br; small.note { (words::shortfall(shortfall)) } }
        }
    }
}
