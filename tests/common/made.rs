//! Clips that FFmpeg made once. The tests of the library take this file in, too.
//!
//! A clip is found again by what made it: the version of ffmpeg, the arguments, and the bytes of the files named in them. It lies
//! in the target folder, and each test gets a copy, with which it may do as it likes.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    thread,
    time::SystemTime,
};

use sha2::{Digest, Sha256};

/// How many bytes of clips are kept; those not used for longest go first. One whole run makes about 130 MB.
const KEPT: u64 = 500_000_000;

/// The module whose tests may make clips, so that the others need no ffmpeg and are quick: `make test-fast` leaves it out.
const PLACE: &str = "clip_tests::";

/// Runs ffmpeg in `folder` with these arguments, separated by spaces, and the file of this name as its last.
pub fn make(folder: &Path, arguments: &str, name: &str) -> PathBuf {
    // A thread that runs a test is called as the test is; those that a test starts have no name.
    let test = thread::current();
    let test = test.name().filter(|name| *name != "main");
    assert!(
        test.is_none_or(|test| test.contains(PLACE)),
        "{test:?} makes a clip: it belongs in a module `clip_tests`"
    );
    let path = folder.join(name);
    let Some(key) = key(folder, arguments, name) else {
        run(folder, arguments, &path);
        return path;
    };
    let kept = store().join(key);
    if fs::copy(&kept, &path).is_ok() {
        // When it was used last. Where it is gone meanwhile there is the copy.
        let _ = fs::File::options().append(true).open(&kept).and_then(|f| f.set_modified(SystemTime::now()));
        return path;
    }
    run(folder, arguments, &path);
    keep(&path, &kept).unwrap_or_else(|error| panic!("{}: {error}", kept.display()));
    path
}

fn run(folder: &Path, arguments: &str, path: &Path) {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y"])
        .args(arguments.split_whitespace())
        .arg(path)
        .current_dir(folder)
        .output()
        .expect("the ffmpeg command makes the clips of this test: install ffmpeg (`make setup` does)");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ffmpeg {arguments} {}: {words}", path.display());
}

/// What a clip is kept under; none where it depends on more than is known here.
fn key(folder: &Path, arguments: &str, name: &str) -> Option<String> {
    // Several files, or what names further files.
    if name.contains('%') || ["concat", "movie"].iter().any(|reads| arguments.contains(reads)) {
        return None;
    }
    let end = |name: &str| Path::new(name).extension().unwrap_or_default().to_owned();
    let mut hash = Sha256::new();
    hash.update(version());
    for argument in arguments.split_whitespace() {
        match fs::read(folder.join(argument)) {
            Ok(bytes) => {
                hash.update(Sha256::digest(bytes));
                hash.update(end(argument).as_encoded_bytes());
            }
            // A file by its address, or within a longer argument.
            Err(_) if argument.contains(folder.to_str()?) => return None,
            Err(_) => hash.update(argument),
        }
        hash.update([0]);
    }
    hash.update(end(name).as_encoded_bytes());
    Some(format!("{:x}", hash.finalize()))
}

/// What ffmpeg says of its version and how it was built.
fn version() -> &'static [u8] {
    static VERSION: OnceLock<Vec<u8>> = OnceLock::new();
    VERSION.get_or_init(|| {
        let output = Command::new("ffmpeg").arg("-version").output();
        output
            .expect("the ffmpeg command makes the clips of tests: install ffmpeg (`make setup` does)")
            .stdout
    })
}

/// The folder of clips in the target folder that this test lies in, `target/debug/deps`.
fn store() -> &'static Path {
    static STORE: OnceLock<PathBuf> = OnceLock::new();
    STORE.get_or_init(|| {
        let test = env::current_exe().expect("a test is a file");
        let target = test.ancestors().nth(3).expect("it lies in the target folder");
        let store = target.join("clips");
        fs::create_dir_all(&store).unwrap_or_else(|error| panic!("{}: {error}", store.display()));
        store
    })
}

/// Keeps a clip whole or not at all: others may look for it, or make the same one, at this moment.
fn keep(path: &Path, kept: &Path) -> io::Result<()> {
    let scratch = tempfile::Builder::new().prefix(".partial-").tempfile_in(store())?;
    fs::copy(path, scratch.path())?;
    scratch.persist(kept)?;
    thin_out(KEPT);
    Ok(())
}

/// Removes the clips that were not used for longest until the others together have at most so many bytes.
fn thin_out(bytes: u64) {
    // What goes away meanwhile, another test removed or renamed.
    let entries = fs::read_dir(store()).into_iter().flatten().flatten();
    let mut all: Vec<(SystemTime, u64, PathBuf)> = entries
        .filter_map(|entry| {
            let known = entry.metadata().ok()?;
            Some((known.modified().ok()?, known.len(), entry.path()))
        })
        .collect();
    all.sort();
    let mut left: u64 = all.iter().map(|(_, size, _)| size).sum();
    for (_, size, path) in all {
        if left <= bytes {
            break;
        }
        let _ = fs::remove_file(path);
        left -= size;
    }
}
