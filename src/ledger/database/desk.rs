//! An outbox as another program looks at it and changes it, whether or not the service runs that it belongs to.
//!
//! It takes no lock of the folder: SQLite keeps small transactions of two programs apart. It neither makes a database nor brings
//! one to another version, which is for the service to do.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Row, Transaction, TransactionBehavior, params,
};
use thiserror::Error;

use super::{
    error::reason,
    facts::Depth,
    place::NAME,
    reading,
    schema::{known, version},
    told::number,
    uploads::{self, UploadDepth},
};
use crate::{
    domain::{CameraId, OutboxId},
    files,
};

/// The service is waited for so long where it writes.
const PATIENCE: Duration = Duration::from_secs(5);
/// So many rows are changed in one transaction, so that the service does not wait long behind it.
const SLICE: i64 = 2_000;

/// What cannot be done with an outbox.
#[derive(Debug, Error)]
pub enum DeskError {
    /// There is no database.
    #[error(
        "there is no database {}: the service makes it when it first runs with this configuration; `[state] directory` says where it \
         lies",
        files::shown(.0.as_os_str())
    )]
    Missing(PathBuf),
    /// Another version of the program has written it. It is left as it is.
    #[error(
        "{} is of version {found}, and this program works with version {known}: {}",
        files::shown(.path.as_os_str()), way_out(*.found, *.known)
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version; 0 where it is empty.
        found: i64,
        /// The version that this program works with.
        known: i64,
    },
    /// It is no file that could be read.
    #[error("{} cannot be read: {}", files::shown(.path.as_os_str()), files::reason(source))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It cannot be read or changed just now.
    #[error("{} cannot be used: {}", files::shown(.path.as_os_str()), said(source))]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
}

fn way_out(found: i64, known: i64) -> &'static str {
    match found < known {
        true => "start this version's service, which brings it up to date",
        false => "use the newer program that wrote it",
    }
}

fn said(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            format!("another program writes it for longer than {} s; try again", PATIENCE.as_secs())
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            format!("it is damaged ({error}); the service sets it aside and begins another")
        }
        _ => reason(error),
    }
}

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
}

/// What of a sink is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purged {
    /// Its dead letters.
    DeadLetters,
    /// The same, and what waits for it now.
    Undelivered,
    /// All that is known of it.
    All,
}

/// An outbox, of another program.
#[derive(Debug)]
pub struct Desk {
    connection: Connection,
    path: PathBuf,
}

impl Desk {
    /// Opens the database that lies in this folder.
    ///
    /// # Errors
    /// [`DeskError`] where there is none, another version has written it, or it cannot be read.
    pub fn open(folder: &Path) -> Result<Self, DeskError> {
        let path = folder.join(NAME);
        let unreadable = |source| match io::Error::kind(&source) {
            io::ErrorKind::NotFound => DeskError::Missing(path.clone()),
            _ => DeskError::Unreadable { path: path.clone(), source },
        };
        if !fs::metadata(&path).map_err(unreadable)?.is_file() {
            let source = io::Error::new(io::ErrorKind::InvalidInput, "it is not a file");
            return Err(DeskError::Unreadable { path, source });
        }
        let unusable = |source| DeskError::Unusable { path: path.clone(), source };
        let connection = connect(&path).map_err(unusable)?;
        let (found, known) = (version(&connection).map_err(unusable)?, known());
        if found != known {
            return Err(DeskError::Version { path, found, known });
        }
        Ok(Self { connection, path })
    }

    /// The outbox's id.
    ///
    /// # Errors
    /// [`DeskError::Unusable`].
    pub fn outbox(&self) -> Result<OutboxId, DeskError> {
        self.read(reading::outbox)
    }

    /// What each sink does not have, also of those that are configured no more. One that has all is there with nothing while
    /// anything is known of it.
    ///
    /// # Errors
    /// [`DeskError::Unusable`].
    pub fn depths(&self) -> Result<BTreeMap<String, Depth>, DeskError> {
        self.read(|connection| {
            let (mut depths, _) = reading::depths(connection)?;
            for sink in sinks(connection)? {
                depths.entry(sink).or_default();
            }
            Ok(depths)
        })
    }

    /// What waits to be put elsewhere.
    ///
    /// # Errors
    /// [`DeskError::Unusable`].
    pub fn uploads(&self) -> Result<UploadDepth, DeskError> {
        self.read(uploads::depth)
    }

    /// The newest alerts that a sink does not have, so many at most, in the order of their sequences.
    ///
    /// # Errors
    /// [`DeskError::Unusable`].
    pub fn letters(&self, sink: &str, most: usize) -> Result<Vec<Letter>, DeskError> {
        self.read(|connection| letters(connection, sink, most))
    }

    /// The files that are to be put elsewhere, so many at most: first those that never can be, then those that wait, each the
    /// oldest first.
    ///
    /// # Errors
    /// [`DeskError::Unusable`].
    pub fn files(&self, most: usize) -> Result<Vec<WaitingFile>, DeskError> {
        self.read(|connection| waiting_files(connection, most))
    }

    /// An alert as it is sent, and what became of it at each sink that it is for; none where there is no such alert any more.
    ///
    /// # Errors
    /// [`DeskError::Unusable`].
    pub fn alert(&self, sequence: u64) -> Result<Option<(String, BTreeMap<String, Fate>)>, DeskError> {
        self.read(|connection| alert(connection, sequence))
    }

