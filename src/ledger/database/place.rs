//! Where the database lies: its folder, its files and their rights, and the lock that keeps a second program out.

use std::{
    fs::{self, DirBuilder, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use super::DatabaseError;
use crate::{files, lock::FolderLock};
use jiff::{Timestamp, tz::TimeZone};

/// The database, within its folder.
pub(super) const NAME: &str = "firewarden.db";
/// What SQLite keeps beside the file itself.
const BESIDE: [&str; 2] = ["-wal", "-shm"];
/// So many damaged databases are kept; a faulty disk would else fill itself with them.
const MOST_DAMAGED: usize = 3;

/// The folder, held for this program until it is given up.
#[derive(Debug)]
pub(super) struct Place {
    folder: PathBuf,
    /// None once it is given up.
    lock: Mutex<Option<FolderLock>>,
}

impl Place {
    /// Makes the folder if it is not there, and takes it.
    pub fn take(folder: &Path) -> Result<Self, DatabaseError> {
        let of = |path: &Path| {
            let path = path.to_owned();
            move |source| DatabaseError::Place { path, source }
        };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(of(folder))?;
        if let Ok(about) = fs::metadata(folder)
            && about.mode() & 0o077 != 0
        {
            tracing::warn!(
                folder = files::shown(folder.as_os_str()),
                "others may look into the folder of the state; its files are this user's alone all the same"
            );
        }
        let lock = FolderLock::take(folder)?;
        Ok(Self { folder: folder.to_owned(), lock: Mutex::new(Some(lock)) })
    }

    /// Sees to it that the lock is the one that others find: somebody may have taken it away, with its folder or without.
    pub fn hold(&self) -> Result<(), DatabaseError> {
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if lock.as_ref().is_some_and(|held| !held.is_found()) {
            *lock = Some(FolderLock::take(&self.folder)?);
        }
        Ok(())
    }

    /// Another program may have it now.
    pub fn give_up(&self) {
        *self.lock.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The database itself.
    pub fn path(&self) -> PathBuf {
        self.folder.join(NAME)
    }

    /// Makes the folder where somebody has taken it away meanwhile, and holds it then.
    fn make(&self) -> Result<(), DatabaseError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.folder);
        made.map_err(|source| DatabaseError::Place { path: self.folder.clone(), source })?;
        self.hold()
    }

    /// Makes an empty file with the right rights where there is none: SQLite gives them to those beside it, too.
    pub fn prepare(&self) -> Result<(), DatabaseError> {
        self.make()?;
        let path = self.path();
        let prepare = || {
            let file = private().open(&path)?;
            if file.metadata()?.mode() & 0o777 != 0o600 {
                file.set_permissions(Permissions::from_mode(0o600))?;
            }
            Ok(())
        };
        prepare().map_err(|source| DatabaseError::Place { path: path.clone(), source })
    }

    /// Which file now has the database's name.
    pub fn inode(&self) -> Option<u64> {
        fs::metadata(self.path()).ok().map(|about| about.ino())
    }

    /// Moves the database away, with what lies beside it, under a name that tells when.
    pub fn set_aside(&self, now: Timestamp) -> Result<PathBuf, DatabaseError> {
        let path = self.path();
        let stem =
            format!("{NAME}.damaged-{}", now.to_zoned_datetime(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ"));
        let names = (0..1000).map(|n| if n == 0 { stem.clone() } else { format!("{stem}.{n}") });
        let mut free = names.map(|name| self.folder.join(name)).filter(|to| !to.exists());
        let to = free.next().unwrap_or_else(|| self.folder.join(&stem));
        let rename = |from: PathBuf, to: PathBuf| match fs::rename(from, to) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        };
        // The log first: a new database must never meet the old one's.
        for beside in BESIDE {
            rename(with(&path, beside), with(&to, beside))
                .map_err(|source| DatabaseError::SetAside { path: path.clone(), source })?;
        }
        rename(path.clone(), to.clone()).map_err(|source| DatabaseError::SetAside { path, source })?;
        let _ = files::sync(&self.folder);
        self.forget_damaged();
        Ok(to)
    }

    /// Removes all damaged databases but the newest.
    fn forget_damaged(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        let damaged = format!("{NAME}.damaged-");
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.starts_with(&damaged) && !BESIDE.iter().any(|beside| name.ends_with(beside)))
            .collect();
        names.sort();
        let surplus = names.len().saturating_sub(MOST_DAMAGED);
        for path in names.iter().take(surplus).map(|name| self.folder.join(name)) {
            for path in [path.clone(), with(&path, "-wal"), with(&path, "-shm")] {
                let _ = fs::remove_file(path);
            }
        }
    }

    /// How large the log of what was not yet written into the database is, in bytes.
    pub fn log_bytes(&self) -> u64 {
        fs::metadata(with(&self.path(), "-wal")).map_or(0, |about| about.len())
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    options
}

fn with(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
