//! The files that a pattern finds, whatever bytes their names are made of.

use std::{
    ffi::OsStr,
    fs, io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use glob::{Pattern, PatternError};

/// The files that `written`, from `folder`, names: itself where there is such a file or it is no pattern, else what it finds,
/// sorted by path.
///
/// `*`, `?`, `[…]` and `**` mean what they do in the `glob` crate, part by part. A part with brackets that is there as it is
/// written is meant as that; where nothing is found otherwise, all brackets are. What cannot be read to the end, such as a
/// folder without permission or a link that leads nowhere, is among the files, so that it is missed and not left out without a
/// word.
///
/// # Errors
/// Where the pattern cannot be read.
pub fn find(folder: &Path, written: &str) -> Result<Vec<PathBuf>, PatternError> {
    let named = folder.join(written);
    if !written.contains(['*', '?', '[']) || fs::symlink_metadata(&named).is_ok() {
        return Ok(vec![named]);
    }
    if written.ends_with('/') {
        return Ok(Vec::new()); // folders, which are no recordings
    }
    let parts: Vec<&str> = written.split('/').filter(|part| !part.is_empty()).collect();
    let from = if written.starts_with('/') { Path::new("/") } else { folder };
    let mut unreadable = None;
    let mut found = Vec::new();
    for brackets in [Brackets::OneOf, Brackets::Plain] {
        match parts.iter().map(|part| Step::new(part, brackets)).collect::<Result<Vec<_>, _>>() {
            Ok(parts) => walk(from, &parts, &mut found),
            Err(error) => unreadable = unreadable.or(Some(error)),
        }
        if !found.is_empty() || !written.contains('[') {
            break;
        }
    }
    match unreadable {
        Some(error) if found.is_empty() => Err(error),
        _ => {
            found.sort();
            found.dedup();
            Ok(found)
        }
    }
}

/// How brackets in a pattern are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Brackets {
    /// As one of the characters between them.
    OneOf,
    /// As what they are.
    Plain,
}

