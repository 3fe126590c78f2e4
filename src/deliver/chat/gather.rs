//! What is sent when: the heart of a robot, without a clock and without a robot.

use std::{
    collections::VecDeque,
    mem,
    time::{Duration, Instant},
};

use super::{super::Refusal, bucket::Bucket};
use crate::{domain::OutboxId, kinds::urgency::Urgency};

/// What digests leave in the bucket: what is urgent finds it there.
const FOR_URGENT: u32 = 1;
/// What stills leave: texts come first.
const FOR_TEXTS: u32 = 2;
/// Whoever gives alerts has learned of a refusal within this.
const LEARNED: Duration = Duration::from_secs(1);

/// How long is gathered, and how much is sent.
#[derive(Debug, Clone, Copy)]
pub(in crate::deliver) struct Timing {
    /// What is not urgent is collected for so long from the first.
    pub window: Duration,
    /// So many messages go at once.
    pub burst: u32,
    /// In the long run, one message in this time.
    pub every: Duration,
}

/// Robots take 20 messages a minute. So there are 15, and 5 at the beginning.
impl Default for Timing {
    fn default() -> Self {
        Self { window: Duration::from_secs(30), burst: 5, every: Duration::from_secs(4) }
    }
}

/// An alert's place in an outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub outbox: OutboxId,
    pub sequence: u64,
}

impl Place {
    fn is_behind(self, other: Self) -> bool {
        self.outbox == other.outbox && self.sequence > other.sequence
    }
}

/// Gathers alerts into messages, of which one at a time is on its way.
#[derive(Debug)]
pub(super) struct Gather<T> {
    window: Duration,
    /// Nothing urgent is waited for any longer.
    is_hurried: bool,
    bucket: Bucket,
    /// In the order of their places.
    waiting: VecDeque<Waiting<T>>,
    /// Those of the message that is on its way.
    sent: Vec<Waiting<T>>,
    narrowing: Option<Narrowing>,
    held: Option<Held>,
}

#[derive(Debug)]
struct Waiting<T> {
    place: Place,
    urgency: Urgency,
    since: Instant,
    item: T,
}

/// One of these alerts is not taken, and nobody knows which: fewer and fewer go at once until it is found.
#[derive(Debug)]
struct Narrowing {
    most: usize,
    suspects: usize,
}

/// Nothing is taken after a refusal.
#[derive(Debug)]
struct Held {
    why: String,
    until: Instant,
    /// For a moment nothing behind the first that was refused is taken before that one, which comes again: whoever gives it had
    /// not learned of the refusal.
    first: Option<(Place, Instant)>,
}

impl<T> Gather<T> {
    pub fn new(timing: Timing, now: Instant) -> Self {
        let bucket = Bucket::new(timing.burst, timing.every, now);
        let (waiting, sent) = (VecDeque::new(), Vec::new());
        let window = timing.window;
        Self { window, is_hurried: false, bucket, waiting, sent, narrowing: None, held: None }
    }

    /// Takes an alert, or gives it back with the answer that it gets.
    pub fn add(&mut self, place: Place, urgency: Urgency, item: T, now: Instant) -> Result<(), (T, Refusal)> {
        if let Some(Held { why, until, first }) = &self.held {
            let why = why.clone();
            if now < *until {
                return Err((item, Refusal::Transient { why, after: Some(*until - now) }));
            }
            if first.is_some_and(|(first, learned)| now < learned && place.is_behind(first)) {
                return Err((item, Refusal::Transient { why, after: None }));
            }
            self.held = None;
        }
        let before = self.waiting.iter().rposition(|other| !other.place.is_behind(place));
        let one = Waiting { place, urgency, since: now, item };
        self.waiting.insert(before.map_or(0, |index| index + 1), one);
        Ok(())
    }

    /// Lets go of alerts that nobody waits for any more.
    pub fn forget(&mut self, is_gone: impl Fn(&T) -> bool) {
        self.waiting.retain(|one| !is_gone(&one.item));
    }

    /// The alerts of the next message, where it is to go now. It is on its way until [`Self::end`].
    pub fn begin(&mut self, now: Instant) -> Option<Vec<&T>> {
        let (count, leaving) = self.ready(now)?;
        if !self.bucket.take(leaving, now) {
            return None;
        }
        self.sent = self.waiting.drain(..count).collect();
        Some(self.sent.iter().map(|one| &one.item).collect())
    }

