//! The folder of a result: written aside, and put in place once it is whole, so that an earlier result is never lost to
//! a run that ends early.
//!
//! ```text
//! out           the result, as it was before
//! out.partial   what this run writes (out/.partial where `out` cannot be renamed: a mount point, the folder one is in)
//! out.earlier   the result as it was before, for the moment in which the new one takes its place
//! ```

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use thiserror::Error;

use super::{
    LOCK, MANIFEST, OBSERVATIONS, REPLACED,
    inventory::{self, Holds},
    paths::{beside, is_current, is_mount, is_refusal, resolved, sync_all},
};
use crate::{files, say::say};

/// What is to become of a result that is already there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and nothing is analysed.
    Keep,
    /// The new one takes its place once it is whole.
    Replace,
}

impl Existing {
    /// As `--replace` says.
    pub fn of(replace: bool) -> Self {
        if replace { Self::Replace } else { Self::Keep }
    }
}

/// Why a result cannot go where it was to go.
#[derive(Debug, Error)]
pub enum FolderError {
    /// There is one.
    #[error(
        "{0} holds an earlier result, which stays as it is; name another folder, or say --replace to put the new one in its place"
    )]
    Exists(PathBuf),
    /// Something else lies there.
    #[error(
        "{folder} holds {stranger}, which is no part of a result and would be lost or mixed up with it; name a folder of its own, \
         such as {}", folder.join("result").display()
    )]
    Stranger {
        /// The folder.
        folder: PathBuf,
        /// The first of what lies there.
        stranger: PathBuf,
    },
    /// A file or device.
    #[error("{0} is not a folder; name a folder for the result")]
    NotAFolder(PathBuf),
    /// A result of `analyze`, where `replay` would write.
    #[error("{0} holds the result of an analysis, with its evidence; name another folder for --out")]
    OfAnalysis(PathBuf),
    /// Something to be read lies where results are written.
    #[error(
        "{input} lies in the folder that --out names, or where its unfinished result goes; name another folder"
    )]
    OwnInput {
        /// What is to be read.
        input: PathBuf,
    },
    /// Another run writes there.
    #[error("another run is writing into {0} at this moment; wait for its end, or name another folder")]
    InUse(PathBuf),
    /// It cannot be written.
    #[error("{path} cannot be written: {}", files::reason(source))]
    Write {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl FolderError {
    /// Whether the command was used in a way that cannot work.
    pub fn is_usage(&self) -> bool {
        !matches!(self, Self::Write { .. })
    }
}

fn cannot(path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.to_owned();
    |source| FolderError::Write { path, source }
}

/// How the new result comes to its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// From beside the folder, by renaming the whole.
    Beside,
    /// From within it, entry by entry: the folder itself cannot be renamed.
    Within,
}

/// Where a result is to go. Nothing has been written yet.
#[derive(Debug)]
pub struct Target {
    folder: PathBuf,
    existing: Existing,
    way: Way,
}

impl Target {
    /// For `--out`. A link is followed.
    ///
    /// # Errors
    /// [`FolderError::Write`] where it cannot be told where that is.
    pub fn of(out: &Path, existing: Existing) -> Result<Self, FolderError> {
        let folder = resolved(out).map_err(cannot(out))?;
        // What a run left within the folder is put right there.
        let left = [inventory::PARTIAL, inventory::EARLIER].iter().any(|name| folder.join(name).exists());
        let within = left || is_current(&folder) || is_mount(&folder);
        let way = if within { Way::Within } else { Way::Beside };
        Ok(Self { folder, existing, way })
    }

    /// Refuses what is to be read and lies where this is written.
    ///
    /// # Errors
    /// [`FolderError::OwnInput`].
    pub fn apart(&self, input: &Path) -> Result<(), FolderError> {
        if self.contains(input) {
            return Err(FolderError::OwnInput { input: input.to_owned() });
        }
        Ok(())
    }

    /// Whether a file lies where this is written, or where what is replaced goes.
    pub fn contains(&self, file: &Path) -> bool {
        let places = [self.folder.clone(), self.partial(), self.earlier()];
        file.canonicalize().is_ok_and(|file| places.iter().any(|place| file.starts_with(place)))
    }

