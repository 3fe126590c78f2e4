//! Which looks are asked of each group of a camera, as much of it as is known.

use std::time::Duration;

use crate::{
    domain::MediaTime,
    looks::{
        cadence::{Cadence, Looks},
        motion,
        plan::{self, MOST, ROUNDING, Span, Strand, Strands, Wanted},
    },
    source::Gop,
};

/// How finely looks can be taken in a group that cannot be decoded twice, because it goes on from one before it.
const GRID: Duration = Duration::from_millis(200);

/// What is asked of a group, or of what has become known of it since it was asked of last.
pub(super) struct Asked {
    /// Up to where looks are taken in it.
    pub span: Span,
    /// The looks of each strand that must be taken, where one of its rules is within its hours or is to be closed.
    pub must: Vec<Vec<MediaTime>>,
    /// Those within hours: only they may stand, or be stood for.
    pub standing: Wanted,
    /// Those, and the looks that rules will probably ask for. Empty where no worker need touch the group.
    pub wanted: Wanted,
    /// Where its anchors come from.
    pub anchors: Chain,
}

/// Where the anchors of a group come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chain {
    /// From what was asked before.
    GoesOn,
    /// From nowhere: the first of each strand's looks is taken.
    Begins,
}

/// What was asked of a group that is still growing.
#[derive(Default)]
struct Grown {
    /// Up to where.
    until: MediaTime,
    /// How many looks had to be taken.
    must: usize,
}

/// Decides which looks one camera asks for.
pub(super) struct Asks {
    cadences: Vec<Cadence>,
    /// Whether a rule of each strand was within its hours at the last look that was foreseen. At first they are all looked at.
    open: Vec<bool>,
    grown: Option<Grown>,
    /// Whether the last group held several looks that had to be taken.
    long: bool,
    begins: bool,
}

impl Asks {
    /// For strands with these cadences.
    pub fn new(cadences: Vec<Cadence>) -> Self {
        let open = vec![true; cadences.len()];
        Self { cadences, open, grown: None, long: false, begins: true }
    }

    /// Of each strand the last look that had to be taken, and whether its rules were out of their hours at the last that was
    /// foreseen.
    pub fn save(&self) -> impl Iterator<Item = (Option<MediaTime>, bool)> {
        self.cadences.iter().zip(&self.open).map(|(cadence, open)| (cadence.last(), !open))
    }

    /// A strand, by its index, goes on from there.
    pub fn resume(&mut self, strand: usize, last: Option<MediaTime>, closing: bool) {
        if let (Some(cadence), Some(open)) = (self.cadences.get_mut(strand), self.open.get_mut(strand)) {
            cadence.resume(last);
            *open = !closing;
        }
    }

    /// Another file begins: nothing stands from the one before.
    pub fn begin(&mut self) {
        (self.grown, self.long, self.begins) = (None, false, true);
    }

