//! The table of violations.

use std::fmt::Write;

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    domain::{Violation, WallOrigin},
    files,
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
        .map(str::to_owned)
        .to_vec(),
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
        rows.push(vec![
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
    columns(&rows)
}

/// Rows, the first of which are the headings, with their cells one below the other. Each takes one line, whatever its cells hold.
pub fn columns(rows: &[Vec<String>]) -> String {
    // What is told comes from files that others may have written.
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| files::visible(cell)).collect()).collect();
    let width = |row: &[String]| row.iter().map(|cell| cell.chars().count()).collect::<Vec<_>>();
    let widths = rows
        .iter()
        .map(|row| width(row))
        .reduce(|widest, row| widest.into_iter().zip(row).map(|(a, b)| a.max(b)).collect());
    let widths = widths.unwrap_or_default();
    let mut out = String::new();
    for row in &rows {
        let padded = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| cell.clone() + &" ".repeat(width.saturating_sub(cell.chars().count())));
        let _ = writeln!(out, "{}", padded.collect::<Vec<_>>().join("  ").trim_end());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_file_is_called_it_takes_one_line_of_the_table() {
        let name = format!("a\u{1b}[2J\nb\u{202e}{}.mp4", "x".repeat(70_000));
        let text = format!(
            "{{\"id\":\"6f1c3b52-9a0e-5d27-8e61-7c05d24b93f8\",\"site\":\"s\",\"camera\":\"lane\",\"camera_name\":\"\",\
             \"rule\":\"lane/fire_lane_parking\",\"kind\":\"fire_lane_parking\",\"phase\":\"ended\",\"class\":\"car\",\
             \"confidence\":0.5,\"bbox\":[0.1,0.1,0.2,0.2],\"wall_origin\":\"file_name\",\"raised\":null,\"ended\":null,\
             \"started\":{{\"media_s\":1.0,\"wall\":\"2026-01-01T00:00:00Z\",\"file\":{},\"file_s\":1.0}},\"evidence\":[]}}",
            serde_json::to_string(&name).expect("a text")
        );
        let violation: Violation = serde_json::from_str(&text).expect("a violation");
        let table = rows(&[violation], &TimeZone::UTC);
        assert_eq!(table.lines().count(), 2);
        assert!(table.contains("a\\u{1b}[2J\\u{a}b\\u{202e}xx") && !table.contains('\u{1b}'));
    }
}
