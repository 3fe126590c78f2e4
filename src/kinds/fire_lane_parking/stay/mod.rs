mod absence;
mod adrift;
mod close;
mod creep;
mod identity;
mod sound;

use std::time::Duration;

use absence::Absence;
pub(crate) use absence::Unseen;
use close::{CLOSE_FOR, Close};
use creep::Creep;
use serde::{Deserialize, Serialize};

use super::{
    boxing::cut_otherwise,
    departure::{Departure, ELSEWHERE},
    vehicle::Vehicle,
};
use crate::{
    domain::{Class, MediaTime, Phase, Thumbnail, When, micros},
    geometry::BBox,
    rules::{Finding, Prospect, similarity},
};

/// How alike what stands looks from one look to the next; passing traffic that is boxed in one place does not.
const ALIKE: f32 = 0.85;
/// Share of looks that must be alike. A passer-by spoils some.
const ALIKE_SHARE: f32 = 0.5;
/// Looks that must have been compared before something is taken for traffic because they are not.
const COMPARED_LOOKS: u32 = 4;
/// The place of a stay is the median of its first boxes, so that one odd box at the beginning does not set it.
const BOXES_OF_PLACE: usize = 5;
/// Looks and time after which a vehicle has taken a place for certain.
const SETTLED_LOOKS: u32 = 3;
const SETTLED_FOR: Duration = Duration::from_secs(2);
/// Share of the looks at which the place could be seen that must show the vehicle before it is reported.
const SHOWN_SHARE: f32 = 0.4;
/// Below this share it is no standing vehicle but traffic that passes.
const TRAFFIC_SHARE: f32 = 0.25;
const TRAFFIC_LOOKS: u32 = 8;

/// Something standing at a place: candidate, standing, violation or clearing, by what it has been through. It
/// belongs to the place and to what stands there, not to a track.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Stay {
    pub started: When,
    /// Names the place: the first box.
    name: String,
    /// Where it stands.
    pub place: BBox,
    first_boxes: Vec<BBox>,
    /// Its box at the last look that showed it.
    boxed: BBox,
    /// The track it was last seen as: a hint only.
    track: u64,
    view: View,
    first_look: Option<Thumbnail>,
    last_look: Option<Thumbnail>,
    /// The last look at it that cut out more or less of it than its place.
    other_look: Option<Thumbnail>,
    pub last_seen: When,
    /// How long it has stood, gaps and unusable pictures left out.
    pub stood: Duration,
    /// Whether the time after the last look counts.
    counting: bool,
    /// Looks that showed it, of those that could have, and of these those that showed it in the zone.
    shown: u32,
    looks: u32,
    inside: u32,
    close: Close,
    creep: Creep,
    /// When one of the tracks that lately showed it was last seen somewhere else.
    #[serde(with = "micros::optional")]
    moved_on: Option<MediaTime>,
    /// Looks compared with those before, and of these those that were alike.
    compared: u32,
    alike: u32,
    /// None while it is seen.
    absence: Option<Absence>,
    /// Not seen since a gap.
    after_gap: bool,
    /// While not seen here, its track was seen elsewhere.
    drove_off: bool,
    departure: Departure,
    footing: Footing,
    pub warned: bool,
    pub raised: Option<When>,
    #[serde(with = "micros")]
    pub notified: MediaTime,
}

/// What is told of a vehicle.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct View {
    class: Class,
    confidence: f32,
    bbox: BBox,
}

/// How a stay stands to its place, since the camera may be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Footing {
    /// Its place is where it was seen.
    Placed,
    /// The camera was moved, so nobody knows where in the picture its place is now.
    Adrift,
    /// It was found when the camera had just been moved, and may have stood outside the zone before: never reported.
    Barred,
}

impl Stay {
    pub fn new(vehicle: Vehicle, inside: bool, now: When) -> Self {
        let Vehicle { track, detection } = vehicle;
        Self {
            started: now,
            name: name_of(&detection.bbox),
            place: detection.bbox,
            first_boxes: vec![detection.bbox],
            boxed: detection.bbox,
            track: track.id,
            view: View { class: track.class, confidence: detection.confidence, bbox: detection.bbox },
            first_look: detection.appearance.clone(),
            last_look: detection.appearance.clone(),
            other_look: None,
            last_seen: now,
            stood: Duration::ZERO,
            counting: true,
            shown: 1,
            looks: 1,
            inside: u32::from(inside),
            close: Close::begun(now.at, track.id, detection.bbox),
            creep: Creep::begun(detection.bbox),
            moved_on: None,
            compared: 0,
            alike: 0,
            absence: None,
            after_gap: false,
            drove_off: false,
            departure: Departure::default(),
            footing: Footing::Placed,
            warned: false,
            raised: None,
            notified: now.at,
        }
    }

