//! What became of cameras day by day, as rows.

use std::io::{self, Read};

use flate2::read::ZlibDecoder;
use jiff::{Timestamp, civil::Date};
use rusqlite::{Connection, OptionalExtension, params};

use super::state::pack;
use crate::{domain::CameraId, ledger::days::DayOutcome};

/// No day's account is longer, unpacked.
const MOST: u64 = 16 << 20;

pub(super) fn write(connection: &Connection, day: &DayOutcome) -> rusqlite::Result<()> {
    let text = serde_json::to_vec(&day.outcome).map_err(io::Error::from).and_then(|text| pack(&text));
    let packed = text.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let mut write = connection.prepare_cached(
        "INSERT INTO outcomes (camera, day, began, outcome) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (camera, day) DO UPDATE SET began = ?3, outcome = ?4",
    )?;
    write.execute(params![day.camera.as_str(), day.day.to_string(), day.from.as_microsecond(), packed])?;
    connection.execute("DELETE FROM outcomes WHERE day < ?1", [day.oldest.to_string()])?;
    Ok(())
}

/// A camera's day; none where nothing was kept of it, or nothing that can be read.
pub(super) fn read(
    connection: &Connection,
    camera: &CameraId,
    day: Date,
) -> rusqlite::Result<Option<DayOutcome>> {
    let row: Option<(i64, Vec<u8>)> = connection
        .query_row(
            "SELECT began, outcome FROM outcomes WHERE camera = ?1 AND day = ?2",
            params![camera.as_str(), day.to_string()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    Ok(row.and_then(|(began, packed)| {
        let mut text = Vec::new();
        ZlibDecoder::new(packed.as_slice()).take(MOST).read_to_end(&mut text).ok()?;
        let outcome = serde_json::from_slice(&text).ok()?;
        let from = Timestamp::from_microsecond(began).ok()?;
        Some(DayOutcome { camera: camera.clone(), day, from, outcome, oldest: day })
    }))
}
