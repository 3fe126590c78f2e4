use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::one_person::{are_neighbours, is_one_person, is_row, is_weak_part};
use crate::{
    domain::{Class, MediaTime, micros},
    geometry::{BBox, Polygon},
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
/// many of the latest looks is one person at the looks between, too, at which only two of its boxes are found.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct People {
    rows: Vec<Row>,
    /// Tracks that were seen away from all others, and at how many looks.
    apart: Vec<(u64, u8)>,
    #[serde(with = "micros::optional")]
    last: Option<MediaTime>,
}

/// One person who was found as a row of boxes.
#[derive(Debug, Serialize, Deserialize)]
struct Row {
    extent: BBox,
    /// At which share of the latest looks.
    share: f32,
}

/// Somebody at this look.
#[derive(Debug, Clone, Copy)]
struct Person {
    track: u64,
    confidence: f32,
    bbox: BBox,
    /// Boxes with the same number belong together.
    group: usize,
}

impl People {
    /// Whether they can have been counted up to `until`.
    pub fn are_sound(&self, until: MediaTime) -> bool {
        let is_sound = |row: &Row| row.extent.is_valid() && (0.0..=2.0).contains(&row.share);
        self.rows.len() <= MOST
            && self.rows.iter().all(is_sound)
            && self.apart.len() <= MOST_TRACKS
            && self.last.is_none_or(|last| last <= until)
    }

    /// How many things of these classes stand or sit in the zone.
    pub fn count(&mut self, look: &Look, classes: &[Class], zone: &Polygon) -> u32 {
        let passed = self.last.map_or(Duration::ZERO, |last| look.observation.at.since(last));
        self.last = Some(look.observation.at);
        self.apart.retain(|(id, _)| look.tracks.iter().any(|track| track.id == *id));
        let mut people = self.told_apart(look, classes, zone);
        self.note_apart(&people);
        let rows = rows(&mut people);
        self.follow(&people, &rows, passed);
        self.sum(&people, &rows)
    }

    /// The people at this look, surest first, without boxes that are surely parts of others.
    fn told_apart(&self, look: &Look, classes: &[Class], zone: &Polygon) -> Vec<Person> {
        let mut seen: Vec<Person> = look
            .seen()
            .filter(|(_, d)| classes.contains(&d.class))
            .filter(|(_, d)| zone.contains(d.bbox.anchor()) || zone.contains(d.bbox.center()))
            .map(|(track, d)| Person { track: track.id, confidence: d.confidence, bbox: d.bbox, group: 0 })
            .collect();
        seen.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        let mut people: Vec<Person> = Vec::with_capacity(seen.len());
        for one in seen {
            let is_known = self.is_known(one.track);
            let is_part = |other: &Person| {
                is_one_person(&one.bbox, &other.bbox)
                    || (!is_known && is_weak_part(&one.bbox, one.confidence, &other.bbox))
            };
            if !people.iter().any(is_part) {
                people.push(Person { group: people.len(), ..one });
            }
        }
        people
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

    /// How many they are: of a row one, or as many as are known.
    fn sum(&self, people: &[Person], rows: &[usize]) -> u32 {
        let mut counted: Vec<(Belongs, u32)> = Vec::new();
        let mut count: u32 = 0;
        for one in people {
            let belongs = match self.row_of(&one.bbox, BELIEVED) {
                Some(row) => Belongs::Remembered(row),
                None if rows.contains(&one.group) => Belongs::Seen(one.group),
                None => {
                    count = count.saturating_add(1);
                    continue;
                }
            };
            let known = u32::from(self.is_known(one.track));
            match counted.iter_mut().find(|(row, _)| *row == belongs) {
                Some((_, people)) => *people = people.saturating_add(known),
                None => counted.push((belongs, known)),
            }
        }
        counted.iter().fold(count, |count, (_, known)| count.saturating_add((*known).max(1)))
    }
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
