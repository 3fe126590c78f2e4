//! Reactions on the spot: a siren, a voice, a relay, an elevator that is held.
//!
//! They are told of a violation in the step that raised it, before anything is written down and before there is a picture. Each
//! has a thread of its own, so that one that hangs holds up no other. What a reaction cannot do at once it does not do later: a
//! siren an hour late is worse than none. So it is no sink: nothing is kept, and what fails is tried once more at most.

mod call;
mod command;
mod failure;
mod message;
mod queue;
mod record;
mod trial;
mod trusted;
mod worker;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use message::Message;
pub use record::{FailingReaction, ReactionFacts};
pub use trial::{called, is_idle, trouble, try_reaction};
use worker::Worker;

use crate::{
    config::Reaction,
    domain::{Explanation, Violation},
};

/// What bounds a reaction.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// An answer, or a program's end, is waited for this long.
    patience: Duration,
    /// What was told before is not done any more.
    stale: Duration,
    /// So many cameras wait at most.
    waiting: usize,
}

const LIMITS: Limits =
    Limits { patience: Duration::from_secs(5), stale: Duration::from_secs(10), waiting: 64 };

/// What was killed at the end is waited for this long.
const LONGEST_DEATH: Duration = Duration::from_secs(2);

/// What is done on the spot. Copies are of the same reactions; once the last is let go of, they end.
#[derive(Debug, Clone)]
pub struct Reactions {
    workers: Arc<Mutex<Workers>>,
    limits: Limits,
}

#[derive(Debug, Default)]
struct Workers {
    /// As the configuration has them.
    current: Vec<Worker>,
    /// No longer in the configuration. They do what waited.
    leaving: Vec<Worker>,
}

impl Reactions {
    /// Begins, each with a thread of its own that waits for something to do. Programs are looked at; nothing is done before.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(reactions: Vec<Reaction>) -> io::Result<Self> {
        Self::start_with(reactions, LIMITS)
    }

    fn start_with(reactions: Vec<Reaction>, limits: Limits) -> io::Result<Self> {
        let started = Self { workers: Arc::default(), limits };
        started.follow(reactions)?;
        Ok(started)
    }

    /// Takes over what the configuration has now. Reactions that it had before go on, with what waits and what was counted; those
    /// that it has no longer do what waits, and end.
    ///
    /// # Errors
    /// Where the system gives no thread: all stays as it was.
    pub fn follow(&self, reactions: Vec<Reaction>) -> io::Result<()> {
        // Threads are begun while nothing is locked: whoever tells of a violation does not wait for them.
        let mut known: Vec<Reaction> =
            self.workers().current.iter().map(|worker| worker.reaction().clone()).collect();
        let mut pool = Vec::new();
        let mut new = Vec::new();
        for (number, reaction) in reactions.iter().enumerate() {
            match known.iter().position(|known| known == reaction) {
                Some(index) => drop(known.swap_remove(index)),
                None => {
                    pool.push(Worker::start(reaction.clone(), self.limits)?);
                    new.push((number, reaction));
                }
            }
        }
        let mut workers = self.workers();
        pool.append(&mut workers.current);
        for reaction in &reactions {
            if let Some(index) = pool.iter().position(|worker| worker.reaction() == reaction) {
                workers.current.push(pool.remove(index));
            }
        }
        workers.current.iter().enumerate().for_each(|(number, worker)| worker.number(number));
        pool.iter().for_each(Worker::end);
        workers.leaving.append(&mut pool);
        workers.leaving.retain(|worker| !worker.has_ended_within(Duration::ZERO));
        drop(workers);
        for (number, reaction) in new {
            if let Some(why) = trouble(reaction) {
                tracing::error!("a reaction would fail: {}: {why}", called(number, reaction));
            }
        }
        Ok(())
    }

    /// Tells of a violation that came to its phase at `time`, in the step that brought it there. It never waits.
    ///
    /// Reactions are given the alert as sinks will be, with the same id but for what is told again of the same phase (`updated`,
    /// or `ended` anew after it was withdrawn), and without the keys `sequence` and `outboxid`, which it has once it is written
    /// down. Of each camera only the newest that waits is done.
    pub fn told(&self, violation: &Violation, explanation: &Explanation, time: Timestamp) {
        let workers = self.workers();
        let mut wanting = workers.current.iter().filter(|worker| worker.wants(violation)).peekable();
        if wanting.peek().is_none() {
            return;
        }
        match Message::of(violation, explanation, time) {
            Ok(message) => {
                let message = Arc::new(message);
                wanting.for_each(|worker| worker.give(Arc::clone(&message)));
            }
            Err(error) => tracing::error!("no reaction to violation {}: {error}", violation.id),
        }
    }

    /// How each does, in the order of the configuration.
    pub fn facts(&self) -> Vec<ReactionFacts> {
        self.workers().current.iter().map(Worker::facts).collect()
    }

    /// Does what waits, for no longer than `deadline`, and ends. A program that still runs then is killed, with what it started.
    /// What is told afterwards is not heard.
    pub fn finish(&self, deadline: Duration) {
        let Workers { mut current, leaving } = std::mem::take(&mut *self.workers());
        current.extend(leaving);
        current.iter().for_each(Worker::end);
        let until = Instant::now() + deadline;
        current.retain(|worker| !worker.has_ended_within(until.saturating_duration_since(Instant::now())));
        current.iter().for_each(Worker::abandon);
        let until = Instant::now() + LONGEST_DEATH;
        for worker in current {
            if !worker.has_ended_within(until.saturating_duration_since(Instant::now())) {
                tracing::warn!(
                    "a reaction did not end in time and is left to itself: {}",
                    worker.facts().what
                );
            }
        }
    }

    fn workers(&self) -> MutexGuard<'_, Workers> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
