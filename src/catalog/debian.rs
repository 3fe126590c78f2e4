//! A file out of a Debian package, by Debian's own tools. The package is downloaded, not installed, so no right but
//! that to write a temporary folder is needed.

use std::{
    ffi::OsStr,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::fetch::{Failure, copy_hashed};

/// Downloads `package` and copies its file `inside`, at most `bytes` long, to `to`; returns its SHA-256.
/// `scratch` is where the package lies meanwhile.
pub(super) fn from_package(
    package: &str,
    inside: &str,
    bytes: u64,
    scratch: &Path,
    to: &mut dyn Write,
) -> Result<String, Failure> {
    let folder = tempfile::Builder::new().prefix(".partial-").tempdir_in(scratch).map_err(Failure::Local)?;
    let archive = match download(package, folder.path(), None) {
        Ok(archive) => archive,
        // A new machine's package lists are empty. They are fetched into a folder of our own: the machine's belong to
        // its administrator.
        Err(_) => download(package, folder.path(), Some(&folder.path().join("lists")))?,
    };
    from_archive(&archive, inside, bytes, to)
}

fn download(package: &str, folder: &Path, lists: Option<&Path>) -> Result<PathBuf, Failure> {
    let mut options =
        vec!["-qq".to_owned(), "-oAcquire::http::Timeout=30".to_owned(), "-oAcquire::Retries=1".to_owned()];
    if let Some(lists) = lists {
        std::fs::create_dir_all(lists.join("partial")).map_err(Failure::Local)?;
        options.push(format!("-oDir::State::Lists={}", lists.display()));
        options.push(format!("-oDir::Cache={}", lists.display()));
        apt_get(&options, &["update"], folder)?;
    }
    apt_get(&options, &["download", package], folder)?;
    let found = std::fs::read_dir(folder)
        .map_err(Failure::Local)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension() == Some(OsStr::new("deb")));
    found.ok_or_else(|| Failure::Source("apt-get downloaded no package".to_owned()))
}

fn apt_get(options: &[String], arguments: &[&str], folder: &Path) -> Result<(), Failure> {
    let output = Command::new("apt-get")
        .args(options)
        .args(arguments)
        .current_dir(folder)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .map_err(|e| Failure::Source(missing("apt-get", &e)))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().find(|line| line.starts_with("E:")).unwrap_or("apt-get failed without a word");
    Err(Failure::Source(line.to_owned()))
}

/// Copies one file of a package that lies on this machine.
pub(super) fn from_archive(
    archive: &Path,
    inside: &str,
    bytes: u64,
    to: &mut dyn Write,
) -> Result<String, Failure> {
    let mut unpack = Command::new("dpkg-deb")
        .arg("--fsys-tarfile")
        .arg(archive)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| Failure::Source(missing("dpkg-deb", &e)))?;
    let stream = unpack.stdout.take().map_or_else(Stdio::null, Stdio::from);
    // `--occurrence=1` lets tar stop at the file. What dpkg-deb says of the pipe then closed does not matter: the
    // hash tells whether the file is whole.
    let select = Command::new("tar")
        .args(["--extract", "--to-stdout", "--occurrence=1", "--file=-"])
        .arg(format!("./{inside}"))
        .stdin(stream)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let copied = match select {
        Err(e) => Err(Failure::Source(missing("tar", &e))),
        Ok(mut select) => {
            let copied = match select.stdout.take() {
                Some(mut stdout) => copy_hashed(&mut stdout, to, bytes),
                None => Err(Failure::Source("tar gave no output".to_owned())),
            };
            // The pipe is closed by now, so a tar that had more to say ends at once.
            match (copied, select.wait()) {
                (Ok(hash), Ok(status)) if status.success() => Ok(hash),
                (Err(failure), _) => Err(failure),
                _ => Err(Failure::Source(format!("the package has no file {inside}"))),
            }
        }
    };
    // Its pipe is closed too; it is only collected.
    let _ = unpack.wait();
    copied
}

fn missing(program: &str, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => format!("{program} is not on this machine"),
        _ => format!("{program}: {error}"),
    }
}
