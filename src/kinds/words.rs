//! What people read about a kind of violation, in Chinese and English.

use super::{list::kinds, settings::Settings, wording::Names};
use crate::{
    domain::Kind,
    words::{Pair, Said},
};

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
