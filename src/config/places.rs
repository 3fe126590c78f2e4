//! Where the keys of a table stand in the file, and faults of their values.

use std::{collections::BTreeMap, ops::Range, time::Duration};

use super::{
    section::{Faults, Table, join},
    size::ByteSize,
};
use crate::duration;

/// The keys of one table of the file, to say what is wrong with their values.
pub(super) struct Places<'f, 't> {
    path: String,
    whole: Range<usize>,
    keys: BTreeMap<String, Range<usize>>,
    faults: &'f Faults<'t>,
}

impl<'f, 't> Places<'f, 't> {
    /// Of the table at `path`, before its keys are taken out of it.
    pub fn of(table: &Table<'_>, path: &str, faults: &'f Faults<'t>) -> Self {
        let keys = table.get_ref().iter().map(|(key, value)| (key.get_ref().to_string(), value.span()));
        Self { path: path.to_owned(), whole: table.span(), keys: keys.collect(), faults }
    }

    /// What is under `key`, or would be, is wrong.
    pub fn fault(&self, key: &str, message: impl Into<String>) {
        self.faults.add(Some(self.span(key)), &join(&self.path, key), message);
    }

    /// Where `key` stands, or would.
    pub fn span(&self, key: &str) -> Range<usize> {
        self.keys.get(key).unwrap_or(&self.whole).clone()
    }

    /// Whether the file says it.
    pub fn has(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    /// A time must lie between two others; `why` is a sentence's end.
    pub fn time(&self, key: &str, time: Duration, (least, most): (Duration, Duration), why: &str) {
        if !(least..=most).contains(&time) {
            let (least, most) = (duration::format(least), duration::format(most));
            self.fault(key, format!("it must be between {least} and {most}: {why}"));
        }
    }

    /// A size must lie between two others.
    pub fn size(&self, key: &str, size: ByteSize, (least, most): (ByteSize, ByteSize), why: &str) {
        if !(least..=most).contains(&size) {
            self.fault(key, format!("it must be between {least} and {most}: {why}"));
        }
    }

    /// A text of one line must say something, and no more than is wanted.
    pub fn line(&self, key: &str, text: &str, most: usize) {
        if text.trim().is_empty() {
            self.fault(key, "it is empty: write something, or leave the key out");
        } else if text.chars().count() > most {
            self.fault(key, format!("it is too long: {most} characters at most"));
        } else if text.contains(char::is_control) {
            self.fault(key, "it holds line ends or other control characters");
        }
    }

    /// A path must name something.
    pub fn path(&self, key: &str, path: &std::path::Path) {
        /// The longest that Linux takes.
        const LONGEST: usize = 4096;
        self.line(key, &path.to_string_lossy(), LONGEST);
    }
}

/// So many seconds.
pub(super) const fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

/// So many days.
pub(super) const fn days(number: u64) -> Duration {
    Duration::from_secs(number * 86_400)
}
