use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::{MediaTime, When};

/// A state that may have changed: opened by the first look that shows another state, and weighed with every look
/// after it. Detectors flicker, so evidence is a share of the looks within a span of time, never a run of looks.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Doubt {
    /// The first look that showed the other state: if it is confirmed, the change is dated back to here.
    pub since: When,
    /// Time since then that counts.
    pub passed: Duration,
    agreeing: u32,
    looks: u32,
    /// Looks in a row that showed the old state again, and the time they span.
    contrary: u32,
    contrary_for: Duration,
}

/// How much proof a change of state needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Proof {
    /// Share of looks that must agree, 0.5 to 1.
    pub share: f32,
    /// For how long at least; never on fewer than two looks.
    pub time: Duration,
    /// How long the old state must show again, without interruption, to end the doubt; at least two looks.
    pub contrary: Duration,
}

/// What became of a doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ruling {
    /// Not yet known.
    Open,
    /// The state has changed.
    Confirmed,
    /// It has not.
    Dropped,
}

/// Least looks that confirm anything.
const LEAST_LOOKS: u32 = 2;
/// A doubt that stays undecided over so many times the time that proof needs, and so many looks, is dropped: it says no more
/// of when a change began. The next look that shows the other state opens another.
const UNDECIDED_TIMES: u32 = 4;
const UNDECIDED_LOOKS: u32 = 12;

impl Doubt {
    pub fn open(since: When) -> Self {
        Self {
            since,
            passed: Duration::ZERO,
            agreeing: 1,
            looks: 1,
            contrary: 0,
            contrary_for: Duration::ZERO,
        }
    }

    /// Whether it can have come about up to `until`.
    pub fn is_sound(&self, until: MediaTime) -> bool {
        let lasts = until.since(self.since.at);
        self.since.at <= until
            && self.passed <= lasts
            && self.contrary_for <= lasts
            && self.agreeing <= self.looks
    }

    /// Adds time that passed, at whose end nothing could be told.
    pub fn pass(&mut self, passed: Duration) {
        self.passed = self.passed.saturating_add(passed);
    }

    /// Takes back time that turned out not to count.
    pub fn take_back(&mut self, span: Duration) {
        self.passed = self.passed.saturating_sub(span);
    }

    /// Share of the looks since it was opened that agree.
    pub fn share(&self) -> f32 {
        self.agreeing as f32 / self.looks.max(1) as f32
    }

    /// Weighs a look `passed` after the one before.
    pub fn weigh(&mut self, agrees: bool, passed: Duration, proof: &Proof) -> Ruling {
        self.pass(passed);
        self.looks = self.looks.saturating_add(1);
        if agrees {
            self.agreeing = self.agreeing.saturating_add(1);
            (self.contrary, self.contrary_for) = (0, Duration::ZERO);
        } else {
            if self.contrary > 0 {
                self.contrary_for = self.contrary_for.saturating_add(passed);
            }
            self.contrary = self.contrary.saturating_add(1);
        }
        let contradicted = self.contrary >= LEAST_LOOKS && self.contrary_for >= proof.contrary;
        if self.share() < 0.5 || contradicted {
            Ruling::Dropped
        } else if agrees
            && self.agreeing >= LEAST_LOOKS
            && self.passed >= proof.time
            && self.share() >= proof.share
        {
            Ruling::Confirmed
        } else if self.looks >= UNDECIDED_LOOKS && self.passed >= proof.time.saturating_mul(UNDECIDED_TIMES) {
            Ruling::Dropped
        } else {
            Ruling::Open
        }
    }
}
