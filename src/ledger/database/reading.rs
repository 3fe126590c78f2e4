//! What is read by others than the thread that writes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, civil::Date};
use rusqlite::{Connection, OptionalExtension, Row, params, types::Type};
use uuid::Uuid;

use super::{facts::Depth, files::parsed};
use crate::domain::{Alert, CameraId, OutboxId, Violation};

/// An alert that waits for a sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// The outbox that it waits in.
    pub outbox: OutboxId,
    /// Its place there.
    pub sequence: u64,
    /// Its id.
    pub id: Uuid,
    /// What it tells, as [`crate::domain::AlertType::name`] has it.
    pub alert_type: String,
    /// Of which camera.
    pub camera: CameraId,
    /// The alert as JSON, in one line. It is the same at every retry.
    pub body: String,
}

impl Queued {
    /// The alert.
    ///
    /// # Errors
    /// Where it is none, which no program has written.
    pub fn alert(&self) -> Result<Alert, serde_json::Error> {
        serde_json::from_str(&self.body)
    }
}

/// Alerts that wait for a sink, but for those of a camera from the first on that is held.
pub(super) fn next(
    connection: &Connection,
    sink: &str,
    most: usize,
    held: &BTreeMap<u64, CameraId>,
) -> rusqlite::Result<Vec<Queued>> {
    let mut find = connection.prepare_cached(
        "SELECT a.sequence, a.id, a.type, a.camera, a.body FROM outbox o INDEXED BY outbox_waiting \
         JOIN alerts a ON a.sequence = o.sequence WHERE o.sink = ?1 AND o.delivered IS NULL ORDER BY o.sequence",
    )?;
    let outbox: String = connection.query_row("SELECT outbox FROM meta", [], |row| row.get(0))?;
    let outbox = Uuid::parse_str(&outbox).map_err(|error| strange(0, error.into()))?;
    let mut rows = find.query([sink])?;
    let mut waiting = held.iter().peekable();
    let mut blocked: BTreeSet<&CameraId> = BTreeSet::new();
    let mut found = Vec::new();
    while found.len() < most
        && let Some(row) = rows.next()?
    {
        let queued = queued(row, outbox.into())?;
        // A sink does not get all alerts: one that it does not get keeps its camera's others back all the same.
        while let Some((_, camera)) = waiting.next_if(|(sequence, _)| **sequence <= queued.sequence) {
            blocked.insert(camera);
        }
        if !blocked.contains(&queued.camera) {
            found.push(queued);
        }
    }
    Ok(found)
}

fn strange(column: usize, error: Box<dyn std::error::Error + Send + Sync>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error)
}

fn queued(row: &Row<'_>, outbox: OutboxId) -> rusqlite::Result<Queued> {
    let (id, camera): (String, String) = (row.get(1)?, row.get(3)?);
    Ok(Queued {
        outbox,
        sequence: count(row, 0)?,
        id: Uuid::parse_str(&id).map_err(|error| strange(1, error.into()))?,
        alert_type: row.get(2)?,
        camera: CameraId::new(&camera).map_err(|error| strange(3, error.into()))?,
        body: row.get(4)?,
    })
}

fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
}

/// Whether an alert that some sink does not have yet is of the violation that a file shows. `changed` are violations of which
/// alerts are not written down yet.
pub(super) fn refers_to(connection: &Connection, name: &str, changed: &[Uuid]) -> rusqlite::Result<bool> {
    let mut find = connection.prepare_cached("SELECT violation FROM evidence WHERE name = ?1")?;
    let violation: Option<String> = find.query_row([name], |row| row.get(0)).optional()?;
    let Some(violation) = violation else { return Ok(false) };
    if changed.iter().any(|id| id.to_string() == violation) {
        return Ok(true);
    }
    let mut find = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM alerts a JOIN outbox o ON o.sequence = a.sequence \
         WHERE a.violation = ?1 AND o.delivered IS NULL)",
    )?;
    find.query_row([violation], |row| row.get(0))
}

pub(super) fn violations(
    connection: &Connection,
    from: Timestamp,
    to: Timestamp,
) -> rusqlite::Result<Vec<Violation>> {
    let mut find = connection.prepare_cached(
        "SELECT record FROM violations WHERE raised < ?2 AND (raised >= ?1 OR ended IS NULL OR ended >= ?1) \
         ORDER BY started, camera, rule, id",
    )?;
    let rows = find.query_map([from.as_microsecond(), to.as_microsecond()], |row| parsed(row, 0))?;
    rows.collect()
}

pub(super) fn is_closed(connection: &Connection, day: Date) -> rusqlite::Result<bool> {
    let mut find = connection.prepare_cached("SELECT closed IS NOT NULL FROM days WHERE day = ?1")?;
    Ok(find.query_row(params![day.to_string()], |row| row.get(0)).optional()?.unwrap_or(false))
}

pub(super) fn last_sequence(connection: &Connection) -> rusqlite::Result<u64> {
    connection.query_row("SELECT last_sequence FROM meta", [], |row| count(row, 0))
}

/// What waits for each sink, and how large the database is.
pub(super) fn depths(connection: &Connection) -> rusqlite::Result<(BTreeMap<String, Depth>, u64)> {
    let mut find = connection.prepare_cached(
        "SELECT o.sink, COUNT(*), MIN(o.sequence) FROM outbox o INDEXED BY outbox_waiting \
         WHERE o.delivered IS NULL GROUP BY o.sink",
    )?;
    let mut made = connection.prepare_cached("SELECT made FROM alerts WHERE sequence = ?1")?;
    let mut depths = BTreeMap::new();
    let mut rows = find.query([])?;
    while let Some(row) = rows.next()? {
        let first: i64 = row.get(2)?;
        let oldest: i64 = made.query_row([first], |row| row.get(0))?;
        let depth = Depth { waiting: count(row, 1)?, oldest: Timestamp::from_microsecond(oldest).ok() };
        depths.insert(row.get(0)?, depth);
    }
    Ok((depths, size(connection)?))
}

/// How large the database is, in bytes, without its log.
pub(super) fn size(connection: &Connection) -> rusqlite::Result<u64> {
    connection.query_row(
        "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
        [],
        |row| count(row, 0),
    )
}
