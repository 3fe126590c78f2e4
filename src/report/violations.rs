//! One violation: pictures, clip, times, what was seen.

use maud::{Markup, html};

use super::{
    part::{CameraPart, Page},
    pictures::Pictures,
    words::{self, basis, both, pair, span},
};
use crate::{
    domain::{EvidenceFile, EvidenceRole, MediaTime, Moment, Violation, WallOrigin},
    kinds::words::names,
    results::{Coding, Entry},
    words::{cause, class, lasting, local, role, size},
};

/// The address of a violation within the page.
pub fn anchor(number: usize) -> String {
    format!("violation-{number}")
}

/// A violation as a card that is not broken over two pages.
pub fn card(
    page: &Page<'_>,
    part: &CameraPart<'_>,
    number: usize,
    violation: &Violation,
    pictures: &Pictures,
) -> Markup {
    let zone = page.zone;
    let clip = violation.evidence.iter().find(|file| file.role == EvidenceRole::Clip);
    html! {
        article.violation id=(anchor(number)) {
            h3 {
                span.number { (number) } " " (pair(names(violation.kind).title))
                " " (state(violation))
            }
            div.stills {
                @for file in violation.evidence.iter().filter(|file| file.role != EvidenceRole::Clip) {
                    (still(file, violation, pictures))
                }
            }
            dl {
                @let known = |at: MediaTime| part.origin(at).unwrap_or(violation.wall_origin);
                (moment("开始", "Began", &violation.started, violation.wall_origin, zone))
                @if let Some(raised) = &violation.raised {
                    (moment("认定违规", "Became a violation", raised, known(raised.media_s), zone))
                }
                @match (&violation.ended, &violation.last_seen) {
                    (Some(ended), _) => (moment("结束", "Ended", ended, known(ended.media_s), zone)),
                    (None, seen) => {
                        dt { (both("结束", "Ended")) }
                        dd { @if violation.wall_origin == WallOrigin::Clock {
                            (both("尚未结束", "Not yet"))
                        } @else {
                            (both("录像结束时仍未见结束", "Not before the recording ended"))
                        } }
                        @if let Some(seen) = seen {
                            (moment("最后看到", "Last seen", seen, known(seen.media_s), zone))
                        }
                    }
                }
                dt { (both("持续", "Lasted")) }
                dd {
                    (lasted(page, violation))
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
                    dd { (clip_link(page.entries, file)) }
                }
                @for missing in &violation.missing {
                    dt { (both("缺失证据", "Missing evidence")) }
                    dd.missing {
                        (pair(role(missing.role))) ": " (pair(cause(missing.cause)))
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

/// How long it lasted; where the recording stopped first, at least.
pub fn lasted(page: &Page<'_>, violation: &Violation) -> Markup {
    let from = violation.started.media_s;
    if let Some(ended) = &violation.ended {
        return span(ended.media_s.since(from));
    }
    let until = page.until(&violation.camera);
    let seen = violation.last_seen.as_ref();
    let known = seen.map(|seen| seen.media_s).or(until).unwrap_or(from);
    let (zh, en) = lasting(known.since(from));
    let (seen_zh, seen_en) = seen.map_or_else(Default::default, |seen| {
        let time = page.zone.to_datetime(seen.wall).strftime("%H:%M:%S").to_string();
        (format!("，最后看到 {time}"), format!(", last seen at {time}"))
    });
    // Of a live camera nothing has ended.
    if violation.wall_origin == WallOrigin::Clock && seen.is_none() {
        return both(format!("≥ {zh}（仍在持续）"), format!("≥ {en}, still going on"));
    }
    both(format!("≥ {zh}（至录像结束{seen_zh}）"), format!("≥ {en}, to the end of the recording{seen_en}"))
}

fn moment(zh: &str, en: &str, moment: &Moment, origin: WallOrigin, zone: &jiff::tz::TimeZone) -> Markup {
    html! {
        dt { (both(zh, en)) }
        dd {
            (local(moment.wall, zone)) " " (basis(origin))
            @if let (Some(file), Some(at)) = (&moment.file, moment.file_s) {
                " · " small { bdi { (file) } " " (format!("{:.1} s", at.as_secs_f64())) }
            }
        }
    }
}

fn still(file: &EvidenceFile, violation: &Violation, pictures: &Pictures) -> Markup {
    let (title, words) = (names(violation.kind).title, role(file.role));
    let alt = format!("{} · {}: {} · {}", title.0, words.0, title.1, words.1);
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

fn clip_link(entries: &[Entry], file: &EvidenceFile) -> Markup {
    let entry = entries.iter().find(|entry| entry.name == file.name);
    let lasts = entry.map(|entry| entry.last_s.since(entry.first_s));
    let kind = if file.name.ends_with(".mp4") { "MP4" } else { "Matroska" };
    html! {
        a href=(file.name) { (both("播放视频片段", "Play the clip")) }
        " " small {
            (kind) ", " (size(file.bytes))
            @if let Some(lasts) = lasts { ", " (span(lasts)) }
            @match entry.and_then(|entry| entry.coding.as_ref()) {
                Some(coding) => {
                    @let name = coding_name(coding);
                    " " (both(
                        format!("（{name} 编码，浏览器可能无法播放；用 VLC 等播放器打开）"),
                        format!("({name}: a browser may not play it; open with a player such as VLC)"),
                    ))
                },
                None if kind == "Matroska" => { " " (both("（用 VLC 等播放器打开）", "(open with a player such as VLC)")) },
                None => {},
            }
        }
        @if let Some(entry) = entry {
            @for shortfall in &entry.shortfalls { br; small.note { (words::shortfall(shortfall)) } }
        }
    }
}

/// What people call a coding.
fn coding_name(coding: &Coding) -> String {
    let codec = match coding.codec.as_str() {
        "hevc" => "H.265",
        "h264" => "H.264",
        "mpeg4" => "MPEG-4 Part 2",
        "mjpeg" => "MJPEG",
        "vp9" => "VP9",
        "vp8" => "VP8",
        "av1" => "AV1",
        other => other,
    };
    match &coding.pixel_format {
        // What is usual needs no name.
        Some(format) if format != "yuv420p" && format != "yuvj420p" => format!("{codec} {format}"),
        _ => codec.to_owned(),
    }
}
