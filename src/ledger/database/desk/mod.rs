//! An outbox as another program looks at it and changes it, whether or not the service runs that it belongs to.
//!
//! It takes no lock of the folder: SQLite keeps small transactions of two programs apart. It neither makes a database nor brings
//! one to another version, which is for the service to do.

mod error;
mod rows;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

pub use error::DeskError;
use percent_encoding::{AsciiSet, CONTROLS, percent_encode};
pub use rows::{Fate, Letter, Refused, Shown, WaitingFile};
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior, params};

use super::{
    facts::Depth,
    place::NAME,
    reading,
    schema::{known, version},
    told::number,
    uploads::{self, UploadDepth},
};
use crate::domain::OutboxId;

/// The service is waited for so long where it writes.
const PATIENCE: Duration = Duration::from_secs(5);
/// So many rows are changed in one transaction, so that the service does not wait long behind it.
const SLICE: i64 = 2_000;

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
        let (connection, found) = opened(&path).map_err(unusable)?;
        let known = known();
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
            for sink in rows::sinks(connection)? {
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
        self.read(|connection| rows::letters(connection, sink, most))
    }

    /// The files that are to be put elsewhere, so many at most: first those that never can be, then those that wait, each the
    /// oldest first.
    ///
    /// # Errors
    /// [`DeskError::Unusable`].
    pub fn files(&self, most: usize) -> Result<Vec<WaitingFile>, DeskError> {
        self.read(|connection| rows::waiting_files(connection, most))
    }

    /// An alert as it is sent, and what became of it at each sink that it is for; none where there is no such alert any more.
    ///
    /// # Errors
    /// [`DeskError::Unusable`].
    pub fn alert(&self, sequence: u64) -> Result<Option<Shown>, DeskError> {
        self.read(|connection| rows::alert(connection, sequence))
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

    /// A file is no longer to be put elsewhere. Whether it was.
    ///
    /// # Errors
    /// [`DeskError::Unusable`].
    pub fn purge_upload(&mut self, name: &str) -> Result<bool, DeskError> {
        self.change(|change| Ok(change.execute("DELETE FROM uploads WHERE name = ?1", [name])? > 0))
    }

    /// Files that never can be put elsewhere are no longer to be, and where `waiting` says so, none of those that wait. How many
    /// are gone.
    ///
    /// # Errors
    /// [`DeskError::Unusable`]; what was removed until then is gone.
    pub fn purge_uploads(&mut self, waiting: bool) -> Result<u64, DeskError> {
        self.in_slices(|change| {
            change.execute(
                "DELETE FROM uploads WHERE name IN (SELECT name FROM uploads WHERE refused IS NOT NULL OR ?2 LIMIT ?1)",
                params![SLICE, waiting],
            )
        })
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

/// The database and its version. One that may only be read is opened to be read.
fn opened(path: &Path) -> rusqlite::Result<(Connection, i64)> {
    let with_version = |connection: Connection| version(&connection).map(|version| (connection, version));
    let opened = connect(path).and_then(with_version);
    match &opened {
        Err(error)
            if matches!(error.sqlite_error_code(), Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen)) =>
        {
            read_only(path).and_then(with_version)
        }
        _ => opened,
    }
}

/// Opens a database that may only be read. Beside one in use lies what tells where its newest pages are. Where nothing lies beside
/// it nobody writes it, so that nothing needs to be made there.
fn read_only(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let connection = if fs::metadata(log).is_ok_and(|log| log.len() > 0) {
        Connection::open_with_flags(path, flags)?
    } else {
        let path = percent_encode(path.as_os_str().as_encoded_bytes(), IN_URI);
        Connection::open_with_flags(format!("file:{path}?immutable=1"), flags | OpenFlags::SQLITE_OPEN_URI)?
    };
    connection.busy_timeout(PATIENCE)?;
    Ok(connection)
}

/// What has a meaning of its own in the address of a database, and what is not ASCII.
const IN_URI: &AsciiSet = &CONTROLS.add(b'%').add(b'?').add(b'#').add(b' ');

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}
