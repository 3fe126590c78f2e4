use std::{
    env,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    built_in, debian,
    entry::{Item, Place, Source},
    error::{Attempt, CatalogError},
    fetch::{self, Failure},
};
use crate::files::{self, sha256_of};

/// The folder of fetched files on this machine, and the mirror it is filled from first.
///
/// A file lies at `CACHE/models/FILE` or `CACHE/footage/FILE`. Several processes may fill one folder at the same time:
/// files appear in it whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// Where fetched files lie.
    pub cache: PathBuf,
    /// A folder that has some of them already.
    pub mirror: Option<PathBuf>,
}

/// A file of the store whose hash was right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The file.
    pub path: PathBuf,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
    /// The source it was brought from; none where it was here already.
    pub from: Option<String>,
}

/// What the store has of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// Nothing.
    Absent,
    /// A file with one of the listed hashes.
    Verified {
        /// Its SHA-256, hexadecimal.
        sha256: String,
    },
    /// A file with another hash. It is never used.
    Wrong {
        /// Its SHA-256, hexadecimal.
        found: String,
    },
}

impl Store {
    /// The store that the environment describes: `FIREWARDEN_CACHE`, else `$XDG_CACHE_HOME/firewarden`, else
    /// `~/.cache/firewarden`; mirror `FIREWARDEN_MIRROR`, where that is set.
    ///
    /// # Errors
    /// [`CatalogError::NoCache`] where none of the variables is set.
    pub fn from_env() -> Result<Self, CatalogError> {
        Self::from_vars(|name| env::var_os(name))
    }

    /// As [`Store::from_env`], with the variables given.
    pub(super) fn from_vars(var: impl Fn(&str) -> Option<OsString>) -> Result<Self, CatalogError> {
        let folder = |name: &str| var(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let cache = folder("FIREWARDEN_CACHE")
            .or_else(|| folder("XDG_CACHE_HOME").map(|base| base.join("firewarden")))
            .or_else(|| folder("HOME").map(|home| home.join(".cache/firewarden")))
            .ok_or(CatalogError::NoCache)?;
        Ok(Self { cache, mirror: folder("FIREWARDEN_MIRROR") })
    }

    /// Where an entry's file lies, or would lie.
    pub fn path(&self, entry: impl AsRef<Item>) -> PathBuf {
        let item = entry.as_ref();
        self.cache.join(item.shelf.folder()).join(&item.file)
    }

    /// Hashes what the store has of an entry.
    ///
    /// # Errors
    /// [`CatalogError::Cache`] where the file is there and cannot be read.
    pub fn check(&self, entry: impl AsRef<Item>) -> Result<Presence, CatalogError> {
        let item = entry.as_ref();
        let path = self.path(item);
        match sha256_of(&path) {
            Ok(sha256) if item.accepts(&sha256) => Ok(Presence::Verified { sha256 }),
            Ok(found) => Ok(Presence::Wrong { found }),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Presence::Absent),
            Err(source) => Err(CatalogError::Cache { path, source }),
        }
    }

    /// The path of an entry's file, fetched if it is not here, its hash compared in any case.
    ///
    /// # Errors
    /// As [`Store::fetch`].
    pub fn ensure(&self, entry: impl AsRef<Item>) -> Result<PathBuf, CatalogError> {
        self.fetch(entry, |_| ()).map(|fetched| fetched.path)
    }

    /// As [`Store::ensure`], telling where the file came from. `trying` is called before each source is asked.
    ///
    /// A file in the store with a wrong hash is removed and fetched anew.
    ///
    /// # Errors
    /// [`CatalogError::WrongHash`] where a source has another file than the one listed, [`CatalogError::Unavailable`]
    /// where none has it, [`CatalogError::Cache`] where the store cannot be read or written.
    pub fn fetch(
        &self,
        entry: impl AsRef<Item>,
        mut trying: impl FnMut(&Source),
    ) -> Result<Fetched, CatalogError> {
        let item = entry.as_ref();
        let path = self.path(item);
        let local = |path: &Path, source| CatalogError::Cache { path: path.to_owned(), source };
        match self.check(item)? {
            Presence::Verified { sha256 } => return Ok(Fetched { path, sha256, from: None }),
            Presence::Wrong { found } => {
                tracing::warn!(path = %path.display(), sha256 = found, "not the file that is listed; fetched anew");
                // Another process may have found the same.
                match fs::remove_file(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(local(&path, error)),
                    _ => {}
                }
            }
            Presence::Absent => {}
        }
        let folder = self.cache.join(item.shelf.folder());
        fs::create_dir_all(&folder).map_err(|e| local(&folder, e))?;

        let mut attempts = Vec::new();
        for source in &item.sources {
            let origin = self.origin(source);
            trying(source);
            let mut file = partial(&folder).map_err(|e| local(&folder, e))?;
            let came = match &source.place {
                Place::BuiltIn(name) => match built_in::find(name) {
                    Some(mut bytes) => fetch::copy_hashed(&mut bytes, file.as_file_mut(), source.bytes),
                    None => Err(Failure::Source("this program was built without it".to_owned())),
                },
                Place::Mirror(inside) => match &self.mirror {
                    Some(mirror) => fetch::from_path(&mirror.join(inside), file.as_file_mut()),
                    None => {
                        Err(Failure::Source("there is no mirror; FIREWARDEN_MIRROR names one".to_owned()))
                    }
                },
                Place::Url(url) => fetch::from_url(url, source.bytes, file.as_file_mut()),
                Place::Debian { package, path } => {
                    debian::from_package(package, path, source.bytes, &folder, file.as_file_mut())
                }
            };
            match came {
                Ok(found) if found == source.sha256 => {
                    files::persist(file, &path).map_err(|e| local(&path, e))?;
                    return Ok(Fetched { path, sha256: found, from: Some(origin) });
                }
                Ok(found) => {
                    return Err(CatalogError::WrongHash {
                        name: item.name.clone(),
                        origin,
                        expected: source.sha256.clone(),
                        found,
                        way_out: way_out(&source.place),
                    });
                }
                Err(Failure::Source(reason)) => attempts.push(Attempt { origin, reason }),
                Err(Failure::Local(e)) => return Err(local(&folder, e)),
            }
        }
        let sha256 = item.sources.first().map(|source| source.sha256.clone()).unwrap_or_default();
        Err(CatalogError::Unavailable { name: item.name.clone(), path, sha256, attempts })
    }

    /// How a source is named to people: the path, the address or the package that is asked.
    pub fn origin(&self, source: &Source) -> String {
        match (&source.place, &self.mirror) {
            (Place::BuiltIn(name), _) => format!("the program itself, {name}"),
            (Place::Mirror(inside), Some(mirror)) => mirror.join(inside).display().to_string(),
            (Place::Mirror(inside), None) => format!("mirror, {}", inside.display()),
            (Place::Url(url), _) => url.clone(),
            (Place::Debian { package, path }, _) => format!("Debian's package {package}, /{path}"),
        }
    }
}

fn way_out(place: &Place) -> &'static str {
    match place {
        Place::BuiltIn(_) => {
            "The program was built of another file: list its SHA-256 and size in models/catalog.toml, or restore models/"
        }
        Place::Mirror(_) => "Replace that file, or name another folder in FIREWARDEN_MIRROR (empty: none)",
        Place::Url(_) | Place::Debian { .. } => {
            "It was changed at its origin or on the way: take the listed file from elsewhere and name its folder in \
             FIREWARDEN_MIRROR"
        }
    }
}

/// A file that vanishes unless it is persisted, readable by everyone like what a copy would leave.
fn partial(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".partial-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    builder.tempfile_in(folder)
}
