//! The files of a violation, as rows.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params, types::Type};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::kept::Kept;
use crate::{
    domain::{EvidenceFile, EvidenceRole, MissingEvidence, Violation},
    results::Entry,
};

/// What is known of the files of one violation.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Files {
    there: Vec<EvidenceFile>,
    missing: Vec<MissingEvidence>,
}

impl Files {
    pub fn read(connection: &Connection, violation: Uuid) -> rusqlite::Result<Self> {
        let id = violation.to_string();
        let mut find = connection.prepare_cached(
            "SELECT name, role, sha256, bytes FROM evidence WHERE violation = ?1 ORDER BY made, name",
        )?;
        let there = find.query_map([&id], |row| {
            Ok(EvidenceFile {
                name: row.get(0)?,
                role: role(row, 1)?,
                sha256: row.get(2)?,
                bytes: u64::try_from(row.get::<_, i64>(3)?).unwrap_or(0),
                url: None,
            })
        })?;
        let mut there: Vec<EvidenceFile> = there.collect::<rusqlite::Result<_>>()?;
        there.sort_by_key(|file| place(file.role));
        let mut find = connection.prepare_cached("SELECT what FROM missing WHERE violation = ?1")?;
        let missing = find.query_map([&id], |row| parsed(row, 0))?;
        let mut missing: Vec<MissingEvidence> = missing.collect::<rusqlite::Result<_>>()?;
        missing.sort_by_key(|missing| place(missing.role));
        Ok(Self { there, missing })
    }

    /// Writes down what came. What is there is no longer missing.
    pub fn write(connection: &Connection, kept: &Kept, wall: Timestamp) -> rusqlite::Result<()> {
        let id = kept.violation.to_string();
        let mut insert = connection.prepare_cached(
            "INSERT INTO evidence (name, violation, role, sha256, bytes, made, entry) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (name) DO UPDATE SET \
             violation = ?2, role = ?3, sha256 = ?4, bytes = ?5, made = ?6, entry = ?7",
        )?;
        let mut forget =
            connection.prepare_cached("DELETE FROM missing WHERE violation = ?1 AND role = ?2")?;
        for entry in &kept.entries {
            let text = serde_json::to_string(entry)
                .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
            let bytes = i64::try_from(entry.bytes).unwrap_or(i64::MAX);
            let (role, made) = (entry.role.name(), wall.as_microsecond());
            insert.execute(params![entry.name, id, role, entry.sha256, bytes, made, text])?;
            forget.execute(params![id, role])?;
        }
        let mut insert = connection.prepare_cached(
            "INSERT OR REPLACE INTO missing (violation, role, what) SELECT ?1, ?2, ?3 \
             WHERE NOT EXISTS (SELECT 1 FROM evidence WHERE violation = ?1 AND role = ?2)",
        )?;
        for missing in &kept.missing {
            let text = serde_json::to_string(missing)
                .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
            insert.execute(params![id, missing.role.name(), text])?;
        }
        Ok(())
    }

    /// Whether it is known what became of the file of this role.
    pub fn has(&self, role: EvidenceRole) -> bool {
        self.there.iter().any(|file| file.role == role)
            || self.missing.iter().any(|missing| missing.role == role)
    }

    /// Whether this very file is among them.
    pub fn holds(&self, entry: &Entry) -> bool {
        self.there.iter().any(|file| file.name == entry.name && file.sha256 == entry.sha256)
    }

    /// Names them in a record.
    pub fn put_into(&self, violation: &mut Violation) {
        violation.evidence.clone_from(&self.there);
        violation.missing.clone_from(&self.missing);
    }
}

/// In which order people look at them.
fn place(role: EvidenceRole) -> u8 {
    match role {
        EvidenceRole::Started => 0,
        EvidenceRole::Raised => 1,
        EvidenceRole::Ended => 2,
        EvidenceRole::Clip => 3,
    }
}

pub(super) fn role(row: &Row<'_>, column: usize) -> rusqlite::Result<EvidenceRole> {
    let text: String = row.get(column)?;
    serde_json::from_value(serde_json::Value::String(text)).map_err(|error| strange(column, error))
}

/// A column that holds JSON.
pub(super) fn parsed<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str().map_err(|error| strange(column, error))?;
    serde_json::from_str(text).map_err(|error| strange(column, error))
}

fn strange(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into())
}
