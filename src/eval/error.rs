use std::{fmt, io, path::PathBuf};

use thiserror::Error;

use super::form::{COLUMNS, MAX_BYTES};
use crate::domain::{CameraId, Kind, MediaTime};

/// As many names of a long list as one message holds.
const NAMES: usize = 20;

/// Why a truth file cannot be used.
#[derive(Debug, Error)]
pub enum TruthError {
    /// The file cannot be read.
    #[error("the truth file {} cannot be read: {source}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is larger than any truth file can be.
    #[error(
        "the truth file {} is larger than {} MiB: is it a CSV file with the columns {}?",
        .path.display(), MAX_BYTES >> 20, COLUMNS.join(", ")
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file is read, and wrong. Written one fault a line, each as `PATH:LINE: reason`.
    #[error("{}", list(.path, .faults))]
    Faulty {
        /// The file.
        path: PathBuf,
        /// Everything that is wrong with it, in the order of the lines. Never empty.
        faults: Vec<BadLine>,
    },
}

fn list(path: &std::path::Path, faults: &[BadLine]) -> String {
    let line = |fault: &BadLine| format!("{}:{}: {}", path.display(), fault.line, fault.reason);
    faults.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// One thing that is wrong in a truth file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// Line in the file, from 1.
    pub line: u64,
    /// What is wrong there.
    pub reason: Reason,
}

/// What can be wrong in a truth file, and the way out.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Reason {
    /// There is no line but blank ones and notes.
    #[error("the file is empty; it must begin with the header {}", COLUMNS.join(","))]
    Empty,
    /// The bytes are no UTF-8 text.
    #[error("this is not UTF-8 text; save the file as CSV in UTF-8")]
    NotUtf8,
    /// The first line names none of the columns.
    #[error("{found:?} is no header; the file must begin with {}", COLUMNS.join(","))]
    NoHeader {
        /// The line.
        found: String,
    },
    /// The header is written with something else than commas.
    #[error("the fields are separated with {found:?}; separate them with commas")]
    Separator {
        /// What stands between the fields.
        found: char,
    },
    /// The header lacks a column.
    #[error("the column {column:?} is missing; the columns are {}", COLUMNS.join(", "))]
    MissingColumn {
        /// The column.
        column: &'static str,
    },
    /// The header has a column that is not known.
    #[error("unknown column {column:?}; the nearest is {nearest:?}, of {}", COLUMNS.join(", "))]
    UnknownColumn {
        /// The column as written.
        column: String,
        /// The known column that it most resembles.
        nearest: &'static str,
    },
    /// The header has a column twice.
    #[error("the column {column:?} is there twice; each of {} is there once", COLUMNS.join(", "))]
    DoubledColumn {
        /// The column.
        column: &'static str,
    },
    /// A line is longer or shorter than the header.
    #[error("{found} fields where the header has {expected}; an end that is not known is an empty field")]
    FieldCount {
        /// Fields of the line.
        found: usize,
        /// Fields of the header.
        expected: usize,
    },
    /// A quotation mark opens a field and none closes it on the same line.
    #[error("a quotation mark is not closed on this line; close it, or leave it out")]
    UnclosedQuote,
    /// The configuration has no such camera.
    #[error("the configuration has no camera {camera:?}{}; it has {}", meant(.nearest), some(.known))]
    UnknownCamera {
        /// The camera as written.
        camera: String,
        /// The known camera that it resembles, if any does.
        nearest: Option<CameraId>,
        /// The configuration's cameras.
        known: Vec<CameraId>,
    },
    /// There is no such kind of violation.
    #[error("unknown kind {kind:?}; the nearest is {nearest}, of {}", some(&Kind::ALL))]
    UnknownKind {
        /// The kind as written.
        kind: String,
        /// The kind that it most resembles.
        nearest: Kind,
    },
    /// The camera is there and does not watch for this kind.
    #[error("camera {camera} has no rule {kind}; it has {}. Add the rule, or leave this line out", some(.has))]
    NoRule {
        /// The camera.
        camera: CameraId,
        /// The kind that it does not watch for.
        kind: Kind,
        /// The kinds that it watches for.
        has: Vec<Kind>,
    },
    /// A time is no number.
    #[error("{column}: {text:?} is no number; write media seconds with a decimal point, such as 83.5")]
    NoNumber {
        /// The column.
        column: &'static str,
        /// The field as written.
        text: String,
    },
    /// A time is infinite or not a number.
    #[error("{column}: {text} is not finite; {}", if *.column == COLUMNS[3] {
        "leave the field empty where it goes on to the end of the recording"
    } else {
        "write media seconds, such as 83.5"
    })]
    NotFinite {
        /// The column.
        column: &'static str,
        /// The field as written.
        text: String,
    },
    /// A time lies before the first picture, or beyond every recording.
    #[error(
        "{column}: {text} is no media time; it counts seconds from the camera's first picture, 0 or more"
    )]
    OutOfRange {
        /// The column.
        column: &'static str,
        /// The field as written.
        text: String,
    },
    /// The spell has no length.
    #[error(
        "the end, {} s, is not after the start, {} s; leave end_s empty where it goes on to the end of the \
         recording", .end.as_secs_f64(), .start.as_secs_f64()
    )]
    EndNotAfterStart {
        /// The start.
        start: MediaTime,
        /// The end.
        end: MediaTime,
    },
    /// Two spells of one camera and kind are not apart.
    #[error(
        "this spell overlaps that of line {other}, of the same camera {camera} and kind {kind}; join them, or part them"
    )]
    Overlap {
        /// The line of the other spell, which stands before this one in the file.
        other: u64,
        /// Their camera.
        camera: CameraId,
        /// Their kind.
        kind: Kind,
    },
}

fn meant(nearest: &Option<CameraId>) -> String {
    nearest.as_ref().map(|id| format!(" (did you mean {id}?)")).unwrap_or_default()
}

/// Names for a message: all of a short list, the first of a long one.
fn some<T: fmt::Display>(names: &[T]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    let told = names.iter().take(NAMES).map(T::to_string).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMES) {
        0 => told,
        more => format!("{told} and {more} more"),
    }
}
