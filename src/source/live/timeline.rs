use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    clock::Clock,
    domain::{MediaTime, When},
};

/// A camera's media time by the monotonic clock. Copies share it.
#[derive(Debug, Clone)]
pub struct Timeline {
    clock: Arc<dyn Clock>,
    shows: Arc<Mutex<Shows>>,
}

/// What it showed last.
#[derive(Debug, Clone, Copy)]
struct Shows {
    at: MediaTime,
    instant: Instant,
    epoch: u32,
    /// Whether pictures of that epoch have come.
    begun: bool,
}

impl Timeline {
    /// One that shows `at` now.
    pub fn new(clock: Arc<dyn Clock>, at: MediaTime, epoch: u32) -> Self {
        let instant = clock.monotonic();
        Self { clock, shows: Arc::new(Mutex::new(Shows { at, instant, epoch, begun: false })) }
    }

    /// The media time at `instant`. It goes on where no pictures come.
    pub fn at(&self, instant: Instant) -> MediaTime {
        let shows = self.shows();
        shows.at + instant.saturating_duration_since(shows.instant)
    }

    /// Now: on the camera's own clock, and on the wall.
    pub fn now(&self) -> When {
        let at = self.at(self.clock.monotonic());
        When { at, wall: self.clock.wall(), epoch: self.shows().epoch }
    }

    /// Pictures up to `at` had come at `instant`, in this epoch. It never goes back.
    pub(super) fn reach(&self, at: MediaTime, instant: Instant, epoch: u32) {
        let now = self.at(instant);
        let mut shows = self.shows.lock().unwrap_or_else(PoisonError::into_inner);
        // A burst of pictures that were kept back tells nothing of how much time has passed.
        let goes_on = shows.begun && shows.epoch == epoch;
        let at = if goes_on && now.since(at) > BEHIND { now } else { at.max(shows.at) };
        *shows = Shows { at, instant, epoch, begun: true };
    }

    fn shows(&self) -> Shows {
        *self.shows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Pictures that come later than this were kept back on their way.
const BEHIND: Duration = Duration::from_secs(1);
