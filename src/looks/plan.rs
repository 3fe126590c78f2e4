//! When to look. Each detector of a camera has a strand of looks: those that must always be taken (`cadence.rs`), and
//! those that a rule asked for in between. Pure: what is looked at is a function of the
//! recording and the configuration, never of timing or of the number of threads.

use std::{collections::BTreeMap, time::Duration};

use super::state::Wish;
pub use super::strands::Strands;
use crate::domain::{Attention, MediaTime};

/// More looks than the longest group needs that is no nonsense: 3,000 packets, two seconds apart, a look each 0.2 s. One packet
/// that claims to be shown in a thousand years makes a group of a thousand years.
pub const MOST: usize = 50_000;

/// A picture this little before a wanted time is the one that shows it: containers round.
pub const ROUNDING: Duration = Duration::from_millis(1);

/// A look that is wanted: the first frame at or after a time, by these strands.
pub type Wanted = BTreeMap<MediaTime, Strands>;

/// The span of a group of pictures, and how often looks can be taken in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Presentation time of its first picture.
    pub start: MediaTime,
    /// Presentation time of the next group's first picture; of a group that is still growing, up to where it is known.
    pub end: MediaTime,
    /// Whether more of the group may follow.
    pub open: bool,
    /// Looks are taken on multiples of this from the start only: where the group cannot be decoded twice.
    pub grid: Option<Duration>,
}

impl Span {
    /// The first time at or after `time` at which a look can be taken.
    pub fn snap(&self, time: MediaTime) -> MediaTime {
        match self.grid {
            Some(grid) if !grid.is_zero() && time > self.start => {
                let steps = time.since(self.start).as_micros().div_ceil(grid.as_micros());
                self.start + grid.saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX))
            }
            _ => time,
        }
    }
}

/// One strand as a group is walked through: what must be looked at, what was, and what rules asked for.
#[derive(Debug, Clone, Default)]
pub struct Strand {
    must: Vec<MediaTime>,
    last: Option<MediaTime>,
    /// The wish of each rule that uses this strand.
    wishes: Vec<Option<Wish>>,
}

/// A rule that has asked for so long will probably go on asking.
const LASTING: Duration = Duration::from_secs(3);

impl Strand {
    /// A strand for this many rules.
    pub fn new(rules: usize) -> Self {
        Self { wishes: vec![None; rules], ..Self::default() }
    }

    /// The strand as it will be until `end` if rules that have asked for long go on asking.
    pub fn renewed(&self, end: MediaTime) -> Self {
        let mut strand = self.clone();
        let last = strand.last.unwrap_or(MediaTime::ZERO);
        for wish in strand.wishes.iter_mut().flatten() {
            if wish.until >= last && last.since(wish.since) >= LASTING {
                wish.until = wish.until.max(end);
            }
        }
        strand
    }

    /// Enters a group in which these looks must be taken.
    pub fn enter(&mut self, must: Vec<MediaTime>) {
        self.must = must;
    }

    /// Notes that the look at `time` was taken, or tried.
    pub fn looked(&mut self, time: MediaTime) {
        self.last = Some(time);
    }

    /// A rule asks for more looks, in place of what it asked for before.
    pub fn ask(&mut self, rule: usize, attention: Attention) {
        let now = self.last.unwrap_or(MediaTime::ZERO);
        if let Some(wish) = self.wishes.get_mut(rule) {
            let since = wish.filter(|wish| wish.until >= now).map_or(now, |wish| wish.since);
            let Attention { every, until } = attention;
            *wish = Some(Wish { every, until, since });
        }
    }

    /// The last look that was taken or tried.
    pub fn last(&self) -> Option<MediaTime> {
        self.last
    }

    /// What rules ask for, each by its place among the strand's.
    pub fn wishes(&self) -> impl Iterator<Item = (usize, Wish)> {
        self.wishes.iter().enumerate().filter_map(|(rule, wish)| Some((rule, (*wish)?)))
    }

    /// Goes on after a look at `last`.
    pub fn resume(&mut self, last: Option<MediaTime>) {
        self.last = last;
    }

    /// Goes on with what a rule, by its place, has asked for.
    pub fn wish(&mut self, rule: usize, wish: Wish) {
        if let Some(known) = self.wishes.get_mut(rule) {
            *known = Some(wish);
        }
    }

