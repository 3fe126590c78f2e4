//! What is read by others than the thread that writes.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use rusqlite::{Connection, OptionalExtension, Row, params, types::Type};
use uuid::Uuid;

use super::{facts::Depth, files::parsed};
use crate::domain::{Alert, CameraId, Finding, OutboxId, Verdict, Violation};

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

/// What waits for a sink, without what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The outbox that it waits in.
    pub outbox: OutboxId,
    /// The sequences of the alerts, rising, and their cameras.
    pub alerts: Vec<(u64, CameraId)>,
}

/// Whether an alert can be given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// It can.
    Alert(Queued),
    /// Not yet: it waits for its still, or one of its camera before it does.
    Held,
    /// It no longer waits for this sink.
    Gone,
}

/// Alerts after this sequence that wait for a sink, so many at most.
pub(super) fn waiting(
    connection: &Connection,
    sink: &str,
    after: u64,
    most: usize,
) -> rusqlite::Result<Waiting> {
    let mut find = connection.prepare_cached(
        "SELECT o.sequence, a.camera FROM outbox o INDEXED BY outbox_waiting JOIN alerts a ON a.sequence = o.sequence \
         WHERE o.sink = ?1 AND o.delivered IS NULL AND o.refused IS NULL AND o.sequence > ?2 ORDER BY o.sequence LIMIT ?3",
    )?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = find.query_map(params![sink, i64::try_from(after).unwrap_or(i64::MAX), most], |row| {
        Ok((count(row, 0)?, camera(row, 1)?))
    })?;
    Ok(Waiting { outbox: outbox(connection)?, alerts: rows.collect::<rusqlite::Result<_>>()? })
}

/// These alerts of a sink.
pub(super) fn given(
    connection: &Connection,
    sink: &str,
    sequences: &[u64],
    held: &BTreeMap<u64, CameraId>,
) -> rusqlite::Result<Vec<Given>> {
    let mut find = connection.prepare_cached(
        "SELECT a.sequence, a.id, a.type, a.camera, a.body FROM outbox o JOIN alerts a ON a.sequence = o.sequence \
         WHERE o.sink = ?1 AND o.sequence = ?2 AND o.delivered IS NULL AND o.refused IS NULL",
    )?;
    let outbox = outbox(connection)?;
    let mut of = |sequence: &u64| {
        let key = params![sink, i64::try_from(*sequence).unwrap_or(i64::MAX)];
        let Some(queued) = find.query_row(key, |row| queued(row, outbox)).optional()? else {
            return Ok(Given::Gone);
        };
        // A sink does not get all alerts: one that it does not get keeps its camera's others back all the same.
        let is_held = held.range(..=queued.sequence).any(|(_, camera)| *camera == queued.camera);
        Ok(if is_held { Given::Held } else { Given::Alert(queued) })
    };
    sequences.iter().map(&mut of).collect()
}

pub(super) fn outbox(connection: &Connection) -> rusqlite::Result<OutboxId> {
    let text: String = connection.query_row("SELECT outbox FROM meta", [], |row| row.get(0))?;
    Ok(Uuid::parse_str(&text).map_err(|error| strange(0, error.into()))?.into())
}

fn strange(column: usize, error: Box<dyn std::error::Error + Send + Sync>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error)
}

fn queued(row: &Row<'_>, outbox: OutboxId) -> rusqlite::Result<Queued> {
    let id: String = row.get(1)?;
    Ok(Queued {
        outbox,
        sequence: count(row, 0)?,
        id: Uuid::parse_str(&id).map_err(|error| strange(1, error.into()))?,
        alert_type: row.get(2)?,
        camera: camera(row, 3)?,
        body: row.get(4)?,
    })
}

pub(super) fn camera(row: &Row<'_>, column: usize) -> rusqlite::Result<CameraId> {
    let text: String = row.get(column)?;
    CameraId::new(&text).map_err(|error| strange(column, error.into()))
}

pub(super) fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
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

pub(super) fn verdicts(connection: &Connection, violation: Uuid) -> rusqlite::Result<Vec<Verdict>> {
    let mut find = connection.prepare_cached(
        "SELECT at, who, verdict, cause FROM verdicts WHERE violation = ?1 ORDER BY at, who",
    )?;
    let rows = find.query_map([violation.to_string()], |row| {
        let (at, verdict): (i64, String) = (row.get(0)?, row.get(2)?);
        let found = Finding::ALL.into_iter().find(|finding| finding.name() == verdict);
        Ok(Verdict {
            subject: violation,
            verdict: found.ok_or_else(|| strange(2, "it is no finding".into()))?,
            cause: row.get(3)?,
            by: row.get(1)?,
            at: Timestamp::from_microsecond(at).map_err(|error| strange(0, error.into()))?,
        })
    })?;
    rows.collect()
}

/// The last alerts of a camera's health, in their order.
pub(super) fn health(connection: &Connection, camera: &CameraId) -> rusqlite::Result<Vec<Alert>> {
    let mut find = connection.prepare_cached(
        "SELECT body FROM alerts WHERE camera = ?1 AND violation IS NULL ORDER BY sequence DESC LIMIT 1000",
    )?;
    let rows = find.query_map([camera.as_str()], |row| parsed(row, 0))?;
    let mut alerts: Vec<Alert> = rows.collect::<rusqlite::Result<_>>()?;
    alerts.reverse();
    Ok(alerts)
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
         WHERE o.delivered IS NULL AND o.refused IS NULL GROUP BY o.sink",
    )?;
    let mut refused = connection.prepare_cached(
        "SELECT sink, COUNT(*) FROM outbox INDEXED BY outbox_refused WHERE refused IS NOT NULL GROUP BY sink",
    )?;
    let mut made = connection.prepare_cached("SELECT made FROM alerts WHERE sequence = ?1")?;
    let mut depths = BTreeMap::new();
    let mut rows = find.query([])?;
    while let Some(row) = rows.next()? {
        let first: i64 = row.get(2)?;
        let oldest: i64 = made.query_row([first], |row| row.get(0))?;
        let depth =
            Depth { waiting: count(row, 1)?, oldest: Timestamp::from_microsecond(oldest).ok(), refused: 0 };
        depths.insert(row.get(0)?, depth);
    }
    let mut rows = refused.query([])?;
    while let Some(row) = rows.next()? {
        let depth: &mut Depth = depths.entry(row.get(0)?).or_default();
        depth.refused = count(row, 1)?;
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
