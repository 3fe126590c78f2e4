//! The folder of a result: what lies in it, how it is written, read again and proven unchanged.
//!
//! ```text
//! outcome.json              what became of each camera, the configuration as it was in force, the models
//! violations.jsonl, .csv    one line a violation
//! observations/CAMERA.jsonl what was seen, as the rules saw it
//! evidence/                 stills and clips; manifest.jsonl, written last, says what they are
//! report.html               the page that people read, made of the files above
//! SHA256SUMS                the hashes of all but the report, which tells of itself in report.sha256
//! run.json                  how the run went: it is another each time
//! ```

mod coverage;
pub mod day;
mod entry;
mod folder;
mod inventory;
mod ledger;
pub mod lines;
mod manifest;
mod outcome;
mod paths;
mod reading;
mod summary;
#[cfg(test)]
mod tests;
mod timeline;
mod verify;
mod writing;

pub use coverage::{Coverage, Extent};
pub use day::{DAY_MANIFEST, DayIs, REMOVED, Removed, RemovedFor};
pub use entry::{Coding, Entry, Handling, Piece, Shortfall};
pub use folder::{Existing, FolderError, Target, Unfinished, is_of_analysis};
pub use inventory::sweep;
pub use ledger::{Closed, FolderLedger};
pub use lines::{Lines, ReadError};
pub use manifest::{Sums, report_sum, text as manifest_text};
pub use outcome::{Failure, FailureOf, Outcome};
pub use reading::{Stored, StoredError};
pub use summary::{CameraSummary, FORM, ModelFact, Run, SourceFact, Summary};
pub use timeline::{Cell, Column, Timeline};
pub use verify::{Problem, ReportIs, Verified, VerifyError, Wrong, verify};
pub use writing::{Reserve, WriteError, clear_journal, put, put_violations, sort, violation_lines};

/// The manifest's path within a result folder. It is written last: a folder without it is unfinished.
pub const MANIFEST: &str = "evidence/manifest.jsonl";

/// The path of the list of all hashes, in the format of `sha256sum`, so that a folder can be checked without this
/// program: `sha256sum --check SHA256SUMS`.
pub const SUMS: &str = "SHA256SUMS";

/// The report. It tells when it was made and how long that took, so the list of all hashes, which the report shows, does
/// not hold its own.
pub const REPORT: &str = "report.html";

/// Beside the list: the hash of the report and of the list, and how the run went. `sha256sum --check report.sha256`
/// checks both.
pub const REPORT_SUM: &str = "report.sha256";

/// What became of each camera, and what it was judged by.
pub const OUTCOME: &str = "outcome.json";

/// How the run went.
pub const RUN: &str = "run.json";

/// The violations, a line each.
pub const VIOLATIONS: &str = "violations.jsonl";

/// The violations as a table for spreadsheets.
pub const TABLE: &str = "violations.csv";

/// The folder of what was seen.
pub const OBSERVATIONS: &str = "observations";

/// The folder of what a run notes of violations while it finds them.
const JOURNAL: &str = "journal";

/// The file that a run locks while it writes a result: it marks a folder as one that is written into.
const LOCK: &str = ".firewarden-lock";

/// The file that marks a result as one that another takes the place of.
const REPLACED: &str = ".firewarden-replaced";
