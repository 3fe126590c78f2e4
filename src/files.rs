//! Files that appear whole or not at all, and what proves them unchanged.

use std::{
    fs::{File, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
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
    let mut file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
    }
    let mut hash = Sha256::new();
    io::copy(&mut file, &mut hash)?;
    Ok(format!("{:x}", hash.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_does_not_name_the_temporary_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = write(&folder.path().join("absent/a.txt"), b"x").expect_err("there is no such folder");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(!error.to_string().contains(".tmp"), "{error}");
    }
}
