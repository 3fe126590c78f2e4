//! The state of a camera, as a row. It is packed: it makes up most of what is written.

use std::io::{self, Read, Write};

use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::{domain::CameraId, judge::Saved};

/// No state is longer, unpacked.
const MOST: u64 = 64 << 20;

pub(super) fn write(
    connection: &Connection,
    camera: &CameraId,
    saved: &Saved,
    wall: Timestamp,
) -> rusqlite::Result<()> {
    let packed = saved.write().map_err(io::Error::from).and_then(|bytes| pack(&bytes));
    let packed = packed.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let mut write = connection.prepare_cached(
        "INSERT INTO cameras (camera, saved, state) VALUES (?1, ?2, ?3) \
         ON CONFLICT (camera) DO UPDATE SET saved = ?2, state = ?3",
    )?;
    write.execute(params![camera.as_str(), wall.as_microsecond(), packed])?;
    Ok(())
}

/// The cameras of which something was written.
pub(super) fn cameras(connection: &Connection) -> rusqlite::Result<Vec<CameraId>> {
    let mut find = connection.prepare_cached("SELECT camera FROM cameras")?;
    let names: Vec<String> = find.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(names.into_iter().filter_map(|name| CameraId::new(&name).ok()).collect())
}

/// The text that was written of a camera. What cannot be unpacked is given as it is: whoever reads it says that it is damaged.
pub(super) fn read(connection: &Connection, camera: &CameraId) -> rusqlite::Result<Option<Vec<u8>>> {
    let packed: Option<Vec<u8>> = connection
        .query_row("SELECT state FROM cameras WHERE camera = ?1", [camera.as_str()], |row| row.get(0))
        .optional()?;
    Ok(packed.map(|packed| {
        let mut bytes = Vec::new();
        match ZlibDecoder::new(packed.as_slice()).take(MOST).read_to_end(&mut bytes) {
            Ok(_) => bytes,
            Err(_) => packed,
        }
    }))
}

pub(super) fn pack(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes)?;
    packer.finish()
}
