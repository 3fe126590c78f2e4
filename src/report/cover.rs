//! The first page: what was watched, what was found, and a table of all violations.

use std::time::Duration;

use maud::{Markup, html};

use super::{
    Verdict,
    doubt::{self, Doubt, Reason},
    part::{CameraPart, Page, numbered, wall},
    violations::{anchor, lasted},
    words::{NONE, basis, both, pair, span, span_or_none},
};
use crate::{
    domain::{Kind, MediaTime, Violation, WallOrigin},
    kinds::words::names,
    words::local,
};

/// So many doubts stand on the first page. The others stand with their cameras.
const MOST_DOUBTS: usize = 12;

pub fn cover(page: &Page<'_>) -> Markup {
    let (parts, zone) = (page.cameras.as_slice(), page.zone);
    let count = page.violations.len();
    let looked: Duration = parts.iter().map(|part| part.outcome.looked_at()).sum();
    let gaps: Duration = parts.iter().map(|part| part.outcome.timeline.gap_time()).sum();
    let verdict = Verdict::together(parts.iter().map(|part| part.verdict.clone()));
    // Gaps are told with the time that was analysed.
    let doubts: Vec<&Doubt> =
        verdict.doubts().iter().filter(|doubt| !matches!(doubt.reason, Reason::Gaps(_))).collect();
    html! {
        header {
            p.kicker { (both("消防视频巡检报告", "Fire-safety video report")) }
            h1 { bdi { (page.name) } }
            p.period {
                @if let Some((from, to)) = period(parts) { (local(from, zone)) " – " (local(to, zone)) " · " }
                (both("时区 ", "time zone ")) (zone.iana_name().unwrap_or("UTC"))
                @let origins = origins(parts);
                @if !origins.is_empty() {
                    br; (both("时间来源：", "Time known by: "))
                    @for (index, origin) in origins.iter().enumerate() {
                        @if index > 0 { (both("、", ", ")) }
                        (basis(*origin))
                    }
                }
            }
            @match &verdict {
                Verdict::Clear => p.verdict.quiet { (both("本时段未发现违规。", "No violation was found in this period.")) },
                Verdict::Partly(_) => p.verdict { (both("可判定的部分未发现违规，另有部分未能判定。", "No violation was found in what could be judged, which was not all.")) },
                Verdict::Nothing(_) => p.verdict { (both("未能作出判定。", "Nothing could be judged.")) },
                Verdict::Found { .. } => {
                    p.verdict {
                        (both(format!("发现违规 {count} 起"), format!("{count} {} found", if count == 1 { "violation was" } else { "violations were" })))
                    }
                    ul.kinds {
                        @for (kind, n) in by_kind(page.violations) {
                            li { strong { (n) } " " (pair(names(kind).title)) }
                        }
                    }
                },
            }
            p.coverage {
                (both(format!("{} 台摄像机，共分析 ", parts.len()), format!("{} {}, analysed for ", parts.len(), if parts.len() == 1 { "camera" } else { "cameras" })))
                (span_or_none(parts.iter().any(CameraPart::is_analysed).then_some(looked)))
                @if gaps.is_zero() && parts.iter().any(|part| !part.is_analysed() || !part.outcome.failures.is_empty()) {
                    (both("。", "."))
                } @else if gaps.is_zero() {
                    (both("，无中断。", ", without a gap."))
                } @else {
                    (both("；另有 ", "; for another ")) (span(gaps))
                    (both("画面中断，期间情况不明，不能视为无违规。", " nothing could be seen: what happened then is not known."))
                }
            }
            @if !doubts.is_empty() {
                p.warning { (both("未能判定的部分（不能视为无违规）：", "Not judged (no proof that nothing happened):")) }
                ul.doubts {
                    @for doubt in doubts.iter().take(MOST_DOUBTS) { li { (self::doubt(doubt, Named::Here)) } }
                    @let more = doubts.len().saturating_sub(MOST_DOUBTS);
                    @if more > 0 { li { (both(format!("另有 {more} 项，见各摄像机"), format!("and {more} more: see each camera"))) } }
                }
            }
        }
        (cameras(parts))
        @if count > 0 { (index(page)) }
        (legend())
    }
}

/// Whether a camera's name stands above what is said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// It does.
    Above,
    /// It is to be said with it.
    Here,
}

/// Something that could not be judged, and why.
pub fn doubt(doubt: &Doubt, named: Named) -> Markup {
    let (zh, en) = doubt.reason.words();
    html! {
        @if named == Named::Here {
            a href={ "#camera-" (doubt.camera.as_str()) } { bdi { (doubt.camera_name) } } (both("：", ": "))
        }
        @if let Some(file) = doubt.reason.file() { bdi { (file) } (both("：", ": ")) }
        @match doubt.reason.rule() {
            Some(rule) => {
                @let (rule_zh, rule_en) = doubt::rule_name(rule);
                (both(format!("规则“{rule_zh}”{zh}。"), format!("the rule “{rule_en}” {en}.")))
            },
            None => (both(format!("{zh}。"), format!("{en}."))),
        }
    }
}

