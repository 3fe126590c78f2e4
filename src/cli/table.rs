//! The table of violations.

use std::fmt::Write;

use jiff::{Timestamp, tz::TimeZone};

use crate::domain::Violation;

/// Violations as people read them, one line each, times in the site's time zone; where there is none, that.
pub fn violations(violations: &[Violation], zone: &TimeZone) -> String {
    if violations.is_empty() {
        return "no violations\n".to_owned();
    }
    let mut rows = vec![
        ["camera", "violation", "started", "in the recording", "lasted", "what", "confidence"]
            .map(str::to_owned),
    ];
    for violation in violations {
        let recorded = violation.started.file_s.unwrap_or(violation.started.media_s).as_secs_f64();
        let file = violation.started.file.as_deref().unwrap_or("live");
        let lasted = match &violation.ended {
            Some(ended) => format!("{:.1} s", ended.media_s.since(violation.started.media_s).as_secs_f64()),
            None => "to the end".to_owned(),
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
            format!("{file} {recorded:.1} s"),
            lasted,
            what,
            violation.confidence.map_or_else(String::new, |confidence| format!("{confidence:.2}")),
        ]);
    }
    let mut out = String::new();
    let widths: Vec<usize> =
        (0..7).map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)).collect();
    for row in &rows {
        let line: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        let _ = writeln!(out, "{}", line.join("  ").trim_end());
    }
    out
}

/// A wall time in a zone, to the second.
pub fn local(wall: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(wall).strftime("%Y-%m-%d %H:%M:%S").to_string()
}