    /// Adds the time since the last look to what that look said.
    pub fn pass(&mut self, passed: Duration, after_gap: bool) {
        self.after_gap |= after_gap;
        if self.counting {
            self.stood = self.stood.saturating_add(passed);
        }
        if let Some(absence) = &mut self.absence {
            match absence.last {
                Unseen::Empty => absence.empty_for = absence.empty_for.saturating_add(passed),
                Unseen::Covered => absence.covered_for = absence.covered_for.saturating_add(passed),
                Unseen::Unknown => {}
            }
        }
    }

    /// The picture stands still: nothing counts from here on, nor did the last `span`.
    pub fn freeze(&mut self, span: Duration) {
        self.stood = self.stood.saturating_sub(span);
        self.counting = false;
        if let Some(absence) = &mut self.absence {
            absence.empty_for = absence.empty_for.saturating_sub(span);
            absence.last = Unseen::Unknown;
        }
    }

    /// It is seen, in the box of its place or in another.
    pub fn seen(&mut self, vehicle: Vehicle, inside: bool, now: When) {
        let Vehicle { track, detection } = vehicle;
        self.boxed = detection.bbox;
        self.track = track.id;
        let otherwise = cut_otherwise(&self.place, &detection.bbox);
        self.creep.note(detection.bbox, otherwise, now.at);
        if otherwise {
            self.seen_otherwise(detection.appearance.as_ref());
            // Its place stays where it is, however it is boxed.
            self.note_seen(self.place, inside, now);
            return;
        }
        if self.first_boxes.len() < BOXES_OF_PLACE {
            self.first_boxes.push(detection.bbox);
            self.place = median(&self.first_boxes);
        }
        if let Some(alike) = self.likeness(detection.appearance.as_ref()) {
            self.compared = self.compared.saturating_add(1);
            self.alike = self.alike.saturating_add(u32::from(alike >= ALIKE));
        }
        if self.raised.is_none() {
            if detection.confidence >= self.view.confidence {
                (self.view.class, self.view.confidence) = (detection.class, detection.confidence);
            }
            self.view.bbox = detection.bbox;
        }
        if detection.appearance.is_some() {
            self.last_look.clone_from(&detection.appearance);
            if self.first_look.is_none() {
                self.first_look.clone_from(&detection.appearance);
            }
        }
        self.note_seen(detection.bbox, inside, now);
    }

    /// Compares a look that cut out another picture of it with the last of that kind.
    fn seen_otherwise(&mut self, appearance: Option<&Thumbnail>) {
        let Some(appearance) = appearance else { return };
        if let Some(alike) = self.other_look.as_ref().and_then(|known| similarity(known, appearance)) {
            self.compared = self.compared.saturating_add(1);
            self.alike = self.alike.saturating_add(u32::from(alike >= ALIKE));
        }
        self.other_look = Some(appearance.clone());
    }

    fn note_seen(&mut self, bbox: BBox, inside: bool, now: When) {
        self.last_seen = now;
        if self.is_adrift() {
            self.footing = Footing::Placed;
        }
        self.counting = true;
        self.looks = self.looks.saturating_add(1);
        self.shown = self.shown.saturating_add(1);
        self.inside = self.inside.saturating_add(u32::from(inside));
        self.close.note(now.at, Some((self.track, bbox)));
        (self.absence, self.after_gap, self.drove_off) = (None, false, false);
        self.departure = Departure::default();
    }

    /// Notes where one of the tracks that lately showed it is now seen somewhere else: then it is no parked vehicle
    /// but one of many that follow each other.
    pub fn follow(&mut self, vehicles: &[Vehicle], at: MediaTime) {
        let elsewhere = |v: &Vehicle| {
            self.place.iou(&v.detection.bbox) < ELSEWHERE
                && self.close.was_shown_by(v.track.id)
                && !self.is_boxed_by(v)
        };
        if vehicles.iter().any(elsewhere) {
            self.moved_on = Some(at);
        }
    }

