//! Files that appear whole or not at all, and what proves them unchanged.

use std::{
    ffi::OsStr,
    fmt::Write as _,
    fs::{self, File, Permissions},
    io::{self, Read, Write},
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, FileTypeExt, PermissionsExt},
    },
    path::{Component, Path, PathBuf},
    time::SystemTime,
};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

/// What the names of unfinished files begin with.
pub const UNFINISHED: &str = ".firewarden-";

/// Rights of a new file, less those that the umask takes away: those of an ordinary file.
const ORDINARY: u32 = 0o666;

/// So many bytes are hashed between two looks whether to go on.
const CHUNK: usize = 256 << 10;

/// An unfinished file in a folder, which [`persist`] gives its name. One that an interrupted run leaves is known by its name.
///
/// It has the rights of an ordinary file from the beginning: they need not be set afterwards, which shares and sticks refuse.
///
/// # Errors
/// Where it cannot be made.
pub fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(UNFINISHED)
        .permissions(Permissions::from_mode(ORDINARY))
        .tempfile_in(folder)
}

/// Tries whether files can be made in a folder, which is made where it is not there.
///
/// # Errors
/// Where they cannot.
pub fn check_writable(folder: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o750).create(folder)?;
    temporary(folder).map(drop)
}

/// Gives a temporary file its name.
///
/// # Errors
/// Where it cannot be written out or renamed; nothing is left behind then.
pub fn persist(file: NamedTempFile, path: &Path) -> io::Result<()> {
    allowed(file.as_file().sync_all())?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// A name or path as people are shown it, and as records hold it: what it is made of can be told from it again.
///
/// A byte that is not UTF-8 is `\xB6`, a backslash `\\`. What cannot be seen, or would make another line or another name of what
/// stands beside it, is written by its number: `\x0A` for one byte, `\u{202E}` for a character of several.
pub fn shown(name: &OsStr) -> String {
    let mut shown = String::with_capacity(name.len());
    for chunk in name.as_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            // Writing to a text cannot fail.
            let _ = match c {
                '\\' => write!(shown, "\\\\"),
                c if c.is_ascii_control() => write!(shown, "\\x{:02X}", u32::from(c)),
                c if c.is_control() || is_unseen(c) => write!(shown, "\\u{{{:04X}}}", u32::from(c)),
                c => write!(shown, "{c}"),
            };
        }
        for byte in chunk.invalid() {
            let _ = write!(shown, "\\x{byte:02X}");
        }
    }
    shown
}

/// Characters that turn the direction of what follows, part lines, or show nothing at all.
fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{AD}'
            | '\u{61C}'
            | '\u{180E}'
            | '\u{200B}'
            | '\u{200E}'
            | '\u{200F}'
            | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E007F}'
    )
}

/// Where the file of evidence lies that alerts call so, below the folder of evidence; none where none is called so.
pub fn of_evidence(folder: &Path, name: &str) -> Option<PathBuf> {
    let within = Path::new(name.strip_prefix("evidence/")?);
    let is_plain = within.components().all(|part| matches!(part, Component::Normal(_)));
    (is_plain && within.components().count() == 2).then(|| folder.join(within))
}

/// How many bytes anybody may still write where this file or folder lies; none where the system does not tell.
pub fn free(path: &Path) -> Option<u64> {
    let about = rustix::fs::statvfs(path).ok()?;
    about.f_bavail.checked_mul(about.f_frsize)
}

/// What a path names that can be opened and is neither file nor folder: a named pipe, a socket, a device. Opening one can wait
/// for ever, or do something.
pub fn special(path: &Path) -> Option<&'static str> {
    let kind = fs::metadata(path).ok()?.file_type();
    if kind.is_fifo() {
        Some("a named pipe")
    } else if kind.is_socket() {
        Some("a socket")
    } else if kind.is_char_device() || kind.is_block_device() {
        Some("a device")
    } else {
        None
    }
}

/// A text as people are shown it in a line: what would make another line of it, or change what stands beside it, is written by
/// its number, as in [`shown`]. Backslashes stay.
pub fn visible(text: &str) -> String {
    let strange = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut visible = String::with_capacity(text.len());
    for c in text.chars() {
        if strange(c) { visible.extend(c.escape_unicode()) } else { visible.push(c) }
    }
    visible
}

/// Opens a file for reading.
///
/// # Errors
/// Where it cannot be opened. A named pipe, a socket or a device is refused without being opened; what the shell hands over
/// as an open pipe (`<(…)`, `/dev/stdin`) is not.
pub fn open(path: &Path) -> io::Result<File> {
    let handed_over = ["/dev/fd", "/dev/stdin", "/proc/self/fd"].iter().any(|at| path.starts_with(at));
    match special(path).filter(|_| !handed_over) {
        Some(what) => {
            Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {what}, where a file is wanted")))
        }
        None => File::open(path),
    }
}

/// Writes a file or the entries of a folder out to the disk.
///
/// # Errors
/// Where the disk refuses its bytes; not where the file system has no such thing.
pub fn sync(path: &Path) -> io::Result<()> {
    allowed(File::open(path)?.sync_all())
}

/// What a file system does not offer, as many shares and sticks do not, is no reason to keep nothing.
fn allowed(done: io::Result<()>) -> io::Result<()> {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    match done {
        Err(error) if matches!(error.kind(), PermissionDenied | Unsupported | InvalidInput) => Ok(()),
        done => done,
    }
}