    /// The folder itself.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn partial(&self) -> PathBuf {
        match self.way {
            Way::Beside => beside(&self.folder, ".partial"),
            Way::Within => self.folder.join(inventory::PARTIAL),
        }
    }

    fn earlier(&self) -> PathBuf {
        match self.way {
            Way::Beside => beside(&self.folder, ".earlier"),
            Way::Within => self.folder.join(inventory::EARLIER),
        }
    }

    /// Refuses a folder that holds what is to stay.
    ///
    /// # Errors
    /// [`FolderError`], which says what that is.
    pub fn free(&self) -> Result<(), FolderError> {
        let folder = || self.folder.clone();
        match inventory::of(&self.folder).map_err(cannot(&self.folder))? {
            Holds::Nothing => Ok(()),
            Holds::Result if self.existing == Existing::Replace => Ok(()),
            Holds::Result => Err(FolderError::Exists(folder())),
            Holds::Stranger(stranger) if stranger == self.folder => Err(FolderError::NotAFolder(folder())),
            Holds::Stranger(stranger) => Err(FolderError::Stranger { folder: folder(), stranger }),
        }
    }

    /// Makes the folder that is written into, and holds it against other runs. What an earlier run left unfinished there
    /// goes, with a line that says so.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn begin(mut self) -> Result<Unfinished, FolderError> {
        let parent = self.folder.parent().unwrap_or(Path::new("/")).to_owned();
        fs::create_dir_all(&parent).map_err(cannot(&parent))?;
        let (partial, lock) = match self.hold() {
            // Whoever may write in a folder need not be allowed to write beside it.
            Err(FolderError::Write { source, .. })
                if self.way == Way::Beside && self.folder.is_dir() && is_refusal(&source) =>
            {
                self.way = Way::Within;
                self.hold()?
            }
            held => held?,
        };
        let unfinished = Unfinished { target: self, partial, _lock: lock, state: Stage::Written };
        unfinished.target.recover()?;
        unfinished.target.free()?;
        if inventory::clear(&unfinished.partial, &[LOCK]).map_err(cannot(&unfinished.partial))? > 0 {
            say(format_args!(
                "note: the unfinished result that an earlier run left in {} is replaced",
                files::shown(unfinished.partial.as_os_str())
            ));
        }
        Ok(unfinished)
    }

    /// Makes the folder of the unfinished result and locks it. Where the file system has no locks, it goes without.
    fn hold(&self) -> Result<(PathBuf, File), FolderError> {
        let partial = self.partial();
        if self.way == Way::Within {
            fs::create_dir_all(&self.folder).map_err(cannot(&self.folder))?;
        }
        loop {
            match fs::create_dir(&partial) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    // Without our lock in it, it is somebody else's.
                    match inventory::of(&partial).map_err(cannot(&partial))? {
                        Holds::Stranger(stranger) => {
                            return Err(FolderError::Stranger { folder: partial, stranger });
                        }
                        Holds::Result if !partial.join(LOCK).is_file() => {
                            return Err(FolderError::Exists(partial));
                        }
                        _ => {}
                    }
                }
                made => made.map_err(cannot(&partial))?,
            }
            let path = partial.join(LOCK);
            let lock = match OpenOptions::new().write(true).create(true).truncate(false).open(&path) {
                // Another run has just put it in its place.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                opened => opened.map_err(cannot(&path))?,
            };
            if let Err(TryLockError::WouldBlock) = lock.try_lock() {
                return Err(FolderError::InUse(self.folder.clone()));
            }
            // Meanwhile another run may have finished, and the lock be one of a folder that has moved.
            let number = |about: io::Result<fs::Metadata>| about.ok().map(|a| (a.dev(), a.ino()));
            if number(lock.metadata()) == number(fs::metadata(&path)) {
                return Ok((partial, lock));
            }
        }
    }

    /// Puts right what a run left that was cut short while its result took the place of another.
    fn recover(&self) -> Result<(), FolderError> {
        let (earlier, partial) = (self.earlier(), self.partial());
        let whole = earlier.join(REPLACED).is_file();
        match self.way {
            Way::Beside if whole && !self.folder.exists() => {
                fs::rename(&earlier, &self.folder).map_err(cannot(&self.folder))?;
                let _ = fs::remove_file(self.folder.join(REPLACED));
                say(format_args!(
                    "note: a run was cut short while its result took the place of the one in {}; the earlier result is there again",
                    files::shown(self.folder.as_os_str())
                ));
            }
            Way::Beside if whole => drop(inventory::remove(&earlier).map_err(cannot(&earlier))?),
            Way::Beside => {}
            Way::Within if whole => {
                // All of the earlier one had been moved away: the new one is whole, in two places.
                up(&partial, &self.folder)?;
                inventory::remove(&earlier).map_err(cannot(&earlier))?;
            }
            Way::Within if earlier.is_dir() => {
                up(&earlier, &self.folder)?;
                fs::remove_dir(&earlier).map_err(cannot(&earlier))?;
            }
            Way::Within => {}
        }
        Ok(())
    }
}

