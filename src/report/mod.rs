//! The report of an analysis: one page in Chinese and English that needs nothing beside it but the folder of
//! evidence, and a table for spreadsheets.
//!
//! Everything a page says is said in both languages; a style sheet shows one of them, by a switch that needs no
//! JavaScript. Stills are inlined, so that the page alone can be handed on; clips and full-size stills are linked.

mod analysed;
mod axis;
mod cover;
mod csv;
mod doubt;
mod evaluation;
mod part;
mod pictures;
mod settings;
mod strip;
mod verdict;
mod violations;
mod words;
mod written;

use std::path::Path;

pub use csv::csv;
pub use doubt::{Doubt, Reason, Unseen};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use part::{CameraPart, Page};
use pictures::Pictures;
pub use verdict::Verdict;
use words::both;
pub use written::write;

use crate::{
    domain::{RuleId, Violation},
    results::{Entry, Run, Summary},
};

/// What a report is made of: what a result folder holds.
pub struct Report<'a> {
    /// What became of each camera, and what it was judged by.
    pub summary: &'a Summary,
    /// Every violation, in the order in which the report tells them.
    pub violations: &'a [Violation],
    /// The files of evidence.
    pub entries: &'a [Entry],
    /// How the run went; none where that is not kept.
    pub run: Option<Run>,
    /// SHA-256 of the list of all hashes.
    pub sums: &'a str,
    /// The result folder, from which stills are read.
    pub folder: &'a Path,
}

/// Beyond so many violations, a browser lays them out only as they come into view.
const MANY: usize = 100;

/// Where a report's stills come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stills {
    /// They are in the page.
    Inlined,
    /// They stay beside it: there is no room for them.
    Linked,
}

/// The page, as HTML.
fn page(report: &Report<'_>, stills: Stills) -> String {
    let page = Page::of(report);
    let pictures = match stills {
        Stills::Inlined => Pictures::read(report.violations, report.folder),
        Stills::Linked => Pictures::default(),
    };
    let markup = html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                // Nothing is loaded from anywhere, and nothing runs, whatever a camera is called.
                meta http-equiv="Content-Security-Policy"
                    content="default-src 'none'; style-src 'unsafe-inline'; img-src data:";
                meta name="color-scheme" content="light";
                title { "消防视频巡检报告 · Fire-safety video report · " (page.name) }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body {
                input type="radio" name="language" id="zh" checked aria-label="中文";
                input type="radio" name="language" id="en" aria-label="English";
                nav.switch aria-label="语言 · Language" {
                    label for="zh" { "中文" }
                    label for="en" { "English" }
                }
                main.many[page.violations.len() > MANY] {
                    (strip::patterns())
                    (cover::cover(&page))
                    @if let Some(found) = &report.summary.evaluation { (evaluation::evaluation(found, page.zone)) }
                    @for part in &page.cameras { (camera(&page, part, &pictures)) }
                    (analysed::analysed(&page))
                    (signatures())
                }
            }
        }
    };
    markup.into_string()
}

/// A camera: its period at a glance, its rules in words, its violations.
fn camera(page: &Page<'_>, part: &CameraPart<'_>, pictures: &Pictures) -> Markup {
    html! {
        section.camera id={ "camera-" (part.camera.id.as_str()) } {
            h2 { bdi { (part.camera.name) } " " code { (part.camera.id.as_str()) } }
            @if !part.camera.labels.is_empty() {
                p.labels {
                    @for (key, value) in &part.camera.labels {
                        span { bdi { (key) } (both("：", ": ")) bdi { (value) } } " "
                    }
                }
            }
            (strip::timeline(part, page.zone))
            (settings::rules(part.camera))
            (silence(part))
            @for (number, violation) in &part.violations {
                (violations::card(page, part, *number, violation, pictures))
            }
        }
    }
}

/// What silence of this camera is worth.
fn silence(part: &CameraPart<'_>) -> Markup {
    let doubts = part.verdict.doubts();
    html! {
        @match &part.verdict {
            Verdict::Clear => p.quiet { (both("本时段该摄像机未发现违规。", "No violation was found by this camera in this period.")) },
            Verdict::Partly(_) => p.warning { (both("该摄像机可判定的部分未发现违规；未能判定的有：", "No violation was found in what could be judged of this camera. Not judged:")) },
            Verdict::Nothing(_) => p.warning { (both("该摄像机未能作出判定：", "Nothing could be judged of this camera:")) },
            Verdict::Found { doubts, .. } if !doubts.is_empty() => p.warning { (both("未能判定的有：", "Not judged:")) },
            Verdict::Found { .. } => {},
        }
        @if !doubts.is_empty() {
            ul.doubts { @for doubt in doubts { li { (cover::doubt(doubt, cover::Named::Above)) } } }
        }
        @for (rule, _) in part.camera.rules.iter().zip(&part.outcome.watched).filter(|(_, watched)| watched.looks > 0 && !watched.anything) {
            @let id = RuleId::new(&part.camera.id, rule.kind(), rule.name.as_deref());
            @let (zh, en) = doubt::rule_name(&id);
            p.limits {
                (both(
                    format!("规则“{zh}”的监控区域内自始至终未检测到任何人员或车辆；如与实际不符，请核对区域位置。"),
                    format!("Nothing at all was ever detected in the zone of “{en}”. If that cannot be, check where the zone lies."),
                ))
            }
        }
    }
}

/// Where people sign.
fn signatures() -> Markup {
    let line = |zh, en| {
        html! {
            tr {
                th scope="row" { (both(zh, en)) }
                td {} td {} td {}
            }
        }
    };
    html! {
        section.signatures {
            h2 { (both("签字确认", "Signatures")) }
            table {
                thead {
                    tr {
                        td {}
                        th scope="col" { (both("姓名", "Name")) }
                        th scope="col" { (both("日期", "Date")) }
                        th scope="col" { (both("签字", "Signature")) }
                    }
                }
                tbody {
                    (line("值班人员", "Person on duty"))
                    (line("消防安全管理人", "Fire-safety manager"))
                }
            }
        }
    }
}
