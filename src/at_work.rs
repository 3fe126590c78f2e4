//! On what the program is at work that may bring it down: a camera that is being opened, or whose pictures are decoded. It is noted
//! in a small file, whatever ends the program, so that the next start knows.
//!
//! A note is one write into the system's memory and survives the end of the process, by whatever signal. It does not survive the
//! machine's: that is no camera's fault. Where no file was [named](keep_in), nothing is noted.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::files;

/// A note takes so many bytes: an id, and blanks.
const SLOT: usize = 80;
/// No more bytes are read: many times what a box can be at work on.
const MOST: u64 = 1 << 20;

static KEPT: Mutex<Option<Arc<Notes>>> = Mutex::new(None);

struct Notes {
    file: File,
    /// Which slots are in use.
    used: Mutex<Vec<bool>>,
}

/// A note of something that goes on; it is gone with this.
pub struct Note(Option<(Arc<Notes>, usize)>);

/// From now on it is noted in this file. What had the name before is gone: a new file is made, so that no link leads elsewhere and no
/// pipe is waited for.
///
/// # Errors
/// Where it cannot be written.
pub fn keep_in(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path)?;
    *lock(&KEPT) = Some(Arc::new(Notes { file, used: Mutex::default() }));
    Ok(())
}

/// From now on nothing is noted.
pub fn keep_no_more() {
    *lock(&KEPT) = None;
}

/// Notes that the program is at work on this.
#[must_use]
pub fn on(what: &str) -> Note {
    let Some(notes) = lock(&KEPT).clone() else { return Note(None) };
    let slot = {
        let mut used = lock(&notes.used);
        let free = used.iter().position(|used| !used).unwrap_or(used.len());
        match used.get_mut(free) {
            Some(used) => *used = true,
            None => used.push(true),
        }
        free
    };
    notes.write(slot, what);
    Note(Some((notes, slot)))
}

/// What was noted in a file, as far as it can be read: each once.
pub fn read(path: &Path) -> Vec<String> {
    let mut bytes = Vec::new();
    let _ = files::open(path).and_then(|file| file.take(MOST).read_to_end(&mut bytes));
    let notes = bytes.chunks(SLOT).map(|slot| String::from_utf8_lossy(slot).trim().to_owned());
    let mut notes: Vec<String> = notes.filter(|note| !note.is_empty()).collect();
    notes.sort();
    notes.dedup();
    notes
}

impl Notes {
    fn write(&self, slot: usize, what: &str) {
        let mut bytes = [b' '; SLOT];
        for (to, from) in bytes.iter_mut().zip(what.bytes().take(SLOT - 1)) {
            *to = from;
        }
        if let Some(last) = bytes.last_mut() {
            *last = b'\n';
        }
        // A disk that is full keeps nothing from being watched.
        let _ = self.file.write_all_at(&bytes, (slot * SLOT) as u64);
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        if let Some((notes, slot)) = self.0.take() {
            notes.write(slot, "");
            if let Some(used) = lock(&notes.used).get_mut(slot) {
                *used = false;
            }
        }
    }
}

/// What was locked when a thread panicked is as good as before.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The only test that names a file: it is the program's.
    #[test]
    fn what_goes_on_is_in_the_file_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("at-work");
        assert_eq!(read(&path), Vec::<String>::new());
        keep_in(&path).expect("written");
        let has = |what: &str| read(&path).iter().any(|note| note == what);
        let (lane, gate) = (on("test-lane"), on("test-gate"));
        let again = on("test-lane");
        assert!(has("test-lane") && has("test-gate"));
        drop(lane);
        assert!(has("test-lane"), "it goes on once more");
        drop((again, gate));
        assert!(!has("test-lane") && !has("test-gate"));
        // Slots are used again.
        for _ in 0..1000 {
            drop(on("test-lane"));
        }
        assert!(fs::metadata(&path).expect("there").len() < 100 * SLOT as u64);
        // Nothing that somebody else has put there is written to, or waited for.
        let others = folder.path().join("others");
        fs::write(&others, "theirs").expect("written");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&others, &link).expect("a link");
        keep_in(&link).expect("written");
        drop(on("test-lane"));
        assert_eq!(fs::read_to_string(&others).expect("there"), "theirs");
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
        assert!(made.success());
        assert_eq!(read(&pipe), Vec::<String>::new());
        keep_in(&pipe).expect("written");
        keep_in(&path).expect("written");
        keep_no_more();
        let _note = on("test-lane");
        assert!(!has("test-lane"));
    }
}
