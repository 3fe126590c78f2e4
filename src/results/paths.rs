//! Where a folder really lies, and what the system allows to be done with it.

use std::{
    env,
    ffi::OsString,
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Component, Path, PathBuf},
};

use crate::files;

/// Writes a result out to the disk: every file that was not when it was made, and the folders' own entries.
///
/// # Errors
/// Where the disk refuses.
pub fn sync_all(folder: &Path) -> io::Result<()> {
    for name in ["observations", "evidence"].map(|name| folder.join(name)).iter().filter(|f| f.is_dir()) {
        if name.ends_with("observations") {
            for entry in fs::read_dir(name)? {
                files::sync(&entry?.path())?;
            }
        }
        files::sync(name)?;
    }
    files::sync(folder)
}

/// Whether an error says that one may not write there.
pub fn is_refusal(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidFilename, PermissionDenied, ReadOnlyFilesystem};
    matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem | InvalidFilename)
}

/// A path beside a folder, whose name has this end.
pub fn beside(folder: &Path, end: &str) -> PathBuf {
    let mut name = folder.file_name().map_or_else(OsString::new, OsString::from);
    name.push(end);
    folder.with_file_name(name)
}

/// A path without links, whether or not its last parts exist.
///
/// # Errors
/// Where its first parts cannot be looked at.
pub fn resolved(path: &Path) -> io::Result<PathBuf> {
    let mut path = std::path::absolute(path)?;
    // A link that leads to nothing yet.
    for _ in 0..16 {
        match fs::read_link(&path) {
            Ok(to) => path = path.parent().unwrap_or(Path::new("/")).join(to),
            Err(_) => break,
        }
    }
    let mut rest = Vec::new();
    let mut there = path.as_path();
    let found = loop {
        match there.canonicalize() {
            Ok(found) => break found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        rest.extend(there.components().next_back());
        there = there.parent().ok_or(io::ErrorKind::NotFound)?;
    };
    Ok(rest.into_iter().rev().fold(found, |found, part| match part {
        Component::ParentDir => found.parent().map_or(found.clone(), Path::to_owned),
        part => found.join(part),
    }))
}

/// Whether one is in the folder at the moment, or below it.
pub fn is_current(folder: &Path) -> bool {
    env::current_dir().and_then(|here| here.canonicalize()).is_ok_and(|here| here.starts_with(folder))
}

/// Whether another file system begins with the folder, or a part of the same.
pub fn is_mount(folder: &Path) -> bool {
    let Some(parent) = folder.parent() else { return true };
    let device = |path: &Path| fs::metadata(path).map(|about| about.dev()).ok();
    if folder.exists() && device(folder) != device(parent) {
        return true;
    }
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let escaped = folder.to_string_lossy().replace('\\', "\\134").replace(' ', "\\040");
    mounts.lines().any(|line| line.split(' ').nth(4) == Some(escaped.as_str()))
}
