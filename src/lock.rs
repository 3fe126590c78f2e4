//! Folders that one program alone writes to: a lock on a file in them, which ends with the program whatever becomes of it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};
use thiserror::Error;

use crate::files;

/// The file on which the lock is.
const NAME: &str = "firewarden.lock";

/// A folder that is this program's until it is dropped.
#[derive(Debug)]
pub struct FolderLock {
    folder: PathBuf,
    file: File,
}

/// Why a folder cannot be had.
#[derive(Debug, Error)]
pub enum LockError {
    /// The file cannot be made or locked.
    #[error("{}: {}", files::shown(.path.as_os_str()), files::reason(source))]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another program has it.
    #[error("{} is in use by {by}", files::shown(.folder.as_os_str()))]
    Held {
        /// The folder.
        folder: PathBuf,
        /// By whom, as far as it is known: `process 4711 (firewarden)`.
        by: String,
    },
}

impl FolderLock {
    /// Takes a folder, which must be there.
    ///
    /// # Errors
    /// [`LockError`] where another program has it, or the file cannot be made.
    pub fn take(folder: &Path) -> Result<Self, LockError> {
        let path = folder.join(NAME);
        let failed = |source| LockError::File { path: path.clone(), source };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                return Err(LockError::Held { folder: folder.to_owned(), by: holder(&mut file) });
            }
            Err(error) => return Err(failed(error.into())),
        }
        // It only serves a message.
        let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
        Ok(Self { folder: folder.to_owned(), file })
    }

    /// Whether the file is the one that others find: somebody may have taken it away, with its folder or without.
    pub fn is_found(&self) -> bool {
        let found = fs::metadata(self.folder.join(NAME));
        self.file
            .metadata()
            .is_ok_and(|held| found.is_ok_and(|found| (held.dev(), held.ino()) == (found.dev(), found.ino())))
    }
}

/// Who has the lock, as the file tells and the system knows.
fn holder(lock: &mut File) -> String {
    let mut text = String::new();
    let _ = lock.take(32).read_to_string(&mut text);
    let Ok(id) = text.trim().parse::<u32>() else { return "another program".to_owned() };
    let name = fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
    match files::visible(name.trim()) {
        name if name.is_empty() => format!("process {id}"),
        name => format!("process {id} ({name})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_one_programs_until_it_gives_it_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let lock = FolderLock::take(folder.path()).expect("free");
        assert!(lock.is_found());
        let error = FolderLock::take(folder.path()).expect_err("taken").to_string();
        assert!(error.contains(&format!("is in use by process {}", std::process::id())), "{error}");
        fs::remove_file(folder.path().join(NAME)).expect("removed");
        assert!(!lock.is_found());
        drop(lock);
        assert!(FolderLock::take(folder.path()).is_ok());
        assert!(FolderLock::take(&folder.path().join("nowhere")).is_err());
    }
}
