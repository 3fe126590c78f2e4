//! How many bytes are written to the disk: those of edge boxes wear out.

use std::fs;

use jiff::civil::Date;
use rusqlite::{Connection, params};

/// Counts what the thread that owns it writes.
///
/// The system counts the bytes that a thread gives it to write. This thread writes nothing but the database, so that they are
/// those of its log, and of the pages that a checkpoint brings from there into the database. What a file system adds to them,
/// and a disk, is not among them. Where the system does not count, those of the log are, which are more than half.
#[derive(Debug)]
pub(super) struct Written {
    before: Option<u64>,
    log: u64,
    day: Date,
    pub today: u64,
}

impl Written {
    /// Begins to count, on the thread that writes.
    pub fn begin(day: Date, today: u64, log: u64) -> Self {
        Self { before: counted(), log, day, today }
    }

    /// Writes down how much it was.
    pub fn note(&self, connection: &Connection) -> rusqlite::Result<()> {
        let bytes = i64::try_from(self.today).unwrap_or(i64::MAX);
        connection.execute(
            "INSERT INTO days (day, written) VALUES (?1, ?2) ON CONFLICT (day) DO UPDATE SET written = ?2",
            params![self.day.to_string(), bytes],
        )?;
        Ok(())
    }

    /// Adds what was written since. `log` is how large the log is now.
    pub fn count(&mut self, day: Date, log: u64) {
        let now = counted();
        let more = match (self.before, now) {
            (Some(before), Some(now)) => now.saturating_sub(before),
            _ => log.saturating_sub(self.log),
        };
        (self.before, self.log) = (now, log);
        if day != self.day {
            (self.day, self.today) = (day, 0);
        }
        self.today = self.today.saturating_add(more);
    }
}

/// What this thread has written since it began.
fn counted() -> Option<u64> {
    let text = fs::read_to_string("/proc/thread-self/io").ok()?;
    text.lines().find_map(|line| line.strip_prefix("wchar:"))?.trim().parse().ok()
}
