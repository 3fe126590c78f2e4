//! What the thread that writes has in common with all others.

use std::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::Timestamp;
use rusqlite::Connection;

use super::{
    DatabaseError,
    error::Meaning,
    facts::DatabaseFacts,
    holds::Holds,
    kept::Item,
    opening,
    place::Place,
    queue::{BOUND, Dropped, Ending, Queue},
    urls::Urls,
};
use crate::{
    clock::Clock,
    config::Filter,
    domain::{CameraId, OutboxId},
    judge::Saved,
};

/// The state of all cameras is written so often, where nothing else is.
pub(super) const EVERY: Duration = Duration::from_secs(5);
/// A commit that takes so long is said to be slow.
pub(super) const SLOW: Duration = Duration::from_secs(5);
/// Who waits looks so often whether a clock that is moved by hand was moved.
pub(super) const NAP: Duration = Duration::from_millis(50);

pub(super) struct Shared {
    pub clock: Arc<dyn Clock>,
    pub place: Place,
    pub bound: usize,
    queue: Mutex<Queue>,
    /// Something is to be written.
    wake: Condvar,
    holds: Mutex<Holds>,
    /// Counts how often alerts may have come that can be given out.
    news: Mutex<u64>,
    newer: Condvar,
    reader: Mutex<Option<Connection>>,
    /// Somebody found the database damaged.
    pub damaged: AtomicBool,
    /// When states are written next, in microseconds since `began`.
    due: AtomicU64,
    began: Instant,
    facts: Mutex<DatabaseFacts>,
    sinks: Mutex<Arc<Vec<(String, Filter)>>>,
    urls: Mutex<Option<Urls>>,
    outbox: Mutex<OutboxId>,
    /// When the commit that is going on began.
    commit: Mutex<Option<(Instant, Timestamp)>>,
    #[cfg(test)]
    pub faults: super::tests::Faults,
}

