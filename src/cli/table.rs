//! The table of violations.

use std::fmt::Write;

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    domain::{Violation, WallOrigin},
    report::{Reason, Verdict},
};

/// Violations as people read them, one line each, times in the site's time zone; where there is none, that. What could not
/// be judged follows: silence says nothing of it.
pub fn violations(violations: &[Violation], zone: &TimeZone, verdict: &Verdict) -> String {
    let mut out = match verdict {
        Verdict::Clear => "no violations\n".to_owned(),
        Verdict::Found { .. } => rows(violations, zone),
        Verdict::Partly(_) => "no violations in what could be judged, which was not all\n".to_owned(),
        Verdict::Nothing(_) => "nothing could be judged\n".to_owned(),
    };
    out += &not_judged(verdict);
    out
}

/// What could not be judged, a line each; nothing where all could.
pub fn not_judged(verdict: &Verdict) -> String {
    // Where something was found, nobody takes what is not in the table for seen and clear because of a gap.
    let found = matches!(verdict, Verdict::Found { .. });
    let told = verdict.doubts().iter().filter(|doubt| !(found && matches!(doubt.reason, Reason::Gaps(_))));
    let lines: String = told.map(|doubt| format!("  {}\n", doubt.line())).collect();
    if lines.is_empty() { lines } else { format!("not judged:\n{lines}") }
}

fn rows(violations: &[Violation], zone: &TimeZone) -> String {
    let mut rows = vec![
        [
            "camera",
            "violation",
            "started",
            "time known by",
            "in the recording",
            "lasted",
            "what",
            "confidence",
        ]
        .map(str::to_owned),
    ];
    for violation in violations {
        let recorded = violation.started.file_s.unwrap_or(violation.started.media_s).as_secs_f64();
        let file = violation.started.file.as_deref().unwrap_or("live");
        let lasted = match &violation.ended {
            Some(ended) => format!("{:.1} s", ended.media_s.since(violation.started.media_s).as_secs_f64()),
            None => to_the_end(violation, zone),
        };
        let what = match (violation.class, violation.count) {
            (Some(class), _) => class.to_string(),
            (None, Some(count)) => format!("{} of {} people", count.seen, count.required),
            (None, None) => String::new(),
        };
        rows.push([
            violation.camera.to_string(),
            violation.rule.as_str().split_once('/').map_or("", |(_, rule)| rule).to_owned(),
            local(violation.started.wall, zone),
            basis(violation.wall_origin).to_owned(),
            format!("{file} {recorded:.1} s"),
            lasted,
            what,
            violation.confidence.map_or_else(String::new, |confidence| format!("{confidence:.2}")),
        ]);
    }
    let mut out = String::new();
    let mut widths = [0; 8];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    for row in &rows {
        let line: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        let _ = writeln!(out, "{}", line.join("  ").trim_end());
    }
    out
}

/// How long what did not end before the recording did lasted at least, and when it was last seen.
fn to_the_end(violation: &Violation, zone: &TimeZone) -> String {
    match &violation.last_seen {
        Some(seen) => format!(
            "≥ {:.1} s, to the end; last seen {}",
            seen.media_s.since(violation.started.media_s).as_secs_f64(),
            zone.to_datetime(seen.wall).strftime("%H:%M:%S")
        ),
        None => "to the end".to_owned(),
    }
}

/// How a time is known, in a word or two; a guess is told as one.
fn basis(origin: WallOrigin) -> &'static str {
    match origin {
        WallOrigin::FileName => "file name",
        WallOrigin::Path => "path",
        WallOrigin::Recorder => "recorder's clock",
        WallOrigin::Metadata => "metadata",
        WallOrigin::Given => "--start",
        WallOrigin::Modified => "UNCONFIRMED",
        WallOrigin::Clock => "clock",
    }
}

/// A wall time in a zone, to the second.
pub fn local(wall: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(wall).strftime("%Y-%m-%d %H:%M:%S").to_string()
}
