//! Who is at the post, from look to look: somebody who sits there and is missed for some seconds is still there.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{one_person::is_one_person, person::Person};
use crate::{
    domain::{MediaTime, When, micros},
    geometry::{BBox, Polygon},
    rules::Look,
    track::stands,
};

/// How long somebody must have kept his place at his last sight to be remembered there. Who walks leaves his place
/// within less; who sits keeps it for minutes.
const SETTLED: Duration = Duration::from_secs(1);
/// Looks at which somebody must have been seen, and the least share of all looks since the first, before he is remembered.
/// A coat that is taken for a person now and then comes to less.
const PROVEN_BY: u32 = 4;
const PROVEN_SHARE: f32 = 0.5;
/// What somebody is given of that who is found where one was lost (`Lost`) not too many times the memory's length ago.
const GIVEN: u32 = 1;
const LOST_TIMES: u32 = 6;
/// Looks at which somebody must have been seen for his leaving to date an absence: one false box does not.
const DATES_FROM: u32 = 2;
/// Overlap of two boxes that are in the same place: a new track there is the one who was missed.
const SAME_PLACE: f32 = 0.3;
/// Share of the wider of two boxes that are of one person, whole and by half, and have not moved. Who walks away from the
/// camera shrinks within his box as well, but to all sides.
const AS_WIDE: f32 = 0.75;
/// Most who are followed; no rule requires more than 50.
const MOST: usize = 64;

/// How long, and after what, somebody who is missed is still there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    /// How long after his last sight.
    pub lasts: Duration,
    /// Over how long he must have been seen before.
    pub after: Duration,
}

/// How long somebody who is missed is still there: for a third of what is due first (`grace` or `warn_after`) at most, so that
/// nobody who is gone delays it, for two looks that confirm it fit into the rest; and for no longer than the tracker keeps a
/// track that is lost. At a look in two seconds that bridges five that miss him.
const LASTS: Duration = Duration::from_secs(10);
const LASTS_PART: u32 = 3;

impl Memory {
    /// That of a post where something is due after `due`, and a change of state is proven `after` so long.
    pub fn new(due: Duration, after: Duration) -> Self {
        Self { lasts: LASTS.min(due / LASTS_PART), after }
    }
}

/// All who were seen lately.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Occupants {
    seen: Vec<Occupant>,
    /// Where somebody was who was missed for too long to be remembered, and not seen to leave.
    lost: Vec<Lost>,
}

/// Somebody who was missed for too long.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Lost {
    bbox: BBox,
    was_proven: bool,
    #[serde(with = "micros")]
    first_seen: MediaTime,
    #[serde(with = "micros")]
    last_seen: MediaTime,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Occupant {
    /// The track that was his last: tracks break where somebody is missed, he goes on.
    track: u64,
    confidence: f32,
    bbox: BBox,
    /// The box since which he keeps his place, and since when that is.
    place: BBox,
    #[serde(with = "micros")]
    settled: MediaTime,
    #[serde(with = "micros")]
    first_seen: MediaTime,
    #[serde(with = "micros")]
    last_seen: MediaTime,
    /// None once he is proven.
    trial: Option<Trial>,
    missed: Option<Missed>,
    /// He was seen to leave his place, and is remembered nowhere.
    left: bool,
}

/// Whether somebody is seen well enough to be remembered.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Trial {
    #[serde(with = "micros")]
    since: MediaTime,
    /// At how many looks he was seen, and how many there were.
    seen: u32,
    looks: u32,
}

impl Trial {
    fn is_well_seen(&self) -> bool {
        self.seen as f32 >= PROVEN_SHARE * self.looks as f32
    }
}

/// Since when somebody has been missed.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Missed {
    /// The first look at which he would have been seen: where he is not seen again, he is dated away back to here.
    pub since: When,
    /// How long, unknown time left out.
    pub passed: Duration,
    /// Whether too few others were seen at that look.
    pub matters: bool,
}

impl Occupants {
    /// Whether they can have been seen up to `until`.
    pub fn are_sound(&self, until: MediaTime) -> bool {
        let is_sound = |lost: &Lost| {
            lost.bbox.is_valid() && lost.first_seen <= lost.last_seen && lost.last_seen <= until
        };
        self.seen.len() <= MOST
            && self.seen.iter().all(|one| one.is_sound(until))
            && self.lost.len() <= MOST
            && self.lost.iter().all(is_sound)
    }

    /// Time passes that counts.
    pub fn pass(&mut self, passed: Duration) {
        for missed in self.seen.iter_mut().filter_map(|one| one.missed.as_mut()) {
            missed.passed = missed.passed.saturating_add(passed);
        }
    }

    /// Takes back time that turned out not to count.
    pub fn take_back(&mut self, span: Duration) {
        for missed in self.seen.iter_mut().filter_map(|one| one.missed.as_mut()) {
            missed.passed = missed.passed.saturating_sub(span);
        }
    }

