//! Secrets in files that only their owner may read.

use std::{
    fs::Metadata,
    io::Read,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use crate::files;

/// The largest file that is a secret, in bytes.
pub(super) const LARGEST: usize = 64 << 10;

/// Where systemd keeps what it hands to services. It lets a service that does not run as root read by an access list, which
/// shows as rights of the group.
const CREDENTIALS: &str = "/run/credentials";

/// What a file holds, less one line end at its end.
///
/// # Errors
/// What is wrong and the way out: the file is not there, is too large or no text, or others may read it. The path is told, and
/// never what the file holds.
pub(super) fn read(path: &Path) -> Result<String, String> {
    let shown = files::shown(path.as_os_str());
    let unread = |error: std::io::Error| format!("the file {shown} cannot be read: {error}");
    let file = files::open(path).map_err(unread)?;
    // Of what was opened, and not of what lies there by now.
    let about = file.metadata().map_err(unread)?;
    if !about.is_file() {
        return Err(format!("{shown} is no file"));
    }
    owned(&about, path, &shown)?;
    let mut bytes = Vec::new();
    file.take(LARGEST as u64 + 1).read_to_end(&mut bytes).map_err(unread)?;
    if bytes.len() > LARGEST {
        return Err(format!("the file {shown} is too large for a secret: 64 kB at most"));
    }
    let text = String::from_utf8(bytes).map_err(|_| format!("the file {shown} is not UTF-8 text"))?;
    let line = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if line.is_empty() {
        return Err(format!("the file {shown} is empty"));
    }
    Ok(line.to_owned())
}

/// Whether nobody but the file's owner may read it, and that is this user or root.
fn owned(about: &Metadata, path: &Path, shown: &str) -> Result<(), String> {
    let own = rustix::process::geteuid().as_raw();
    if about.uid() != own && about.uid() != 0 {
        return Err(format!(
            "the file {shown} belongs to another user, who may write what is sent as a secret: make it this user's or root's"
        ));
    }
    let of_systemd = about.uid() == 0 && path.starts_with(CREDENTIALS);
    let others = if of_systemd { 0o037 } else { 0o077 };
    if about.permissions().mode() & others != 0 {
        return Err(format!("the file {shown} may be read by others than its owner: chmod 600 {shown}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;

    struct Kept(tempfile::TempDir);

    impl Kept {
        fn file(&self, name: &str, holds: &[u8], mode: u32) -> std::path::PathBuf {
            let path = self.0.path().join(name);
            fs::write(&path, holds).expect("written");
            fs::set_permissions(&path, Permissions::from_mode(mode)).expect("set");
            path
        }
    }

    #[test]
    fn a_secret_is_a_file_that_only_its_owner_may_read() {
        let kept = Kept(tempfile::tempdir().expect("a folder"));
        for (holds, secret) in [
            ("s3cret", "s3cret"),
            ("s3cret\n", "s3cret"),
            ("s3cret\r\n", "s3cret"),
            ("s3cret\n\n", "s3cret\n"),
            (" two\nlines ", " two\nlines "),
        ] {
            for mode in [0o600, 0o400] {
                let path = kept.file(&format!("{mode}"), holds.as_bytes(), mode);
                assert_eq!(read(&path).as_deref(), Ok(secret));
                fs::remove_file(path).expect("removed");
            }
        }
        for mode in [0o640, 0o604, 0o666, 0o700 | 0o001, 0o620] {
            let path = kept.file("open", b"s3cret", mode);
            let told = read(&path).expect_err("others may read it");
            assert!(told.contains(&format!("chmod 600 {}", path.display())), "{mode:o}: {told}");
        }
    }

    #[test]
    fn a_file_of_another_user_is_no_secret() {
        let kept = Kept(tempfile::tempdir().expect("a folder"));
        let path = kept.file("theirs", b"s3cret", 0o600);
        // Only root may give a file away.
        if std::os::unix::fs::chown(&path, Some(4_711), None).is_ok() {
            let told = read(&path).expect_err("it is another's");
            assert!(told.contains("belongs to another user") && !told.contains("s3cret"), "{told}");
        }
    }

    #[test]
    fn what_is_no_secret_is_refused_and_not_repeated() {
        let kept = Kept(tempfile::tempdir().expect("a folder"));
        let large = vec![b'x'; LARGEST + 1];
        for (name, holds, part) in [
            ("large", &large[..], "too large"),
            ("bytes", &b"s3cret\xff"[..], "not UTF-8"),
            ("empty", b"", "is empty"),
            ("line", b"\n", "is empty"),
        ] {
            let told = read(&kept.file(name, holds, 0o600)).expect_err(name);
            assert!(told.contains(part) && !told.contains("s3cret"), "{told}");
        }
        assert_eq!(read(&kept.file("most", &large[1..], 0o600)).map(|text| text.len()), Ok(LARGEST));
        assert!(read(&kept.0.path().join("none")).expect_err("no file").contains("cannot be read"));
        assert!(read(kept.0.path()).expect_err("a folder").contains("is no file"));
    }
}
