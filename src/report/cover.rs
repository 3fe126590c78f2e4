//! The first page: what was watched, what was found, and a table of all violations.

use std::time::Duration;

use maud::{Markup, html};

use super::{
    BRIEF, Part, Report, numbered,
    violations::anchor,
    wall,
    words::{both, kind, local, pair, span},
};
use crate::domain::{Kind, MediaTime};

pub fn cover(report: &Report<'_>, parts: &[Part<'_>]) -> Markup {
    let zone = &report.config.site.timezone;
    let count = report.violations.len();
    let looked: Duration = parts.iter().map(|part| part.outcome.looked_at()).sum();
    let gaps: Duration = parts.iter().map(|part| part.outcome.timeline.gap_time()).sum();
    let unclear: Duration = parts.iter().map(Part::unclear).filter(|unclear| *unclear >= BRIEF).sum();
    let unread = parts.iter().filter(|part| !part.outcome.failures.is_empty()).count();
    html! {
        header {
            p.kicker { (both("消防视频巡检报告", "Fire-safety video report")) }
            h1 { bdi { (report.config.site.name) } }
            p.period {
                @if let Some((from, to)) = period(parts) { (local(from, zone)) " – " (local(to, zone)) " · " }
                (both("时区 ", "time zone ")) (zone.iana_name().unwrap_or("UTC"))
            }
            @if count == 0 && unread > 0 {
                p.verdict { (both("已分析的部分未发现违规，部分录像未能读取。", "No violation was found in what could be read.")) }
            } @else if count == 0 && !parts.iter().all(Part::is_clear) {
                p.verdict { (both("可见的部分未发现违规。", "No violation was found in what could be seen.")) }
            } @else if count == 0 {
                p.verdict.quiet { (both("本时段未发现违规。", "No violation was found in this period.")) }
            } @else {
                p.verdict {
                    (both(format!("发现违规 {count} 起"), format!("{count} {} found", if count == 1 { "violation was" } else { "violations were" })))
                }
                ul.kinds {
                    @for (kind_of, n) in by_kind(report) {
                        li { strong { (n) } " " (pair(kind(kind_of))) }
                    }
                }
            }
            p.coverage {
                (both(format!("{} 台摄像机，共分析 ", parts.len()), format!("{} {}, analysed for ", parts.len(), if parts.len() == 1 { "camera" } else { "cameras" })))
                (span(looked))
                @if gaps.is_zero() && unread > 0 {
                    (both("。", "."))
                } @else if gaps.is_zero() {
                    (both("，无中断。", ", without a gap."))
                } @else {
                    (both("；另有 ", "; for another ")) (span(gaps))
                    (both("画面中断，期间情况不明，不能视为无违规。", " nothing could be seen: what happened then is not known."))
                }
            }
            @if !unclear.is_zero() {
                p.warning {
                    (both("其中 ", "For ")) (span(unclear))
                    (both("画面无法判断（过暗、遮挡、静止），期间情况不明，不能视为无违规。", " of that the picture could not tell (dark, covered, frozen): what happened then is not known."))
                }
            }
            @if unread > 0 {
                p.warning {
                    (both(
                        format!("{unread} 台摄像机的录像未能全部读取，详见“分析依据”。"),
                        format!("The recordings of {unread} {} could not be read in full: see “What was analysed”.", if unread == 1 { "camera" } else { "cameras" }),
                    ))
                }
            }
        }
        (cameras(parts))
        @if count > 0 { (index(report)) }
        (legend())
    }
}

/// From the first picture of all cameras to the last.
fn period(parts: &[Part<'_>]) -> Option<(jiff::Timestamp, jiff::Timestamp)> {
    let with_time = || parts.iter().filter(|part| !part.outcome.epochs.is_empty());
    let from = with_time().filter_map(|part| wall(&part.outcome.epochs, MediaTime::ZERO)).min()?;
    let to = with_time().filter_map(|part| wall(&part.outcome.epochs, part.outcome.until)).max()?;
    Some((from, to))
}

fn by_kind(report: &Report<'_>) -> Vec<(Kind, usize)> {
    let of = |kind: Kind| report.violations.iter().filter(|violation| violation.kind == kind).count();
    Kind::ALL.into_iter().map(|kind| (kind, of(kind))).filter(|(_, n)| *n > 0).collect()
}

fn cameras(parts: &[Part<'_>]) -> Markup {
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
                            th.n scope="col" { (both("查看次数", "Looks")) }
                            th.n scope="col" { (both("违规", "Violations")) }
                        }
                    }
                    tbody {
                        @for part in parts {
                            tr {
                                td { a href={ "#camera-" (part.camera.id.as_str()) } { bdi { (part.camera.name) } } }
                                td.n { (span(part.outcome.looked_at())) }
                                td.n { (span(part.outcome.timeline.gap_time())) }
                                td.n { (span(part.unclear())) }
                                td.n { (part.outcome.looks) }
                                td.n { (part.violations.len()) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Every violation in one table, each with a link to its pictures.
fn index(report: &Report<'_>) -> Markup {
    let zone = &report.config.site.timezone;
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
                        @for (number, violation) in numbered(report.violations) {
                            tr {
                                td.n { a href={ "#" (anchor(number)) } { (number) } }
                                td { (pair(kind(violation.kind))) }
                                td { bdi { (violation.camera_name) } }
                                td.when { (local(violation.started.wall, zone)) }
                                td.n {
                                    @match &violation.ended {
                                        Some(ended) => (span(ended.media_s.since(violation.started.media_s))),
                                        None => (both("未结束", "not over")),
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
                (key("unknown", "画面无法判断（过暗、遮挡、静止）或不在生效时段", "the picture could not tell (dark, covered, frozen), or outside the rule's hours"))
                (key("none", "已查看，未见人员或车辆", "looked at, and nobody or nothing seen"))
                (key("present", "始终可见的人数或车辆数", "people or vehicles seen throughout"))
                (key("at-times", "部分时刻可见", "seen at times"))
                (key("required", "应在岗人数", "people required"))
                (key("violation", "违规，竖线为认定时刻", "violation; the line is when it became one"))
            }
        }
    }
}
