//! The one thread that gives alerts to sinks, and gives them again until they are taken.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{Refusal, backoff::Backoff, file::FileSink};
use crate::{
    config::{Sink, SinkSettings},
    domain::OutboxId,
    ledger::database::{DatabaseError, Handle, Queued},
    stop::Stop,
};

/// So many alerts are given at once.
const AT_ONCE: usize = 200;
/// Whether somebody wants an end is looked for so often.
const NAP: Duration = Duration::from_millis(100);

/// Gives alerts to sinks.
pub struct Dispatcher {
    is_ending: Arc<AtomicBool>,
    thread: JoinHandle<()>,
    ended: Receiver<BTreeMap<String, String>>,
}

impl Dispatcher {
    /// Begins. Alerts for sinks of a kind that is not served yet wait in the outbox, which is said.
    ///
    /// Once `stop` is set, a sink that fails is not waited for: what it did not take waits for the next start.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(handle: Handle, sinks: Vec<Sink>, stop: Stop) -> std::io::Result<Self> {
        let mut served = Vec::new();
        for Sink { name, settings, .. } in sinks {
            match settings {
                SinkSettings::File(settings) => {
                    served.push(Served::new(name.as_str().to_owned(), FileSink::new(settings)));
                }
                other => tracing::warn!(
                    sink = %name,
                    "sinks of kind {} are not served yet: alerts for it wait in the database",
                    other.kind().name()
                ),
            }
        }
        let is_ending = Arc::new(AtomicBool::new(false));
        let (to, ended) = mpsc::sync_channel(1);
        let ending = Arc::clone(&is_ending);
        let work = move || {
            let mut work = Work { handle, sinks: served, stop, is_ending: ending };
            work.run();
            let _ = to.send(work.failing());
        };
        let thread = thread::Builder::new().name("deliver".to_owned()).spawn(work)?;
        Ok(Self { is_ending, thread, ended })
    }

    /// Delivers what waits, for no longer than `deadline`, and ends. Told are the sinks that do not take what they should, and
    /// why; `*` stands for all where it does not end in time.
    ///
    /// What is not delivered waits in the database for the next start.
    pub fn finish(self, deadline: Duration) -> BTreeMap<String, String> {
        self.is_ending.store(true, Ordering::SeqCst);
        match self.ended.recv_timeout(deadline) {
            Ok(failing) => {
                let _ = self.thread.join();
                failing
            }
            // A disk that hangs is left to itself.
            Err(_) => [("*".to_owned(), "delivery did not end in time".to_owned())].into(),
        }
    }
}

struct Work {
    handle: Handle,
    sinks: Vec<Served>,
    stop: Stop,
    is_ending: Arc<AtomicBool>,
}

/// A sink, and how it does.
struct Served {
    name: String,
    sink: FileSink,
    /// What it has taken and is not noted yet.
    taken: BTreeMap<OutboxId, BTreeSet<u64>>,
    failing: Option<Failing>,
}

/// A sink that does not take what it is given.
struct Failing {
    since: Instant,
    again: Instant,
    backoff: Backoff,
    why: String,
}

/// What came of one try.
enum Tried {
    /// It has something more to take, perhaps.
    Some,
    /// Nothing waits for it.
    None,
    /// It is to be tried later.
    Later,
}

impl Work {
    fn run(&mut self) {
        let mut known = 0;
        loop {
            let news = self.handle.changed(known, NAP);
            let is_ending = self.is_ending.load(Ordering::SeqCst);
            let may = |served: &Served| news != known || is_ending || served.is_pending();
            let due: Vec<usize> =
                (0..self.sinks.len()).filter(|index| self.sinks.get(*index).is_some_and(may)).collect();
            let mut left = false;
            for index in due {
                left |= self.serve(index, is_ending);
            }
            if is_ending && !left && !self.handle.has_held() {
                return;
            }
            known = news;
        }
    }

    /// Gives a sink all that waits for it. Whether anything is left that it can still take.
    fn serve(&mut self, index: usize, is_ending: bool) -> bool {
        let Self { handle, sinks, stop, .. } = self;
        let Some(served) = sinks.get_mut(index) else { return false };
        loop {
            match served.serve(handle) {
                Tried::Some => {}
                Tried::None => return false,
                Tried::Later => return is_ending && !stop.is_set(),
            }
        }
    }

    fn failing(&self) -> BTreeMap<String, String> {
        let failing = self.sinks.iter().filter_map(|served| Some((served, served.failing.as_ref()?)));
        failing.map(|(served, failing)| (served.name.clone(), failing.why.clone())).collect()
    }
}

impl Served {
    fn new(name: String, sink: FileSink) -> Self {
        Self { name, sink, taken: BTreeMap::new(), failing: None }
    }

    /// Whether it is to be tried again, whatever comes.
    fn is_pending(&self) -> bool {
        self.failing.as_ref().is_some_and(|failing| failing.again <= Instant::now())
    }

    /// Gives it some of what waits.
    fn serve(&mut self, handle: &Handle) -> Tried {
        if self.failing.as_ref().is_some_and(|failing| Instant::now() < failing.again) {
            return Tried::Later;
        }
        match self.try_serve(handle) {
            Ok(tried) => {
                if let Some(failing) = self.failing.take() {
                    let seconds = failing.since.elapsed().as_secs();
                    tracing::warn!(sink = self.name, "alerts are delivered again, after {seconds} s");
                }
                tried
            }
            Err(why) => {
                self.fail(why.to_string());
                Tried::Later
            }
        }
    }

    fn try_serve(&mut self, handle: &Handle) -> Result<Tried, Undelivered> {
        // First what it has: it is not to get that twice, if that can be had.
        self.note(handle)?;
        let alerts = handle.next_alerts(&self.name, AT_ONCE)?;
        if alerts.is_empty() {
            return Ok(Tried::None);
        }
        self.sink.deliver(alerts.iter().map(|queued| queued.body.as_str()))?;
        for Queued { outbox, sequence, .. } in &alerts {
            self.taken.entry(*outbox).or_default().insert(*sequence);
        }
        self.note(handle)?;
        Ok(Tried::Some)
    }

    fn note(&mut self, handle: &Handle) -> Result<(), Undelivered> {
        while let Some((outbox, sequences)) = self.taken.first_key_value() {
            let sequences: Vec<u64> = sequences.iter().copied().collect();
            handle.delivered(&self.name, *outbox, &sequences)?;
            self.taken.pop_first();
        }
        Ok(())
    }

    /// It does not work: said once.
    fn fail(&mut self, why: String) {
        let now = Instant::now();
        match &mut self.failing {
            Some(failing) => {
                failing.again = now + failing.backoff.next();
                failing.why = why;
            }
            None => {
                tracing::error!(
                    sink = self.name,
                    "alerts cannot be delivered: {why}. They wait in the database, and delivery is tried again"
                );
                let mut backoff = Backoff::default();
                self.failing = Some(Failing { since: now, again: now + backoff.next(), backoff, why });
            }
        }
    }
}

/// Why alerts are not delivered.
#[derive(Debug, thiserror::Error)]
enum Undelivered {
    #[error(transparent)]
    Sink(#[from] Refusal),
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

#[cfg(test)]
mod tests;
