use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::{Gap, MediaTime, micros};

/// Measures media time from look to look and leaves gaps out.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Stopwatch {
    #[serde(with = "micros::optional")]
    last_look: Option<MediaTime>,
    /// Up to where time has been counted or left out.
    #[serde(with = "micros")]
    reached: MediaTime,
    /// Counted since the last look, up to `reached`.
    pending: Duration,
    in_gap: bool,
    had_gap: bool,
}

/// The time between two looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lap {
    /// How long it was, gaps left out; zero at the first look.
    pub passed: Duration,
    /// Whether a gap lay in it.
    pub after_gap: bool,
}

impl Stopwatch {
    /// A look at `at`; none where that is not later than the look before.
    pub fn look(&mut self, at: MediaTime) -> Option<Lap> {
        if self.last_look.is_some_and(|last| at <= last) {
            return None;
        }
        let counts = self.last_look.is_some() && !self.in_gap;
        let rest = if counts { at.since(self.reached) } else { Duration::ZERO };
        // A gap that is said to begin later than the next look adds nothing that was not there.
        let most = self.last_look.map_or(Duration::ZERO, |last| at.since(last));
        let lap = Lap {
            passed: self.pending.saturating_add(rest).min(most),
            after_gap: self.last_look.is_some() && self.had_gap,
        };
        *self = Self { last_look: Some(at), reached: self.reached.max(at), ..Self::default() };
        Some(lap)
    }

    /// Whether it can have come about up to `until`.
    pub fn is_sound(&self, until: MediaTime) -> bool {
        self.last_look.is_none_or(|last| last <= until) && self.reached <= until
    }

    /// Whether a gap has begun whose end was not told.
    pub fn is_in_gap(&self) -> bool {
        self.in_gap
    }

    /// A gap begins or ends.
    pub fn gap(&mut self, gap: &Gap) {
        if self.last_look.is_some() && !self.in_gap {
            self.pending = self.pending.saturating_add(gap.from.since(self.reached));
            self.reached = self.reached.max(gap.from);
        }
        self.had_gap = true;
        self.in_gap = gap.to.is_none();
        if let Some(to) = gap.to {
            self.reached = self.reached.max(to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CameraId, GapReason};

    fn s(seconds: f64) -> MediaTime {
        MediaTime::from_secs_f64(seconds)
    }

    fn gap(from: f64, to: Option<f64>) -> Gap {
        let camera = CameraId::new("c").expect("an id");
        Gap { camera, epoch: 0, from: s(from), to: to.map(s), reason: GapReason::Offline }
    }

    #[test]
    fn leaves_gaps_out_and_passes_over_times_that_go_back() {
        let mut watch = Stopwatch::default();
        assert_eq!(watch.look(s(10.0)), Some(Lap { passed: Duration::ZERO, after_gap: false }));
        assert_eq!(watch.look(s(10.0)), None);
        watch.gap(&gap(11.0, None));
        watch.gap(&gap(11.0, Some(40.0)));
        let lap = watch.look(s(40.5));
        assert_eq!(lap, Some(Lap { passed: Duration::from_millis(1500), after_gap: true }));
        assert_eq!(watch.look(s(12.0)), None);
        assert_eq!(watch.look(s(41.0)).map(|l| l.passed), Some(Duration::from_millis(500)));
    }

    #[test]
    fn a_gap_that_is_only_told_when_it_is_over_counts_the_same() {
        let mut watch = Stopwatch::default();
        watch.look(s(0.0));
        watch.gap(&gap(1.0, Some(5.0)));
        assert_eq!(watch.look(s(5.0)).map(|l| l.passed), Some(Duration::from_secs(1)));
    }

    #[test]
    fn a_look_ends_a_gap_whose_end_was_never_told() {
        let mut watch = Stopwatch::default();
        watch.look(s(0.0));
        watch.gap(&gap(1.0, None));
        assert_eq!(watch.look(s(9.0)).map(|l| l.passed), Some(Duration::from_secs(1)));
        assert_eq!(watch.look(s(9.5)).map(|l| l.passed), Some(Duration::from_millis(500)));
    }
}
