//! Files that appear whole or not at all.

use std::{fs::Permissions, io, os::unix::fs::PermissionsExt, path::Path};

use tempfile::NamedTempFile;

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
