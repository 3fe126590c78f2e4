//! How many messages a robot is given: a few at once, and in the long run so many a minute.

use std::time::{Duration, Instant};

/// Holds tokens, of which each message takes one.
#[derive(Debug)]
pub(super) struct Bucket {
    full: u32,
    every: Duration,
    has: u32,
    /// When it got the last of them; of a full one, of no meaning.
    since: Instant,
}

impl Bucket {
    /// A full one, which gets a token `every` so often.
    pub fn new(full: u32, every: Duration, now: Instant) -> Self {
        Self { full, every, has: full, since: now }
    }

    /// Takes a token, where at least so many are left after it.
    pub fn take(&mut self, leaving: u32, now: Instant) -> bool {
        self.fill(now);
        if self.has <= leaving {
            return false;
        }
        self.has -= 1;
        true
    }

    /// When a token can be taken that leaves so many.
    pub fn when(&mut self, leaving: u32, now: Instant) -> Instant {
        self.fill(now);
        match (leaving + 1).saturating_sub(self.has) {
            0 => now,
            missing => self.since + self.every.saturating_mul(missing),
        }
    }

    fn fill(&mut self, now: Instant) {
        while self.has < self.full && self.since + self.every <= now {
            self.has += 1;
            self.since += self.every;
        }
        if self.has == self.full {
            self.since = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(4);

    #[test]
    fn five_at_once_then_one_in_four_seconds() {
        let began = Instant::now();
        let mut bucket = Bucket::new(5, EVERY, began);
        let taken: Vec<u64> =
            (0..600).filter(|tenths| bucket.take(0, began + Duration::from_millis(100 * tenths))).collect();
        assert_eq!(taken[..7], [0, 1, 2, 3, 4, 40, 80]);
        assert_eq!(taken.len(), 5 + 14, "the first minute is under the twenty that platforms take");
    }

    #[test]
    fn what_leaves_some_waits_while_others_take() {
        let began = Instant::now();
        let mut bucket = Bucket::new(2, EVERY, began);
        assert!(bucket.take(1, began) && !bucket.take(1, began) && bucket.take(0, began));
        assert_eq!(bucket.when(0, began), began + EVERY);
        assert_eq!(bucket.when(1, began), began + 2 * EVERY);
        assert!(!bucket.take(1, began + EVERY) && bucket.take(1, began + 2 * EVERY));
    }

    #[test]
    fn a_long_rest_saves_up_no_more_than_it_holds() {
        let began = Instant::now();
        let mut bucket = Bucket::new(5, EVERY, began);
        assert!(bucket.take(0, began));
        let later = began + Duration::from_secs(86_400);
        assert_eq!((0..100).filter(|_| bucket.take(0, later)).count(), 5);
        assert_eq!(bucket.when(0, later), later + EVERY);
    }
}