/// How it is known when recordings began, each way once.
fn origins(parts: &[CameraPart<'_>]) -> Vec<WallOrigin> {
    let mut all = Vec::new();
    for origin in parts.iter().flat_map(CameraPart::origins) {
        if !all.contains(&origin) {
            all.push(origin);
        }
    }
    all
}

/// From the first picture of all cameras to the last.
fn period(parts: &[CameraPart<'_>]) -> Option<(jiff::Timestamp, jiff::Timestamp)> {
    let with_time = || parts.iter().filter(|part| !part.outcome.epochs.is_empty());
    let from = with_time().filter_map(|part| wall(&part.outcome.epochs, MediaTime::ZERO)).min()?;
    let to = with_time().filter_map(|part| wall(&part.outcome.epochs, part.outcome.until)).max()?;
    Some((from, to))
}

fn by_kind(violations: &[Violation]) -> Vec<(Kind, usize)> {
    let of = |kind: Kind| violations.iter().filter(|violation| violation.kind == kind).count();
    Kind::ALL.into_iter().map(|kind| (kind, of(kind))).filter(|(_, n)| *n > 0).collect()
}

fn cameras(parts: &[CameraPart<'_>]) -> Markup {
    html! {
        section {
            h2 { (both("摄像机一览", "Cameras")) }
            div.wide {
                table.cameras {
                    thead {
                        tr {
                            th scope="col" { (both("摄像机", "Camera")) }
                            th.n scope="col" { (both("分析时长", "Analysed")) }
                            th.n scope="col" { (both("中断", "Gaps")) }
                            th.n scope="col" { (both("无法判断", "Could not tell")) }
                            th.n scope="col" { (both("未生效", "Not in force")) }
                            th.n scope="col" { (both("查看次数", "Looks")) }
                            th.n scope="col" { (both("违规", "Violations")) }
                        }
                    }
                    tbody {
                        @for part in parts {
                            tr {
                                td { a href={ "#camera-" (part.camera.id.as_str()) } { bdi { (part.camera.name) } } }
                                @let known = |duration| part.is_analysed().then_some(duration);
                                td.n { (span_or_none(known(part.outcome.looked_at()))) }
                                td.n { (span_or_none((part.outcome.until > MediaTime::ZERO).then(|| part.outcome.timeline.gap_time()))) }
                                td.n { (span_or_none(known(part.unclear()))) }
                                td.n { (span_or_none(known(part.not_in_force()))) }
                                td.n { @if part.is_analysed() { (part.outcome.looks) } @else { (NONE) } }
                                td.n {
                                    @match part.verdict {
                                        Verdict::Nothing(_) => (NONE),
                                        _ => (part.violations.len()),
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Every violation in one table, each with a link to its pictures.
fn index(page: &Page<'_>) -> Markup {
    html! {
        section {
            h2 { (both("违规一览", "Violations")) }
            div.wide {
                table.index {
                    thead {
                        tr {
                            th.n scope="col" { "#" }
                            th scope="col" { (both("违规", "Violation")) }
                            th scope="col" { (both("摄像机", "Camera")) }
                            th scope="col" { (both("开始", "Began")) }
                            th.n scope="col" { (both("持续", "Lasted")) }
                        }
                    }
                    tbody {
                        @for (number, violation) in numbered(page.violations) {
                            tr {
                                td.n { a href={ "#" (anchor(number)) } { (number) } }
                                td { (pair(names(violation.kind).title)) }
                                td { bdi { (violation.camera_name) } }
                                td.when { (local(violation.started.wall, page.zone)) br; (basis(violation.wall_origin)) }
                                td.n { (lasted(page, violation)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn legend() -> Markup {
    let key = |class: &str, zh: &str, en: &str| {
        html! { li { span class={ "key " (class) } {} (both(zh, en)) } }
    };
    html! {
        section.legend {
            h2 { (both("时间轴图例", "How to read the timelines")) }
            ul {
                (key("looked", "已查看", "looked at"))
                (key("gap", "中断：无画面，情况不明", "gap: no picture, nothing is known"))
                (key("unknown", "画面无法判断（过暗、遮挡、静止、模糊）或不在生效时段", "the picture could not tell (dark, covered, frozen, blurred), or outside the rule's hours"))
                (key("none", "已查看，未见人员或车辆", "looked at, and nobody or nothing seen"))
                (key("present", "始终可见的人数或车辆数", "people or vehicles seen throughout"))
                (key("at-times", "部分时刻可见", "seen at times"))
                (key("required", "应在岗人数", "people required"))
                (key("violation", "违规，竖线为认定时刻", "violation; the line is when it became one"))
            }
        }
    }
}
