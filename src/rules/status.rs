//! Where a rule stands: the numbers that decide, as data for people.

use std::time::Duration;

use crate::domain::When;

/// The numbers that decide what a rule says next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Status {
    /// How many there must be, for a post.
    pub required: Option<u32>,
    /// What comes nearest to becoming a violation.
    pub pending: Option<Pending>,
    /// The violations that are open.
    pub open: Option<Open>,
}

/// Something that becomes a violation once it has lasted long enough. A post that is short for 2 min 10 s of a grace of
/// 3 min; the vehicle that stands longest, for 40 s of a dwell of 60 s; an e-bike seen so well as if clearly for 0.4 s of 1 s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending {
    /// The first look of it.
    pub since: When,
    /// How long it has lasted, of the time that counts.
    pub lasted: Duration,
    /// How long it may last.
    pub allowed: Duration,
}

/// Violations that are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    /// How many.
    pub number: u32,
    /// When the first of them was raised.
    pub since: When,
}