    /// The post was manned from this look on: nobody is dated away further back.
    pub fn manned_since(&mut self, since: When, now: When) {
        let passed = now.at.since(since.at);
        for missed in self.seen.iter_mut().filter_map(|one| one.missed.as_mut()) {
            if missed.since.at < since.at {
                (missed.since, missed.passed) = (since, missed.passed.min(passed));
            }
        }
    }

    /// Takes in who was seen at a look, each once, and whether they are too few. `in_place` tells of two boxes that they are
    /// one person's who leans.
    pub fn follow(
        &mut self,
        people: &[Person],
        look: &Look,
        zone: &Polygon,
        memory: &Memory,
        too_few: bool,
        in_place: impl Fn(&BBox, &BBox) -> bool,
    ) {
        let at = look.observation.at;
        let mut new: Vec<&Person> = Vec::new();
        for person in people {
            let theirs = |one: &&mut Occupant| one.track == person.track && one.is_fresh(at, memory);
            match self.seen.iter_mut().find(theirs) {
                Some(one) => one.see(person, at, memory),
                None => new.push(person),
            }
        }
        for person in new {
            let is_same = |one: &&mut Occupant| {
                let was_there = one.last_seen < at && !one.left && one.is_fresh(at, memory);
                was_there && (is_same_place(&one.bbox, &person.bbox) || in_place(&one.bbox, &person.bbox))
            };
            if let Some(one) = self.seen.iter_mut().find(is_same) {
                one.see(person, at, memory);
            } else if self.seen.len() < MOST {
                let lost = self.lost.iter().position(|lost| is_same_place(&lost.bbox, &person.bbox));
                let lost = lost.map(|index| self.lost.remove(index));
                self.seen.push(Occupant::new(person, at, lost));
            }
        }
        for one in self.seen.iter_mut().filter(|one| one.last_seen < at) {
            one.miss(look, zone, too_few);
        }
        self.meet_again(at, memory);
    }

    /// Somebody new may be one who was missed before and has got up meanwhile, for tracks break where somebody walks. Until
    /// both are seen at one look they are one, who is where he was seen last: nobody is counted twice.
    fn meet_again(&mut self, at: MediaTime, memory: &Memory) {
        let mut new: Vec<(MediaTime, BBox)> = self
            .seen
            .iter()
            .filter(|one| one.last_seen == at)
            .map(|one| (one.first_seen, one.bbox))
            .collect();
        // Who came first has the fewest whom he may be.
        new.sort_by_key(|(began, _)| *began);
        let mut met = vec![false; self.seen.len()];
        for (began, bbox) in new {
            let may_be = |(one, met): &(&mut Occupant, &mut bool)| {
                !**met && one.last_seen < began && one.trial.is_none() && one.is_fresh(at, memory)
            };
            let all = self.seen.iter_mut().zip(&mut met).filter(may_be);
            let apart = |other: &BBox| {
                let (a, b) = (other.center(), bbox.center());
                (a.x - b.x).hypot(a.y - b.y)
            };
            let nearest = all.min_by(|(a, _), (b, _)| apart(&a.bbox).total_cmp(&apart(&b.bbox)));
            if let Some((one, met)) = nearest {
                (one.left, one.missed, *met) = (true, None, true);
                continue;
            }
            let lost = self.lost.iter().enumerate().filter(|(_, lost)| lost.last_seen < began);
            let nearest = lost.min_by(|(_, a), (_, b)| apart(&a.bbox).total_cmp(&apart(&b.bbox)));
            if let Some(index) = nearest.map(|(index, _)| index) {
                self.lost.remove(index);
            }
        }
    }

    /// Those who are missed and still there, as they were seen last.
    pub fn remembered(&self, at: MediaTime, memory: &Memory) -> Vec<Person> {
        let is_there = |one: &&Occupant| {
            one.last_seen < at && one.trial.is_none() && !one.left && one.is_fresh(at, memory)
        };
        let there = self.seen.iter().filter(is_there);
        there.map(|one| Person::new(one.track, one.confidence, one.bbox)).collect()
    }

    /// Since when `lacking` too few have been there, `there` being remembered: of all others who are missed, the last to be
    /// seen who would have made them enough.
    pub fn lacking_since(&self, lacking: u32, there: &[Person]) -> Option<Missed> {
        let dates = |one: &&Occupant| one.trial.is_none_or(|trial| trial.seen >= DATES_FROM);
        let is_there = |one: &&Occupant| there.iter().any(|person| person.track == one.track);
        let gone = self.seen.iter().filter(dates).filter(|one| !is_there(one));
        let mut missed: Vec<Missed> = gone.filter_map(|one| one.missed).collect();
        missed.sort_by_key(|missed| std::cmp::Reverse(missed.since.at));
        missed.get(usize::try_from(lacking).ok()?.checked_sub(1)?).copied()
    }

