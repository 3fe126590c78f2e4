//! The looks that must always be taken, known from the times of groups alone. A group may still be growing: what can be
//! said of it then stays true of all of it, so that a recording and a camera are looked at alike.

use std::time::Duration;

use super::plan::{MOST, Span};
use crate::domain::MediaTime;

/// How much longer than `every` the time between two looks may be, so that a key frame that comes a little late (a
/// group of 2.04 s for `every` 2 s) does not cost a second look.
const TOLERANCE: f64 = 0.1;

/// The looks that one strand must always take.
#[derive(Debug, Clone)]
pub struct Cadence {
    every: Duration,
    /// As seldom where nothing moves.
    quiet: Duration,
    last: Option<MediaTime>,
}

/// The looks of a strand in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looks {
    /// In their order.
    pub times: Vec<MediaTime>,
    /// All looks before it are among them: the group's end, but where more of it may follow.
    pub until: MediaTime,
}

impl Cadence {
    /// At least one look each `every`; but only each `quiet`, which is not less, where nothing moves.
    pub fn new(every: Duration, quiet: Duration) -> Self {
        let every = every.max(Duration::from_millis(1));
        Self { every, quiet: quiet.max(every), last: None }
    }

    /// The last look that had to be taken, of the groups of which all is known.
    pub fn last(&self) -> Option<MediaTime> {
        self.last
    }

    /// Goes on after a look at `last`.
    pub fn resume(&mut self, last: Option<MediaTime>) {
        self.last = last;
    }

    /// The looks within a group: none where the next group's key frame comes soon enough, else its own key frame,
    /// and `every` after that another, until the next key frame comes soon enough. Those after the key frame are left out
    /// where nothing moves since the look before, as `still` may tell of two times in the group. Groups are given in
    /// their order, one that grows as often as one likes before all of it is.
    pub fn looks(&mut self, span: &Span, still: impl Fn(MediaTime, MediaTime) -> bool) -> Looks {
        let looks = self.known(span, still);
        if !span.open {
            self.last = looks.times.last().copied().or(self.last);
        }
        looks
    }

    fn known(&self, span: &Span, still: impl Fn(MediaTime, MediaTime) -> bool) -> Looks {
        let Span { start, end, .. } = *span;
        let limit = self.every.mul_f64(1.0 + TOLERANCE);
        // Whether another look is needed this long after one, since the group goes on; none where that is not known yet.
        let goes_on = |after: MediaTime| {
            let further = end.since(after) > limit;
            (further || !span.open).then_some(further)
        };
        let mut times = Vec::new();
        if !span.open && end <= start {
            return Looks { times, until: end };
        }
        match self.last.map_or(Some(true), goes_on) {
            Some(true) => times.push(start),
            Some(false) => return Looks { times, until: end },
            None => return Looks { times, until: start },
        }
        let (mut before, mut slot) = (start, start);
        for _ in 1..MOST {
            let next = span.snap(slot + self.every);
            match goes_on(slot) {
                Some(true) if next < end || span.open => {}
                Some(_) => return Looks { times, until: end },
                None => return Looks { times, until: next.min(end) },
            }
            if self.quiet > self.every && still(before, next) {
                match self.can_wait(before, next, goes_on(next), span) {
                    Some(true) => {
                        slot = next;
                        continue;
                    }
                    Some(false) => {}
                    None => return Looks { times, until: next.min(end) },
                }
            }
            if next >= end {
                return Looks { times, until: end };
            }
            times.push(next);
            (before, slot) = (next, next);
        }
        Looks { times, until: end }
    }

