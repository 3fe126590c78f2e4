//! The one thread that writes.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use jiff::{civil::Date, tz::TimeZone};
use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use super::{
    DatabaseError,
    commit::{self, Circumstances, Outcome, apply},
    error::{Failure, Meaning, reason},
    opening::{Check, Opened, Unopened, open},
    pruning::{Left, Limits, prune},
    queue::{Batch, Ending},
    shared::{SLOW, Shared},
    written::Written,
};
use crate::{files, pulse};

/// It is tried again after so long, and after ever longer up to that.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(30);
/// A disk on which one database after the other is damaged gets no other before that.
const ANEW: Duration = Duration::from_secs(60);
/// What need not be kept is looked for so often.
const TIDY: Duration = Duration::from_secs(3600);

/// A commit, or looking for what can go, takes so long at most, also where the disk is slow.
const WRITING: Duration = Duration::from_secs(60);

/// Writes what waits.
pub(super) struct Writer {
    shared: Arc<Shared>,
    limits: Limits,
    zone: TimeZone,
    /// None while it cannot be opened.
    connection: Option<Connection>,
    inode: Option<u64>,
    written: Written,
    failing: Option<Failing>,
    tidy_at: Instant,
    /// When a damaged one was last set aside.
    anew: Option<Instant>,
    /// Whether it was said that a commit takes long, and that there is too much.
    is_slow: bool,
    is_over: bool,
}

/// Since when nothing could be written, and when that is tried again.
struct Failing {
    since: Instant,
    wait: Duration,
    again: Instant,
    why: String,
}

/// What is to be done next.
enum Todo {
    Write(Batch),
    Tidy,
    BeginAnew,
    End,
}

