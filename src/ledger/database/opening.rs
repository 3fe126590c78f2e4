//! A database is opened, or found to be of no use.

use std::{path::Path, time::Duration};

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use uuid::Uuid;

use super::{
    DatabaseError,
    error::Meaning,
    place::Place,
    schema::{known, migrate, version},
};
use crate::domain::OutboxId;

/// Nobody else writes, so nobody waits for long: only a checkpoint of a connection that goes.
const PATIENCE: Duration = Duration::from_secs(5);
/// The log is cut back to this once it was written into the database, in bytes.
const LOG_BYTES: i64 = 16 << 20;

/// A database that can be written.
#[derive(Debug)]
pub(super) struct Opened {
    pub connection: Connection,
    pub outbox: OutboxId,
    /// Whether it was made just now.
    pub fresh: bool,
    /// Which file it is.
    pub inode: Option<u64>,
}

/// Why a database is not opened.
#[derive(Debug)]
pub(super) enum Unopened {
    /// It is not what was written.
    Damaged(String),
    /// For another reason.
    Error(DatabaseError),
}

/// How much of it is read before it is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    /// All.
    Whole,
    /// What is needed.
    Least,
}

/// Opens the database, or makes it.
pub(super) fn open(place: &Place, check: Check, now: Timestamp) -> Result<Opened, Unopened> {
    place.prepare().map_err(Unopened::Error)?;
    let path = place.path();
    let failed = |source: rusqlite::Error| match Meaning::of(&source) {
        Meaning::Damage => Unopened::Damaged(source.to_string()),
        Meaning::Passing | Meaning::Refused => {
            Unopened::Error(DatabaseError::Open { path: path.clone(), source })
        }
    };
    let mut connection = connect(&path).map_err(failed)?;
    if check == Check::Whole {
        let found: String =
            connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(failed)?;
        if found != "ok" {
            return Err(Unopened::Damaged(found));
        }
    }
    let (found, known) = (version(&connection).map_err(failed)?, known());
    if found > known {
        return Err(Unopened::Error(DatabaseError::Newer { path, found, known }));
    }
    set_up(&connection, found).map_err(failed)?;
    migrate(&mut connection).map_err(failed)?;
    let (outbox, fresh) = outbox(&connection, now).map_err(failed)?;
    let Some(outbox) = outbox else { return Err(Unopened::Damaged("its outbox has no id".to_owned())) };
    Ok(Opened { connection, outbox, fresh, inode: place.inode() })
}

/// Another connection, to read by.
pub(super) fn reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection = connect(path)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn set_up(connection: &Connection, version: i64) -> rusqlite::Result<()> {
    if version == 0 {
        // Room that is no longer needed can then be given back. It must be said before the first table.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    let _: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update_and_check(None, "journal_size_limit", LOG_BYTES, |_| Ok(()))?;
    Ok(())
}

/// The outbox's id, and whether it was drawn just now; none where what stands there is no id.
fn outbox(connection: &Connection, now: Timestamp) -> rusqlite::Result<(Option<OutboxId>, bool)> {
    let known: Option<String> =
        connection.query_row("SELECT outbox FROM meta", [], |row| row.get(0)).optional()?;
    if let Some(text) = known {
        return Ok((Uuid::parse_str(&text).ok().map(OutboxId::from), false));
    }
    let chance: [u8; 16] = connection.query_row("SELECT randomblob(16)", [], |row| row.get(0))?;
    let id = uuid::Builder::from_random_bytes(chance).into_uuid();
    connection.execute(
        "INSERT INTO meta (one, outbox, made, last_sequence) VALUES (1, ?1, ?2, 0)",
        params![id.to_string(), now.as_microsecond()],
    )?;
    Ok((Some(id.into()), true))
}