    /// The end is near: nothing is collected any longer.
    pub fn hurry(&mut self) {
        (self.window, self.is_hurried) = (Duration::ZERO, true);
    }

    /// When there may be something to send.
    pub fn due(&mut self, now: Instant) -> Option<Instant> {
        if let Some((_, leaving)) = self.ready(now) {
            return Some(self.bucket.when(leaving, now));
        }
        // What is on its way ends first.
        if !self.sent.is_empty() {
            return None;
        }
        self.collected()
    }

    /// What was sent was taken, or not. Gives alerts with their answers.
    pub fn end(&mut self, result: Result<(), Refusal>, now: Instant) -> Vec<(T, Result<(), Refusal>)> {
        let mut sent = mem::take(&mut self.sent);
        match &result {
            Ok(()) => self.cleared(sent.len()),
            Err(Refusal::Permanent { .. }) if sent.len() > 1 => {
                let suspects = self.narrowing.as_ref().map_or(sent.len(), |narrowing| narrowing.suspects);
                self.narrowing = Some(Narrowing { most: sent.len() / 2, suspects });
                for one in sent.into_iter().rev() {
                    self.waiting.push_front(one);
                }
                return Vec::new();
            }
            Err(Refusal::Permanent { .. }) => self.narrowing = None,
            Err(refusal @ Refusal::Transient { .. }) => {
                let first = sent.first().map(|one| (one.place, now + LEARNED));
                return self.refuse(&mut sent, refusal, first, now);
            }
        }
        sent.into_iter().map(|one| (one.item, result.clone())).collect()
    }

    /// The robot takes nothing for now, as something else tells that was sent. Gives alerts with their answers.
    pub fn hold(&mut self, refusal: &Refusal, now: Instant) -> Vec<(T, Result<(), Refusal>)> {
        let first = self.waiting.front().map(|one| (one.place, now + LEARNED));
        self.refuse(&mut Vec::new(), refusal, first, now)
    }

    /// Takes what a message costs that is no text, where texts have no use for it.
    pub fn spare(&mut self, now: Instant) -> bool {
        self.bucket.take(FOR_TEXTS, now)
    }

    /// When there may be something to spare.
    pub fn spare_at(&mut self, now: Instant) -> Instant {
        self.bucket.when(FOR_TEXTS, now)
    }

    /// How many alerts may go at this time, and what they leave in the bucket.
    fn ready(&self, now: Instant) -> Option<(usize, u32)> {
        if !self.sent.is_empty() {
            return None;
        }
        let urgent = self.waiting.iter().rposition(|one| one.urgency == Urgency::Urgent).map(|at| at + 1);
        let is_collected = self.narrowing.is_some() || self.collected()? <= now;
        let count = if is_collected { self.waiting.len() } else { urgent? };
        let most = self.narrowing.as_ref().map_or(usize::MAX, |narrowing| narrowing.most.max(1));
        let leaving = if urgent.is_some() || self.is_hurried { 0 } else { FOR_URGENT };
        Some((count.min(most), leaving))
    }

    /// When what waits was collected for long enough.
    fn collected(&self) -> Option<Instant> {
        self.waiting.iter().map(|one| one.since).min().map(|first| first + self.window)
    }

    fn cleared(&mut self, count: usize) {
        if let Some(narrowing) = &mut self.narrowing {
            narrowing.suspects = narrowing.suspects.saturating_sub(count);
            if narrowing.suspects == 0 {
                self.narrowing = None;
            }
        }
    }

    /// Nothing is taken: these are refused, and all that waits behind them.
    fn refuse(
        &mut self,
        sent: &mut Vec<Waiting<T>>,
        refusal: &Refusal,
        first: Option<(Place, Instant)>,
        now: Instant,
    ) -> Vec<(T, Result<(), Refusal>)> {
        let after = match refusal {
            Refusal::Transient { after, .. } => after.unwrap_or_default(),
            Refusal::Permanent { .. } => Duration::ZERO,
        };
        self.narrowing = None;
        self.held = Some(Held { why: refusal.to_string(), until: now + after, first });
        let all = sent.drain(..).chain(self.waiting.drain(..));
        all.map(|one| (one.item, Err(refusal.clone()))).collect()
    }
}

#[cfg(test)]
mod tests;
