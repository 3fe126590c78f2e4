//! How sinks do, for others to look at.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

use crate::domain::SinkName;

/// How a sink does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SinkFacts {
    /// Whether it gathers alerts: that some wait says nothing of how it does.
    pub gathers: bool,
    /// Alerts that it has taken since the start, each as often as it was given.
    pub delivered: u64,
    /// Alerts that it has refused for good since the start.
    pub refused: u64,
    /// Alerts that it has taken since the start although nobody listened, as brokers tell.
    pub unheard: u64,
    /// Tries since the start that came to nothing.
    pub failures: u64,
    /// There while it does not take what it is given.
    pub failing: Option<Failing>,
}

/// A sink that does not take what it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// Since when.
    pub since: Timestamp,
    /// Why, as it said last.
    pub why: String,
}

/// How all sinks do, for others to look at. Copies are of the same.
#[derive(Debug, Clone, Default)]
pub struct DeliveryBoard(Arc<Mutex<BTreeMap<SinkName, Arc<Mutex<SinkFacts>>>>>);

impl DeliveryBoard {
    /// How each sink does.
    pub fn facts(&self) -> BTreeMap<SinkName, SinkFacts> {
        let facts =
            |facts: &Arc<Mutex<SinkFacts>>| facts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.lock().iter().map(|(name, of)| (name.clone(), facts(of))).collect()
    }

    /// One with these sinks, of which nothing is known.
    #[cfg(test)]
    pub fn of<const N: usize>(names: [&str; N]) -> Self {
        let board = Self::default();
        let names = names.map(|name| SinkName::new(name).expect("a name"));
        board.lock().extend(names.map(|name| (name, Arc::default())));
        board
    }

    /// From now on it is looked at here.
    pub(super) fn put(&self, name: SinkName, facts: Arc<Mutex<SinkFacts>>) {
        self.lock().insert(name, facts);
    }

    /// It is served no more.
    pub(super) fn remove(&self, name: &SinkName) {
        self.lock().remove(name);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<SinkName, Arc<Mutex<SinkFacts>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
