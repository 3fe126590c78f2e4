//! The ledger of a result folder: one for each camera.
//!
//! ```text
//! observations/CAMERA.jsonl   its records, which stay
//! journal/CAMERA.jsonl        its violations, each time one changes; gone once they are listed
//! ```

use std::{
    collections::{BTreeMap, VecDeque},
    path::{Path, PathBuf},
};

use uuid::Uuid;

use super::{JOURNAL, Lines, OBSERVATIONS, Outcome, lines};
use crate::{
    domain::{CameraId, Record, Violation},
    ledger::{Fact, Ledger, LedgerError, Step},
};

/// Keeps what comes of one camera in the folder of a result.
#[derive(Debug)]
pub struct FolderLedger {
    records: Records,
    journal: Journal,
    outcome: Outcome,
    /// What could not be kept and was not told yet.
    errors: VecDeque<LedgerError>,
}

/// What a camera's ledger holds in the end.
#[derive(Debug)]
pub struct Closed {
    /// What became of the camera.
    pub outcome: Outcome,
    /// Its violations as last known, sorted by start, rule and id.
    pub violations: Vec<Violation>,
    /// What could not be kept, beyond what was told before.
    pub errors: Vec<LedgerError>,
}

impl FolderLedger {
    /// For a camera; files are made as they are needed.
    pub fn new(folder: &Path, camera: &CameraId) -> Self {
        let file = |below: &str| folder.join(below).join(format!("{camera}.jsonl"));
        Self {
            records: Records { lines: Some(Lines::new(file(OBSERVATIONS))) },
            journal: Journal { path: file(JOURNAL), lines: None, noted: false, kept: BTreeMap::new() },
            outcome: Outcome::default(),
            errors: VecDeque::new(),
        }
    }

    /// Closes the files, as far as they are not, and gives what they hold.
    pub fn close(mut self) -> Closed {
        let mut errors: Vec<LedgerError> =
            self.errors.into_iter().chain(self.records.close().err()).collect();
        let violations = self.journal.close(&mut errors);
        Closed { outcome: self.outcome, violations, errors }
    }
}

impl Ledger for FolderLedger {
    fn commit(&mut self, step: &Step<'_>) -> Result<(), LedgerError> {
        for fact in step.facts {
            if let Fact::Told(record, _) = fact {
                self.errors.extend(self.records.write(record).err());
            }
            if let Some(judgement) = fact.judgement() {
                // What was only warned about is no violation.
                let raised = judgement.violations.iter().filter(|violation| violation.raised.is_some());
                for violation in raised {
                    self.errors.extend(self.journal.note(violation).err());
                }
            }
            self.outcome.follow(fact);
            if let Fact::Ended(_) = fact {
                // Cameras whose turn is over hold no file open.
                self.errors.extend(self.records.close().err());
                self.journal.lines = None;
            }
        }
        self.errors.pop_front().map_or(Ok(()), Err)
    }
}

/// What the camera saw.
#[derive(Debug)]
struct Records {
    /// None where they could not be written, and when all are: rules judge all the same.
    lines: Option<Lines>,
}

impl Records {
    fn write(&mut self, record: &Record) -> Result<(), LedgerError> {
        let written = self.lines.as_mut().map_or(Ok(()), |lines| lines.write(record));
        self.told(written)
    }

    fn close(&mut self) -> Result<(), LedgerError> {
        let written = self.lines.as_mut().map_or(Ok(()), |lines| lines.open().and_then(|()| lines.flush()));
        self.told(written)?;
        self.lines = None;
        Ok(())
    }

    fn told(&mut self, written: std::io::Result<()>) -> Result<(), LedgerError> {
        let Err(source) = written else { return Ok(()) };
        let path = self.lines.take().map(|lines| lines.path().to_owned()).unwrap_or_default();
        Err(LedgerError::Write { what: "observations", path, source })
    }
}

/// Its violations as they change. They leave memory at once, and are read again when all have been told.
#[derive(Debug)]
struct Journal {
    path: PathBuf,
    lines: Option<Lines>,
    /// Whether any was.
    noted: bool,
    /// Those that could not be written, as last known.
    kept: BTreeMap<Uuid, Violation>,
}

impl Journal {
    /// Notes a violation as it now is.
    fn note(&mut self, violation: &Violation) -> Result<(), LedgerError> {
        if self.kept.is_empty() {
            self.noted = true;
            let lines = self.lines.get_or_insert_with(|| Lines::new(self.path.clone()));
            // Written out at once: what is known of a violation outlasts a run that is killed.
            let Err(source) = lines.write(violation).and_then(|()| lines.flush()) else { return Ok(()) };
            self.kept.insert(violation.id, violation.clone());
            return Err(LedgerError::Write { what: "violations", path: self.path.clone(), source });
        }
        self.kept.insert(violation.id, violation.clone());
        Ok(())
    }

    /// The violations as last known.
    fn close(self, errors: &mut Vec<LedgerError>) -> Vec<Violation> {
        let mut last: BTreeMap<Uuid, Violation> = BTreeMap::new();
        if self.noted {
            let read = lines::read(&self.path, &mut |_, violation: Violation| {
                last.insert(violation.id, violation);
            });
            // A line that broke off is among those that are kept.
            if let Err(error) = read
                && self.kept.is_empty()
            {
                let (path, source) = (self.path.clone(), std::io::Error::other(error.to_string()));
                errors.push(LedgerError::Read { what: "violations", path, source });
            }
        }
        last.extend(self.kept);
        let mut all: Vec<Violation> = last.into_values().collect();
        all.sort_by(|a, b| (a.started.media_s, &a.rule, a.id).cmp(&(b.started.media_s, &b.rule, b.id)));
        all
    }
}
