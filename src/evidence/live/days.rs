//! The folders of days, and what is listed in each.
//!
//! A file has its name only once it is listed: its bytes are written to the disk under another, then its line, then it is
//! renamed. So a run that loses its power leaves nothing unlisted that has a name, and what is listed without a file is found
//! by its hash under its other name at the next start, or told as lost.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, DirBuilder, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    super::EvidenceError,
    lines::{FILE, List, mend, values},
};
use crate::{
    clock::Clock,
    files,
    results::{DAY_MANIFEST, Entry, REMOVED, REPORT, REPORT_SUM, Removed, RemovedFor, SUMS},
};

/// Rights of folders of evidence.
const FOLDER: u32 = 0o750;

/// What comes of a violation comes close together: a day is exported once nothing has come for so long.
const SETTLED: Duration = Duration::from_secs(10);

/// A day that is not over is exported no more often than this.
const AFRESH: Duration = Duration::from_secs(60);

/// The folders of all days.
pub(super) struct Days {
    root: PathBuf,
    zone: TimeZone,
    clock: Arc<dyn Clock>,
    /// The days that are not closed, as far as anything came of them.
    days: Arc<Mutex<BTreeMap<Date, Day>>>,
    /// Held while lists are added to.
    listing: Mutex<()>,
}

/// What is known of a day that is not closed.
#[derive(Default)]
struct Day {
    /// Files of it that are being made.
    held: usize,
    /// When something last changed that its export does not have.
    changed: Option<Instant>,
    exported: Option<Instant>,
}

/// What is to be done with a day's export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// It is brought up to date; the day goes on.
    Afresh,
    /// The day is over, and is closed.
    Close,
}

/// A day of which a file is being made: it is not closed meanwhile.
pub(super) struct Hold {
    pub day: Date,
    days: Arc<Mutex<BTreeMap<Date, Day>>>,
}

impl Days {
    /// Below this folder, which need not be there.
    pub fn new(root: &Path, zone: TimeZone, clock: Arc<dyn Clock>) -> Self {
        let (root, days, listing) = (root.to_owned(), Arc::default(), Mutex::default());
        Self { root, zone, clock, days, listing }
    }

    /// The site's day of a time.
    pub fn of(&self, wall: Timestamp) -> Date {
        self.zone.to_datetime(wall).date()
    }

    /// When a day begins and ends.
    pub fn bounds(&self, day: Date) -> (Timestamp, Timestamp) {
        let begin = |day: Date| self.zone.to_timestamp(day.at(0, 0, 0, 0));
        let next = day.tomorrow().unwrap_or(day);
        (begin(day).unwrap_or(Timestamp::MIN), begin(next).unwrap_or(Timestamp::MAX))
    }

    /// Where a day lies.
    pub fn folder(&self, day: Date) -> PathBuf {
        self.root.join(day.to_string())
    }

    /// A file as it is called in alerts.
    pub fn name(day: Date, file: &str) -> String {
        format!("evidence/{day}/{file}")
    }

    /// Keeps a day from being closed until what comes back is dropped. Does not wait for the disk.
    pub fn hold(&self, day: Date) -> Hold {
        lock(&self.days).entry(day).or_default().held += 1;
        Hold { day, days: Arc::clone(&self.days) }
    }

    /// Makes a day's folder, where it is not there.
    pub fn make(&self, day: Date) -> io::Result<PathBuf> {
        let folder = self.folder(day);
        DirBuilder::new().recursive(true).mode(FOLDER).create(&folder)?;
        Ok(folder)
    }

    /// Whether a file of this name was kept.
    pub fn has(&self, day: Date, file: &str) -> bool {
        self.folder(day).join(file).exists()
    }

    /// `NAME_ROLE.EXT`, or `NAME_2_ROLE.EXT` where there is one already: an end that was withdrawn comes again.
    pub fn free(&self, day: Date, name: &str, end: &str) -> String {
        let first = format!("{name}_{end}");
        let more = (2..1000).map(|number| format!("{name}_{number}_{end}"));
        std::iter::once(first.clone()).chain(more).find(|file| !self.has(day, file)).unwrap_or(first)
    }