/// An error without the path that the temporary file's library adds to it: that name means nothing to anybody, and is
/// another each time.
pub fn plain(error: io::Error) -> io::Error {
    if error.get_ref().is_some() && error.kind() != io::ErrorKind::Other {
        io::Error::from(error.kind())
    } else {
        error
    }
}

/// Whether an error says that no room is left.
pub fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Why something cannot be written, and the way out where there is one.
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull => "no room is left: is the disk full?".to_owned(),
        io::ErrorKind::QuotaExceeded => "no room is left: the quota on this disk is used up".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "the disk is read-only".to_owned(),
        io::ErrorKind::PermissionDenied => format!("{error}; may this user write there?"),
        _ => error.to_string(),
    }
}

/// Writes a file, whole or not at all. Its folder must be there.
///
/// # Errors
/// Where it cannot be written; what had the name before stays then.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || {
        let mut file = temporary(folder)?;
        file.write_all(bytes)?;
        persist(file, path)
    };
    write().map_err(plain)
}

/// SHA-256 of bytes, in lower-case hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

/// SHA-256 of a file, in lower-case hexadecimal.
///
/// # Errors
/// Whatever reading the file meets; a folder or device, which may have no end, is refused.
pub fn sha256_of(path: &Path) -> io::Result<String> {
    sha256_while(path, &|| true)
}

/// The same for as long as `go_on` says so.
///
/// # Errors
/// As [`sha256_of`], and [`io::ErrorKind::Interrupted`] where it was not to go on.
pub fn sha256_while(path: &Path, go_on: &dyn Fn() -> bool) -> io::Result<String> {
    let mut file = open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
    }
    let mut hash = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        if !go_on() {
            return Err(io::Error::new(io::ErrorKind::Interrupted, "it was not read to its end"));
        }
        match file.read(&mut chunk) {
            Ok(0) => return Ok(format!("{:x}", hash.finalize())),
            Ok(count) => hash.update(chunk.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// What tells whether a file was written to meanwhile: its size, and when it was last changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// In bytes.
    pub bytes: u64,
    changed: Option<SystemTime>,
}

impl Stamp {
    /// Of a file; none where nothing can be told of it.
    pub fn of(path: &Path) -> Option<Self> {
        let about = fs::metadata(path).ok()?;
        Some(Self { bytes: about.len(), changed: about.modified().ok() })
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn names_are_shown_so_that_they_can_be_told_apart() {
        for (name, wanted) in [
            (&b"lane 1.mp4"[..], "lane 1.mp4"),
            ("消防车道.mp4".as_bytes(), "消防车道.mp4"),
            (b"\xB6\xAB\xC3\xC5.mp4", r"\xB6\xAB\xC3\xC5.mp4"),
            (br"\xB6.mp4", r"\\xB6.mp4"),
            (b"a\nerror: b\x1b[2J", r"a\x0Aerror: b\x1B[2J"),
            ("4pm.\u{202E}fdp".as_bytes(), r"4pm.\u{202E}fdp"),
            ("a\u{85}b\u{2028}".as_bytes(), r"a\u{0085}b\u{2028}"),
            (b"half \xE6\xB6", r"half \xE6\xB6"),
        ] {
            assert_eq!(shown(OsStr::from_bytes(name)), wanted);
        }
    }

    #[test]
    fn a_pipe_is_refused_and_not_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
        for error in
            [open(&pipe).map(|_| ()), sha256_of(&pipe).map(|_| ()), open(Path::new("/dev/zero")).map(|_| ())]
        {
            assert_eq!(error.expect_err("refused").kind(), io::ErrorKind::InvalidInput);
        }
    }

    #[test]
    fn an_error_does_not_name_the_temporary_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = write(&folder.path().join("absent/a.txt"), b"x").expect_err("there is no such folder");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(!error.to_string().contains(".tmp"), "{error}");
    }

    #[test]
    fn a_file_that_is_written_has_the_rights_of_any_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let mode = |name: &str| {
            fs::metadata(folder.path().join(name)).expect("it is there").permissions().mode() & 0o777
        };
        fs::write(folder.path().join("any"), b"x").expect("written");
        write(&folder.path().join("ours"), b"x").expect("written");
        assert_eq!(mode("ours"), mode("any"));
    }

    #[test]
    fn the_disk_is_called_full_where_it_is() {
        let full = io::Error::from_raw_os_error(28);
        assert!(is_full(&full) && reason(&full).contains("is the disk full?"), "{}", reason(&full));
        let denied = io::Error::from_raw_os_error(1);
        assert!(!is_full(&denied) && !reason(&denied).contains("full"), "{}", reason(&denied));
        assert!(allowed(Err(denied)).is_ok() && allowed(Err(full)).is_err());
        assert!(allowed(Err(io::Error::from_raw_os_error(5))).is_err(), "an error of the disk is one");
    }

    #[test]
    fn hashing_ends_when_it_is_not_to_go_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        fs::write(&path, vec![7; 3 * CHUNK + 1]).expect("written");
        assert_eq!(sha256_of(&path).expect("read"), sha256(&vec![7; 3 * CHUNK + 1]));
        let error = sha256_while(&path, &|| false).expect_err("not to go on");
        assert_eq!(error.kind(), io::ErrorKind::Interrupted);
    }

    #[test]
    fn a_file_that_grows_has_another_stamp() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        assert_eq!(Stamp::of(&path), None);
        fs::write(&path, b"x").expect("written");
        let before = Stamp::of(&path);
        assert_eq!(before, Stamp::of(&path));
        fs::write(&path, b"xy").expect("written");
        assert_ne!(before, Stamp::of(&path));
    }
}
