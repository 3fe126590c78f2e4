//! A camera's period at a glance: looks and gaps, what each rule saw, and its violations, on one axis of time.

use std::time::Duration;

use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::{
    axis,
    part::{CameraPart, wall},
    violations::anchor,
    words::{basis, both, pair, span, span_or_none},
};
use crate::{
    config::RuleConfig,
    domain::{MediaTime, RuleId, Violation},
    kinds::words::names,
    results::{Cell, Column},
    words::{gap, lasting, local},
};

/// Columns of a strip: finer than a page's pixels would show nothing more.
const COLUMNS: usize = 480;
/// A violation is at least so wide, in columns, or it would not be seen in a long period.
const LEAST: f64 = 2.0;
/// Where along the axis a label, which is centred below its tick, does not reach beyond the page.
const AXIS_INSIDE: std::ops::RangeInclusive<f64> = 0.09..=0.91;
/// Height of a strip in its own units.
const HEIGHT: f64 = 24.0;

/// The timeline of a camera, with the figures behind it.
pub fn timeline(part: &CameraPart<'_>, zone: &TimeZone) -> Markup {
    let outcome = part.outcome;
    let until = outcome.until.since(MediaTime::ZERO);
    if until.is_zero() {
        return html! { p.unread { (both("该摄像机的录像没有任何部分可供分析。", "Nothing of this camera's recording could be analysed.")) } };
    }
    let (columns, width) = outcome.timeline.at_most(COLUMNS);
    let scale = Scale { until, per_column: width.as_secs_f64() };
    let start = wall(&outcome.epochs, MediaTime::ZERO);
    let end = wall(&outcome.epochs, outcome.until);
    html! {
        @if let (Some(start), Some(end)) = (start, end) {
            p.period {
                (local(start, zone)) " – " (local(end, zone))
                @for origin in part.origins() { " · " (basis(origin)) }
            }
        }
        div.timeline {
            (row(both("查看与中断", "Looks and gaps"), &label(
                &format!("查看 {} 次，中断 {}", outcome.looks, lasting(outcome.timeline.gap_time()).0),
                &format!("{} looks, gaps {}", outcome.looks, lasting(outcome.timeline.gap_time()).1),
            ), &scale, looks(&columns)))
            @for (index, rule) in part.camera.rules.iter().enumerate() {
                (rule_rows(part, index, rule, &columns, &scale))
            }
            @if let Some(start) = start {
                div.row {
                    div.name {}
                    div.axis aria-hidden="true" {
                        @for tick in axis::ticks(start, until, zone).iter().filter(|tick| AXIS_INSIDE.contains(&tick.at)) {
                            span style=(format!("left:{:.2}%", tick.at * 100.0)) { (tick.label) }
                        }
                    }
                }
            }
        }
        (figures(part, zone))
    }
}

/// How media time lies on a strip.
struct Scale {
    until: Duration,
    /// Seconds of a column.
    per_column: f64,
}

impl Scale {
    /// How many columns wide the period is.
    fn width(&self) -> f64 {
        self.until.as_secs_f64() / self.per_column
    }

    fn x(&self, at: MediaTime) -> f64 {
        (at.as_secs_f64() / self.per_column).clamp(0.0, self.width())
    }
}

fn label(zh: &str, en: &str) -> String {
    format!("{zh} · {en}")
}

fn row(name: Markup, alt: &str, scale: &Scale, shapes: Markup) -> Markup {
    row_as("img", name, alt, scale, shapes)
}

/// A row whose shapes are links; within an `img` nobody would be told of them.
fn row_of_links(name: Markup, alt: &str, scale: &Scale, shapes: Markup) -> Markup {
    row_as("group", name, alt, scale, shapes)
}

fn row_as(role: &str, name: Markup, alt: &str, scale: &Scale, shapes: Markup) -> Markup {
    html! {
        div.row {
            div.name { (name) }
            svg role=(role) aria-label=(alt) preserveAspectRatio="none"
                viewBox=(format!("0 0 {:.3} {HEIGHT}", scale.width())) {
                (shapes)
            }
        }
    }
}

/// What strips refer to: stripes that tell, in black and white too, that nothing could be told. Strips are stretched across,
/// which leaves level stripes as they are.
pub fn patterns() -> Markup {
    html! {
        svg.patterns aria-hidden="true" width="0" height="0" {
            pattern id="unclear" width="4" height="4" patternUnits="userSpaceOnUse" {
                rect.unclear width="4" height="2" {}
            }
        }
    }
}

/// Runs of columns that are shown alike: first column, how many, and as what.
fn runs<C, T: PartialEq>(columns: &[C], shown: impl Fn(&C) -> T) -> Vec<(usize, usize, T)> {
    let mut runs: Vec<(usize, usize, T)> = Vec::new();
    for (index, column) in columns.iter().enumerate() {
        let what = shown(column);
        match runs.last_mut() {
            Some((_, length, same)) if *same == what => *length += 1,
            _ => runs.push((index, 1, what)),
        }
    }
    runs
}

fn rect(class: &str, x: f64, width: f64, top: f64, height: f64) -> Markup {
    html! {
        rect class=(class) x=(format!("{x:.2}")) y=(format!("{top:.2}"))
            width=(format!("{width:.2}")) height=(format!("{height:.2}")) {}
    }
}