    /// What is asked of a group, or of what has become known of it since it was given last, where it grows; none where
    /// nothing has. `strands` is what rules ask for so far, and `holds` tells whether a rule of a strand, by its index, is
    /// within its hours at a time.
    pub fn ask(
        &mut self,
        gop: &Gop,
        strands: &[Strand],
        holds: impl Fn(usize, MediaTime) -> bool,
    ) -> Option<Asked> {
        let from = self.grown.as_ref().map_or(gop.start, |grown| grown.until);
        let grid = gop.continues().then_some(GRID);
        let known = Span { start: gop.start, end: gop.end, open: gop.grows(), grid };
        let looks: Vec<Looks> = self
            .cadences
            .iter_mut()
            .map(|cadence| cadence.looks(&known, |a, b| motion::still(gop, a, b)))
            .collect();
        let until = looks.iter().map(|looks| looks.until).min().unwrap_or(gop.end).max(from);
        let until = if gop.grows() { whole(gop, until).max(from) } else { until };
        if gop.grows() && until == from {
            return None;
        }
        let span = Span { end: until, ..known };
        let new = |time: &MediaTime| (from..until).contains(time);
        let must: Vec<Vec<MediaTime>> =
            looks.into_iter().map(|looks| looks.times.into_iter().filter(new).collect()).collect();
        if self.grown.is_none() {
            // A group with several looks would keep the next one waiting through all of them.
            self.begins |= self.long;
        }
        let looks = self.grown.take().map_or(0, |grown| grown.must) + together(&must).len();
        let mut wanted = if gop.continues() {
            every_look(&span, strands.len())
        } else {
            expected(strands, &span, from, &must)
        };
        // What cannot be decoded twice must hold all looks: only the walk knows which are of use.
        let once = gop.continues();
        wanted.retain(|time, strands| {
            for (index, open) in self.open.iter_mut().enumerate().filter(|_| new(time) && !once) {
                // Out of hours nothing is looked at; but for the first look there, at which what stands is closed.
                if strands.contains(index)
                    && !(holds(index, *time) | std::mem::replace(open, holds(index, *time)))
                {
                    strands.remove(index);
                }
            }
            new(time) && !strands.is_empty()
        });
        if gop.grows() {
            self.grown = Some(Grown { until, must: looks });
        } else {
            self.long = looks > 1;
        }
        let mut anchors = Chain::GoesOn;
        if (!wanted.is_empty() || gop.continued()) && std::mem::take(&mut self.begins) {
            anchors = Chain::Begins;
        }
        let mut standing = together(&must);
        standing.retain(|time, strands| {
            *strands = strands.iter().filter(|index| holds(*index, *time)).collect();
            !strands.is_empty()
        });
        Some(Asked { span, must, standing, wanted, anchors })
    }
}

/// Up to where, not beyond `until`, every time of a growing group is shown by a picture that is there: whatever more is known
/// later, no picture is then looked at twice.
fn whole(gop: &Gop, until: MediaTime) -> MediaTime {
    let pictures = gop.packets.iter().filter_map(|packet| packet.pts).map(MediaTime::from_micros);
    let last = pictures.filter(|time| *time + ROUNDING < until).max();
    last.map_or(gop.start, |last| until.min(last + ROUNDING + Duration::from_micros(1)))
}

/// What will be looked at in a group from `from` on, if rules go on asking for what they ask for now.
fn expected(strands: &[Strand], span: &Span, from: MediaTime, must: &[Vec<MediaTime>]) -> Wanted {
    let mut wanted = Wanted::new();
    for (index, (strand, must)) in strands.iter().zip(must).enumerate() {
        let mut foresee = |strand: Strand, end: MediaTime| {
            for (time, _) in plan::foresee(&[strand], &Span { end, ..*span }) {
                wanted.entry(time).or_default().insert(index);
            }
        };
        let mut strand = strand.renewed(span.end);
        strand.enter(Vec::new());
        if from > span.start {
            foresee(strand.clone(), must.first().copied().unwrap_or(span.end));
        }
        for (place, time) in must.iter().enumerate() {
            strand.looked(*time);
            foresee(strand.clone(), must.get(place + 1).copied().unwrap_or(span.end));
        }
        for time in must {
            wanted.entry(*time).or_default().insert(index);
        }
    }
    wanted
}

/// The looks of all strands, by time.
fn together(must: &[Vec<MediaTime>]) -> Wanted {
    let mut all = Wanted::new();
    for (strand, times) in must.iter().enumerate() {
        for time in times {
            all.entry(*time).or_default().insert(strand);
        }
    }
    all
}

/// Every look that could be taken in a group that cannot be decoded twice.
fn every_look(span: &Span, strands: usize) -> Wanted {
    let all = Strands::all(strands);
    let times = std::iter::successors(Some(span.start), |time| Some(*time + GRID));
    times.take_while(|time| *time < span.end).take(MOST).map(|time| (time, all.clone())).collect()
}