    /// Lets dead letters of a sink wait again, all of them or these. Which of these are none of its dead letters.
    ///
    /// # Errors
    /// [`DeskError::Unusable`]; what was changed until then is.
    pub fn retry(
        &mut self,
        sink: &str,
        sequences: &BTreeSet<u64>,
    ) -> Result<(u64, BTreeSet<u64>), DeskError> {
        if sequences.is_empty() {
            let count = self.in_slices(|change| {
                change.execute(
                    "UPDATE outbox SET refused = NULL, why = NULL WHERE sink = ?1 AND sequence IN (SELECT sequence FROM outbox \
                     INDEXED BY outbox_refused WHERE sink = ?1 AND refused IS NOT NULL ORDER BY sequence LIMIT ?2)",
                    params![sink, SLICE],
                )
            })?;
            return Ok((count, BTreeSet::new()));
        }
        self.change(|change| {
            let mut others = sequences.clone();
            for sequence in sequences {
                let changed = change.execute(
                    "UPDATE outbox SET refused = NULL, why = NULL WHERE sink = ?1 AND sequence = ?2 AND refused IS NOT NULL",
                    params![sink, number(*sequence)],
                )?;
                if changed > 0 {
                    others.remove(sequence);
                }
            }
            let count = sequences.len().saturating_sub(others.len());
            Ok((u64::try_from(count).unwrap_or(u64::MAX), others))
        })
    }

    /// Lets all files wait again that never could be put elsewhere. How many do.
    ///
    /// # Errors
    /// [`DeskError::Unusable`].
    pub fn retry_uploads(&mut self) -> Result<u64, DeskError> {
        let text = "UPDATE uploads SET refused = NULL, why = NULL WHERE refused IS NOT NULL";
        self.change(|change| Ok(u64::try_from(change.execute(text, [])?).unwrap_or(u64::MAX)))
    }

    /// Removes what is kept for a sink: it will not be delivered. What comes meanwhile stays, but with [`Purged::All`]. How many
    /// rows are gone.
    ///
    /// # Errors
    /// [`DeskError::Unusable`]; what was removed until then is gone.
    pub fn purge(&mut self, sink: &str, what: Purged) -> Result<u64, DeskError> {
        let last = self.read(reading::last_sequence)?;
        let which = match what {
            Purged::DeadLetters => "refused IS NOT NULL",
            Purged::Undelivered => "delivered IS NULL",
            Purged::All => "TRUE",
        };
        let last = if what == Purged::Undelivered { number(last) } else { i64::MAX };
        let text = format!(
            "DELETE FROM outbox WHERE sink = ?1 AND sequence IN (SELECT sequence FROM outbox WHERE sink = ?1 AND {which} \
             AND sequence <= ?3 ORDER BY sequence LIMIT ?2)"
        );
        self.in_slices(|change| change.execute(&text, params![sink, SLICE, last]))
    }

    fn read<T>(&self, what: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, DeskError> {
        // What is read in several steps is of one moment.
        let read = || {
            let moment = self.connection.unchecked_transaction()?;
            what(&moment)
        };
        read().map_err(|source| self.unusable(source))
    }

    fn change<T>(
        &mut self,
        what: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, DeskError> {
        let change = || {
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = what(&transaction)?;
            transaction.commit()?;
            Ok(done)
        };
        change().map_err(|source| DeskError::Unusable { path: self.path.clone(), source })
    }

    /// Changes so many rows at a time that the service comes in between.
    fn in_slices(
        &mut self,
        slice: impl Fn(&Transaction<'_>) -> rusqlite::Result<usize>,
    ) -> Result<u64, DeskError> {
        let mut all = 0;
        loop {
            let changed = self.change(|transaction| slice(transaction))?;
            let changed = u64::try_from(changed).unwrap_or(u64::MAX);
            all += changed;
            if changed < SLICE.unsigned_abs() {
                return Ok(all);
            }
        }
    }

    fn unusable(&self, source: rusqlite::Error) -> DeskError {
        DeskError::Unusable { path: self.path.clone(), source }
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

/// The sinks of which anything is known, each found by the one before it: a sink has many rows.
fn sinks(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut find = connection.prepare(
        "WITH RECURSIVE known (sink) AS (SELECT MIN(sink) FROM outbox UNION ALL \
         SELECT (SELECT MIN(o.sink) FROM outbox o WHERE o.sink > known.sink) FROM known WHERE known.sink IS NOT NULL) \
         SELECT sink FROM known WHERE sink IS NOT NULL",
    )?;
    find.query_map([], |row| row.get(0))?.collect()
}

fn letters(connection: &Connection, sink: &str, most: usize) -> rusqlite::Result<Vec<Letter>> {
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

fn waiting_files(connection: &Connection, most: usize) -> rusqlite::Result<Vec<WaitingFile>> {
    let mut find = connection.prepare(
        "SELECT u.name, e.bytes, u.made, u.refused, u.why FROM uploads u JOIN evidence e ON e.name = u.name \
         ORDER BY u.refused IS NULL, u.made, u.name LIMIT ?1",
    )?;
    let rows = find.query_map([i64::try_from(most).unwrap_or(i64::MAX)], |row| {
        Ok(WaitingFile {
            name: row.get(0)?,
            bytes: reading::count(row, 1)?,
            since: time(row, 2)?,
            refused: refused(row, 3)?,
        })
    })?;
    rows.collect()
}

fn alert(
    connection: &Connection,
    sequence: u64,
) -> rusqlite::Result<Option<(String, BTreeMap<String, Fate>)>> {
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
    Ok(Some((body, fates.collect::<rusqlite::Result<_>>()?)))
}