impl Writer {
    pub fn new(shared: Arc<Shared>, opened: Opened, limits: Limits, zone: TimeZone) -> Self {
        let (now, day) = (shared.clock.monotonic(), day(&shared, &zone));
        let Opened { connection, inode, .. } = opened;
        let text = "SELECT written FROM days WHERE day = ?1";
        let before = connection.query_row(text, [day.to_string()], |row| row.get::<_, i64>(0));
        let today = before.ok().and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0);
        let written = Written::begin(day, today, shared.place.log_bytes());
        Self {
            shared,
            limits,
            zone,
            connection: Some(connection),
            inode,
            written,
            failing: None,
            tidy_at: now,
            anew: None,
            is_slow: false,
            is_over: false,
        }
    }

    /// Writes until it is to end, and tells what is left then.
    pub fn run(mut self) -> Result<(), DatabaseError> {
        loop {
            pulse::rests();
            let todo = self.next();
            pulse::does("writing the database", WRITING);
            match todo {
                Todo::Write(batch) => self.write(batch),
                Todo::Tidy => self.tidy(),
                Todo::BeginAnew => self.begin_anew("what is read is not what was written"),
                Todo::End => return self.end(),
            }
        }
    }

    /// Waits for what is to be done.
    fn next(&mut self) -> Todo {
        let shared = Arc::clone(&self.shared);
        let mut queue = shared.queue();
        loop {
            let now = shared.clock.monotonic();
            let has_any = queue.is_urgent() || queue.has_states();
            if let Ending::Until(until) = queue.ending {
                if !has_any || Instant::now() >= until {
                    return Todo::End;
                }
                if self.failing.is_some() {
                    // Nobody waits longer for it now.
                    queue = shared.wait(queue);
                }
                return Todo::Write(queue.take());
            }
            if queue.ending == Ending::Over {
                return Todo::End;
            }
            if shared.damaged.swap(false, Ordering::Relaxed) {
                return Todo::BeginAnew;
            }
            if self.failing.as_ref().is_none_or(|failing| now >= failing.again) {
                let is_due = now >= shared.due();
                if queue.is_urgent() || (is_due && queue.has_states()) {
                    if is_due {
                        shared.states_written(now);
                    }
                    return Todo::Write(queue.take());
                }
                if now >= self.tidy_at {
                    return Todo::Tidy;
                }
            }
            if let Some(failing) = &self.failing {
                // Who has delivered alerts has others to deliver, and does not wait for the disk.
                for order in queue.take_orders() {
                    let _ = order.done.send(Err(DatabaseError::Write(failing.why.clone())));
                }
            }
            queue = shared.wait(queue);
        }
    }

    /// Writes a batch, or puts it back.
    fn write(&mut self, mut batch: Batch) {
        if batch.is_empty() {
            return;
        }
        #[cfg(test)]
        self.shared.faults.pass();
        let began = self.shared.clock.monotonic();
        self.shared.begin_commit();
        let done = self.commit(&batch);
        self.shared.end_commit();
        self.count();
        match done {
            Ok(outcome) => {
                self.shared.queue().written();
                for (order, count) in batch.orders.iter().zip(&outcome.counts) {
                    let _ = order.done.send(Ok(*count));
                }
                self.succeeded(&outcome, began);
            }
            Err(error) => {
                for order in batch.orders.drain(..) {
                    let _ = order.done.send(Err(DatabaseError::Write(error.why().to_owned())));
                }
                let dropped = self.shared.queue().put_back(batch, self.shared.bound);
                self.shared.dropped(dropped);
                match error {
                    Failure::Damaged(why) => self.begin_anew(&why),
                    Failure::Passing(why) => self.fail(why),
                }
            }
        }
    }

    fn commit(&mut self, batch: &Batch) -> Result<Outcome, Failure> {
        if self.connection.is_some() && self.inode != self.shared.place.inode() {
            tracing::error!("the database was taken away while it was in use: another is begun");
            let reader = self.shared.close_reader();
            self.connection = None;
            drop(reader);
        }
        if self.connection.is_none() {
            self.reopen()?;
        }
        self.shared.place.hold().map_err(|error| Failure::Passing(error.to_string()))?;
        let shared = Arc::clone(&self.shared);
        let Some(connection) = &mut self.connection else {
            return Err(Failure::Passing("it cannot be opened".to_owned()));
        };
        #[cfg(test)]
        shared.faults.apply(connection);
        let sinks = shared.sinks();
        let now = shared.clock.monotonic();
        let about = Circumstances {
            outbox: shared.outbox(),
            sinks: &sinks,
            urls: shared.urls(),
            wall: shared.wall(),
            now,
        };
        let pinned = shared.holds().pin(&commit::touched(batch), now);
        let mut added = None;
        let mut write = || {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let outcome = apply(&transaction, batch, &about, pinned.clone())?;
            shared.holds().add(&outcome.drafted);
            added = Some(outcome.drafted.clone());
            transaction.commit()?;
            Ok(outcome)
        };
        let done: rusqlite::Result<Outcome> = write();
        match done {
            Ok(outcome) => {
                let touched = pinned.keys().chain(outcome.drafted.keys()).copied();
                shared.holds().settle(touched, &outcome.drafted);
                Ok(outcome)
            }
            Err(error) => {
                shared.holds().undo(&pinned, &added.unwrap_or_default());
                Err(self.failure(&error))
            }
        }
    }

    fn failure(&mut self, error: &rusqlite::Error) -> Failure {
        match Meaning::of(error) {
            Meaning::Damage => Failure::Damaged(error.to_string()),
            Meaning::Passing | Meaning::Refused => {
                // A full disk has room again some time, and then the same connection does. What else there is may need another.
                if error.sqlite_error_code() != Some(ErrorCode::DiskFull) {
                    self.connection = None;
                }
                Failure::Passing(reason(error))
            }
        }
    }

    /// Opens the database again, or begins another where none is there.
    fn reopen(&mut self) -> Result<(), Failure> {
        let opened = open(&self.shared.place, Check::Least, self.shared.wall());
        let opened = opened.map_err(|why| match why {
            Unopened::Damaged(why) => Failure::Damaged(why),
            Unopened::Error(error) => Failure::Passing(error.to_string()),
        })?;
        self.take(opened);
        Ok(())
    }

    fn take(&mut self, opened: Opened) {
        let Opened { connection, outbox, inode, .. } = opened;
        (self.connection, self.inode) = (Some(connection), inode);
        if outbox != self.shared.outbox() {
            self.shared.holds().clear();
            self.shared.set_outbox(outbox);
            self.shared.queue().write_all();
        }
    }

    /// Sets the database aside and begins another.
    fn begin_anew(&mut self, why: &str) {
        let now = self.shared.clock.monotonic();
        if self.anew.is_some_and(|at| now.saturating_duration_since(at) < ANEW) {
            return self.fail(format!("it is damaged again ({why})"));
        }
        self.anew = Some(now);
        tracing::error!("the database is damaged ({why}); it is set aside, and another is begun");
        let shared = Arc::clone(&self.shared);
        {
            // Nobody reads meanwhile.
            let _reader = shared.close_reader();
            self.connection = None;
            match shared.place.set_aside(shared.wall()) {
                Ok(path) => tracing::error!(
                    "the damaged database is kept as {}; alerts that it still held will not be sent",
                    files::shown(path.as_os_str())
                ),
                Err(error) => return self.fail(error.to_string()),
            }
            shared.damaged.store(false, Ordering::Relaxed);
            match open(&shared.place, Check::Least, shared.wall()) {
                Ok(opened) => self.take(opened),
                Err(Unopened::Damaged(why)) => return self.fail(why),
                Err(Unopened::Error(error)) => return self.fail(error.to_string()),
            }
        }
        shared.told();
    }

    /// It does not work: said once.
    fn fail(&mut self, why: String) {
        let now = self.shared.clock.monotonic();
        match &mut self.failing {
            Some(failing) => {
                failing.wait = (failing.wait * 2).min(LAST_RETRY);
                failing.again = now + failing.wait;
                failing.why = why;
            }
            None => {
                tracing::error!(
                    "the database cannot be written: {} Cameras are watched all the same; alerts wait in memory and are \
                     lost with it",
                    crate::words::ended(&why)
                );
                self.shared.facts().failing_since = Some(self.shared.wall());
                self.failing = Some(Failing { since: now, wait: FIRST_RETRY, again: now + FIRST_RETRY, why });
            }
        }
    }

    /// It works: said where it did not.
    fn succeeded(&mut self, outcome: &Outcome, began: Instant) {
        let now = self.shared.clock.monotonic();
        if let Some(failing) = self.failing.take() {
            let seconds = now.saturating_duration_since(failing.since).as_secs();
            tracing::warn!("the database can be written again, after {seconds} s");
        }
        let took = now.saturating_duration_since(began);
        if took >= SLOW && !self.is_slow {
            tracing::error!("the disk is slow: to write the database took {} s", took.as_secs());
        } else if took < SLOW && self.is_slow {
            tracing::warn!("the disk is no longer slow");
        }
        self.is_slow = took >= SLOW;
        {
            let mut facts = self.shared.facts();
            facts.failing_since = None;
            facts.commits += 1;
            facts.dropped_others += outcome.refused;
        }
        // Files that came may have released alerts, too.
        self.shared.told();
    }

    fn count(&mut self) {
        self.written.count(day(&self.shared, &self.zone), self.shared.place.log_bytes());
        self.shared.facts().bytes_today = self.written.today;
    }

    /// Lets go of what need not be kept, a part at a time.
    fn tidy(&mut self) {
        let now = self.shared.clock.monotonic();
        self.tidy_at = now + TIDY;
        let Some(connection) = &mut self.connection else { return };
        let done =
            self.written.note(connection).and_then(|()| prune(connection, self.limits, self.shared.wall()));
        match done {
            Ok(Left::More) => self.tidy_at = now,
            Ok(Left::Nothing) => self.is_over = false,
            Ok(Left::TooMuch) => {
                if !self.is_over {
                    tracing::error!(
                        "the database takes more room than `[state] budget` allows, and nothing in it can go: it holds alerts that are \
                         not delivered, or violations"
                    );
                }
                self.is_over = true;
            }
            Err(error) => match self.failure(&error) {
                Failure::Damaged(why) => self.begin_anew(&why),
                Failure::Passing(why) => {
                    tracing::warn!("what is no longer needed stays in the database: {why}")
                }
            },
        }
        self.count();
    }

    /// The end: nothing is written any more.
    fn end(mut self) -> Result<(), DatabaseError> {
        let left = {
            let mut queue = self.shared.queue();
            queue.ending = Ending::Over;
            let left = queue.waiting();
            // Who waits for a delivery learns that it was not noted.
            drop(queue.take());
            left
        };
        drop(self.shared.close_reader());
        if let Some(connection) = self.connection.take() {
            // What is not in the database itself is in its log, and is read from there.
            let tidied = self
                .written
                .note(&connection)
                .and_then(|()| connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
            if let Err(error) = tidied {
                tracing::warn!("the database's log stays: {}", reason(&error));
            }
        }
        self.shared.place.give_up();
        let why = self.failing.map_or_else(|| "there was no time".to_owned(), |failing| failing.why);
        match left {
            (0, 0) => Ok(()),
            (changes, cameras) => Err(DatabaseError::Left { changes, cameras, why }),
        }
    }
}

fn day(shared: &Shared, zone: &TimeZone) -> Date {
    shared.wall().to_zoned_datetime(zone.clone()).date()
}
