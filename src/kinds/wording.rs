//! What is to be said about each kind of violation.

use crate::words::{Pair, Said};

/// What people read about the kind whose settings are `K`.
pub struct Words<K> {
    /// What things are called, whatever the settings.
    pub names: Names,
    /// What the rule is founded on, where that is a rule for everybody.
    pub basis: fn(&K) -> Option<Pair>,
    /// The settings as sentences, as an auditor needs to know them.
    pub sentences: fn(&K) -> Vec<Said>,
}

/// What things of a kind are called.
pub struct Names {
    /// A violation.
    pub title: Pair,
    /// The time for which something must be seen before it is a violation.
    pub least_time: Pair,
    /// What the rule counts at each look.
    pub presence: Pair,
}