    /// Forgets who is of no use any more. Whom nobody could look for is kept: when he left is known once somebody can.
    pub fn forget(&mut self, at: MediaTime, clear: bool, memory: &Memory) {
        let lost = &mut self.lost;
        self.seen.retain(|one| {
            let is_fresh = one.is_fresh(at, memory);
            let stays = match one.trial {
                Some(trial) => trial.is_well_seen() && !one.left && is_fresh,
                None => is_fresh || !clear,
            };
            let was_there = one.trial.is_none_or(|trial| trial.seen >= DATES_FROM) && !one.left;
            if !stays && was_there {
                let Occupant { bbox, first_seen, last_seen, .. } = *one;
                lost.push(Lost { bbox, was_proven: one.trial.is_none(), first_seen, last_seen });
            }
            stays
        });
        lost.retain(|lost| at.since(lost.last_seen) <= memory.lasts.saturating_mul(LOST_TIMES));
        let surplus = lost.len().saturating_sub(MOST);
        lost.drain(..surplus);
    }

    /// Since when somebody is missed whose leaving may yet turn out to have left too few.
    pub fn doubted(&self) -> impl Iterator<Item = When> {
        self.missed().filter(|missed| missed.matters).map(|missed| missed.since)
    }

    /// Since when somebody is missed.
    pub fn missed(&self) -> impl Iterator<Item = Missed> {
        self.seen.iter().filter_map(|one| one.missed)
    }
}

impl Occupant {
    /// Somebody who is seen where another was lost, if that is so: the same.
    fn new(person: &Person, at: MediaTime, lost: Option<Lost>) -> Self {
        let given = if lost.as_ref().is_some_and(|lost| lost.was_proven) { GIVEN } else { 0 };
        Self {
            track: person.track,
            confidence: person.confidence,
            bbox: person.bbox,
            place: person.bbox,
            settled: at,
            first_seen: lost.map_or(at, |lost| lost.first_seen),
            last_seen: at,
            trial: Some(Trial { since: at, seen: 1 + given, looks: 1 + given }),
            missed: None,
            left: false,
        }
    }

    fn see(&mut self, person: &Person, at: MediaTime, memory: &Memory) {
        self.go_to(person.bbox, at);
        (self.track, self.confidence) = (person.track, person.confidence);
        (self.last_seen, self.missed, self.left) = (at, None, false);
        if let Some(trial) = &mut self.trial {
            (trial.seen, trial.looks) = (trial.seen.saturating_add(1), trial.looks.saturating_add(1));
            let is_proven = trial.seen >= PROVEN_BY && trial.is_well_seen();
            if is_proven && at.since(trial.since) >= memory.after {
                self.trial = None;
            }
        }
    }

    /// He is not among the people of a look: not found, not in the zone, or counted with another who hides him.
    fn miss(&mut self, look: &Look, zone: &Polygon, too_few: bool) {
        let track = look.seen().find(|(track, _)| track.id == self.track);
        if let Some((track, _)) = track {
            self.go_to(track.bbox, look.observation.at);
            self.left |= !is_in(zone, &track.bbox);
        }
        if !look.seeing.clarity.is_clear() {
            return;
        }
        if self.missed.is_none() {
            self.left |= self.last_seen.since(self.settled) < SETTLED;
            self.missed = Some(Missed { since: look.when(), passed: Duration::ZERO, matters: too_few });
        }
        if let Some(trial) = &mut self.trial {
            trial.looks = trial.looks.saturating_add(1);
        }
    }

    fn go_to(&mut self, bbox: BBox, at: MediaTime) {
        let wide = self.place.width().max(bbox.width());
        let is_half =
            is_one_person(&self.place, &bbox) && self.place.width().min(bbox.width()) >= AS_WIDE * wide;
        if !stands(&self.place, &bbox) && !is_half {
            (self.place, self.settled) = (bbox, at);
        }
        self.bbox = bbox;
    }

    /// Whether he was seen so lately that he may still be there.
    fn is_fresh(&self, at: MediaTime, memory: &Memory) -> bool {
        at.since(self.last_seen) <= memory.lasts
    }

    fn is_sound(&self, until: MediaTime) -> bool {
        let is_sound =
            |missed: &Missed| missed.since.at <= until && missed.passed <= until.since(missed.since.at);
        self.first_seen <= self.last_seen
            && self.settled >= self.first_seen
            && self.last_seen <= until
            && self.settled <= until
            && self.confidence.is_finite()
            && self.bbox.is_valid()
            && self.place.is_valid()
            && self.trial.is_none_or(|trial| trial.seen <= trial.looks && trial.since <= until)
            && self.missed.as_ref().is_none_or(is_sound)
    }
}

/// Whether a box is of the post.
pub(super) fn is_in(zone: &Polygon, bbox: &BBox) -> bool {
    zone.contains(bbox.anchor()) || zone.contains(bbox.center())
}

fn is_same_place(a: &BBox, b: &BBox) -> bool {
    a.iou(b) >= SAME_PLACE || is_one_person(a, b)
}
