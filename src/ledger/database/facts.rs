use std::collections::BTreeMap;

use jiff::Timestamp;

use super::uploads::UploadDepth;

/// How the database does.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DatabaseFacts {
    /// Alerts that a sink does not have yet, counted once for each sink.
    pub waiting: u64,
    /// When the oldest of them was written down.
    pub oldest_waiting: Option<Timestamp>,
    /// The same by sink, also of sinks that are configured no more.
    pub sinks: BTreeMap<String, Depth>,
    /// Files that wait to be put elsewhere.
    pub uploads: UploadDepth,
    /// Changes of violations, files of evidence and facts of cameras' health that are in memory only.
    pub in_memory: usize,
    /// Bytes written since midnight in the site's time zone.
    pub bytes_today: u64,
    /// Since when nothing can be written.
    pub failing_since: Option<Timestamp>,
    /// Commits since the start.
    pub commits: u64,
    /// `updated` alerts that were given up since the start, because too much waited in memory.
    pub dropped_updates: u64,
    /// Whatever else was given up likewise, or could not be written for what it is.
    pub dropped_others: u64,
    /// How large the database is, in bytes, without its log.
    pub bytes: u64,
}

/// What waits for a sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Depth {
    /// How many alerts.
    pub waiting: u64,
    /// When the oldest was written down.
    pub oldest: Option<Timestamp>,
    /// How many the sink has refused for good: the dead letters.
    pub refused: u64,
}