/// What stands between two slashes of a pattern.
enum Step<'p> {
    /// Folders of any number and name.
    Folders,
    /// A name as it is written.
    Name(&'p str),
    /// A pattern, and the name that it is where that is there.
    Pattern(Pattern, Option<&'p str>),
}

impl<'p> Step<'p> {
    fn new(part: &'p str, brackets: Brackets) -> Result<Self, PatternError> {
        if part == "**" {
            return Ok(Self::Folders);
        }
        if !part.contains(['*', '?', '[']) {
            return Ok(Self::Name(part));
        }
        let pattern = match brackets {
            Brackets::OneOf => Pattern::new(part)?,
            Brackets::Plain => Pattern::new(&part.replace('[', "[[]"))?,
        };
        // A file named by a star does not hide the others that the star stands for.
        Ok(Self::Pattern(pattern, Some(part).filter(|part| !part.contains(['*', '?']))))
    }
}

/// Adds what lies below a folder and fits.
fn walk(at: &Path, parts: &[Step<'_>], found: &mut Vec<PathBuf>) {
    match parts {
        [] => {
            // Also what is no file: it is refused by name. Folders alone are no recordings.
            if !at.is_dir() {
                found.push(at.to_owned());
            }
        }
        [Step::Name(name), rest @ ..] | [Step::Pattern(_, Some(name)), rest @ ..]
            if matches!(parts, [Step::Name(_), ..]) || fs::symlink_metadata(at.join(name)).is_ok() =>
        {
            let next = at.join(name);
            match fs::symlink_metadata(&next) {
                Ok(_) => walk(&next, rest, found),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => found.push(next),
                Err(_) => {}
            }
        }
        [Step::Folders] => walk(at, &[Step::Folders, Step::Pattern(Pattern::default(), None)], found),
        [Step::Folders, rest @ ..] => {
            walk(at, rest, found);
            for next in children(at, found).into_iter().filter(|next| next.is_dir() && !leads_back(next)) {
                walk(&next, parts, found);
            }
        }
        [Step::Name(_), ..] => {}
        [Step::Pattern(pattern, _), rest @ ..] => {
            for next in children(at, found) {
                if !next.file_name().is_some_and(|name| pattern.matches(&characters(name))) {
                    continue;
                }
                match fs::metadata(&next) {
                    Ok(about) if about.is_dir() || rest.is_empty() => walk(&next, rest, found),
                    Ok(_) => {}
                    Err(_) => found.push(next),
                }
            }
        }
    }
}

/// What a folder holds. One that cannot be read is found itself.
fn children(folder: &Path, found: &mut Vec<PathBuf>) -> Vec<PathBuf> {
    let here = folder.as_os_str().is_empty();
    let listed = fs::read_dir(if here { Path::new(".") } else { folder })
        .and_then(|entries| entries.map(|entry| Ok(folder.join(entry?.file_name()))).collect());
    match listed {
        Ok(children) => children,
        Err(error) => {
            if error.kind() != io::ErrorKind::NotADirectory {
                found.push(folder.to_owned());
            }
            Vec::new()
        }
    }
}

/// Whether a link leads to a folder that it lies in: below it there would be no end.
fn leads_back(folder: &Path) -> bool {
    if !folder.is_symlink() {
        return false;
    }
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (folder.canonicalize(), parent.canonicalize()) {
        (Ok(leads_to), Ok(parent)) => parent.starts_with(leads_to),
        _ => true,
    }
}

/// A name as the characters that a pattern is compared with. A byte that is not UTF-8 is one that no pattern names.
fn characters(name: &OsStr) -> String {
    let mut characters = String::with_capacity(name.len());
    for chunk in name.as_bytes().utf8_chunks() {
        characters.push_str(chunk.valid());
        let stand_in = |byte: &u8| char::from_u32(0x10_FF00 + u32::from(*byte));
        characters.extend(chunk.invalid().iter().filter_map(stand_in));
    }
    characters
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A folder with these files in it.
    fn folder(names: &[&[u8]]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for name in names {
            let path = folder.path().join(OsStr::from_bytes(name));
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, b"x").expect("written");
        }
        folder
    }

    fn found(folder: &Path, pattern: &str) -> Vec<String> {
        let found = find(folder, pattern).expect("a pattern");
        let name = |path: &PathBuf| {
            crate::files::shown(path.strip_prefix(folder).expect("below the folder").as_os_str())
        };
        found.iter().map(name).collect()
    }

    #[test]
    fn names_that_are_not_utf8_are_found() {
        let all = folder(&[b"r/a.mp4", b"r/\xB6\xAB\xC3\xC5.mp4", b"r/\xB6\xAB/c.mp4", b"r/b.txt"]);
        assert_eq!(found(all.path(), "r/*.mp4"), ["r/a.mp4", r"r/\xB6\xAB\xC3\xC5.mp4"]);
        assert_eq!(found(all.path(), "r/????.mp4"), [r"r/\xB6\xAB\xC3\xC5.mp4"]);
        assert_eq!(found(all.path(), "r/*/*.mp4"), [r"r/\xB6\xAB/c.mp4"]);
        assert_eq!(found(all.path(), "**/*.mp4").len(), 3);
        let inner = all.path().join("r").join(OsStr::from_bytes(b"\xB6\xAB"));
        assert_eq!(found(&inner, "*.mp4"), ["c.mp4"], "the configuration's own folder");
    }

    #[test]
    fn patterns_find_what_they_did() {
        let all =
            folder(&[b"r/b/1.mp4", b"r/a.mp4", b"r/c.mp4", b"r/.hidden.mp4", b"r/b/.d/x.mp4", b"q.mp4"]);
        for pattern in [
            "r/*.mp4",
            "r/[ab]*.mp4",
            "r/[!a].mp4",
            "**/*.mp4",
            "r/**/*.mp4",
            "*/?.mp4",
            "./r/*",
            "*",
            "r/*/",
        ] {
            let full = all.path().join(pattern);
            let wanted = glob::glob(full.to_str().expect("UTF-8")).expect("a pattern");
            let wanted: Vec<PathBuf> =
                wanted.map(|path| path.expect("readable")).filter(|p| p.is_file()).collect();
            assert_eq!(find(all.path(), pattern).expect("a pattern"), wanted, "{pattern}");
        }
        assert!(find(all.path(), "r/a**.mp4").is_err());
    }

    #[test]
    fn brackets_that_are_part_of_a_name_are_taken_as_they_are() {
        let all =
            folder(&[b"cam[1]/a.mp4", b"cam1/b.mp4", b"ch[2]/x[3].mp4", b"one[ok/c.mp4", b"cam2/d.mp4"]);
        assert_eq!(found(all.path(), "cam[1]/*.mp4"), ["cam[1]/a.mp4"]);
        assert_eq!(found(all.path(), "cam[2]/*.mp4"), ["cam2/d.mp4"]);
        assert_eq!(found(all.path(), "**/cam[1]/*.mp4"), ["cam[1]/a.mp4"]);
        assert_eq!(found(all.path(), "ch[2]/*[3].mp4"), ["ch[2]/x[3].mp4"]);
        assert_eq!(found(all.path(), "one[ok/*.mp4"), ["one[ok/c.mp4"]);
        assert_eq!(found(all.path(), "cam[[]1]/*.mp4"), ["cam[1]/a.mp4"]);
        let absolute = all.path().join("cam[1]/*.mp4");
        let found = find(Path::new("/elsewhere"), absolute.to_str().expect("UTF-8")).expect("a pattern");
        assert_eq!(found, [all.path().join("cam[1]/a.mp4")]);
    }

    #[test]
    fn what_cannot_be_read_is_found() {
        let all = folder(&[b"r/a.mp4"]);
        symlink("gone", all.path().join("r/b.mp4")).expect("a link");
        symlink(".", all.path().join("r/loop")).expect("a link");
        assert_eq!(found(all.path(), "r/*.mp4"), ["r/a.mp4", "r/b.mp4"]);
        assert_eq!(found(all.path(), "**/*.mp4"), ["r/a.mp4", "r/b.mp4"]);
    }
}
