//! Files of one JSON value a line: the records of a camera as the rules saw them, violations.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use flate2::bufread::MultiGzDecoder;
use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;

use super::Entry;
use crate::{
    domain::{Record, Violation},
    files,
};

/// Where lines are written. The file is made with its first line: of a thousand cameras that wait, none holds one open.
#[derive(Debug)]
pub struct Lines {
    path: PathBuf,
    out: Option<BufWriter<File>>,
}

impl Lines {
    /// For a file that is not made yet.
    pub fn new(path: PathBuf) -> Self {
        Self { path, out: None }
    }

    /// The file, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the file, if it is not yet, and the folder that it lies in.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn open(&mut self) -> io::Result<()> {
        if self.out.is_none() {
            if let Some(folder) = self.path.parent() {
                fs::create_dir_all(folder)?;
            }
            self.out = Some(BufWriter::new(File::create(&self.path)?));
        }
        Ok(())
    }

    /// Writes a line.
    ///
    /// # Errors
    /// Where the file cannot be made or written.
    pub fn write<T: Serialize>(&mut self, line: &T) -> io::Result<()> {
        self.open()?;
        let Some(out) = &mut self.out else { return Ok(()) };
        serde_json::to_writer(&mut *out, line)?;
        out.write_all(b"\n")
    }

    /// Writes out what is held back.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.as_mut().map_or(Ok(()), Write::flush)
    }
}

/// Why lines cannot be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("{} cannot be read: {source}", files::shown(.path.as_os_str()))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line that is not what it should be.
    #[error("{}:{line}: this is no {wanted}: {reason}", files::shown(.path.as_os_str()))]
    Wrong {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What it should be.
        wanted: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A line longer than any should be.
    #[error("{}:{line}: this line is longer than {MAX_LINE} bytes, so it is no {wanted}", files::shown(.path.as_os_str()))]
    TooLong {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What it should be.
        wanted: &'static str,
    },
}

/// A look with a thousand detections, each with an appearance, is shorter.
const MAX_LINE: u64 = 2 << 20;

/// What files begin with that gzip compressed (RFC 1952, 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What a file may have in its lines.
pub trait Line: DeserializeOwned {
    /// What people call one of them.
    const NAME: &'static str;
}

impl Line for Record {
    const NAME: &'static str = "observation";
}

impl Line for Violation {
    const NAME: &'static str = "violation";
}

impl Line for Entry {
    const NAME: &'static str = "file of evidence";
}

/// Reads a file and gives the value of each line with its number, from 1. It may be one that gzip compressed, of one member or of
/// many, as those of a day's looks are.
///
/// No line is held that is longer than a record can be.
///
/// # Errors
/// [`ReadError`] at the first line that is not what it should be; those before it have been given.
pub fn read<T: Line>(path: &Path, each: &mut dyn FnMut(usize, T)) -> Result<(), ReadError> {
    let unreadable = |source| ReadError::Unreadable { path: path.to_owned(), source };
    let mut file = BufReader::new(files::open(path).map_err(unreadable)?);
    let compressed = file.fill_buf().map_err(unreadable)?.starts_with(&GZIP);
    let reader: Box<dyn Read> = if compressed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut reader = BufReader::new(reader);
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        let length = reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut text).map_err(unreadable)?;
        if length == 0 {
            break;
        }
        if length as u64 == MAX_LINE && text.last() != Some(&b'\n') {
            return Err(ReadError::TooLong { path: path.to_owned(), line, wanted: T::NAME });
        }
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let record = serde_json::from_slice(&text).map_err(|error| ReadError::Wrong {
            path: path.to_owned(),
            line,
            wanted: T::NAME,
            reason: error.to_string(),
        })?;
        each(line, record);
    }
    Ok(())
}
