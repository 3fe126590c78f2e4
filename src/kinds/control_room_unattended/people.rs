use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    occupants::{Memory, Missed, Occupants, is_in},
    one_person::{are_neighbours, is_one_person, is_row, is_weak_part},
    person::Person,
    settings::ControlRoomUnattended,
};
use crate::{
    domain::{MediaTime, micros},
    geometry::BBox,
    rules::Look,
    track::MOST_TRACKS,
};

/// Time over which it is averaged at which share of looks somebody was seen as such a row.
const AVERAGED_OVER: Duration = Duration::from_secs(5);
/// The share from which on all boxes there are one person at every look: the middle one may be missed. It is less than
/// half since one who is counted twice hides that the other is away, and two counted as one are only looked after in vain.
const BELIEVED: f32 = 0.3;
/// The share with which a row begins, so that one look alone is not believed for longer.
const BEGINS: f32 = 0.2;
/// The share below which it is forgotten.
const FORGOTTEN: f32 = 0.05;
/// Most rows that are remembered, the newest ones.
const MOST: usize = 16;
/// Overlap of a row with where it was.
const SAME_PLACE: f32 = 0.3;
/// Share of a box that must lie where a row is for it to belong to it.
const BELONGS: f32 = 0.8;
/// Looks at which somebody must have been seen away from all others to be known as a person.
const KNOWN_FROM: u8 = 2;

/// Counts the people of a post, each once.
///
/// What shows one person at a single look is told by the boxes alone (`one_person`). Three or more boxes in a row are one
/// as well, unless they were seen apart before: people come one by one, arms and legs do not. A row that was there at
/// many of the latest looks is one person at the looks between, too, at which only two of its boxes are found. Who sat there
/// some seconds ago and is missed is counted as if he were seen (`occupants`).
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct People {
    rows: Vec<Row>,
    /// Tracks that were seen away from all others, and at how many looks.
    apart: Vec<(u64, u8)>,
    #[serde(with = "micros::optional")]
    last: Option<MediaTime>,
    occupants: Occupants,
}

/// How many are there at a look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted {
    /// How many are seen.
    pub seen: u32,
    /// How many are there, with those who are missed and remembered.
    pub there: u32,
    /// Where too few are there: the look since which it is so, where that is an earlier one.
    pub short_since: Option<Missed>,
}

/// One person who was found as a row of boxes.
#[derive(Debug, Serialize, Deserialize)]
struct Row {
    extent: BBox,
    /// At which share of the latest looks.
    share: f32,
}

impl People {
    /// Whether they can have been counted up to `until`.
    pub fn are_sound(&self, until: MediaTime) -> bool {
        let is_sound = |row: &Row| row.extent.is_valid() && (0.0..=2.0).contains(&row.share);
        self.rows.len() <= MOST
            && self.rows.iter().all(is_sound)
            && self.apart.len() <= MOST_TRACKS
            && self.last.is_none_or(|last| last <= until)
            && self.occupants.are_sound(until)
    }

    /// How many people stand or sit in the zone. `passed` is the time since the look before, as far as it counts.
    pub fn count(
        &mut self,
        look: &Look,
        keys: &ControlRoomUnattended,
        passed: Duration,
        memory: &Memory,
    ) -> Counted {
        let (at, clarity) = (look.observation.at, look.seeing.clarity);
        let since_last = self.last.map_or(Duration::ZERO, |last| at.since(last));
        self.last = Some(at);
        self.apart.retain(|(id, _)| look.tracks.iter().any(|track| track.id == *id));
        self.occupants.pass(passed);
        let mut people = self.told_apart(look, keys);
        self.note_apart(&people);
        let rows = rows(&mut people);
        self.follow(&people, &rows, since_last);
        let once = self.each_once(&people, &rows);
        let seen = number(&once);
        if clarity.is_frozen() {
            return Counted { seen, there: seen, short_since: None };
        }
        let mut occupants = std::mem::take(&mut self.occupants);
        let in_place = |a: &BBox, b: &BBox| {
            let row = self.row_of(a, FORGOTTEN);
            row.is_some() && row == self.row_of(b, FORGOTTEN)
        };
        occupants.follow(&once, look, &keys.zone, memory, seen < keys.required, in_place);
        let remembered = occupants.remembered(at, memory);
        let there = self.with(people, &remembered);
        let short_since = occupants.lacking_since(keys.required.saturating_sub(there), &remembered);
        occupants.forget(at, clarity.is_clear(), memory);
        self.occupants = occupants;
        Counted { seen, there, short_since }
    }

    /// Who was missed, and may yet turn out to be gone.
    pub fn occupants(&self) -> &Occupants {
        &self.occupants
    }

    /// The same, for times that change.
    pub fn occupants_mut(&mut self) -> &mut Occupants {
        &mut self.occupants
    }

    /// How many they are with these, who are not seen.
    fn with(&self, mut people: Vec<Person>, remembered: &[Person]) -> u32 {
        for one in remembered {
            if !self.is_part(one, &people) {
                people.push(*one);
            }
        }
        people.iter_mut().enumerate().for_each(|(group, one)| one.group = group);
        let rows = rows(&mut people);
        number(&self.each_once(&people, &rows))
    }

