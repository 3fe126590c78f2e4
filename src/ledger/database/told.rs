//! What was told of a violation, as a row.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::files::parsed;
use crate::domain::{Explanation, Phase, Violation};

/// What is known of a violation.
pub(super) struct Known {
    pub phase: String,
    pub ended: Option<i64>,
    pub told: Told,
    pub explanation: Explanation,
    pub record: Violation,
}

/// How many alerts of each phase there were.
#[derive(Clone, Copy)]
pub(super) struct Told {
    warned: u32,
    raised: u32,
    updated: u32,
    ended: u32,
}

impl Told {
    pub fn of(&mut self, phase: Phase) -> &mut u32 {
        match phase {
            Phase::Warned => &mut self.warned,
            Phase::Raised => &mut self.raised,
            Phase::Updated => &mut self.updated,
            Phase::Ended => &mut self.ended,
        }
    }
}

pub(super) fn known(connection: &Connection, id: Uuid) -> rusqlite::Result<Option<Known>> {
    let mut find = connection.prepare_cached(
        "SELECT phase, ended, told_warned, told_raised, told_updated, told_ended, explanation, record \
         FROM violations WHERE id = ?1",
    )?;
    let known = |row: &rusqlite::Row<'_>| {
        let told =
            Told { warned: row.get(2)?, raised: row.get(3)?, updated: row.get(4)?, ended: row.get(5)? };
        let explanation = parsed(row, 6)?;
        Ok(Known { phase: row.get(0)?, ended: row.get(1)?, told, explanation, record: parsed(row, 7)? })
    };
    find.query_row([id.to_string()], known).optional()
}

/// Writes a violation down as it is now.
pub(super) fn keep(
    connection: &Connection,
    violation: &Violation,
    explanation: &Explanation,
    told: Told,
) -> rusqlite::Result<()> {
    let mut write = connection.prepare_cached(
        "INSERT INTO violations (id, camera, rule, kind, phase, started, raised, ended, \
         told_warned, told_raised, told_updated, told_ended, explanation, record) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) \
         ON CONFLICT (id) DO UPDATE SET phase = ?5, raised = ?7, ended = ?8, \
         told_warned = ?9, told_raised = ?10, told_updated = ?11, told_ended = ?12, explanation = ?13, record = ?14",
    )?;
    write.execute(params![
        violation.id.to_string(),
        violation.camera.as_str(),
        violation.rule.as_str(),
        violation.kind.name(),
        violation.phase.name(),
        violation.started.wall.as_microsecond(),
        violation.raised.as_ref().map(|moment| moment.wall.as_microsecond()),
        violation.ended.as_ref().map(|moment| moment.wall.as_microsecond()),
        told.warned,
        told.raised,
        told.updated,
        told.ended,
        json(explanation)?,
        json(violation)?,
    ])?;
    Ok(())
}

/// Whether this was told before: a violation is warned about and raised once, and one that is over is over until that is
/// withdrawn.
pub(super) fn is_told(known: &Known, violation: &Violation) -> bool {
    match violation.phase {
        Phase::Warned => known.told.warned > 0 || known.told.raised > 0 || known.phase == Phase::Ended.name(),
        Phase::Raised => known.told.raised > 0,
        Phase::Updated => false,
        Phase::Ended => {
            let ended = violation.ended.as_ref().map(|moment| moment.wall.as_microsecond());
            known.phase == Phase::Ended.name() && known.ended == ended
        }
    }
}

/// How often a violation was told of which nothing is known. One whose beginning is not known either may have been told by a
/// database that was lost: numbers then begin where those have never come, so that no id comes twice.
pub(super) fn beginning(phase: Phase, wall: Timestamp) -> Told {
    /// 2026-01-01.
    const NEW: i64 = 1_767_225_600;
    let none = Told { warned: 0, raised: 0, updated: 0, ended: 0 };
    match phase {
        Phase::Warned | Phase::Raised => none,
        Phase::Updated | Phase::Ended => {
            let high = u32::try_from(wall.as_second() - NEW).unwrap_or(u32::MAX / 2).max(1);
            Told { updated: high, ended: high, ..none }
        }
    }
}

/// What stands in an alert where nothing is known of what looked.
pub(super) fn unknown() -> Explanation {
    let none = "0".repeat(64);
    Explanation { camera_labels: BTreeMap::new(), model_sha256: none.clone(), config_sha256: none }
}

/// As a column holds it.
pub(super) fn json<T: serde::Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// A sequence as SQLite has it. No outbox comes to so many.
pub(super) fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
