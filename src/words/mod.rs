//! The words of fire-safety practice, in Chinese and English: whatever people read in more than one place. The words of
//! one kind of violation lie with the kind, and those of a page's layout with the page.

mod alerts;
mod amounts;
pub mod chat;
mod facts;
mod notices;

pub use alerts::{alert_type, fact, impairment, obstructed, offline};
pub use amounts::{lasting, local, seconds, size};
pub use facts::{cause, class, classes, gap, one_of, origin, role};
pub use notices::noticed;

/// A pair of words, Chinese and English.
pub type Pair = (&'static str, &'static str);

/// The same of something that is put together.
pub type Said = (String, String);