    /// The people at this look, surest first, without boxes that are surely parts of others.
    fn told_apart(&self, look: &Look, keys: &ControlRoomUnattended) -> Vec<Person> {
        let mut seen: Vec<Person> = look
            .seen()
            .filter(|(_, d)| keys.classes.contains(&d.class) && is_in(&keys.zone, &d.bbox))
            .map(|(track, d)| Person::new(track.id, d.confidence, d.bbox))
            .collect();
        seen.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        let mut people: Vec<Person> = Vec::with_capacity(seen.len());
        for one in seen {
            if !self.is_part(&one, &people) {
                people.push(Person { group: people.len(), ..one });
            }
        }
        people
    }

    /// Whether somebody's box is surely a part of one of those who were seen better.
    fn is_part(&self, one: &Person, people: &[Person]) -> bool {
        let is_known = self.is_known(one.track);
        people.iter().any(|other| {
            is_one_person(&one.bbox, &other.bbox)
                || (!is_known && is_weak_part(&one.bbox, one.confidence, &other.bbox))
        })
    }

    fn is_known(&self, track: u64) -> bool {
        self.apart.iter().any(|(id, looks)| *id == track && *looks >= KNOWN_FROM)
    }

    /// Notes who is a whole width away from everybody else, while somebody else is there: a part of a person is seen by itself as
    /// well where the rest is missed, but not far from it.
    fn note_apart(&mut self, people: &[Person]) {
        for one in people {
            let b = one.bbox;
            let around = BBox::new(b.left - b.width(), b.top, b.right + b.width(), b.bottom);
            let is_near = |other: &Person| other.track != one.track && around.intersects(&other.bbox);
            if people.len() < 2 || people.iter().any(is_near) || self.row_of(&b, FORGOTTEN).is_some() {
                continue;
            }
            match self.apart.iter_mut().find(|(id, _)| *id == one.track) {
                Some((_, looks)) => *looks = looks.saturating_add(1),
                None => self.apart.push((one.track, 1)),
            }
        }
    }

    /// The row to which a box belongs, of those seen at this share of looks.
    fn row_of(&self, bbox: &BBox, least: f32) -> Option<usize> {
        self.rows.iter().position(|row| row.share >= least && bbox.share_within(&row.extent) >= BELONGS)
    }

    /// Remembers where rows are. `rows` has the group of each at this look.
    fn follow(&mut self, people: &[Person], rows: &[usize], passed: Duration) {
        let step = (passed.as_secs_f32() / AVERAGED_OVER.as_secs_f32()).min(1.0);
        for row in &mut self.rows {
            row.share -= row.share * step;
        }
        for group in rows {
            let Some(extent) = boxes(people, *group).reduce(|all, one| all.union(&one)) else { continue };
            match self.rows.iter_mut().find(|row| row.extent.iou(&extent) >= SAME_PLACE) {
                Some(row) => (row.extent, row.share) = (extent, row.share + step),
                None => self.rows.push(Row { extent, share: BEGINS }),
            }
        }
        self.rows.retain(|row| row.share >= FORGOTTEN);
        let surplus = self.rows.len().saturating_sub(MOST);
        self.rows.drain(..surplus);
    }

    /// All of them, each once: of a row one, or those who are known.
    fn each_once(&self, people: &[Person], rows: &[usize]) -> Vec<Person> {
        let mut counted: Vec<(Belongs, Vec<Person>)> = Vec::new();
        let mut once: Vec<Person> = Vec::new();
        for one in people {
            let belongs = match self.row_of(&one.bbox, BELIEVED) {
                Some(row) => Belongs::Remembered(row),
                None if rows.contains(&one.group) => Belongs::Seen(one.group),
                None => {
                    once.push(*one);
                    continue;
                }
            };
            match counted.iter_mut().find(|(row, _)| *row == belongs) {
                Some((_, of_row)) => of_row.push(*one),
                None => counted.push((belongs, vec![*one])),
            }
        }
        for (_, of_row) in &counted {
            let known = of_row.iter().filter(|one| self.is_known(one.track));
            let before = once.len();
            once.extend(known);
            if once.len() == before {
                once.extend(of_row.first());
            }
        }
        once
    }
}

fn number(people: &[Person]) -> u32 {
    u32::try_from(people.len()).unwrap_or(u32::MAX)
}

/// Which row a box belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Belongs {
    /// One that was there before.
    Remembered(usize),
    /// One of this look alone, by its group.
    Seen(usize),
}

/// The boxes of a group.
fn boxes(people: &[Person], group: usize) -> impl Iterator<Item = BBox> + Clone {
    people.iter().filter(move |one| one.group == group).map(|one| one.bbox)
}

/// Puts neighbours into one group, and tells the groups that are rows.
fn rows(people: &mut [Person]) -> Vec<usize> {
    for i in 0..people.len() {
        for j in 0..i {
            let (Some(a), Some(b)) = (people.get(i).copied(), people.get(j).copied()) else { continue };
            if a.group != b.group && are_neighbours(&a.bbox, &b.bbox) {
                people.iter_mut().filter(|one| one.group == a.group).for_each(|one| one.group = b.group);
            }
        }
    }
    let mut groups: Vec<usize> = people.iter().map(|one| one.group).collect();
    groups.sort_unstable();
    groups.dedup();
    groups.retain(|group| is_row(boxes(people, *group)));
    groups
}
