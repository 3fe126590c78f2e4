//! What a metric is. [`METRICS`] has all of them: what is told at `/metrics` is made of that, and `docs/metrics.md` is compared with it.
//!
//! A metric has no label but a camera's id, a sink's name, a reaction's number with its host or program, a thread's name, a reason that is one of
//! a few, and the program's version: how many series there are follows from the configuration.

mod all;

use std::time::Duration;

pub(super) use all::METRICS;

use crate::{
    deliver::SinkFacts,
    ledger::database::Depth,
    reactions::ReactionFacts,
    service::{BoxFacts, CameraFacts, ThreadFacts, WorksFacts},
};

/// A metric.
pub(super) struct Metric {
    /// Its name without its unit.
    pub name: &'static str,
    pub unit: Option<&'static str>,
    pub kind: Kind,
    /// What it says, as a sentence.
    pub meaning: &'static str,
    pub of: Of,
}

/// Of what sort it is, as OpenMetrics has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// How much there is now.
    Gauge,
    /// How much there was since the start. It begins at 0 again with the program.
    Counter,
    /// What does not change, told by its labels.
    Info,
}

/// What it is told of, and how that is found.
pub(super) enum Of {
    /// The box.
    Box(fn(&BoxFacts) -> Option<Value>),
    /// What all cameras share: not told before they are watched.
    Works(fn(&WorksFacts, &BoxFacts) -> Value),
    /// Each sink: what waits for it.
    Sink(fn(&Depth, &BoxFacts) -> Value),
    /// Each sink that is served: how it does.
    Served(fn(&SinkFacts, &BoxFacts) -> Value),
    /// Each reaction.
    Reaction(fn(&ReactionFacts, &BoxFacts) -> Value),
    /// Each camera; none where there is nothing to tell of it.
    Camera(fn(&CameraFacts) -> Option<Value>),
    /// Each camera, by a reason.
    Reason(fn(&CameraFacts) -> Vec<(&'static str, Value)>),
    /// Each thread that ever stood still.
    Thread(fn(&ThreadFacts) -> Vec<(&str, Value)>),
    /// The program.
    Version,
}

/// A number. Those that are counted are told as whole ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value {
    Whole(u64),
    Number(f64),
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Whole(number)
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Whole(number as u64)
    }
}

impl From<bool> for Value {
    fn from(is_so: bool) -> Self {
        Self::Whole(u64::from(is_so))
    }
}

impl From<Duration> for Value {
    fn from(time: Duration) -> Self {
        Self::Number(time.as_secs_f64())
    }
}

impl Of {
    /// The names of its labels.
    pub fn labels(&self) -> &'static [&'static str] {
        match self {
            Self::Box(_) | Self::Works(_) => &[],
            Self::Sink(_) | Self::Served(_) => &["sink"],
            Self::Reaction(_) => &["reaction"],
            Self::Camera(_) => &["camera"],
            Self::Reason(_) => &["camera", "reason"],
            Self::Thread(_) => &["thread"],
            Self::Version => &["version"],
        }
    }
}

impl Metric {
    /// Its name as queries have it.
    #[cfg(test)]
    pub fn series(&self) -> String {
        let ending = match self.kind {
            Kind::Gauge => "",
            Kind::Counter => "_total",
            Kind::Info => "_info",
        };
        let unit = self.unit.map(|unit| format!("_{unit}")).unwrap_or_default();
        format!("{}{unit}{ending}", self.name)
    }
}
