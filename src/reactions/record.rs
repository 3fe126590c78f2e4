use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::failure::Failure;

/// How a reaction does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReactionFacts {
    /// Which one, and what is done: `reaction[0] POST http://10.2.0.40/…`, or the program's path. No secret is in it.
    pub what: String,
    /// How often it was done.
    pub done: u64,
    /// How often it failed. It is not tried again later.
    pub failed: u64,
    /// How many waited until something newer of the same camera took their place.
    pub replaced: u64,
    /// How many were not done because they had waited too long, or because too many waited.
    pub dropped: u64,
    /// None where it worked last.
    pub failing: Option<FailingReaction>,
}

/// Since when a reaction fails, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailingReaction {
    /// Why it failed last. No secret is in it.
    pub why: String,
    /// When it failed first since it worked last, on the wall.
    pub since: Timestamp,
}

/// Counts what becomes of a reaction, and says what somebody must know.
#[derive(Debug)]
pub(super) struct Record {
    facts: ReactionFacts,
    /// When it began to fail.
    failing: Option<Instant>,
    /// What was not done and is not said yet.
    unsaid: Unsaid,
}

#[derive(Debug, Default)]
struct Unsaid {
    replaced: u64,
    dropped: u64,
}

impl Record {
    pub fn new(what: String) -> Self {
        let facts = ReactionFacts { what, done: 0, failed: 0, replaced: 0, dropped: 0, failing: None };
        Self { facts, failing: None, unsaid: Unsaid::default() }
    }

    pub fn facts(&self) -> ReactionFacts {
        self.facts.clone()
    }

    /// From now on it is called so.
    pub fn call(&mut self, what: String) {
        self.facts.what = what;
    }

    pub fn replaced(&mut self) {
        self.facts.replaced += 1;
        self.unsaid.replaced += 1;
    }

    pub fn dropped(&mut self) {
        self.facts.dropped += 1;
        self.unsaid.dropped += 1;
    }

    /// Notes what came of it. The lines are to be said.
    pub fn note(&mut self, done: Result<(), Failure>) -> Option<Said> {
        let what = self.facts.what.clone();
        match done {
            Ok(()) => {
                self.facts.done += 1;
                self.facts.failing = None;
                let since = self.failing.take()?;
                Some(Said::Works { what, after: since.elapsed() })
            }
            Err(failure) => {
                self.facts.failed += 1;
                let why = failure.to_string();
                let since = self.facts.failing.as_ref().map_or_else(Timestamp::now, |failing| failing.since);
                self.facts.failing = Some(FailingReaction { why: why.clone(), since });
                let is_known = self.failing.is_some();
                self.failing.get_or_insert_with(Instant::now);
                Some(if is_known { Said::FailsStill { what, why } } else { Said::Fails { what, why } })
            }
        }
    }

    /// What was not done since this was asked last, where there is any.
    pub fn left_out(&mut self) -> Option<Said> {
        let Unsaid { replaced, dropped } = std::mem::take(&mut self.unsaid);
        (replaced + dropped > 0).then(|| Said::LeftOut { what: self.facts.what.clone(), replaced, dropped })
    }
}

/// What is to be said. It is said without anything locked.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    Fails { what: String, why: String },
    FailsStill { what: String, why: String },
    Works { what: String, after: Duration },
    LeftOut { what: String, replaced: u64, dropped: u64 },
}

impl Said {
    pub fn say(&self) {
        match self {
            Self::Fails { what, why } => tracing::error!("a reaction fails: {what}: {why}"),
            Self::FailsStill { what, why } => tracing::debug!("a reaction still fails: {what}: {why}"),
            Self::Works { what, after } => {
                tracing::warn!("a reaction works again after {:.1} s: {what}", after.as_secs_f64());
            }
            Self::LeftOut { what, replaced, dropped } => tracing::warn!(
                "a reaction is too slow: {replaced} waited until something newer of their camera took their place, {dropped} \
                 were left out for having waited too long or with too many others: {what}"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure() -> Failure {
        Failure::Unanswered("nobody is there".to_owned())
    }

    #[test]
    fn a_failure_is_said_once_and_so_is_its_end() {
        let mut record = Record::new("it".to_owned());
        let said = [Ok(()), Err(failure()), Err(failure()), Ok(()), Ok(()), Err(failure())].map(|done| {
            record.note(done).map(|said| format!("{said:?}").split(' ').next().unwrap_or_default().to_owned())
        });
        let said: Vec<_> = said.iter().map(Option::as_deref).collect();
        assert_eq!(said, [None, Some("Fails"), Some("FailsStill"), Some("Works"), None, Some("Fails")]);
        let facts = record.facts();
        assert_eq!((facts.done, facts.failed), (3, 3));
        assert_eq!(facts.failing.map(|failing| failing.why).as_deref(), Some("nobody is there"));
    }

    #[test]
    fn since_when_it_fails_stays() {
        let mut record = Record::new("it".to_owned());
        record.note(Err(failure()));
        let first = record.facts().failing.expect("it fails").since;
        record.note(Err(failure()));
        assert_eq!(record.facts().failing.expect("it fails").since, first);
        record.note(Ok(()));
        assert_eq!(record.facts().failing, None);
    }

    #[test]
    fn what_is_left_out_is_said_once() {
        let mut record = Record::new("it".to_owned());
        assert_eq!(record.left_out(), None);
        record.replaced();
        record.dropped();
        record.dropped();
        let said = Said::LeftOut { what: "it".to_owned(), replaced: 1, dropped: 2 };
        assert_eq!((record.left_out(), record.left_out()), (Some(said), None));
        assert_eq!((record.facts().replaced, record.facts().dropped), (1, 2));
    }
}
