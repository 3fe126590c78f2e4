//! What lies in a folder of results. Nothing is ever removed that this program has not made.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    JOURNAL, LOCK, MANIFEST, OBSERVATIONS, OUTCOME, REPLACED, REPORT, REPORT_SUM, RUN, SUMS, TABLE,
    VIOLATIONS,
};
use crate::files;

/// What an unfinished result is called within the folder it is to fill.
pub const PARTIAL: &str = ".partial";
/// What is replaced is called so there.
pub const EARLIER: &str = ".firewarden-earlier";

/// The files of a result beside those in folders.
const FILES: [&str; 7] = [VIOLATIONS, TABLE, OUTCOME, RUN, REPORT, SUMS, REPORT_SUM];
/// Those that tell a result.
const TELLING: [&str; 5] = [VIOLATIONS, SUMS, OBSERVATIONS, JOURNAL, "evidence"];

/// What a folder holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holds {
    /// Nothing, or it is not there.
    Nothing,
    /// A result, or a part of one, and nothing else.
    Result,
    /// Something that is no part of a result.
    Stranger(PathBuf),
}

/// Looks into a folder.
///
/// # Errors
/// Where it cannot be read.
pub fn of(folder: &Path) -> io::Result<Holds> {
    match fs::metadata(folder) {
        Ok(about) if about.is_dir() => {}
        Ok(_) => return Ok(Holds::Stranger(folder.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Holds::Nothing),
        Err(error) => return Err(error),
    }
    let mut ours = Vec::new();
    for entry in sorted(folder)? {
        let name = entry.to_string_lossy().into_owned();
        let path = folder.join(&entry);
        let about = fs::symlink_metadata(&path)?;
        let known = match name.as_str() {
            PARTIAL | EARLIER => about.is_dir(),
            OBSERVATIONS | JOURNAL | "evidence" if about.is_dir() => {
                match sorted(&path)?.into_iter().find(|file| !is_part(&name, &path.join(file))) {
                    Some(stranger) => return Ok(Holds::Stranger(path.join(stranger))),
                    None if sorted(&path)?.is_empty() => continue,
                    None => true,
                }
            }
            name => !about.is_dir() && (FILES.contains(&name) || name.starts_with(files::UNFINISHED)),
        };
        if !known {
            return Ok(Holds::Stranger(path));
        }
        ours.push(name);
    }
    let telling = ours.iter().any(|name| TELLING.contains(&name.as_str()));
    match ours.iter().find(|name| FILES.contains(&name.as_str())) {
        // A page of this name alone may be anybody's.
        Some(stranger) if !telling => Ok(Holds::Stranger(folder.join(stranger))),
        _ if telling => Ok(Holds::Result),
        _ => Ok(Holds::Nothing),
    }
}

/// Whether a file in one of a result's folders is part of it.
fn is_part(folder: &str, path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let plain = fs::symlink_metadata(path).is_ok_and(|about| !about.is_dir());
    plain
        && (name.starts_with(files::UNFINISHED)
            || match folder {
                "evidence" => is_evidence(path) || Path::new(MANIFEST).file_name() == path.file_name(),
                _ => path.extension().is_some_and(|end| end == "jsonl"),
            })
}

/// The names of the parts of a result in a folder, without what marks it as unfinished or replaced.
///
/// # Errors
/// Where the folder cannot be read.
pub fn parts(folder: &Path) -> io::Result<Vec<OsString>> {
    let apart = |name: &OsString| [PARTIAL, EARLIER, LOCK, REPLACED].iter().any(|mark| name == mark);
    Ok(sorted(folder)?.into_iter().filter(|name| !apart(name)).collect())
}

/// Empties a folder that holds a result, but for these files; tells how many files went.
///
/// # Errors
/// Where something cannot be removed; before anything is, where something lies there that is no part of a result.
pub fn clear(folder: &Path, but: &[&str]) -> io::Result<usize> {
    if let Holds::Stranger(stranger) = of(folder)? {
        let what = format!("{} lies in it, which is no part of a result", stranger.display());
        return Err(io::Error::other(what));
    }
    let mut count = 0;
    for name in sorted(folder)?.into_iter().filter(|name| !but.iter().any(|kept| name == kept)) {
        let path = folder.join(&name);
        if fs::symlink_metadata(&path)?.is_dir() {
            count += clear_files(&path)?;
            fs::remove_dir(&path)?;
        } else {
            fs::remove_file(&path)?;
            count += usize::from(name != LOCK && name != REPLACED);
        }
    }
    Ok(count)
}

fn clear_files(folder: &Path) -> io::Result<usize> {
    let names = sorted(folder)?;
    for name in &names {
        fs::remove_file(folder.join(name))?;
    }
    Ok(names.len())
}

/// Removes what a run left of files that it could not finish, in the folder itself.
pub fn sweep(folder: &Path) {
    for name in sorted(folder).unwrap_or_default() {
        let left = name.to_string_lossy().starts_with(files::UNFINISHED)
            && name != LOCK
            && name != REPLACED
            && name != EARLIER;
        if left && fs::symlink_metadata(folder.join(&name)).is_ok_and(|about| about.is_file()) {
            let _ = fs::remove_file(folder.join(&name));
        }
    }
}

/// Removes a folder that holds a result, or nothing.
///
/// # Errors
/// As [`clear`].
pub fn remove(folder: &Path) -> io::Result<()> {
    clear(folder, &[])?;
    fs::remove_dir(folder)
}

fn sorted(folder: &Path) -> io::Result<Vec<OsString>> {
    let mut names: Vec<OsString> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.file_name())).collect::<io::Result<_>>()?;
    names.sort();
    Ok(names)
}

/// Whether a path has the name of a file of evidence.
fn is_evidence(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    ["_started.jpg", "_raised.jpg", "_ended.jpg", "_clip.mp4", "_clip.mkv"]
        .iter()
        .any(|end| name.ends_with(end))
}
