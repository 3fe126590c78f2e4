//! One camera's judge: from the records of its looks to its violations. Live, batch and replay use the same.
//!
//! [`Watch`] is one configured rule of one camera and knows when it holds; the book turns what rules find into violations
//! with ids and times; [`Judge`] leads a camera's records through trackers, rules and book. What it knows can be
//! [saved](Saved), and another goes on from that.

mod book;
mod digest;
#[allow(clippy::module_inception, reason = "the judge is what the folder is about")]
mod judge;
mod reach;
mod restore;
mod saved;
mod standing;
mod watch;
mod watched;

pub use digest::digest;
pub use judge::{CandidateOf, Judge, Judgement};
pub use restore::{Dropped, Restored};
pub use saved::{Saved, StateError};
pub use standing::Standing;
pub use watch::{Needs, Watch};
pub use watched::Watched;
