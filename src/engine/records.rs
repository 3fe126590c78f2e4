//! `observations/CAMERA.jsonl`: one record a line, as the rules saw them.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use thiserror::Error;

use crate::{domain::Record, files};

/// Where a camera's records are written. The file is made when the camera's turn comes: of a thousand cameras that wait,
/// none holds one open.
#[derive(Debug)]
pub struct Records {
    path: PathBuf,
    out: Option<BufWriter<File>>,
}

impl Records {
    /// For a file that is not made yet.
    pub fn new(path: PathBuf) -> Self {
        Self { path, out: None }
    }

    /// The file, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the file.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn open(&mut self) -> io::Result<()> {
        self.out = Some(BufWriter::new(File::create(&self.path)?));
        Ok(())
    }

    /// Writes a record. Nothing is written before the file was opened.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn write(&mut self, record: &Record) -> io::Result<()> {
        let Some(out) = &mut self.out else { return Ok(()) };
        serde_json::to_writer(&mut *out, record)?;
        out.write_all(b"\n")
    }

    /// Writes out what is held back, and closes the file.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn finish(mut self) -> io::Result<()> {
        self.out.take().map_or(Ok(()), |mut out| out.flush())
    }
}

/// Why recorded observations cannot be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("{path} cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line that is no record.
    #[error("{path}:{line}: this is no observation: {reason}")]
    NoRecord {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// A line longer than any record.
    #[error("{path}:{line}: this line is longer than {MAX_LINE} bytes, so it is no observation")]
    TooLong {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
    },
}

/// A look with a thousand detections, each with an appearance, is shorter.
const MAX_LINE: u64 = 2 << 20;

/// Reads a file of records and gives each with the number of its line, from 1.
///
/// No line is held that is longer than a record can be.
///
/// # Errors
/// [`ReadError`] at the first line that is no record; those before it have been given.
pub fn read(path: &Path, each: &mut dyn FnMut(usize, Record)) -> Result<(), ReadError> {
    let unreadable = |source| ReadError::Unreadable { path: path.to_owned(), source };
    let mut reader = BufReader::new(files::open(path).map_err(unreadable)?);
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        let length = reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut text).map_err(unreadable)?;
        if length == 0 {
            break;
        }
        if length as u64 == MAX_LINE && text.last() != Some(&b'\n') {
            return Err(ReadError::TooLong { path: path.to_owned(), line });
        }
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let record = serde_json::from_slice(&text).map_err(|error| ReadError::NoRecord {
            path: path.to_owned(),
            line,
            reason: error.to_string(),
        })?;
        each(line, record);
    }
    Ok(())
}
