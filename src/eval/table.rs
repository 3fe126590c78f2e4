use std::fmt::Write;

use super::compare::{Evaluation, Spread, Tally};

/// The columns of numbers, each named in two lines.
const HEADS: [[&str; 2]; 13] = [
    ["", "spells"],
    ["", "found"],
    ["", "missed"],
    ["", "recall"],
    ["", "violations"],
    ["", "right"],
    ["", "repeats"],
    ["false", "alarms"],
    ["", "precision"],
    ["camera", "hours"],
    ["false alarms", "per hour"],
    ["start error, s", "median / worst"],
    ["raised after, s", "median / worst"],
];

/// An evaluation as people read it in a terminal: a row for each kind and one for all, then the spells that were
/// missed and the false alarms. `-` stands where a number is not defined. Ends with a line break.
pub fn table(evaluation: &Evaluation) -> String {
    let head = |first: &str, line: fn([&'static str; 2]) -> &'static str| {
        let mut row = vec![first.to_owned()];
        row.extend(HEADS.into_iter().map(|head| line(head).to_owned()));
        row
    };
    let mut rows = vec![head("", |[upper, _]| upper), head("kind", |[_, lower]| lower)];
    rows.extend(evaluation.kinds.iter().map(|entry| row(entry.kind.name(), &entry.tally)));
    rows.push(row("total", &evaluation.total));
    let mut out = String::new();
    aligned(&mut out, "", &rows, |cell, width, column| {
        if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
    });

    let missed = evaluation.missed.iter().map(|spell| {
        let end = spell.end.map_or_else(|| "the end".to_owned(), |end| end.to_string());
        vec![
            format!("line {}", spell.line),
            spell.camera.to_string(),
            spell.kind.to_string(),
            format!("{} to {end}", spell.start),
        ]
    });
    list(&mut out, "missed spells", missed.collect());
    let false_alarms = evaluation.false_alarms.iter().map(|alarm| {
        let file = match (&alarm.started.file, alarm.started.file_s) {
            (Some(file), Some(at)) => format!("{file} {at}"),
            _ => String::new(),
        };
        vec![
            alarm.camera.to_string(),
            alarm.kind.to_string(),
            alarm.started.media_s.to_string(),
            file,
            alarm.id.to_string(),
        ]
    });
    list(&mut out, "false alarms", false_alarms.collect());
    out
}

fn row(name: &str, tally: &Tally) -> Vec<String> {
    vec![
        name.to_owned(),
        tally.spells.to_string(),
        tally.found.to_string(),
        tally.missed.to_string(),
        number(tally.recall),
        tally.violations.to_string(),
        tally.right.to_string(),
        tally.repeats.to_string(),
        tally.false_alarms.to_string(),
        number(tally.precision),
        tally.camera_hours.map_or_else(|| "-".to_owned(), |hours| format!("{hours:.3}")),
        number(tally.false_alarms_per_camera_hour),
        spread(tally.start_error_s),
        spread(tally.raised_after_s),
    ]
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"))
}

fn spread(value: Option<Spread>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{:.1} / {:.1}", value.median, value.worst))
}

fn list(out: &mut String, name: &str, rows: Vec<Vec<String>>) {
    if rows.is_empty() {
        let _ = writeln!(out, "\n{name}: none");
    } else {
        let _ = writeln!(out, "\n{name}:");
        aligned(out, "  ", &rows, |cell, width, _| format!("{cell:<width$}"));
    }
}

/// Writes rows of cells, each column as wide as its longest; `pad` brings a cell to its column's width.
fn aligned(out: &mut String, indent: &str, rows: &[Vec<String>], pad: impl Fn(&str, usize, usize) -> String) {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        widths.resize(widths.len().max(row.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, width))| pad(cell, *width, column))
            .collect();
        let _ = writeln!(out, "{indent}{}", cells.join("  ").trim_end());
    }
}