    /// Keeps a file of these bytes, which `entry` describes.
    pub fn keep(&self, day: Date, entry: &Entry, bytes: &[u8]) -> Result<(), EvidenceError> {
        let path = self.folder(day).join(&entry.name);
        let wrong = |source| EvidenceError::Write { path: path.clone(), source: files::plain(source) };
        let write = || {
            let mut file = files::temporary(&self.make(day)?)?;
            restrict(file.path());
            file.write_all(bytes)?;
            file.as_file().sync_data()?;
            Ok(file)
        };
        let file = write().map_err(wrong)?;
        self.list(day, entry, || files::persist(file, &path).map_err(wrong))
    }

    /// Lists a file, whose bytes are on the disk, and lets `place` give it its name. A day that was closed is open again.
    pub fn list<T>(
        &self,
        day: Date,
        entry: &Entry,
        place: impl FnOnce() -> Result<T, EvidenceError>,
    ) -> Result<T, EvidenceError> {
        let _listing = lock(&self.listing);
        let folder = self.folder(day);
        let list = folder.join(DAY_MANIFEST);
        let wrong = |source| EvidenceError::Write { path: list.clone(), source: files::plain(source) };
        self.touch(day);
        for stale in [SUMS, REPORT, REPORT_SUM] {
            let _ = fs::remove_file(folder.join(stale));
        }
        List::open(&list).and_then(|mut list| list.add(&[entry])).map_err(wrong)?;
        let placed = place();
        if placed.is_err() {
            let lost = Removed::new(entry, self.clock.wall(), RemovedFor::Lost);
            // Where that cannot be written either, the next start finds it.
            let _ = List::open(&folder.join(REMOVED)).and_then(|mut list| list.add(&[lost]));
        }
        restrict(&folder.join(&entry.name));
        // What is renamed is there after a loss of power, too.
        let _ = files::sync(&folder);
        placed
    }

    /// Notes that the export of a day is no longer up to date.
    pub fn touch(&self, day: Date) {
        lock(&self.days).entry(day).or_default().changed = Some(self.clock.monotonic());
    }

    /// Notes why files of a day are no longer there, and removes them. How many of them went.
    pub fn remove(&self, day: Date, entries: &[Entry], why: RemovedFor) -> io::Result<usize> {
        let _listing = lock(&self.listing);
        let folder = self.folder(day);
        let now = self.clock.wall();
        let lines: Vec<Removed> = entries.iter().map(|entry| Removed::new(entry, now, why)).collect();
        let add = || List::open(&folder.join(REMOVED)).and_then(|mut list| list.add(&lines));
        match add() {
            // On a full disk there is room for the lines only after something has gone.
            Err(error) if files::is_full(&error) => {
                let first = entries.first().map(|entry| folder.join(&entry.name));
                first.map_or(Ok(()), fs::remove_file)?;
                add()?;
            }
            added => added?,
        }
        for entry in entries {
            let _ = fs::remove_file(folder.join(&entry.name));
        }
        let sums = folder.join(SUMS);
        if let Ok(text) = fs::read_to_string(&sums) {
            let is_gone =
                |line: &&str| entries.iter().any(|entry| line.ends_with(&format!("  {}", entry.name)));
            let left: String =
                text.lines().filter(|line| !is_gone(line)).map(|line| format!("{line}\n")).collect();
            put(&folder, SUMS, left.as_bytes())?;
            for stale in [REPORT, REPORT_SUM] {
                let _ = fs::remove_file(folder.join(stale));
            }
        }
        Ok(entries.len())
    }

