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

/// A reason as the end of a sentence.
pub fn ended(why: &str) -> String {
    match why.ends_with(['.', '?', '!', '。', '？', '！']) {
        true => why.to_owned(),
        false => format!("{why}."),
    }
}

/// A pair of words, Chinese and English.
pub type Pair = (&'static str, &'static str);

/// The same of something that is put together.
pub type Said = (String, String);

#[cfg(test)]
mod tests {
    use super::ended;

    #[test]
    fn a_question_has_no_full_stop() {
        assert_eq!([ended("is the port right?"), ended("it is full")], ["is the port right?", "it is full."]);
    }
}
