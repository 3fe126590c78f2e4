//! What of an outbox's rows people are shown.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::{reading, told::number};
use crate::domain::CameraId;

/// An alert that a sink does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its place in the outbox.
    pub sequence: u64,
    /// When what it tells came about.
    pub time: Timestamp,
    /// What it tells, as [`crate::domain::AlertType::name`] has it.
    pub alert_type: String,
    /// Of which camera.
    pub camera: CameraId,
    /// When it was refused for good, and why; none while it waits.
    pub refused: Option<Refused>,
}

/// That a sink will never take something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// When it said so.
    pub at: Timestamp,
    /// Why.
    pub why: String,
}

/// What became of an alert at a sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It waits.
    Waiting,
    /// The sink has had it since then.
    Delivered(Timestamp),
    /// It is a dead letter.
    Refused(Refused),
}

/// An alert, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The alert as JSON, as it is sent.
    pub body: String,
    /// What became of it at each sink that it is for, by their names.
    pub fates: BTreeMap<String, Fate>,
}

/// A file of evidence that is to be put elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingFile {
    /// Its name below the folder of evidence.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Since when it waits.
    pub since: Timestamp,
    /// When and why it was found that it never can be; none while it waits.
    pub refused: Option<Refused>,
    /// Why it was not taken the last time; none where it was not tried, or never can be.
    pub put_off: Option<String>,
}

/// The sinks of which anything is known, each found by the one before it: a sink has many rows.
pub(super) fn sinks(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut find = connection.prepare(
        "WITH RECURSIVE known (sink) AS (SELECT MIN(sink) FROM outbox UNION ALL \
         SELECT (SELECT MIN(o.sink) FROM outbox o WHERE o.sink > known.sink) FROM known WHERE known.sink IS NOT NULL) \
         SELECT sink FROM known WHERE sink IS NOT NULL",
    )?;
    find.query_map([], |row| row.get(0))?.collect()
}

pub(super) fn letters(connection: &Connection, sink: &str, most: usize) -> rusqlite::Result<Vec<Letter>> {
    let most_rows = i64::try_from(most).unwrap_or(i64::MAX);
    let mut letters = Vec::new();
    for which in [
        "o INDEXED BY outbox_waiting JOIN alerts a ON a.sequence = o.sequence \
         WHERE o.sink = ?1 AND o.delivered IS NULL AND o.refused IS NULL",
        "o INDEXED BY outbox_refused JOIN alerts a ON a.sequence = o.sequence \
         WHERE o.sink = ?1 AND o.refused IS NOT NULL",
    ] {
        let mut find = connection.prepare(&format!(
            "SELECT o.sequence, a.time, a.type, a.camera, o.refused, o.why FROM outbox {which} ORDER BY o.sequence DESC LIMIT ?2"
        ))?;
        for letter in find.query_map(params![sink, most_rows], letter)? {
            letters.push(letter?);
        }
    }
    letters.sort_by_key(|letter| letter.sequence);
    let surplus = letters.len().saturating_sub(most);
    Ok(letters.split_off(surplus))
}

fn letter(row: &Row<'_>) -> rusqlite::Result<Letter> {
    Ok(Letter {
        sequence: reading::count(row, 0)?,
        time: time(row, 1)?,
        alert_type: row.get(2)?,
        camera: reading::camera(row, 3)?,
        refused: refused(row, 4)?,
    })
}

/// When and why something was refused, as two columns have it from this one on.
fn refused(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Refused>> {
    if row.get::<_, Option<i64>>(column)?.is_none() {
        return Ok(None);
    }
    let why: Option<String> = row.get(column + 1)?;
    Ok(Some(Refused { at: time(row, column)?, why: why.unwrap_or_default() }))
}

fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    Timestamp::from_microsecond(row.get(column)?).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Integer, error.into())
    })
}

pub(super) fn waiting_files(connection: &Connection, most: usize) -> rusqlite::Result<Vec<WaitingFile>> {
    let mut find = connection.prepare(
        "SELECT u.name, e.bytes, u.made, u.refused, u.why FROM uploads u JOIN evidence e ON e.name = u.name \
         ORDER BY u.refused IS NULL, u.made, u.name LIMIT ?1",
    )?;
    let rows = find.query_map([i64::try_from(most).unwrap_or(i64::MAX)], |row| {
        let refused = refused(row, 3)?;
        Ok(WaitingFile {
            name: row.get(0)?,
            bytes: reading::count(row, 1)?,
            since: time(row, 2)?,
            put_off: if refused.is_none() { row.get(4)? } else { None },
            refused,
        })
    })?;
    rows.collect()
}

pub(super) fn alert(connection: &Connection, sequence: u64) -> rusqlite::Result<Option<Shown>> {
    let text = "SELECT body FROM alerts WHERE sequence = ?1";
    let body: Option<String> = connection.query_row(text, [number(sequence)], |row| row.get(0)).optional()?;
    let Some(body) = body else { return Ok(None) };
    let mut find =
        connection.prepare("SELECT sink, delivered, refused, why FROM outbox WHERE sequence = ?1")?;
    let fates = find.query_map([number(sequence)], |row| {
        let delivered: Option<i64> = row.get(1)?;
        let fate = match (delivered, refused(row, 2)?) {
            (Some(_), _) => Fate::Delivered(time(row, 1)?),
            (None, Some(refused)) => Fate::Refused(refused),
            (None, None) => Fate::Waiting,
        };
        Ok((row.get(0)?, fate))
    })?;
    Ok(Some(Shown { body, fates: fates.collect::<rusqlite::Result<_>>()? }))
}
