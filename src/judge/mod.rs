//! One camera's judge: from the records of its looks to its violations. Live, batch and replay use the same.
//!
//! [`Watch`] is one configured rule of one camera and knows when it holds; the book turns what rules find into violations
//! with ids and times; [`Judge`] leads a camera's records through trackers, rules and book.

mod book;
#[allow(clippy::module_inception, reason = "the judge is what the folder is about")]
mod judge;
mod standing;
mod watch;
mod watched;

pub use judge::{CandidateOf, Judge, Judgement};
pub use standing::Standing;
pub use watch::{Needs, Watch};
pub use watched::Watched;
