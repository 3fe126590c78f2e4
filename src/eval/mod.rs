//! How good the violations of a recording are: they are compared with the truth that a person wrote down.
//!
//! [`read`] takes in the truth, [`compare`] says which spells were found and which violations are false alarms,
//! [`table`] writes that for a terminal. Nothing here analyses: the violations come from elsewhere.

mod compare;
mod error;
mod form;
mod table;
mod truth;

#[cfg(test)]
mod tests;

pub use compare::{Analysed, Evaluation, FalseAlarm, KindTally, Match, Spread, Tally, compare};
pub use error::{BadLine, Reason, TruthError};
pub use form::COLUMNS;
pub use table::table;
pub use truth::{Spell, read};
