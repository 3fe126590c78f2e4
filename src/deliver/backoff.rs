//! How long to wait for something that failed.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LAST: Duration = Duration::from_secs(60);

/// Waits that grow: each is drawn between nothing and a bound, which doubles from a second to a minute ("full jitter"), so that
/// what failed together is not tried together again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backoff {
    bound: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { bound: FIRST }
    }
}

impl Backoff {
    /// The next wait.
    pub fn next(&mut self) -> Duration {
        let wait = self.bound.mul_f64(fastrand::f64());
        self.bound = (self.bound * 2).min(LAST);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_minute() {
        let mut backoff = Backoff::default();
        let mut longest = Duration::ZERO;
        for most in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
            assert_eq!(backoff.bound, Duration::from_secs(most));
            let wait = backoff.next();
            assert!(wait <= Duration::from_secs(most));
            longest = longest.max(wait);
        }
        assert!(longest > FIRST, "nine waits, the last of up to a minute, and none was longer than a second");
    }
}
