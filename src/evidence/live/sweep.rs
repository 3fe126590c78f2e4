//! Evidence has a limit in time and in size: the oldest goes first.

use std::{collections::BTreeSet, fs, io, path::Path, sync::atomic::Ordering::Relaxed, time::Instant};

use jiff::{SignedDuration, Timestamp, civil::Date};

use super::{Shared, days::Days};
use crate::results::{
    DAY_MANIFEST, Entry, OUTCOME, REMOVED, REPORT, REPORT_SUM, RUN, RemovedFor, SUMS, VIOLATIONS,
};

/// What lies in a day's folder beside its evidence.
const LISTS: [&str; 8] = [DAY_MANIFEST, REMOVED, VIOLATIONS, OUTCOME, SUMS, REPORT, REPORT_SUM, RUN];

/// When evidence was looked through.
#[derive(Debug, Clone, Copy)]
pub(super) struct Swept {
    /// By the clock that never goes back.
    pub at: Instant,
    wall: Timestamp,
}

/// A clock that is corrected by no more than this was right before, too.
const CORRECTED: SignedDuration = SignedDuration::from_hours(1);

impl Swept {
    fn now(shared: &Shared) -> Self {
        let clock = &shared.settings.clock;
        Self { at: clock.monotonic(), wall: clock.wall() }
    }

    /// Whether the time of day was set since: it may be wrong now, and what is removed does not come back.
    fn is_set_since(self, shared: &Shared) -> bool {
        let now = Self::now(shared);
        let passed = SignedDuration::try_from(now.at.saturating_duration_since(self.at)).unwrap_or_default();
        (now.wall.duration_since(self.wall) - passed).abs() > CORRECTED
    }
}

/// Removes what is older than it may be, then the oldest of what is too much. What an alert refers to that is not delivered
/// yet stays.
pub(super) fn sweep(shared: &Shared, before: &mut Option<Swept>) {
    let now = shared.settings.clock.wall();
    let is_set = before.replace(Swept::now(shared)).is_some_and(|before| before.is_set_since(shared));
    if is_set {
        tracing::warn!(
            "the clock was set since evidence was last looked through: nothing is removed for its age now"
        );
    }
    let keep = SignedDuration::try_from(shared.settings.keep).unwrap_or(SignedDuration::MAX);
    let mut days = shared.days.all();
    for day in days.iter().filter(|_| !is_set) {
        let (_, end) = shared.days.bounds(*day);
        if end.saturating_add(keep).is_ok_and(|until| until <= now) {
            said(*day, expire(shared, *day));
        }
    }
    days.retain(|day| shared.days.folder(*day).exists());
    let mut total: u64 = days.iter().map(|day| size(&shared.days.folder(*day))).sum();
    for day in days {
        if total <= shared.settings.budget {
            break;
        }
        said(day, shrink(shared, day, &mut total));
    }
    if total > shared.settings.budget {
        tracing::warn!(
            bytes = total,
            budget = shared.settings.budget,
            "evidence takes more room than it may: what is left belongs to alerts that are not delivered yet, or waits to be uploaded"
        );
    }
    shared.counts.bytes.store(total, Relaxed);
}

fn said(day: Date, done: io::Result<()>) {
    if let Err(error) = done {
        tracing::warn!(%day, "evidence of this day that is to go cannot be removed: {error}");
    }
}

/// The files of a day that are still there, those that may go first in the order they were made.
fn removable(shared: &Shared, day: Date) -> io::Result<(Vec<Entry>, usize)> {
    let (entries, removed) = shared.days.listed(day)?;
    let there: Vec<Entry> = entries.into_iter().filter(|entry| !removed.contains(&entry.name)).collect();
    let count = there.len();
    let is_free = |entry: &Entry| !(shared.settings.asked.is_needed)(&Days::name(day, &entry.name));
    let free: Vec<Entry> = there.into_iter().filter(is_free).collect();
    let needed = count - free.len();
    Ok((free, needed))
}

fn remove(shared: &Shared, day: Date, entries: &[Entry], why: RemovedFor) -> io::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let count = shared.days.remove(day, entries, why)?;
    shared.counts.removed.fetch_add(count as u64, Relaxed);
    tracing::info!(%day, count, ?why, "evidence was removed");
    Ok(())
}

/// A day that is older than it may be goes as a whole, but for what is needed.
fn expire(shared: &Shared, day: Date) -> io::Result<()> {
    let (free, needed) = removable(shared, day)?;
    remove(shared, day, &free, RemovedFor::Age)?;
    if needed > 0 {
        return Ok(());
    }
    let folder = shared.days.folder(day);
    let lists: BTreeSet<&str> = LISTS.into();
    let is_ours = |name: &str| {
        let is_evidence = [".jpg", ".mp4", ".mkv"].iter().any(|end| name.ends_with(end));
        lists.contains(name) || is_evidence || name.starts_with(crate::files::UNFINISHED)
    };
    for file in fs::read_dir(&folder)?.flatten() {
        if file.file_name().to_str().is_some_and(is_ours) {
            fs::remove_file(file.path())?;
        }
    }
    // Somebody may have laid something beside it, which stays.
    let _ = fs::remove_dir(&folder);
    Ok(())
}

/// Removes so many of a day's files, the oldest first, that all take no more than they may.
fn shrink(shared: &Shared, day: Date, total: &mut u64) -> io::Result<()> {
    let (free, _) = removable(shared, day)?;
    let mut left = *total;
    let going: Vec<Entry> = free
        .into_iter()
        .take_while(|entry| {
            let goes = left > shared.settings.budget;
            left = if goes { left.saturating_sub(entry.bytes) } else { left };
            goes
        })
        .collect();
    remove(shared, day, &going, RemovedFor::Budget)?;
    *total = left;
    Ok(())
}

/// What the files of a folder take, in bytes.
fn size(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    files
        .filter_map(|file| file.metadata().ok())
        .filter(std::fs::Metadata::is_file)
        .map(|about| about.len())
        .sum()
}
