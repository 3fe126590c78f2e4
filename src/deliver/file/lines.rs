//! A file that lines are added to, each whole.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

use crate::files;

/// How a file of alerts begins: with an alert, or with what power that failed has left of one.
const BEGINNINGS: [&[u8; 1]; 3] = [b"{", b"\n", b"\0"];

/// An open file, and how far it is written.
#[derive(Debug)]
pub(super) struct AppendedLines {
    file: File,
    bytes: u64,
}

impl AppendedLines {
    /// Opens the file, or makes it. A last line that broke off, as a crash leaves it, is ended: the next one is then one of its
    /// own.
    pub fn open(path: &Path) -> io::Result<Self> {
        // To open a named pipe waits for somebody who reads it.
        if let Some(what) = files::special(path) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("it is {what}, where a file is wanted"),
            ));
        }
        let is_new = !path.exists();
        let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o640).open(path)?;
        if is_new && let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            files::sync(folder)?;
        }
        let bytes = file.seek(SeekFrom::End(0))?;
        let mut lines = Self { file, bytes };
        if bytes > 0 {
            let mut first = [0];
            lines.file.seek(SeekFrom::Start(0))?;
            lines.file.read_exact(&mut first)?;
            if !BEGINNINGS.contains(&&first) {
                let why = "it holds something else than alerts: name a file that is for alerts alone";
                return Err(io::Error::new(io::ErrorKind::InvalidData, why));
            }
            let mut last = [0];
            lines.file.seek(SeekFrom::End(-1))?;
            lines.file.read_exact(&mut last)?;
            if last != *b"\n" {
                lines.add(b"\n")?;
            }
        }
        Ok(lines)
    }

    /// How large the file is.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether it still is the file of this name, and as large as it was left.
    pub fn is_at(&self, path: &Path) -> bool {
        let (Ok(own), Ok(there)) = (self.file.metadata(), fs::metadata(path)) else { return false };
        (own.dev(), own.ino()) == (there.dev(), there.ino()) && own.len() == self.bytes
    }

    /// Adds whole lines and writes them out to the disk. Where that fails, none of them stays, if that can be had.
    pub fn add(&mut self, block: &[u8]) -> io::Result<()> {
        if block.is_empty() {
            return Ok(());
        }
        match self.file.write_all(block).and_then(|()| self.file.sync_data()) {
            Ok(()) => {
                self.bytes += u64::try_from(block.len()).unwrap_or(0);
                Ok(())
            }
            Err(error) => {
                let _ = self.file.set_len(self.bytes);
                Err(error)
            }
        }
    }
}
