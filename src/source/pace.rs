use std::{
    thread,
    time::{Duration, Instant},
};

use crate::domain::MediaTime;

/// At what pace a recording is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// How many times as fast as it was recorded; above 0.
    pub speed: f64,
    /// How long to wait before the first packet, so that many cameras do not send their key frames all at once.
    pub delay: Duration,
}

/// Gives each packet when a camera would have sent it.
#[derive(Debug)]
pub(super) struct Pacer {
    pace: Pace,
    began: Option<Instant>,
    /// By how much a packet was read later than it should have been, at most.
    late: Duration,
}

impl Pacer {
    pub(super) fn new(pace: Pace) -> Self {
        Self { pace, began: None, late: Duration::ZERO }
    }

    /// Waits until the packet that ends at `at` is there.
    pub(super) fn wait(&mut self, at: MediaTime) {
        let began = *self.began.get_or_insert_with(|| Instant::now() + self.pace.delay);
        let after = at.since(MediaTime::ZERO).div_f64(self.pace.speed.max(0.001));
        let Some(due) = began.checked_add(after) else { return };
        let now = Instant::now();
        match due.checked_duration_since(now) {
            Some(wait) => thread::sleep(wait),
            None => self.late = self.late.max(now.duration_since(due)),
        }
    }

    /// By how much reading fell behind at most: whoever takes the packets is too slow.
    pub(super) fn late(&self) -> Duration {
        self.late
    }
}
