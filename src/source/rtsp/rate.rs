//! How fast a camera may send.

use std::time::{Duration, Instant};

/// Bytes a second that are taken for as long as one likes. The largest streams of cameras, MJPEG of eight million pixels, are half
/// of it.
const RATE: f64 = 32.0 * 1024.0 * 1024.0;
/// Bytes that are taken at once: what has waited while this machine was busy.
const AT_ONCE: f64 = 64.0 * 1024.0 * 1024.0;

/// Measures what comes (a token bucket). What is more is not lost but taken later, so who floods has to wait.
#[derive(Debug)]
pub struct Rate {
    /// What may still come, in bytes; what came too much where it is negative.
    left: f64,
    at: Instant,
}

impl Rate {
    /// One that begins now.
    pub fn new(now: Instant) -> Self {
        Self { left: AT_ONCE, at: now }
    }

    /// So much came. How long to wait before more is taken; none where it need not be.
    pub fn took(&mut self, bytes: usize, now: Instant) -> Option<Duration> {
        let since = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        // What comes at once has far fewer digits than the number holds.
        #[allow(clippy::cast_precision_loss, reason = "a chunk is small")]
        let bytes = bytes as f64;
        self.left = (self.left + since * RATE).min(AT_ONCE) - bytes;
        (self.left < 0.0).then(|| Duration::from_secs_f64(-self.left / RATE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_floods_has_to_wait() {
        let began = Instant::now();
        let second = Duration::from_secs(1);
        let mut rate = Rate::new(began);
        assert_eq!(rate.took(64 << 20, began), None);
        assert_eq!(rate.took(16 << 20, began), Some(second / 2));
        // Time makes up for it, but no more than what may come at once.
        assert_eq!(rate.took(48 << 20, began + 2 * second), None);
        assert_eq!(rate.took(64 << 20, began + 100 * second), None);
        assert_eq!(rate.took(32 << 20, began + 100 * second), Some(second));
    }

    #[test]
    fn a_large_stream_never_waits() {
        let began = Instant::now();
        let mut rate = Rate::new(began);
        for tenth in 0..10_000 {
            assert_eq!(rate.took(3 << 20, began + Duration::from_millis(100) * tenth), None);
        }
    }
}