    /// Whether what follows the look at `next` still comes soon enough after the look `before`, so that it can be left
    /// out; `another`: whether another look follows it in the group. None where that is not known yet.
    fn can_wait(
        &self,
        before: MediaTime,
        next: MediaTime,
        another: Option<bool>,
        span: &Span,
    ) -> Option<bool> {
        let most = self.quiet.mul_f64(1.0 + TOLERANCE);
        let following = (next + self.every).since(before) <= most;
        match another {
            Some(true) => Some(following),
            Some(false) => Some(span.end.since(before) <= most),
            // The next key frame may come in place of the look that would follow, before it or a little after.
            None if (next + self.every.mul_f64(1.0 + TOLERANCE)).since(before) <= most => Some(true),
            None if !following && span.end.since(before) > most => Some(false),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn s(seconds: f64) -> MediaTime {
        MediaTime::from_secs_f64(seconds)
    }

    fn secs(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn span(start: f64, end: f64) -> Span {
        Span { start: s(start), end: s(end), open: false, grid: None }
    }

    fn moving(_: MediaTime, _: MediaTime) -> bool {
        false
    }

    fn looks(
        cadence: &mut Cadence,
        from: f64,
        to: f64,
        still: impl Fn(MediaTime, MediaTime) -> bool,
    ) -> Vec<MediaTime> {
        cadence.looks(&span(from, to), still).times
    }

    #[test]
    fn key_frames_are_enough_while_they_come_often_enough() {
        let mut cadence = Cadence::new(secs(2.0), secs(2.0));
        assert_eq!(looks(&mut cadence, 0.0, 2.04, moving), [s(0.0)]);
        assert_eq!(looks(&mut cadence, 2.04, 4.08, moving), [s(2.04)]);
        let mut cadence = Cadence::new(secs(2.0), secs(2.0));
        let all: Vec<_> =
            (0..6).flat_map(|k| looks(&mut cadence, f64::from(k), f64::from(k + 1), moving)).collect();
        assert_eq!(all, [s(0.0), s(2.0), s(4.0)]);
    }

    #[test]
    fn long_groups_are_looked_into() {
        let mut cadence = Cadence::new(secs(2.0), secs(2.0));
        assert_eq!(looks(&mut cadence, 0.0, 5.0, moving), [s(0.0), s(2.0), s(4.0)]);
        assert_eq!(
            looks(&mut cadence, 5.0, 9.1, moving),
            [s(5.0), s(7.0)],
            "the next key frame is 0.1 s late"
        );
    }

    #[test]
    fn where_nothing_moves_key_frames_do_while_they_come_often_enough() {
        let mut cadence = Cadence::new(secs(1.0), secs(2.0));
        assert_eq!(looks(&mut cadence, 0.0, 2.0, |_, _| true), [s(0.0)]);
        assert_eq!(looks(&mut cadence, 2.0, 4.0, |_, _| false), [s(2.0), s(3.0)]);
        let long = looks(&mut cadence, 4.0, 14.0, |_, _| true);
        assert_eq!(long, [4.0, 6.0, 8.0, 10.0, 12.0].map(s));
        let long = looks(&mut cadence, 14.0, 24.0, |from, to| !(from..to).contains(&s(16.5)));
        assert_eq!(long, [14.0, 16.0, 17.0, 19.0, 21.0, 23.0].map(s));
    }

    #[test]
    fn a_group_of_a_thousand_years_is_not_looked_at_for_as_long() {
        let mut cadence = Cadence::new(secs(0.2), secs(0.2));
        let Looks { times, until } = cadence.looks(&span(0.0, 3e10), moving);
        assert_eq!((times.len(), until), (MOST, s(3e10)));
    }

    #[test]
    fn what_is_not_known_of_a_growing_group_waits() {
        let mut cadence = Cadence::new(secs(2.0), secs(2.0));
        let open = |start: f64, end: f64| Span { open: true, ..span(start, end) };
        assert_eq!(cadence.looks(&open(0.0, 0.1), moving), Looks { times: vec![s(0.0)], until: s(0.1) });
        assert_eq!(cadence.looks(&open(0.0, 2.1), moving), Looks { times: vec![s(0.0)], until: s(2.0) });
        assert_eq!(cadence.looks(&open(0.0, 2.3), moving).times, [s(0.0), s(2.0)]);
        assert_eq!(looks(&mut cadence, 0.0, 1.0, moving), [s(0.0)], "all of it decides");
        assert_eq!(cadence.looks(&open(1.0, 2.0), moving), Looks { times: vec![], until: s(1.0) });
        assert_eq!(looks(&mut cadence, 1.0, 2.0, moving), []);
    }

    proptest! {
        #[test]
        fn no_two_looks_are_further_apart_than_allowed(
            lengths in prop::collection::vec(0.04f64..30.0, 1..30), every in 0.2f64..5.0, patience in 1.0f64..3.0,
        ) {
            // Where everything is still, `quiet` is what holds.
            let quiet = every * patience;
            let mut cadence = Cadence::new(secs(every), secs(quiet));
            let (mut start, mut all) = (0.0, Vec::new());
            for length in &lengths {
                all.extend(looks(&mut cadence, start, start + length, |_, _| true));
                start += length;
            }
            // The end of the recording stands for the look that would follow.
            all.push(s(start));
            prop_assert!(all[0].as_secs_f64() <= every * (1.0 + TOLERANCE));
            for pair in all.windows(2) {
                prop_assert!(pair[1] > pair[0]);
                prop_assert!(pair[1].since(pair[0]).as_secs_f64() <= quiet * (1.0 + TOLERANCE) + 1e-5);
            }
        }

        #[test]
        fn what_is_said_of_a_growing_group_is_true_of_all_of_it(
            lengths in prop::collection::vec(0.04f64..12.0, 1..8), every in 0.2f64..5.0, patience in 1.0f64..3.0,
            step in 0.02f64..3.0, grid in prop::bool::ANY, moves in prop::collection::vec(0.0f64..60.0, 0..20),
        ) {
            let mut cadence = Cadence::new(secs(every), secs(every * patience));
            let still = |from: MediaTime, to: MediaTime| !moves.iter().any(|at| (from..to).contains(&s(*at)));
            let mut start = 0.0;
            for length in &lengths {
                let grid = grid.then_some(secs(0.2));
                let whole = Span { grid, ..span(start, start + length) };
                let mut said = Vec::new();
                let mut end = start + step;
                while end < start + length {
                    let open = Span { open: true, grid, ..span(start, end) };
                    let Looks { mut times, until } = cadence.looks(&open, still);
                    prop_assert!(until <= open.end && said.last().is_none_or(|(_, before)| *before <= until));
                    // It waits for no more than the next look that might be needed, and the key frame in its place.
                    prop_assert!(open.end.since(until).as_secs_f64() <= every * patience * (1.0 + TOLERANCE) + 0.2 + 1e-5);
                    times.retain(|time| *time < until);
                    said.push((times, until));
                    end += step;
                }
                let mut all = cadence.looks(&whole, still);
                prop_assert_eq!(all.until, whole.end);
                for (times, until) in said.iter().rev() {
                    all.times.retain(|time| time < until);
                    prop_assert_eq!(&all.times, times);
                }
                start += length;
            }
        }
    }
}