    /// Whether it will be reported soon after `after`, so that it is to be looked at closely.
    pub fn is_due(&self, after: Duration) -> bool {
        self.stood >= after.saturating_sub(CLOSE_FOR.min(after / 2))
            && self.shown >= 2
            && self.is_mostly_inside()
            && self.shown as f32 >= SHOWN_SHARE * self.looks as f32
    }

    /// Whether it was never more than something passing.
    pub fn is_traffic(&self) -> bool {
        let passed_by = self.drove_off && self.shown == 1;
        let rare = self.looks >= TRAFFIC_LOOKS && (self.shown as f32) < TRAFFIC_SHARE * self.looks as f32;
        let changing = self.compared >= COMPARED_LOOKS && !self.looks_alike();
        !self.is_notified() && (passed_by || rare || changing || self.close.vanishes())
    }

    /// Whether most looks that showed it showed it in the zone.
    fn is_mostly_inside(&self) -> bool {
        u64::from(self.inside) * 2 >= u64::from(self.shown)
    }

    fn looks_alike(&self) -> bool {
        self.alike as f32 >= ALIKE_SHARE * self.compared as f32
    }

    /// Whether it is seen at this look, mostly in the zone, shown by enough looks, and looks like itself.
    pub fn is_evident(&self) -> bool {
        self.absence.is_none()
            && self.footing != Footing::Barred
            && self.is_mostly_inside()
            && self.looks_alike()
            && self.close.is_shown()
            && self.close.keeps_still()
            && !self.is_creeping()
            && self.moved_on.is_none_or(|at| self.last_seen.at.since(at) > CLOSE_FOR)
            && self.shown as f32 >= SHOWN_SHARE * self.looks as f32
    }

    /// Whether it has stood long enough, and was shown often enough, to be more than something passing.
    pub fn has_settled(&self) -> bool {
        self.is_notified()
            || (self.shown >= SETTLED_LOOKS
                && self.stood >= SETTLED_FOR
                && self.shown as f32 >= SHOWN_SHARE * self.looks as f32)
    }

    /// Whether anybody has been told of it.
    pub fn is_notified(&self) -> bool {
        self.warned || self.raised.is_some()
    }

    pub fn finding(&self, phase: Phase, at: When, ended_unknown: bool) -> Finding {
        Finding {
            phase,
            started: self.started,
            at,
            raised: self.raised,
            class: Some(self.view.class),
            confidence: Some(self.view.confidence),
            bbox: Some(self.view.bbox),
            count: None,
            place: self.name.clone(),
            last_seen: None,
            ended_unknown,
        }
    }

    /// What it may become; none where it has become that, or never will.
    pub fn prospect(&self) -> Option<Prospect<'_>> {
        let may_be = self.raised.is_none() && self.footing != Footing::Barred;
        let (class, bbox) = (Some(self.view.class), Some(self.view.bbox));
        may_be.then_some(Prospect { started: self.started, place: &self.name, class, bbox })
    }

    /// Every moment that may yet be told of it.
    pub fn moments(&self) -> impl Iterator<Item = When> {
        let empty = self.absence.as_ref().and_then(|absence| absence.since).map(|(when, _)| when);
        [self.started, self.last_seen].into_iter().chain(self.raised).chain(empty)
    }

    /// Tells once more of a violation that was not over when the recording was: with the look that showed it last. What was
    /// only warned about will be none any more, and ends.
    pub fn unfinished(&self) -> Finding {
        if self.raised.is_none() {
            return self.finding(Phase::Ended, self.last_seen, true);
        }
        Finding { last_seen: Some(self.last_seen), ..self.finding(Phase::Raised, self.last_seen, false) }
    }
}

/// A place is named by the first box of what stands there.
fn name_of(b: &BBox) -> String {
    format!("{:.4} {:.4} {:.4} {:.4}", b.left, b.top, b.right, b.bottom)
}

/// The box of the medians of each edge. Of none, an empty box.
fn median(boxes: &[BBox]) -> BBox {
    let middle = |edge: fn(&BBox) -> f32| {
        let mut edges: Vec<f32> = boxes.iter().map(edge).collect();
        edges.sort_by(f32::total_cmp);
        edges.get(edges.len() / 2).copied().unwrap_or(0.0)
    };
    BBox::new(middle(|b| b.left), middle(|b| b.top), middle(|b| b.right), middle(|b| b.bottom))
}