    /// The next look within the group, if there is one. What a rule asks for at a look applies from that look on.
    pub fn next(&self, span: &Span) -> Option<MediaTime> {
        let must = self.must.iter().copied().find(|time| self.last.is_none_or(|last| *time > last));
        let asked = self.last.into_iter().flat_map(|last| {
            self.wishes.iter().flatten().filter_map(move |wish| {
                let time = last + wish.every.max(Duration::from_millis(1));
                (time <= wish.until).then_some(time)
            })
        });
        let asked = asked.map(|time| span.snap(time.max(span.start)));
        must.into_iter().chain(asked).min().filter(|time| *time < span.end)
    }
}

/// All looks from now to the end of the group, if rules go on asking for what they ask for now.
pub fn foresee(strands: &[Strand], span: &Span) -> Wanted {
    let mut wanted = Wanted::new();
    for (index, strand) in strands.iter().enumerate() {
        let mut strand = strand.clone();
        let next = || {
            let time = strand.next(span)?;
            strand.looked(time);
            Some(time)
        };
        for time in std::iter::from_fn(next).take(MOST) {
            wanted.entry(time).or_default().insert(index);
        }
    }
    wanted
}

/// The next look of any strand, and the strands that take it.
pub fn next(strands: &[Strand], span: &Span) -> Option<(MediaTime, Strands)> {
    let nexts: Vec<_> = strands.iter().map(|strand| strand.next(span)).collect();
    let time = nexts.iter().flatten().min().copied()?;
    let due = nexts.iter().enumerate().filter(|(_, next)| **next == Some(time));
    Some((time, due.map(|(index, _)| index).collect()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn s(seconds: f64) -> MediaTime {
        MediaTime::from_secs_f64(seconds)
    }

    fn span(start: f64, end: f64) -> Span {
        Span { start: s(start), end: s(end), open: false, grid: None }
    }

    fn secs(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn what_a_rule_asks_for_applies_from_its_look_on() {
        let group = span(0.0, 2.0);
        let mut strand = Strand::new(1);
        strand.enter(vec![s(0.0), s(1.0)]);
        assert_eq!(strand.next(&group), Some(s(0.0)));
        strand.looked(s(0.0));
        assert_eq!(strand.next(&group), Some(s(1.0)));
        strand.ask(0, Attention { every: secs(0.4), until: s(0.9) });
        assert_eq!(
            foresee(&[strand.clone()], &group).keys().copied().collect::<Vec<_>>(),
            [s(0.4), s(0.8), s(1.0)]
        );
        strand.looked(s(1.0));
        assert_eq!(strand.next(&group), None);
    }

    #[test]
    fn strands_share_a_look_where_their_times_meet() {
        let group = span(0.0, 2.0);
        let mut strands = [Strand::new(0), Strand::new(0)];
        strands[0].enter(vec![s(0.0)]);
        strands[1].enter(vec![s(0.0), s(1.0)]);
        assert_eq!(next(&strands, &group), Some((s(0.0), Strands::all(2))));
        strands.iter_mut().for_each(|strand| strand.looked(s(0.0)));
        assert_eq!(next(&strands, &group), Some((s(1.0), [1].into_iter().collect())));
    }

    #[test]
    fn a_group_that_cannot_be_decoded_twice_is_looked_at_on_its_grid() {
        let group = Span { grid: Some(secs(0.2)), ..span(10.0, 12.0) };
        let mut strand = Strand::new(1);
        strand.looked(s(9.97));
        strand.ask(0, Attention { every: secs(0.3), until: s(20.0) });
        assert_eq!(strand.next(&group), Some(s(10.4)));
    }

    proptest! {
        #[test]
        fn foreseen_looks_are_those_that_are_taken(every in 0.05f64..1.0, until in 0.0f64..3.0, musts in 1usize..5) {
            let group = span(0.0, 2.5);
            let mut strand = Strand::new(1);
            strand.enter((0..musts).map(|k| s(2.5 * k as f64 / musts as f64)).collect());
            strand.looked(s(0.0));
            strand.ask(0, Attention { every: secs(every), until: s(until) });
            let foreseen = foresee(&[strand.clone()], &group);
            let mut strands = [strand];
            let mut taken = Wanted::new();
            while let Some((time, due)) = next(&strands, &group) {
                taken.insert(time, due);
                strands[0].looked(time);
            }
            prop_assert_eq!(foreseen, taken);
        }
    }
}
