//! Files that wait to be put where others fetch them.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::{
    files::{Files, role},
    kept::Kept,
};
use crate::domain::EvidenceRole;

/// A file that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its name below the folder of evidence.
    pub name: String,
    /// What it shows.
    pub role: EvidenceRole,
    /// SHA-256 of its bytes, in lower-case hexadecimal.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
}

/// Files that came are to be put there. Those that `before` knows are left as they are: each start tells again of files of days
/// that are not over, which were put there long ago, or are refused.
pub(super) fn add(
    connection: &Connection,
    kept: &Kept,
    before: &Files,
    wall: Timestamp,
) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO uploads (name, is_clip, made) VALUES (?1, ?2, ?3) \
         ON CONFLICT (name) DO UPDATE SET made = ?3, refused = NULL, why = NULL",
    )?;
    for entry in kept.entries.iter().filter(|entry| !before.holds(entry)) {
        insert.execute(params![entry.name, entry.role == EvidenceRole::Clip, wall.as_microsecond()])?;
    }
    Ok(())
}

/// The next file that is not `passed` over: stills before clips, the oldest first.
pub(super) fn next(connection: &Connection, passed: &[&str]) -> rusqlite::Result<Option<Upload>> {
    let mut find = connection.prepare_cached(
        "SELECT e.name, e.role, e.sha256, e.bytes FROM uploads u INDEXED BY uploads_waiting \
         JOIN evidence e ON e.name = u.name WHERE u.refused IS NULL ORDER BY u.is_clip, u.made LIMIT ?1",
    )?;
    let upload = |row: &rusqlite::Row<'_>| {
        Ok(Upload {
            name: row.get(0)?,
            role: role(row, 1)?,
            sha256: row.get(2)?,
            bytes: u64::try_from(row.get::<_, i64>(3)?).unwrap_or(0),
        })
    };
    // One more than those that are passed over holds one that is not.
    let most = i64::try_from(passed.len()).unwrap_or(i64::MAX).saturating_add(1);
    for upload in find.query_map([most], upload)? {
        let upload = upload?;
        if !passed.contains(&upload.name.as_str()) {
            return Ok(Some(upload));
        }
    }
    Ok(None)
}

/// Whether a file waits.
pub(super) fn waits(connection: &Connection, name: &str) -> rusqlite::Result<bool> {
    let mut find = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM uploads WHERE name = ?1 AND refused IS NULL)")?;
    find.query_row([name], |row| row.get(0))
}

/// How many files wait, how many bytes those are, and how many can never be put there.
pub(super) fn depth(connection: &Connection) -> rusqlite::Result<UploadDepth> {
    let mut find = connection.prepare_cached(
        "SELECT COUNT(*) FILTER (WHERE u.refused IS NULL), COALESCE(SUM(e.bytes) FILTER (WHERE u.refused IS NULL), 0), \
         COUNT(*) FILTER (WHERE u.refused IS NOT NULL) FROM uploads u JOIN evidence e ON e.name = u.name",
    )?;
    let count = |row: &rusqlite::Row<'_>, column| -> rusqlite::Result<u64> {
        Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
    };
    find.query_row([], |row| {
        Ok(UploadDepth { waiting: count(row, 0)?, bytes: count(row, 1)?, refused: count(row, 2)? })
    })
}

/// What waits to be put elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UploadDepth {
    /// How many files.
    pub waiting: u64,
    /// How many bytes those are.
    pub bytes: u64,
    /// How many files can never be put there.
    pub refused: u64,
}
