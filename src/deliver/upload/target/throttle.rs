use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{clock::Clock, stop::Stop};

/// What was not used of the last moment may be used now, so that sleeping a little too long costs no speed.
const CREDIT: Duration = Duration::from_millis(100);

/// Keeps what goes over the line below so many bytes a second, whichever file they are of.
#[derive(Debug)]
pub(super) struct Throttle {
    rate: u64,
    clock: Arc<dyn Clock>,
    /// When the line is free of what went over it; none before anything did.
    free: Mutex<Option<Instant>>,
}

impl Throttle {
    /// At most `rate` bytes a second.
    pub fn new(rate: u64, clock: Arc<dyn Clock>) -> Self {
        Self { rate: rate.max(1), clock, free: Mutex::new(None) }
    }

    /// Bytes a second.
    pub fn rate(&self) -> u64 {
        self.rate
    }

    /// So many bytes go at once, an eighth of a second's at most: so soon a stop is heard.
    pub fn block(&self) -> usize {
        usize::try_from(self.rate / 8).unwrap_or(usize::MAX).clamp(1 << 10, 64 << 10)
    }

    /// Waits until so many bytes may go; not longer than until `stop` is set.
    pub fn wait(&self, bytes: usize, stop: &Stop) {
        let takes = Duration::from_secs_f64(bytes as f64 / self.rate as f64);
        let now = self.clock.monotonic();
        let wait = {
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            let earliest = now.checked_sub(CREDIT).unwrap_or(now);
            let from = free.map_or(now, |free| free.max(earliest));
            *free = from.checked_add(takes);
            from.saturating_duration_since(now)
        };
        if !wait.is_zero() {
            self.clock.sleep(wait, stop);
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{clock::Manual, stop::Signal};

    fn throttle(rate: u64) -> (Throttle, Arc<Manual>) {
        let clock = Arc::new(Manual::at(Timestamp::UNIX_EPOCH));
        (Throttle::new(rate, Arc::clone(&clock) as Arc<dyn Clock>), clock)
    }

    #[test]
    fn what_goes_takes_its_time_across_files() {
        for rate in [10_000, 1_000_000, 1_000_000_000] {
            let (throttle, clock) = throttle(rate);
            let stop = Stop::default();
            let block = throttle.block();
            let mut gone = 0_u64;
            // Ten files of a third of a second.
            for _ in 0..10 {
                let mut left = usize::try_from(rate / 3).expect("small");
                while left > 0 {
                    let now = left.min(block);
                    throttle.wait(now, &stop);
                    left -= now;
                    gone += now as u64;
                    let most = clock.since().as_secs_f64() * rate as f64 + block as f64 + 1.0;
                    assert!(gone as f64 <= most, "{gone} bytes at {:?}", clock.since());
                }
            }
            assert!(clock.since() > Duration::from_secs(3), "{:?}", clock.since());
            assert!(clock.since() < Duration::from_secs(4), "no slower than asked: {:?}", clock.since());
        }
    }

    #[test]
    fn what_was_not_used_is_not_saved_up() {
        let (throttle, clock) = throttle(1_000_000);
        let stop = Stop::default();
        throttle.wait(1_000, &stop);
        clock.advance(Duration::from_secs(3_600));
        let began = clock.since();
        for _ in 0..1_000 {
            throttle.wait(1_000, &stop);
        }
        let took = clock.since() - began;
        assert!(took > Duration::from_millis(850) && took < Duration::from_secs(1), "{took:?}");
    }

    #[test]
    fn nobody_waits_who_is_to_stop() {
        let (throttle, clock) = throttle(10_000);
        let stop = Stop::default();
        stop.set(Signal::Terminate);
        for _ in 0..100 {
            throttle.wait(10_000, &stop);
        }
        assert_eq!(clock.since(), Duration::ZERO);
    }
}
