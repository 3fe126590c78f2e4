//! Files that appear whole or not at all, and what proves them unchanged.

use std::{
    ffi::OsStr,
    fmt::Write as _,
    fs::{self, File, Permissions},
    io::{self, Write},
    os::unix::{
        ffi::OsStrExt,
        fs::{FileTypeExt, PermissionsExt},
    },
    path::Path,
};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

/// What the names of unfinished files begin with.
pub const UNFINISHED: &str = ".firewarden-";

/// An unfinished file in a folder, which [`persist`] gives its name. One that an interrupted run leaves is known by its name.
///
/// # Errors
/// Where it cannot be made.
pub fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder)
}

/// Gives a temporary file its name, readable for all as an ordinary file is.
///
/// # Errors
/// Where it cannot be written out or renamed; nothing is left behind then.
pub fn persist(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().set_permissions(Permissions::from_mode(0o644))?;
    file.as_file().sync_all()?;
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

/// An error without the path that the temporary file's library adds to it: that name means nothing to anybody, and is
/// another each time.
pub fn plain(error: io::Error) -> io::Error {
    if error.get_ref().is_some() && error.kind() != io::ErrorKind::Other {
        io::Error::from(error.kind())
    } else {
        error
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
    let mut file = open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
    }
    let mut hash = Sha256::new();
    io::copy(&mut file, &mut hash)?;
    Ok(format!("{:x}", hash.finalize()))
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
}