    /// Every day that has a folder, the earliest first.
    pub fn all(&self) -> Vec<Date> {
        let names = fs::read_dir(&self.root).into_iter().flatten().flatten();
        let mut days: Vec<Date> = names
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
            .filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                name.parse::<Date>().ok().filter(|day| day.to_string() == name)
            })
            .collect();
        days.sort();
        days
    }

    /// Those of them that are not closed.
    pub fn unclosed(&self) -> Vec<Date> {
        self.all().into_iter().filter(|day| !self.folder(*day).join(SUMS).exists()).collect()
    }

    /// The files of a day that are listed, in the order they were made, and the names of those that were removed.
    pub fn listed(&self, day: Date) -> io::Result<(Vec<Entry>, BTreeSet<String>)> {
        let folder = self.folder(day);
        let removed = values(&folder.join(REMOVED))?.into_iter().map(|removed: Removed| removed.name);
        Ok((values(&folder.join(DAY_MANIFEST))?, removed.collect()))
    }

    /// Puts right what a run before has left, and notes the days that are not closed. Nothing may be made meanwhile.
    pub fn recover(&self) {
        for day in self.unclosed() {
            let folder = self.folder(day);
            if let Err(error) = self.recover_day(&folder) {
                tracing::warn!(%day, "what was left of this day's evidence cannot be put right: {error}");
            }
            // One of which nothing was listed holds nothing else.
            if fs::remove_dir(&folder).is_err() {
                self.touch(day);
            }
        }
    }

    fn recover_day(&self, folder: &Path) -> io::Result<()> {
        let entries: Vec<Entry> = mend(&folder.join(DAY_MANIFEST))?;
        let gone: Vec<Removed> = mend(&folder.join(REMOVED))?;
        let gone: BTreeSet<String> = gone.into_iter().map(|removed| removed.name).collect();
        let unfinished = || {
            let files = fs::read_dir(folder).into_iter().flatten().flatten();
            files.filter(|file| file.file_name().to_string_lossy().starts_with(files::UNFINISHED))
        };
        let is_lost = |entry: &&Entry| !gone.contains(&entry.name) && !folder.join(&entry.name).exists();
        let lost: Vec<&Entry> = entries.iter().filter(is_lost).collect();
        let mut there = BTreeMap::new();
        if !lost.is_empty() {
            for file in unfinished() {
                there.extend(files::sha256_of(&file.path()).map(|hash| (hash, file.path())));
            }
        }
        let mut removed = Vec::new();
        for entry in lost {
            match there.remove(&entry.sha256) {
                Some(file) => fs::rename(file, folder.join(&entry.name))?,
                None => removed.push(Removed::new(entry, self.clock.wall(), RemovedFor::Lost)),
            }
        }
        if !removed.is_empty() {
            List::open(&folder.join(REMOVED))?.add(&removed)?;
        }
        for file in unfinished() {
            fs::remove_file(file.path())?;
        }
        Ok(())
    }

    /// The days whose export is due.
    pub fn due(&self) -> Vec<(Date, Due)> {
        let (now, today) = (self.clock.monotonic(), self.of(self.clock.wall()));
        let for_long =
            |since: Option<Instant>, long| since.is_none_or(|s| now.saturating_duration_since(s) >= long);
        let days = lock(&self.days);
        let quiet = days.iter().filter(|(_, day)| day.held == 0 && for_long(day.changed, SETTLED));
        quiet
            .filter_map(|(date, day)| match *date < today {
                true => Some((*date, Due::Close)),
                // Looks go on, whether or not files come.
                false => for_long(day.exported, AFRESH).then_some((*date, Due::Afresh)),
            })
            .collect()
    }

    /// The days whose export is not up to date, and whether each is over: for the end of the program.
    pub fn unexported(&self) -> Vec<(Date, Due)> {
        let today = self.of(self.clock.wall());
        let due = |date: Date| if date < today { Due::Close } else { Due::Afresh };
        lock(&self.days)
            .iter()
            .filter(|(_, day)| day.held == 0)
            .map(|(date, _)| (*date, due(*date)))
            .collect()
    }

    /// Notes that a day was exported as it was at `began`.
    pub fn exported(&self, day: Date, due: Due, began: Instant) {
        let mut days = lock(&self.days);
        let Some(known) = days.get_mut(&day) else { return };
        known.exported = Some(began);
        known.changed = known.changed.filter(|changed| *changed > began);
        if due == Due::Close && known.changed.is_none() && known.held == 0 {
            days.remove(&day);
        }
    }

    /// Tries again later.
    pub fn postpone(&self, day: Date) {
        self.touch(day);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some(day) = lock(&self.days).get_mut(&self.day) {
            day.held = day.held.saturating_sub(1);
        }
    }
}

/// Writes a file of a day's export, whole or not at all.
pub(super) fn put(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let path = folder.join(name);
    files::write(&path, bytes)?;
    restrict(&path);
    Ok(())
}

/// Takes a file away from strangers, where the disk has rights at all: some shares and sticks do not.
fn restrict(path: &Path) {
    let _ = fs::set_permissions(path, Permissions::from_mode(FILE));
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
