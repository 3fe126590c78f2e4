use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{clock::Clock, domain::MediaTime, stop::Stop};

/// At what pace a recording is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// How many times as fast as it was recorded; above 0.
    pub speed: f64,
    /// How long to wait before the first packet, so that many cameras do not send their key frames all at once.
    pub delay: Duration,
}

/// When a camera would have sent its pictures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sent {
    /// When the recording begins to be read.
    began: Instant,
    speed: f64,
}

impl Sent {
    fn new(pace: Pace, now: Instant) -> Self {
        Self { began: now.checked_add(pace.delay).unwrap_or(now), speed: pace.speed.max(0.001) }
    }

    /// When what is shown at `at` is sent; none where that is too far away to be told.
    pub fn time(&self, at: MediaTime) -> Option<Instant> {
        self.began.checked_add(at.since(MediaTime::ZERO).div_f64(self.speed))
    }
}

/// Gives each packet when a camera would have sent it.
#[derive(Debug)]
pub(super) struct Pacer {
    pub sent: Sent,
    clock: Arc<dyn Clock>,
    /// By how much a packet was read later than it should have been, at most.
    late: Duration,
}

impl Pacer {
    pub(super) fn new(pace: Pace, clock: Arc<dyn Clock>) -> Self {
        Self { sent: Sent::new(pace, clock.monotonic()), clock, late: Duration::ZERO }
    }

    /// Waits until the packet that ends at `at` is there, or until it is to stop.
    pub(super) fn wait(&mut self, at: MediaTime, stop: &Stop) {
        let Some(due) = self.sent.time(at) else { return };
        let now = self.clock.monotonic();
        match due.checked_duration_since(now) {
            Some(wait) => self.clock.sleep(wait, stop),
            None => self.late = self.late.max(now.duration_since(due)),
        }
    }

    /// By how much reading fell behind at most: whoever takes the packets is too slow.
    pub(super) fn late(&self) -> Duration {
        self.late
    }
}
