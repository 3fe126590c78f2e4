use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};

use crate::domain::OfflineReason;

/// How a camera is connected, for whoever asks meanwhile. Copies share it.
#[derive(Debug, Clone, Default)]
pub struct Link(Arc<Mutex<LinkState>>);

/// What is known of a connection.
#[derive(Debug, Clone, Default)]
pub struct LinkState {
    /// Since when pictures come; none while they do not.
    pub since: Option<Timestamp>,
    /// Why they do not; none before the first try, and while they do.
    pub reason: Option<OfflineReason>,
    /// The same in words, without credentials.
    pub words: String,
    /// Since when they do not, or have not yet.
    pub offline_since: Option<Timestamp>,
    /// Bytes of pictures since the program began.
    pub bytes: u64,
    /// Bytes a second over the last seconds.
    pub bytes_per_s: f64,
    /// Packets that were lost on the way by UDP since the program began.
    pub packets_lost: u64,
    /// How far the last key frames lay apart.
    pub keyframes: Option<Duration>,
    /// How often that was measured since the program began.
    pub intervals: u64,
    /// By how much its clock is ahead of the box's, as it said last; behind it where that is negative. None where it has not said.
    pub ahead: Option<SignedDuration>,
    /// How often it has said so since the program began.
    pub said: u64,
    /// Whether it was ever connected, and when it was again.
    known: bool,
    again: VecDeque<Instant>,
    rate_from: Option<(Instant, u64)>,
}

/// The bit rate is that of so long.
const RATE: Duration = Duration::from_secs(5);
const HOUR: Duration = Duration::from_secs(3600);
/// No more connections an hour are counted.
const MOST: usize = 10_000;

impl Link {
    /// What is known now.
    pub fn state(&self) -> LinkState {
        self.lock().clone()
    }

    /// How often the camera was connected to again within the hour before `now`.
    pub fn reconnects(&self, now: Instant) -> usize {
        let state = self.lock();
        state.again.iter().filter(|at| now.saturating_duration_since(**at) <= HOUR).count()
    }

    pub(super) fn connected(&self, now: Instant, wall: Timestamp) {
        let mut state = self.lock();
        state.since = Some(wall);
        (state.reason, state.offline_since) = (None, None);
        state.words.clear();
        if std::mem::replace(&mut state.known, true) {
            state.again.push_back(now);
        }
        if state.again.len() > MOST {
            state.again.pop_front();
        }
    }

    pub(crate) fn lost(&self, reason: Option<OfflineReason>, words: String, wall: Timestamp) {
        let mut state = self.lock();
        state.since = None;
        (state.reason, state.words) = (reason, words);
        state.offline_since.get_or_insert(wall);
        (state.bytes_per_s, state.rate_from, state.keyframes) = (0.0, None, None);
        state.ahead = None;
    }

    /// A camera that is not dialled any more, since it does harm: in words, without credentials.
    pub fn set_aside(&self, words: String, wall: Timestamp) {
        self.lost(Some(OfflineReason::Undecodable), words, wall);
    }

    pub(super) fn packet(&self, bytes: usize, now: Instant) {
        let mut state = self.lock();
        state.bytes = state.bytes.saturating_add(bytes as u64);
        let so_far = state.bytes;
        let (from, before) = *state.rate_from.get_or_insert((now, so_far));
        let passed = now.saturating_duration_since(from);
        if passed >= RATE {
            state.bytes_per_s = (state.bytes - before) as f64 / passed.as_secs_f64();
            state.rate_from = Some((now, state.bytes));
        }
    }

    pub(super) fn missed(&self, packets: u64) {
        let mut state = self.lock();
        state.packets_lost = state.packets_lost.saturating_add(packets);
    }

    pub(super) fn key_frames(&self, apart: Duration) {
        let mut state = self.lock();
        (state.keyframes, state.intervals) = (Some(apart), state.intervals.saturating_add(1));
    }

    pub(super) fn clock(&self, ahead: SignedDuration) {
        let mut state = self.lock();
        (state.ahead, state.said) = (Some(ahead), state.said.saturating_add(1));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, LinkState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
