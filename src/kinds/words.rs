//! What people read about a kind of violation, in Chinese and English.

use super::{list::kinds, settings::Settings};
use crate::{
    domain::Kind,
    words::{Pair, Said},
};

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

macro_rules! words {
    ($($(#[$doc:meta])* $folder:ident $Keys:ident;)*) => {
        /// What things of this kind are called.
        pub fn names(kind: Kind) -> &'static Names {
            match kind {
                $(Kind::$Keys => &super::$folder::words::WORDS.names,)*
            }
        }

        /// What a rule with these settings is founded on, where that is a rule for everybody.
        pub fn basis(settings: &Settings) -> Option<Pair> {
            match settings {
                $(Settings::$Keys(keys) => (super::$folder::words::WORDS.basis)(keys),)*
            }
        }

        /// The settings as sentences.
        pub fn sentences(settings: &Settings) -> Vec<Said> {
            match settings {
                $(Settings::$Keys(keys) => (super::$folder::words::WORDS.sentences)(keys),)*
            }
        }
    };
}

kinds!(words);
