//! What time it is, and waiting: by the system's clock, or by one that tests move.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};

use crate::stop::Stop;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The time of day. It may be set, forward and back.
    fn wall(&self) -> Timestamp;

    /// A time that never goes back, to measure with.
    fn monotonic(&self) -> Instant;

    /// Waits for so long, but no longer than until `stop` is set.
    fn sleep(&self, time: Duration, stop: &Stop);
}

impl fmt::Debug for dyn Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.wall())
    }
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct System;

impl Clock for System {
    fn wall(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Instant {
        Instant::now()
    }

    fn sleep(&self, time: Duration, stop: &Stop) {
        stop.sleep(time);
    }
}

/// A clock that stands still until somebody moves it. Who sleeps by it moves it, and does not wait: what takes hours by the
/// system's clock takes no time by this one.
#[derive(Debug)]
pub struct Manual {
    began: Instant,
    shows: Mutex<Shows>,
}

/// What a clock that is moved by hand shows.
#[derive(Debug, Clone, Copy)]
struct Shows {
    wall: Timestamp,
    since: Duration,
}

impl Manual {
    /// A clock that shows `wall`.
    pub fn at(wall: Timestamp) -> Self {
        Self { began: Instant::now(), shows: Mutex::new(Shows { wall, since: Duration::ZERO }) }
    }

    /// Sets the time of day, as somebody does whose clock was wrong. What is measured does not change by it.
    pub fn set(&self, wall: Timestamp) {
        self.change(|shows| shows.wall = wall);
    }

    /// Lets time go by.
    pub fn advance(&self, by: Duration) {
        let signed = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        self.change(|shows| {
            shows.wall = shows.wall.saturating_add(signed).unwrap_or(shows.wall);
            shows.since = shows.since.saturating_add(by);
        });
    }

    /// How much time has gone by since it was made.
    pub fn since(&self) -> Duration {
        self.change(|shows| shows.since)
    }

    fn change<T>(&self, how: impl FnOnce(&mut Shows) -> T) -> T {
        how(&mut self.shows.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Clock for Manual {
    fn wall(&self) -> Timestamp {
        self.change(|shows| shows.wall)
    }

    fn monotonic(&self) -> Instant {
        self.began.checked_add(self.since()).unwrap_or(self.began)
    }

    fn sleep(&self, time: Duration, stop: &Stop) {
        if !stop.is_set() {
            self.advance(time);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stop::Signal;

    #[test]
    fn a_clock_that_is_set_measures_as_before() {
        let clock = Manual::at(Timestamp::UNIX_EPOCH);
        let began = clock.monotonic();
        clock.advance(Duration::from_secs(90));
        assert_eq!(clock.wall(), Timestamp::UNIX_EPOCH + SignedDuration::from_secs(90));
        clock.set(Timestamp::UNIX_EPOCH);
        assert_eq!(clock.wall(), Timestamp::UNIX_EPOCH);
        assert_eq!(clock.monotonic() - began, Duration::from_secs(90));
    }

    #[test]
    fn nobody_sleeps_who_is_to_stop() {
        let (clock, stop) = (Manual::at(Timestamp::UNIX_EPOCH), Stop::default());
        clock.sleep(Duration::from_secs(3600), &stop);
        assert_eq!(clock.since(), Duration::from_secs(3600));
        stop.set(Signal::Terminate);
        clock.sleep(Duration::from_secs(3600), &stop);
        assert_eq!(clock.since(), Duration::from_secs(3600));
        System.sleep(Duration::from_secs(3600), &stop);
    }
}
