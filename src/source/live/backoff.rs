use std::time::Duration;

/// How long to wait before the next try: more with each that fails, up to a bound, and by chance, so that many cameras that went
/// away together do not come back together ("full jitter", <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Backoff {
    failed: u32,
}

const FIRST: Duration = Duration::from_secs(1);
const MOST: Duration = Duration::from_secs(60);

/// A connection that had pictures for so long was a sound one.
pub(super) const HEALTHY: Duration = Duration::from_secs(60);

/// After a refusal that counts towards a lock-out, so long at least: seconds would bring it about.
const MINUTES: (Duration, Duration) = (Duration::from_secs(180), Duration::from_secs(300));

impl Backoff {
    /// A try failed, or a connection ended that was no sound one: how long to wait.
    pub fn failed(&mut self) -> Duration {
        let bound = FIRST.saturating_mul(1u32.checked_shl(self.failed).unwrap_or(u32::MAX)).min(MOST);
        self.failed = self.failed.saturating_add(1).min(16);
        // At least a little: a camera that hangs up at once is not dialled in a tight loop.
        bound.mul_f64(fastrand::f64()).max(Duration::from_millis(250))
    }

    /// A sound connection ended.
    pub fn reset(&mut self) {
        self.failed = 0;
    }
}

/// How long to wait after a refusal that counts towards a lock-out.
pub(super) fn minutes() -> Duration {
    let (least, most) = MINUTES;
    least + (most - least).mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_waits_longer_with_each_failure_and_is_reset_by_health() {
        let bounds = [1, 2, 4, 8, 16, 32, 60, 60, 60];
        let mut backoff = Backoff::default();
        let mut spread = false;
        for bound in bounds {
            // The draw is by chance: its bound is what can be told.
            let wait = backoff.failed();
            spread |= wait > Duration::from_secs(bound) / 2;
            assert!(wait <= Duration::from_secs(bound), "{wait:?} over {bound}");
        }
        for _ in 0..1000 {
            spread |= backoff.failed() > MOST / 2;
        }
        assert!(spread, "some of a thousand waits are long");
        backoff.reset();
        assert!(backoff.failed() <= FIRST);
        assert!((MINUTES.0..=MINUTES.1).contains(&minutes()));
    }
}