/// What was locked when a thread panicked is as good as before: nothing is left half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub fn new(
        clock: Arc<dyn Clock>,
        place: Place,
        outbox: OutboxId,
        sinks: Vec<(String, Filter)>,
        urls: Option<Urls>,
        bound: Option<usize>,
    ) -> Self {
        let began = clock.monotonic();
        Self {
            clock,
            place,
            bound: bound.unwrap_or(BOUND),
            queue: Mutex::default(),
            wake: Condvar::new(),
            holds: Mutex::default(),
            news: Mutex::new(1),
            newer: Condvar::new(),
            reader: Mutex::new(None),
            damaged: AtomicBool::new(false),
            due: AtomicU64::new(0),
            began,
            facts: Mutex::default(),
            sinks: Mutex::new(Arc::new(sinks)),
            urls: Mutex::new(urls),
            outbox: Mutex::new(outbox),
            commit: Mutex::new(None),
            #[cfg(test)]
            faults: super::tests::Faults::default(),
        }
    }

    pub fn queue(&self) -> MutexGuard<'_, Queue> {
        lock(&self.queue)
    }

    pub fn holds(&self) -> MutexGuard<'_, Holds> {
        lock(&self.holds)
    }

    pub fn facts(&self) -> MutexGuard<'_, DatabaseFacts> {
        lock(&self.facts)
    }

    pub fn sinks(&self) -> Arc<Vec<(String, Filter)>> {
        Arc::clone(&lock(&self.sinks))
    }

    pub fn set_sinks(&self, sinks: Vec<(String, Filter)>) {
        *lock(&self.sinks) = Arc::new(sinks);
    }

    pub fn urls(&self) -> Option<Urls> {
        lock(&self.urls).clone()
    }

    pub fn set_urls(&self, urls: Option<Urls>) {
        *lock(&self.urls) = urls;
    }

    pub fn outbox(&self) -> OutboxId {
        *lock(&self.outbox)
    }

    pub fn set_outbox(&self, outbox: OutboxId) {
        *lock(&self.outbox) = outbox;
    }

    /// Takes what one step led to. It waits for no disk.
    pub fn push(&self, items: Vec<Item>, state: Option<(CameraId, Saved)>) {
        let is_urgent = !items.is_empty();
        let state = state.map(|(camera, state)| (camera, Arc::new(state)));
        let mut queue = self.queue();
        if queue.ending == Ending::Over {
            drop(queue);
            let left = u64::try_from(items.len()).unwrap_or(u64::MAX);
            self.dropped(Dropped { updates: 0, others: left });
            return;
        }
        let dropped = queue.push(items, state, self.bound);
        drop(queue);
        self.dropped(dropped);
        if is_urgent {
            self.wake.notify_all();
        }
    }

    /// Counts what was given up, and says it.
    pub fn dropped(&self, dropped: Dropped) {
        if dropped == Dropped::default() {
            return;
        }
        let mut facts = self.facts();
        facts.dropped_updates += dropped.updates;
        facts.dropped_others += dropped.others;
        drop(facts);
        tracing::error!(
            updates = dropped.updates,
            others = dropped.others,
            "too much waits to be written into the database: some of it is lost"
        );
    }

    /// A commit begins.
    pub fn begin_commit(&self) {
        *lock(&self.commit) = Some((self.clock.monotonic(), self.clock.wall()));
    }

    /// It has ended.
    pub fn end_commit(&self) {
        *lock(&self.commit) = None;
    }

    /// Since when a commit goes on that takes too long.
    pub fn hangs_since(&self) -> Option<Timestamp> {
        let (began, wall) = (*lock(&self.commit))?;
        (self.clock.monotonic().saturating_duration_since(began) >= SLOW).then_some(wall)
    }

    /// Wakes the thread that writes.
    pub fn wake(&self) {
        self.wake.notify_all();
    }

    /// Waits until somebody wakes it, but not for long.
    pub fn wait<'q>(&self, queue: MutexGuard<'q, Queue>) -> MutexGuard<'q, Queue> {
        self.wake.wait_timeout(queue, 2 * NAP).unwrap_or_else(PoisonError::into_inner).0
    }

    /// When states are written next.
    pub fn due(&self) -> Instant {
        let after = Duration::from_micros(self.due.load(Ordering::Relaxed));
        self.began.checked_add(after).unwrap_or(self.began)
    }

    /// States were written now.
    pub fn states_written(&self, now: Instant) {
        let next = now.saturating_duration_since(self.began) + EVERY;
        self.due.store(u64::try_from(next.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Alerts may have come that can be given out.
    pub fn told(&self) {
        *lock(&self.news) += 1;
        self.newer.notify_all();
    }

    /// Waits until alerts may have come since, and tells the number of what there is now.
    pub fn changed(&self, since: u64, wait: Duration) -> u64 {
        let until = Instant::now().checked_add(wait);
        loop {
            let now = self.clock.monotonic();
            let (released, next) = {
                let mut holds = self.holds();
                (holds.release(now), holds.next())
            };
            if released {
                self.told();
            }
            let news = lock(&self.news);
            let left = until.map_or(wait, |until| until.saturating_duration_since(Instant::now()));
            if *news != since || left.is_zero() {
                return *news;
            }
            // Nobody tells when a hold is over, and the clock may be moved by hand.
            let nap = if next.is_some() { left.min(NAP) } else { left };
            drop(self.newer.wait_timeout(news, nap).unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Reads by a connection of its own: it does not wait for what is written.
    pub fn read<T>(&self, how: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, DatabaseError> {
        let mut reader = lock(&self.reader);
        if self.queue().ending == Ending::Over {
            return Err(DatabaseError::Closed);
        }
        let connection = match &mut *reader {
            Some(connection) => connection,
            none => none.insert(opening::reader(&self.place.path()).map_err(DatabaseError::Read)?),
        };
        let done = how(connection);
        if let Err(error) = &done
            && Meaning::of(error) != Meaning::Refused
        {
            *reader = None;
            if Meaning::of(error) == Meaning::Damage {
                self.damaged.store(true, Ordering::Relaxed);
                self.wake();
            }
        }
        done.map_err(DatabaseError::Read)
    }

    /// Closes the connection that is read by: its file is another soon.
    pub fn close_reader(&self) -> MutexGuard<'_, Option<Connection>> {
        let mut reader = lock(&self.reader);
        *reader = None;
        reader
    }

    pub fn wall(&self) -> Timestamp {
        self.clock.wall()
    }
}
