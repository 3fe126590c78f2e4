//! The lines of alerts, and one file after the other.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use super::{super::Refusal, lines::AppendedLines};
use crate::{config::AlertFile, files};

/// The file, and those that were begun before it.
#[derive(Debug)]
pub(super) struct Writing {
    settings: AlertFile,
    /// None before the first, and after it could not be written.
    lines: Option<AppendedLines>,
}

impl Writing {
    pub fn new(settings: AlertFile) -> Self {
        Self { settings, lines: None }
    }

    /// Adds these alerts, each a line, and writes them out to the disk: all, or it fails.
    pub fn write<'a>(&mut self, alerts: impl Iterator<Item = &'a str>) -> Result<(), Refusal> {
        let done = self.add(alerts);
        if done.is_err() {
            self.lines = None;
        }
        done.map_err(|error| {
            let path = files::shown(self.settings.path.as_os_str());
            Refusal::transient(format!("{path} cannot be written: {}", files::reason(&error)))
        })
    }

    fn add<'a>(&mut self, alerts: impl Iterator<Item = &'a str>) -> io::Result<()> {
        // Somebody may have moved or removed it, as programs do that keep logs small.
        if self.lines.as_ref().is_some_and(|lines| !lines.is_at(&self.settings.path)) {
            self.lines = None;
        }
        let most = self.settings.rotate.0;
        let mut block = Vec::new();
        for alert in alerts {
            let length = u64::try_from(block.len() + alert.len() + 1).unwrap_or(u64::MAX);
            let lines = self.open()?;
            if lines.bytes() + length > most && (lines.bytes() > 0 || !block.is_empty()) {
                lines.add(&block)?;
                block.clear();
                self.rotate()?;
            }
            block.extend_from_slice(alert.as_bytes());
            block.push(b'\n');
        }
        self.open()?.add(&block)
    }

    fn open(&mut self) -> io::Result<&mut AppendedLines> {
        match &mut self.lines {
            Some(lines) => Ok(lines),
            none => {
                if let Some(folder) = folder(&self.settings.path) {
                    DirBuilder::new().recursive(true).mode(0o750).create(folder).map_err(no_folder)?;
                }
                Ok(none.insert(AppendedLines::open(&self.settings.path)?))
            }
        }
    }

    /// Begins another file, and lets the oldest go.
    fn rotate(&mut self) -> io::Result<()> {
        self.lines = None;
        let AlertFile { path, files, .. } = &self.settings;
        let gone = |done: io::Result<()>| match done {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        };
        let older = files.saturating_sub(1);
        if older == 0 {
            return gone(fs::remove_file(path));
        }
        gone(fs::remove_file(numbered(path, older)))?;
        for number in (1..older).rev() {
            gone(fs::rename(numbered(path, number), numbered(path, number + 1)))?;
        }
        gone(fs::rename(path, numbered(path, 1)))?;
        folder(path).map_or(Ok(()), files::sync)
    }
}

/// The name of an older file; 1 is the newest of them.
pub(super) fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

/// A file that has a folder's name is told in words: the system says that it exists.
fn no_folder(error: io::Error) -> io::Error {
    match error.kind() {
        kind @ (io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory) => {
            io::Error::new(kind, "a part of its path is a file and not a folder: write another `path`")
        }
        _ => error,
    }
}

fn folder(path: &Path) -> Option<&Path> {
    path.parent().filter(|folder| !folder.as_os_str().is_empty())
}