/// Where looks lie further apart than columns are wide, the time between two looks is looked at all the same.
fn looks(columns: &[Column]) -> Markup {
    html! {
        (rect("looked", 0.0, columns.len() as f64, 0.0, HEIGHT))
        @for (first, length, is_gap) in runs(columns, |column| column.gap_micros > 0) {
            @if is_gap { (rect("gap", first as f64, length as f64, 0.0, HEIGHT)) }
        }
    }
}

fn rule_rows(
    part: &CameraPart<'_>,
    index: usize,
    rule: &RuleConfig,
    columns: &[Column],
    scale: &Scale,
) -> Markup {
    let id = RuleId::new(&part.camera.id, rule.kind(), rule.name.as_deref());
    let own: Vec<&(usize, &Violation)> = part.violations.iter().filter(|(_, v)| v.rule == id).collect();
    let required = rule.keys().required();
    let cell = |column: &Column| column.rules.get(index).copied().unwrap_or_default();
    let highest =
        columns.iter().map(|column| cell(column).most).max().unwrap_or(0).max(required.unwrap_or(1)).max(1);
    let names = names(rule.kind());
    let (zh, en) = names.presence;
    let name = html! {
        (both(zh, en))
        @if let Some(name) = &rule.name { " " code { (name) } }
        " " small { "0–" (highest) }
    };
    let violations = html! {
        @for (number, violation) in &own { (bar(*number, violation, scale)) }
    };
    let count = own.len();
    let (kind_zh, kind_en) = names.title;
    html! {
        (row(name, &label(&format!("{zh}，最多 {highest}"), &format!("{en}, {highest} at most")), scale, presence(columns, &cell, highest, required)))
        (row_of_links(both("违规", "Violations"), &label(&format!("{kind_zh}：{count} 起"), &format!("{kind_en}: {count}")), scale, violations))
    }
}

/// What a rule saw: up to the fewest of a column in full, up to the most lightly. A column without a look that told
/// anything shows what the one before it did, since looks may lie further apart than columns are wide.
fn presence(
    columns: &[Column],
    cell: &dyn Fn(&Column) -> Cell,
    highest: u32,
    required: Option<u32>,
) -> Markup {
    let height = |n: u32| f64::from(n) / f64::from(highest) * HEIGHT;
    let mut last = None;
    let seen: Vec<Option<(u32, u32)>> = columns
        .iter()
        .map(|column| {
            let cell = cell(column);
            if cell.known > 0 {
                last = Some((cell.fewest, cell.most));
            } else if cell.unknown > 0 || column.gap_micros > 0 || column.looks > 0 {
                last = None;
            }
            last
        })
        .collect();
    html! {
        @for (first, length, seen) in runs(&seen, |seen| *seen) {
            @let (x, width) = (first as f64, length as f64);
            @match seen {
                None => (rect("unknown", x, width, 0.0, HEIGHT)),
                Some((fewest, most)) => {
                    @if most > fewest { (rect("at-times", x, width, HEIGHT - height(most), height(most - fewest))) }
                    @if fewest > 0 { (rect("present", x, width, HEIGHT - height(fewest), height(fewest))) }
                }
            }
        }
        @if let Some(required) = required.filter(|n| *n > 0) {
            (rect("required", 0.0, columns.len() as f64, (HEIGHT - height(required)).max(0.0), 1.5))
        }
    }
}

fn bar(number: usize, violation: &Violation, scale: &Scale) -> Markup {
    let from = scale.x(violation.started.media_s);
    let to = violation.ended.as_ref().map_or(scale.width(), |ended| scale.x(ended.media_s));
    let width = (to - from).max(LEAST.min(scale.width()));
    let from = from.min(scale.width() - width).max(0.0);
    html! {
        a href=(format!("#{}", anchor(number))) aria-label=(format!("{number}")) {
            (rect("violation", from, width, 4.0, HEIGHT - 8.0))
            @if let Some(raised) = &violation.raised { (rect("raised", scale.x(raised.media_s), 1.0, 2.0, HEIGHT - 4.0)) }
        }
    }
}

/// The figures behind the strips, and the gaps one by one.
fn figures(part: &CameraPart<'_>, zone: &TimeZone) -> Markup {
    let epochs = &part.outcome.epochs;
    let timeline = &part.outcome.timeline;
    let gaps = timeline.gaps();
    let more = timeline.gap_count().saturating_sub(gaps.len().min(12) as u64);
    html! {
        p.figures {
            (both("分析时长 ", "Analysed: ")) (span_or_none(part.is_analysed().then(|| part.outcome.looked_at()))) " · "
            (both(format!("查看画面 {} 次", part.outcome.looks), format!("{} looks", part.outcome.looks)))
            @if part.outcome.missed > 0 {
                " · " (both(format!("{} 次无法查看", part.outcome.missed), format!("{} looks could not be taken", part.outcome.missed)))
            }
            " · " (both("中断 ", "gaps: ")) (span(timeline.gap_time()))
        }
        @if !gaps.is_empty() {
            ul.gaps {
                @for spell in gaps.iter().take(12) {
                    li {
                        @let to = spell.to.unwrap_or(spell.from);
                        (both("中断：", "Gap: "))
                        @if let Some(from) = wall(epochs, spell.from) { (local(from, zone)) }
                        " (" (span(to.since(spell.from))) ") · " (pair(gap(spell.reason)))
                    }
                }
                @if more > 0 { li { (both(format!("另有 {more} 处中断"), format!("and {more} more"))) } }
            }
        }
    }
}