/// A result that is being written.
#[derive(Debug)]
pub struct Unfinished {
    target: Target,
    partial: PathBuf,
    _lock: File,
    state: Stage,
}

#[derive(Debug, PartialEq, Eq)]
enum Stage {
    /// It lies aside.
    Written,
    /// It is where it was to go.
    InPlace,
}

impl Unfinished {
    /// Where it is written.
    pub fn path(&self) -> &Path {
        &self.partial
    }

    /// Where it is to go.
    pub fn folder(&self) -> &Path {
        &self.target.folder
    }

    /// Whether an earlier result lies there.
    pub fn replaces(&self) -> bool {
        matches!(inventory::of(&self.target.folder), Ok(Holds::Result))
    }

    /// Puts it in its place; an earlier result goes then, and not before.
    ///
    /// # Errors
    /// [`FolderError`] where it cannot be put there: it stays where it was written, and the earlier one in its place.
    pub fn put_in_place(mut self) -> Result<(), FolderError> {
        self.target.free()?;
        sync_all(&self.partial).map_err(cannot(&self.partial))?;
        match self.target.way {
            Way::Beside => self.swap()?,
            Way::Within => self.move_up()?,
        }
        self.state = Stage::InPlace;
        Ok(())
    }

    fn swap(&self) -> Result<(), FolderError> {
        let Target { folder, .. } = &self.target;
        let parent = folder.parent().unwrap_or(Path::new("/"));
        let earlier = self.target.earlier();
        let replaces = self.replaces();
        if let Ok(about) = fs::metadata(folder) {
            // A share may refuse that, and the folder serves all the same.
            let _ = fs::set_permissions(&self.partial, about.permissions());
        }
        if replaces {
            if earlier.exists() {
                return Err(FolderError::Stranger { folder: parent.to_owned(), stranger: earlier });
            }
            let mark = folder.join(REPLACED);
            File::create(&mark).map_err(cannot(&mark))?;
            fs::rename(folder, &earlier).map_err(cannot(folder))?;
        } else if folder.exists() {
            inventory::remove(folder).map_err(cannot(folder))?;
        }
        if let Err(source) = fs::rename(&self.partial, folder) {
            if replaces && fs::rename(&earlier, folder).is_ok() {
                let _ = fs::remove_file(folder.join(REPLACED));
            }
            return Err(FolderError::Write { path: folder.clone(), source });
        }
        // The new result is there whatever becomes of what follows.
        let _ = files::sync(parent);
        let _ = fs::remove_file(folder.join(LOCK));
        if replaces && inventory::remove(&earlier).is_err() {
            say(format_args!(
                "note: the earlier result could not be removed; it is in {}",
                files::shown(earlier.as_os_str())
            ));
        }
        Ok(())
    }

    fn move_up(&self) -> Result<(), FolderError> {
        let Target { folder, .. } = &self.target;
        let earlier = self.target.earlier();
        let replaces = self.replaces();
        if replaces {
            fs::create_dir(&earlier).map_err(cannot(&earlier))?;
            up(folder, &earlier)?;
            let mark = earlier.join(REPLACED);
            File::create(&mark).map_err(cannot(&mark))?;
            let _ = files::sync(&earlier);
        }
        up(&self.partial, folder)?;
        let _ = files::sync(folder);
        let _ = fs::remove_file(self.partial.join(LOCK));
        let _ = fs::remove_dir(&self.partial);
        if replaces && inventory::remove(&earlier).is_err() {
            say(format_args!(
                "note: the earlier result could not be removed; it is in {}",
                files::shown(earlier.as_os_str())
            ));
        }
        Ok(())
    }
}

impl Drop for Unfinished {
    /// Where nothing was found there is nothing to keep.
    fn drop(&mut self) {
        if self.state == Stage::Written && matches!(inventory::of(&self.partial), Ok(Holds::Nothing)) {
            let _ = inventory::remove(&self.partial);
        }
    }
}

/// Whether an analysis has left its result in a folder, with its evidence.
pub fn is_of_analysis(folder: &Path) -> bool {
    folder.join(MANIFEST).exists() || folder.join(OBSERVATIONS).exists()
}

/// Moves the parts of a result from one folder into another on the same disk.
fn up(from: &Path, to: &Path) -> Result<(), FolderError> {
    for name in inventory::parts(from).map_err(cannot(from))? {
        fs::rename(from.join(&name), to.join(&name)).map_err(cannot(&to.join(&name)))?;
    }
    Ok(())
}
