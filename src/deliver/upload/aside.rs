//! Files that are passed over: the target did not take them, and is to be tried with others first.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::super::backoff::Backoff;

/// So many are passed over at most: what is tried first then is tried again.
const MOST: usize = 10_000;
/// A file is passed over for so long at least.
const LEAST: Duration = Duration::from_secs(1);

/// Files that were not taken.
#[derive(Debug, Default)]
pub(super) struct Aside(BTreeMap<String, Refused>);

#[derive(Debug)]
struct Refused {
    why: String,
    due: Instant,
    backoff: Backoff,
    /// Others are taken: it is for the file.
    is_alone: bool,
}

impl Aside {
    /// The names of those that are not to be tried yet.
    pub fn passed(&self, now: Instant) -> Vec<&str> {
        self.0.iter().filter(|(_, refused)| now < refused.due).map(|(name, _)| name.as_str()).collect()
    }

    /// Whether a file was not taken the last time.
    pub fn holds(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Why a file was not taken the last time.
    pub fn why(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|refused| refused.why.as_str())
    }

    /// A file was not taken while the target takes nothing: it is tried after another. The target is tried again after `wait`.
    pub fn put(&mut self, name: &str, why: &str, wait: Duration, now: Instant) {
        self.make_room(name);
        let due = now + wait * 2 + LEAST;
        let refused = self.0.entry(name.to_owned()).or_insert_with(|| Refused {
            why: String::new(),
            due,
            backoff: Backoff::default(),
            is_alone: false,
        });
        why.clone_into(&mut refused.why);
        refused.due = due;
    }

    /// A file that is known was not taken, and others are: it waits ever longer, by itself, and no less than `least`. Whether
    /// that is news.
    pub fn again(&mut self, name: &str, why: &str, least: Duration, now: Instant) -> bool {
        let Some(refused) = self.0.get_mut(name) else { return false };
        refused.due = now + refused.backoff.next().max(least).max(LEAST);
        let is_news = !refused.is_alone || refused.why != why;
        refused.is_alone = true;
        why.clone_into(&mut refused.why);
        is_news
    }

    /// A file was taken, or never will be. Whether others had passed it.
    pub fn remove(&mut self, name: &str) -> bool {
        self.0.remove(name).is_some_and(|refused| refused.is_alone)
    }

    /// Nothing waits but what is not to be tried yet: what is due waits no more.
    pub fn forget_due(&mut self, now: Instant) {
        self.0.retain(|_, refused| now < refused.due);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many are not taken although others are.
    pub fn alone(&self) -> u64 {
        self.0.values().filter(|refused| refused.is_alone).count() as u64
    }

    fn make_room(&mut self, name: &str) {
        if self.0.len() < MOST || self.0.contains_key(name) {
            return;
        }
        let first = self.0.iter().min_by_key(|(_, refused)| refused.due).map(|(name, _)| name.clone());
        if let Some(first) = first {
            self.0.remove(&first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_tried_again_after_another_and_then_ever_later() {
        let mut aside = Aside::default();
        let now = Instant::now();
        let wait = Duration::from_secs(8);
        aside.put("a", "HTTP 409", wait, now);
        assert_eq!(aside.passed(now + wait), ["a"], "another is tried first");
        assert!(aside.passed(now + wait * 2 + LEAST).is_empty());
        assert_eq!(aside.alone(), 0, "it may be for the target");
        assert!(aside.again("a", "HTTP 409", Duration::ZERO, now), "it is for the file, which is news");
        assert!(!aside.again("a", "HTTP 409", Duration::ZERO, now), "and is not told twice");
        assert!(aside.again("a", "HTTP 423", Duration::ZERO, now));
        assert_eq!((aside.alone(), aside.passed(now).len()), (1, 1));
        assert_eq!(aside.passed(now + Duration::from_secs(61)).len(), 0);
        assert!(aside.remove("a") && !aside.holds("a"));
    }

    #[test]
    fn what_waits_no_more_is_forgotten_and_memory_is_bounded() {
        let mut aside = Aside::default();
        let now = Instant::now();
        for number in 0..MOST + 5 {
            let wait = Duration::from_millis(u64::try_from(number).expect("a small number"));
            aside.put(&format!("{number:05}"), "away", wait, now);
        }
        assert_eq!(aside.0.len(), MOST);
        assert!(!aside.holds("00000"));
        aside.forget_due(now + Duration::from_secs(3600));
        assert!(aside.0.is_empty());
    }
}
