use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{domain::GapReason, engine::Took};

/// The longest lag is that of so long.
const WINDOW: Duration = Duration::from_secs(60);

/// What one camera's looks cost and came to. Copies share it.
#[derive(Debug, Clone, Default)]
pub struct Counts(Arc<Mutex<Counted>>);

#[derive(Debug, Default)]
struct Counted {
    tally: Tally,
    /// The lags of the last minute that no later one exceeds, and when they were: each is shorter than the one before.
    lags: VecDeque<(Instant, Duration)>,
}

/// The same as numbers, since the program began.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally {
    /// Looks that workers were asked for, and those for which there was no time to ask.
    pub wanted: u64,
    /// Looks that were taken and judged.
    pub taken: u64,
    /// Looks that could not be taken, by the reason; 0 is told, too.
    pub dropped: BTreeMap<&'static str, u64>,
    /// What decoding took.
    pub decoding: Duration,
    /// What looking took.
    pub looking: Duration,
    /// Pictures that were looked at.
    pub pictures: u64,
    /// How long after its picture was sent the last look was judged; none before the first.
    pub lag: Option<Duration>,
    /// The longest of these within the last minute; none where no look was taken in it.
    pub longest_lag: Option<Duration>,
    /// Violations that were raised.
    pub raised: u64,
}

impl Default for Tally {
    fn default() -> Self {
        let reasons = [GapReason::Overload, GapReason::Memory, GapReason::Damaged, GapReason::NotLooked];
        Self {
            wanted: 0,
            taken: 0,
            dropped: reasons.into_iter().map(|reason| (name(reason), 0)).collect(),
            decoding: Duration::ZERO,
            looking: Duration::ZERO,
            pictures: 0,
            lag: None,
            longest_lag: None,
            raised: 0,
        }
    }
}

impl Counts {
    /// What they are at `now`.
    pub fn tally(&self, now: Instant) -> Tally {
        let counted = self.lock();
        let within = |(at, _): &&(Instant, Duration)| now.saturating_duration_since(*at) <= WINDOW;
        let longest_lag = counted.lags.iter().find(within).map(|(_, lag)| *lag);
        Tally { longest_lag, ..counted.tally.clone() }
    }

    pub(super) fn want(&self, looks: usize) {
        self.lock().tally.wanted += looks as u64;
    }

    pub(super) fn took(&self, took: Took) {
        let tally = &mut self.lock().tally;
        tally.decoding += took.decoding;
        tally.looking += took.looking;
        tally.pictures += u64::from(took.looks);
    }

    pub(super) fn take(&self, lag: Duration) {
        self.take_at(lag, Instant::now());
    }

    fn take_at(&self, lag: Duration, now: Instant) {
        let Counted { tally, lags } = &mut *self.lock();
        tally.taken += 1;
        tally.lag = Some(lag);
        while lags.back().is_some_and(|(_, shorter)| *shorter <= lag) {
            lags.pop_back();
        }
        lags.push_back((now, lag));
        while lags.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) > WINDOW) {
            lags.pop_front();
        }
    }

    pub(super) fn drop(&self, reason: GapReason) {
        let tally = &mut self.lock().tally;
        *tally.dropped.entry(name(reason)).or_default() += 1;
        if matches!(reason, GapReason::Overload | GapReason::Memory) {
            // Nobody was asked for it.
            tally.wanted += 1;
        }
    }

    pub(super) fn raise(&self) {
        self.lock().tally.raised += 1;
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The reason as facts and metrics name it.
fn name(reason: GapReason) -> &'static str {
    match reason {
        GapReason::Offline => "offline",
        GapReason::Damaged => "damaged",
        GapReason::Timestamps => "timestamps",
        GapReason::BoxOff => "box_off",
        GapReason::NotLooked => "model_failed",
        GapReason::Overload => "overload",
        GapReason::Memory => "memory",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_lag_is_that_of_the_last_minute() {
        let (counts, began) = (Counts::default(), Instant::now());
        let at = |second| began + Duration::from_secs(second);
        let longest = |second| counts.tally(at(second)).longest_lag.map(|lag| lag.as_millis());
        assert_eq!(longest(0), None);
        for (second, lag) in [(0, 300), (10, 900), (20, 200), (30, 500), (40, 100)] {
            counts.take_at(Duration::from_millis(lag), at(second));
        }
        assert_eq!((longest(40), longest(70)), (Some(900), Some(900)));
        // The one of 900 ms is over a minute old, then the one of 500 ms, then the last.
        assert_eq!((longest(71), longest(91), longest(101)), (Some(500), Some(100), None));
        counts.take_at(Duration::from_millis(50), at(200));
        assert_eq!((longest(200), counts.lock().lags.len()), (Some(50), 1));
        let tally = counts.tally(at(200));
        assert_eq!((tally.taken, tally.lag), (6, Some(Duration::from_millis(50))));
    }

    #[test]
    fn what_could_not_be_looked_at_is_counted_by_its_reason() {
        let counts = Counts::default();
        counts.drop(GapReason::Overload);
        counts.drop(GapReason::Overload);
        counts.drop(GapReason::Memory);
        let dropped: Vec<_> = counts.tally(Instant::now()).dropped.into_iter().collect();
        assert_eq!(dropped, [("damaged", 0), ("memory", 1), ("model_failed", 0), ("overload", 2)]);
    }
}
