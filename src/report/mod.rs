//! The report of a batch analysis: one page in Chinese and English that needs nothing beside it but the folder of
//! evidence, and a table for spreadsheets.
//!
//! Everything a page says is said in both languages; a style sheet shows one of them, by a switch that needs no
//! JavaScript. Stills are inlined, so that the page alone can be handed on; clips and full-size stills are linked.

mod analysed;
mod axis;
mod cover;
mod csv;
mod evaluation;
mod pictures;
mod settings;
mod strip;
mod violations;
mod words;

use std::{path::Path, time::Duration};

pub use csv::csv;
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use pictures::Pictures;
use words::both;

use crate::{
    config::{Camera, Config, Provider},
    domain::{Epoch, MediaTime, Violation},
    eval::Evaluation,
    evidence::Entry,
    pipeline::Outcome,
};

/// What a report is made of.
pub struct Report<'a> {
    /// The configuration: site, cameras, rules.
    pub config: &'a Config,
    /// What became of each camera, in the order of the configuration.
    pub outcomes: &'a [Outcome],
    /// Each camera's recordings, likewise.
    pub sources: &'a [Vec<SourceFact>],
    /// The models that looked.
    pub models: &'a [ModelFact],
    /// Every violation, in the order in which the report tells them.
    pub violations: &'a [Violation],
    /// The files of evidence.
    pub entries: &'a [Entry],
    /// How good the violations are, where the truth is known.
    pub evaluation: Option<&'a Evaluation>,
    /// How long the analysis took.
    pub took: Duration,
    /// When the report was made.
    pub made: Timestamp,
    /// SHA-256 of the list of all hashes.
    pub sums: &'a str,
    /// The result folder, from which stills are read.
    pub folder: &'a Path,
}

/// A model, as a report names it.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelFact {
    /// Its name in the catalogue, or its path.
    pub name: String,
    /// SHA-256 of its file, in hexadecimal.
    pub sha256: String,
    /// What ran it.
    pub provider: Provider,
    /// The confidence below which what it finds is left out, in [0, 1].
    pub confidence: f32,
}

/// A recording, as a report names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFact {
    /// The file's name, without its folder.
    pub name: String,
    /// Its size; none where it could not be read.
    pub bytes: Option<u64>,
    /// SHA-256 of its bytes, in hexadecimal; none where it could not be read.
    pub sha256: Option<String>,
}

/// One camera of a report.
pub(crate) struct Part<'a> {
    camera: &'a Camera,
    outcome: &'a Outcome,
    sources: &'a [SourceFact],
    violations: Vec<(usize, &'a Violation)>,
}

impl<'a> Report<'a> {
    fn parts(&self) -> Vec<Part<'a>> {
        let cameras = self.config.cameras.iter().enumerate();
        cameras
            .zip(self.outcomes)
            .map(|((index, camera), outcome)| Part {
                camera,
                outcome,
                sources: self.sources.get(index).map_or(&[][..], Vec::as_slice),
                violations: numbered(self.violations).filter(|(_, v)| v.camera == camera.id).collect(),
            })
            .collect()
    }
}

impl Part<'_> {
    /// How long the camera's picture could not tell what one of its rules asks: the longest of any.
    fn unclear(&self) -> Duration {
        let of = |rule| self.outcome.timeline.unclear_time(rule);
        let longest = (0..self.camera.rules.len()).map(of).max().unwrap_or_default();
        longest.min(self.outcome.looked_at())
    }

    /// Whether all of the period could be seen, but for moments.
    fn is_clear(&self) -> bool {
        self.outcome.failures.is_empty()
            && self.outcome.timeline.gap_time().is_zero()
            && self.unclear() < BRIEF
    }
}

/// For so long a picture may tell nothing, as when somebody passes close before the lens, and is not spoken of.
const BRIEF: Duration = Duration::from_secs(10);

/// Violations with their numbers in the report, from 1.
fn numbered(violations: &[Violation]) -> impl Iterator<Item = (usize, &Violation)> {
    violations.iter().enumerate().map(|(index, violation)| (index + 1, violation))
}

/// The wall time of a media time, in the epoch that holds it.
fn wall(epochs: &[Epoch], at: MediaTime) -> Option<Timestamp> {
    let epoch = epochs.iter().rev().find(|epoch| epoch.from <= at).or(epochs.first())?;
    let micros = at.as_micros().saturating_sub(epoch.from.as_micros());
    epoch.wall.checked_add(jiff::SignedDuration::from_micros(micros)).ok()
}

/// Beyond so many violations, a browser lays them out only as they come into view.
const MANY: usize = 100;

/// The page, as HTML.
pub fn page(report: &Report<'_>) -> String {
    let parts = report.parts();
    let pictures = Pictures::read(report.violations, report.folder);
    let name = &report.config.site.name;
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
                title { "消防视频巡检报告 · Fire-safety video report · " (name) }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body {
                input type="radio" name="language" id="zh" checked aria-label="中文";
                input type="radio" name="language" id="en" aria-label="English";
                nav.switch aria-label="语言 · Language" {
                    label for="zh" { "中文" }
                    label for="en" { "English" }
                }
                main.many[report.violations.len() > MANY] {
                    (strip::patterns())
                    (cover::cover(report, &parts))
                    @if let Some(found) = report.evaluation { (evaluation::evaluation(report, found)) }
                    @for part in &parts { (camera(report, part, &pictures)) }
                    (analysed::analysed(report, &parts))
                    (signatures())
                }
            }
        }
    };
    markup.into_string()
}

/// A camera: its period at a glance, its rules in words, its violations.
fn camera(report: &Report<'_>, part: &Part<'_>, pictures: &Pictures) -> Markup {
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
            (strip::timeline(report, part))
            (settings::rules(part.camera))
            @if part.violations.is_empty() && part.outcome.until > MediaTime::ZERO {
                @if part.is_clear() {
                    p.quiet { (both("本时段该摄像机未发现违规。", "No violation was found by this camera in this period.")) }
                } @else {
                    p { (both("该摄像机可见的部分未发现违规。", "No violation was found in what this camera could see.")) }
                }
            }
            @for (number, violation) in &part.violations {
                (violations::card(report, *number, violation, pictures))
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
