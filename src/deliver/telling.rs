//! What is said of a sink, and what others may see of it.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use jiff::Timestamp;

use super::{
    facts::{Failing, SinkFacts},
    reasons::Reasons,
};
use crate::words::ended;

/// Tells of one sink.
pub(super) struct Telling {
    name: String,
    facts: Arc<Mutex<SinkFacts>>,
    /// What was said since it failed.
    reasons: Reasons,
}

impl Telling {
    pub fn new(name: String, facts: Arc<Mutex<SinkFacts>>) -> Self {
        Self { name, facts, reasons: Reasons::default() }
    }

    /// It gathers alerts, or not: then what waits may wait for others.
    pub fn gathers(&self, gathers: bool) {
        self.facts().gathers = gathers;
    }

    /// It has an alert. So many of all were heard by nobody.
    pub fn delivered(&self, unheard: u64) {
        let mut facts = self.facts();
        (facts.delivered, facts.unheard) = (facts.delivered + 1, unheard);
    }

    /// It will never take this alert.
    pub fn refused(&self, sequence: u64, why: &str) {
        self.facts().refused += 1;
        tracing::error!(
            sink = self.name,
            sequence,
            "an alert is refused for good: {} It is kept among the dead letters, see `firewarden outbox`",
            ended(why)
        );
    }

    /// It does not work: each reason is said once.
    pub fn fails(&mut self, why: &str, now: Instant) {
        let is_news = self.reasons.is_news(why, now);
        let mut facts = self.facts();
        facts.failures += 1;
        let still = match &mut facts.failing {
            Some(failing) => {
                why.clone_into(&mut failing.why);
                "still "
            }
            none => {
                *none = Some(Failing { since: Timestamp::now(), why: why.to_owned() });
                ""
            }
        };
        drop(facts);
        if is_news {
            tracing::error!(
                sink = self.name,
                "alerts {still}cannot be delivered: {} They wait in the database, and delivery is tried again",
                ended(why)
            );
        }
    }

    /// It works: said where it did not.
    pub fn works(&mut self) {
        self.reasons = Reasons::default();
        let failing = self.facts().failing.take();
        if let Some(failing) = failing {
            let seconds = Timestamp::now().duration_since(failing.since).as_secs().max(0);
            tracing::warn!(sink = self.name, "alerts are delivered again, after {seconds} s");
        }
    }

    fn facts(&self) -> MutexGuard<'_, SinkFacts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
