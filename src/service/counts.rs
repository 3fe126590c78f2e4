use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::{domain::GapReason, engine::Took};

/// What one camera's looks cost and came to. Copies share it.
#[derive(Debug, Clone, Default)]
pub struct Counts(Arc<Mutex<Tally>>);

/// The same as numbers, since the program began.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// Looks that workers were asked for.
    pub wanted: u64,
    /// Looks that were taken and judged.
    pub taken: u64,
    /// Looks that could not be taken, by the reason.
    pub dropped: BTreeMap<&'static str, u64>,
    /// What decoding took.
    pub decoding: Duration,
    /// What looking took, and at how many pictures.
    pub looking: Duration,
    /// Pictures that were looked at.
    pub pictures: u64,
    /// How long after its picture was sent the last look was judged, in seconds; none before the first.
    pub lag: Option<Duration>,
    /// The longest of these since it was asked for last.
    pub longest_lag: Duration,
    /// Violations that were raised.
    pub raised: u64,
}

impl Counts {
    /// What they are now.
    pub fn tally(&self) -> Tally {
        self.lock().clone()
    }

    /// What they are now; the longest lag begins anew.
    pub fn tally_anew(&self) -> Tally {
        let mut tally = self.lock();
        let now = tally.clone();
        tally.longest_lag = Duration::ZERO;
        now
    }

    pub(super) fn want(&self, looks: usize) {
        self.lock().wanted += looks as u64;
    }

    pub(super) fn took(&self, took: Took) {
        let mut tally = self.lock();
        tally.decoding += took.decoding;
        tally.looking += took.looking;
        tally.pictures += u64::from(took.looks);
    }

    pub(super) fn take(&self, lag: Duration) {
        let mut tally = self.lock();
        tally.taken += 1;
        tally.lag = Some(lag);
        tally.longest_lag = tally.longest_lag.max(lag);
    }

    pub(super) fn drop(&self, reason: GapReason) {
        *self.lock().dropped.entry(name(reason)).or_default() += 1;
    }

    pub(super) fn raise(&self) {
        self.lock().raised += 1;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Tally> {
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
    }
}
