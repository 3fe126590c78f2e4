//! What looks after the program's own threads: one that stands still is named, and where nothing else moves it, the program ends so
//! that a service manager starts it again.

use std::{
    collections::BTreeMap,
    io, process,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use super::manager::{Manager, State};
use crate::{
    pulse::{self, Late, Remedy},
    stop::{Signal, Stop},
};

/// It is looked after threads so often.
const ROUND: Duration = Duration::from_secs(1);
/// Once a thread that only a restart moves has stood still for so long beyond what it may take, the program is to end.
const PATIENCE: Duration = Duration::from_secs(120);
/// What is known is then written within so long, before the program ends whatever its threads do.
const LAST: Duration = Duration::from_secs(30);
/// What the system does at the end of a program may hang, too.
const EXIT: Duration = Duration::from_secs(5);
/// The exit code: as of whatever fails.
const CODE: i32 = 1;

/// What is known of the program's threads, for whoever asks meanwhile. Copies share it.
#[derive(Debug, Clone, Default)]
pub struct Threads(Arc<Mutex<ThreadFacts>>);

/// The same at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ThreadFacts {
    /// Threads that stand still, with what each does.
    pub still: BTreeMap<String, &'static str>,
    /// How often each thread that ever stood still has begun to, since the program began.
    pub stuck: BTreeMap<String, u64>,
}

impl Threads {
    /// What is known now.
    pub fn facts(&self) -> ThreadFacts {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, ThreadFacts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks after threads on one of its own, until it is dropped.
pub(super) struct Supervisor {
    _ends: Sender<()>,
    gave_up: Arc<Mutex<Option<String>>>,
}

impl Supervisor {
    /// Tells `threads` what it finds, and sets `stop` where the program is to end. The service manager is told that the program watches,
    /// and in each round that it is looked after.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(threads: Threads, stop: Stop, manager: Manager) -> io::Result<Self> {
        let (ends, ended) = mpsc::channel();
        let gave_up = Arc::new(Mutex::new(None));
        let says = Arc::clone(&gave_up);
        let work = move || {
            let mut rounds = Rounds { threads, still: BTreeMap::new() };
            manager.say(State::Ready);
            while ended.recv_timeout(ROUND) == Err(RecvTimeoutError::Timeout) {
                let now = Instant::now();
                let Some(thread) = rounds.look(now, pulse::late(now)) else {
                    manager.say(State::Alive);
                    continue;
                };
                tracing::error!(
                    "the program ends, so that it is started again: thread {thread:?} stands still, and nothing else moves it"
                );
                *says.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
                stop.set(Signal::Terminate);
                // Where it ends by itself, this is dropped meanwhile.
                if ended.recv_timeout(LAST) == Err(RecvTimeoutError::Timeout) {
                    end();
                }
                return;
            }
        };
        thread::Builder::new().name("supervisor".to_owned()).spawn(work)?;
        Ok(Self { _ends: ends, gave_up })
    }

    /// The thread for which the program is to end; none where it is not.
    pub fn gave_up(&self) -> Option<String> {
        self.gave_up.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Ends the program, whatever its threads do.
fn end() {
    tracing::error!("the program ends with what could be written by now");
    let late = thread::Builder::new().name("last".to_owned()).spawn(|| {
        thread::sleep(EXIT);
        process::abort();
    });
    if late.is_err() {
        process::abort();
    }
    process::exit(CODE);
}

/// What was found in the rounds so far.
struct Rounds {
    threads: Threads,
    /// Threads that stand still, since when, and how long what they do may take.
    still: BTreeMap<String, Instant>,
}

impl Rounds {
    /// Takes in which threads are late. The one for which the program is to end, if it is.
    fn look(&mut self, now: Instant, late: Vec<Late>) -> Option<String> {
        let mut facts = self.threads.lock();
        for Late { thread, what, since, allowed, .. } in &late {
            if self.still.insert(thread.clone(), *since) == Some(*since) {
                continue;
            }
            *facts.stuck.entry(thread.clone()).or_default() += 1;
            tracing::error!(
                "thread {thread:?} stands still: it has been {what} for {} s, which takes {} s at most",
                now.saturating_duration_since(*since).as_secs(),
                allowed.as_secs()
            );
        }
        let is_late = |thread: &String| late.iter().any(|late| late.thread == *thread);
        self.still.retain(|thread, _| {
            let stays = is_late(thread);
            if !stays {
                tracing::warn!("thread {thread:?} goes on");
            }
            stays
        });
        facts.still = late.iter().map(|late| (late.thread.clone(), late.what)).collect();
        let too_long = |late: &&Late| {
            let lasted = now.saturating_duration_since(late.since);
            late.remedy == Remedy::Restart && lasted > late.allowed.saturating_add(PATIENCE)
        };
        late.iter().find(too_long).map(|late| late.thread.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn late(thread: &str, since: Instant, remedy: Remedy) -> Late {
        let allowed = Duration::from_secs(60);
        Late { thread: thread.to_owned(), what: "connecting", since, allowed, remedy }
    }

    #[test]
    fn a_thread_that_stands_still_is_counted_once_and_ends_the_program_after_a_while() {
        let threads = Threads::default();
        let mut rounds = Rounds { threads: threads.clone(), still: BTreeMap::new() };
        let began = Instant::now();
        let at = |second| began + Duration::from_secs(second);
        let both = || vec![late("ledger", began, Remedy::Tell), late("read lane", began, Remedy::Restart)];
        for second in 61..=180 {
            assert_eq!(rounds.look(at(second), both()), None, "{second}");
        }
        let facts = threads.facts();
        assert_eq!(facts.still.keys().collect::<Vec<_>>(), ["ledger", "read lane"]);
        assert_eq!(facts.stuck, [("ledger".to_owned(), 1), ("read lane".to_owned(), 1)].into());
        // It goes on, and stands still anew.
        assert_eq!(rounds.look(at(181), Vec::new()), None);
        assert!(threads.facts().still.is_empty());
        assert_eq!(rounds.look(at(300), vec![late("read lane", at(200), Remedy::Restart)]), None);
        assert_eq!(threads.facts().stuck["read lane"], 2);
        assert_eq!(
            rounds.look(at(381), vec![late("read lane", at(200), Remedy::Restart)]),
            Some("read lane".to_owned())
        );
        // What waits for a disk gains nothing by a new start.
        assert_eq!(rounds.look(at(99_999), vec![late("ledger", began, Remedy::Tell)]), None);
    }
}
