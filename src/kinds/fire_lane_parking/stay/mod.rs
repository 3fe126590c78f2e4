mod adrift;
mod close;

use std::time::Duration;

use close::{CLOSE_FOR, Close};

use super::{
    boxing::{cut_otherwise, one_vehicle},
    departure::{Departure, ELSEWHERE},
    vehicle::Vehicle,
};
use crate::{
    domain::{Class, MediaTime, Phase, Thumbnail, Track, When},
    geometry::BBox,
    rules::{Finding, similarity},
    track::stands,
};

/// How alike a vehicle must look to be the one that stood here before the place was seen without it.
const SAME_AGAIN: f32 = 0.75;
/// How alike where something also says that it is another: it drove up, or the old one was seen driving off.
const SAME_FOR_SURE: f32 = 0.85;
/// How alike what stands looks from one look to the next; passing traffic that is boxed in one place does not.
const ALIKE: f32 = 0.85;
/// Share of looks that must be alike. A passer-by spoils some.
const ALIKE_SHARE: f32 = 0.5;
/// Looks that must have been compared before something is taken for traffic because they are not.
const COMPARED_LOOKS: u32 = 4;
/// Time without a look within which no vehicle can leave and another take its place.
const SWAP_TAKES: Duration = Duration::from_secs(6);
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
#[derive(Debug)]
pub(crate) struct Stay {
    pub started: When,
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
    /// Looks that showed it, of those that could have, and of these those with its anchor in the zone.
    shown: u32,
    looks: u32,
    inside: u32,
    close: Close,
    /// When one of the tracks that lately showed it was last seen somewhere else.
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
    pub notified: MediaTime,
}

/// What is told of a vehicle.
#[derive(Debug, Clone, Copy)]
struct View {
    class: Class,
    confidence: f32,
    bbox: BBox,
}

/// How a stay stands to its place, since the camera may be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Footing {
    /// Its place is where it was seen.
    Placed,
    /// The camera was moved, so nobody knows where in the picture its place is now.
    Adrift,
    /// It was found when the camera had just been moved, and may have stood outside the zone before: never reported.
    Barred,
}

/// A stay's vehicle is not seen.
#[derive(Debug, Default)]
struct Absence {
    /// The first look that showed the place without it, and whether that came after a gap.
    since: Option<(When, bool)>,
    /// How long the place has been seen without it.
    empty_for: Duration,
    /// How long something was in front of it.
    covered_for: Duration,
    /// Looks at which the place was empty.
    empty_looks: u32,
    last: Unseen,
}

/// Why a look did not show a stay's vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Unseen {
    /// The place was seen, and it was not there.
    Empty,
    /// Something stood or passed in front of it.
    Covered,
    /// The picture could not tell.
    #[default]
    Unknown,
}

impl Stay {
    pub fn new(vehicle: Vehicle, inside: bool, now: When) -> Self {
        let Vehicle { track, detection } = vehicle;
        Self {
            started: now,
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

    /// How well `vehicle` fits: overlap and likeness, 0 to 2, or none where it is another or elsewhere.
    pub fn fits(&self, vehicle: Vehicle, at: MediaTime) -> Option<f32> {
        let bbox = &vehicle.detection.bbox;
        if !(stands(&self.place, bbox) && self.view.class.may_be(vehicle.detection.class)) {
            return None;
        }
        let alike = self.likeness(vehicle.detection.appearance.as_ref());
        let interrupted = self.is_interrupted(at);
        if interrupted {
            let another = self.drove_up(vehicle) || self.drove_off;
            let least = if another { SAME_FOR_SURE } else { SAME_AGAIN };
            // Without an appearance, a place that was long seen empty is believed to have been left.
            let left = self.absence.as_ref().is_some_and(|absence| absence.empty_for >= SWAP_TAKES);
            if alike.map_or(another || left, |alike| alike < least) {
                return None;
            }
        }
        let unknown = if interrupted { 0.5 } else { 0.9 };
        Some(self.place.iou(bbox) + alike.unwrap_or(unknown).max(0.0))
    }

    /// Whether another may have taken its place since it was seen last.
    fn is_interrupted(&self, at: MediaTime) -> bool {
        self.absence.is_some() || self.after_gap || at.since(self.last_seen.at) > SWAP_TAKES
    }

    fn drove_up(&self, vehicle: Vehicle) -> bool {
        let track = vehicle.track;
        track.still_since > track.first_seen.max(self.last_seen.at)
    }

    /// Whether `vehicle` is this stay's vehicle in another box, whatever else shows it at this look.
    pub fn is_boxed_by(&self, vehicle: &Vehicle) -> bool {
        let bbox = &vehicle.detection.bbox;
        self.view.class.may_be(vehicle.detection.class)
            && (one_vehicle(&self.place, bbox) || one_vehicle(&self.boxed, bbox))
    }

    /// Whether `vehicle`, in another box, shows that this stay's vehicle is still there. It does not say so by its looks,
    /// so no other may have had the time to take the place.
    pub fn goes_on_as(&self, vehicle: &Vehicle, at: MediaTime) -> bool {
        // A box that cuts out the same picture says by its looks whose it is.
        cut_otherwise(&self.place, &vehicle.detection.bbox)
            && self.view.class.may_be(vehicle.detection.class)
            && !self.drove_off
            && !self.after_gap
            && at.since(self.last_seen.at) <= SWAP_TAKES
            && (self.track == vehicle.track.id || !self.drove_up(*vehicle))
    }

    /// Whether `other` is this stay once more: it was begun by another box of its vehicle.
    pub fn is_double(&self, other: &Self) -> bool {
        self.absence.is_none()
            && self.view.class.may_be(other.view.class)
            && one_vehicle(&self.place, &other.place)
    }

    /// Likeness to how it looked first or last, whichever is greater.
    fn likeness(&self, appearance: Option<&Thumbnail>) -> Option<f32> {
        let appearance = appearance?;
        [&self.first_look, &self.last_look, &self.other_look]
            .into_iter()
            .flatten()
            .filter_map(|known| similarity(known, appearance))
            .max_by(f32::total_cmp)
    }

    /// It is seen, in the box of its place or in another.
    pub fn seen(&mut self, vehicle: Vehicle, inside: bool, now: When) {
        let Vehicle { track, detection } = vehicle;
        self.boxed = detection.bbox;
        self.track = track.id;
        if cut_otherwise(&self.place, &detection.bbox) {
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

    /// It is not seen. Something in front of it counts as the place being empty once it has been there for
    /// `covered_most`.
    pub fn unseen(&mut self, why: Unseen, now: When, covered_most: Duration) {
        let after_gap = self.after_gap;
        let absence = self.absence.get_or_insert_default();
        let why = match why {
            Unseen::Covered if absence.covered_for >= covered_most => Unseen::Empty,
            why => why,
        };
        absence.last = why;
        self.counting = why != Unseen::Unknown;
        if why == Unseen::Empty {
            absence.since.get_or_insert((now, after_gap));
            absence.empty_looks = absence.empty_looks.saturating_add(1);
            self.looks = self.looks.saturating_add(1);
            self.close.note(now.at, None);
        }
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

    /// Whether its vehicle was not seen at the last look.
    pub fn is_absent(&self) -> bool {
        self.absence.is_some()
    }

    /// Whether it will be reported soon after `after`, so that it is to be looked at closely.
    pub fn is_due(&self, after: Duration) -> bool {
        self.stood >= after.saturating_sub(CLOSE_FOR.min(after / 2))
            && self.shown >= 2
            && self.is_mostly_inside()
            && self.shown as f32 >= SHOWN_SHARE * self.looks as f32
    }

    /// It is not seen here: perhaps it is seen elsewhere.
    pub fn watch_for(&mut self, vehicles: &[Vehicle], tracks: &[Track], now: MediaTime) {
        self.drove_off |= vehicles.iter().any(|v| {
            v.track.id == self.track && !stands(&self.place, &v.detection.bbox) && !self.is_boxed_by(v)
        });
        let mut departure = std::mem::take(&mut self.departure);
        departure.look(
            (self.track, &self.place, &self.boxed),
            vehicles,
            (tracks, self.last_seen.at, now),
            |vehicle| self.likeness(vehicle.detection.appearance.as_ref()),
        );
        self.departure = departure;
    }

    /// Whether `vehicle` is what this stay's vehicle has been followed to.
    pub fn is_track(&self, track: &Track) -> bool {
        self.track == track.id
    }

    /// When it ended, where it was seen to leave or the place has been seen without it for `occlusion`, and whether
    /// nobody could look when it may have ended.
    pub fn ended(&self, occlusion: Duration) -> Option<(When, bool)> {
        let absence = self.absence.as_ref().filter(|_| !self.is_adrift())?;
        let over = absence.empty_for >= occlusion || self.was_seen_to_leave();
        absence.since.filter(|_| absence.last == Unseen::Empty && over)
    }

    fn was_seen_to_leave(&self) -> bool {
        self.absence.as_ref().is_some_and(|absence| self.departure.is_seen(absence.empty_looks))
    }

    /// Whether its vehicle, not seen for long, is now seen in its place again: `vehicle` looks like it and did not drive
    /// up. Light or weather hid it, or the detector missed it.
    pub fn is_taken_up_by(&self, vehicle: Vehicle) -> bool {
        let least = if self.was_seen_to_leave() || self.drove_off { SAME_FOR_SURE } else { SAME_AGAIN };
        stands(&self.place, &vehicle.detection.bbox)
            && self.view.class.may_be(vehicle.detection.class)
            && !self.drove_up(vehicle)
            && self.likeness(vehicle.detection.appearance.as_ref()).is_some_and(|alike| alike >= least)
    }

    /// When it ended, given that `other` now stands in its place.
    pub fn replaced_by(&self, other: &Self) -> Option<(When, bool)> {
        let absence = self.absence.as_ref().filter(|_| !self.is_adrift())?;
        let settled = other.absence.is_none()
            && other.shown >= SETTLED_LOOKS
            && other.stood >= SETTLED_FOR
            && other.started.at > self.last_seen.at
            && stands(&self.place, &other.place);
        let arrived = (other.started, self.after_gap);
        settled.then(|| absence.since.filter(|(when, _)| when.at <= other.started.at).unwrap_or(arrived))
    }

    /// Whether it was never more than something passing.
    pub fn is_traffic(&self) -> bool {
        let passed_by = self.drove_off && self.shown == 1;
        let rare = self.looks >= TRAFFIC_LOOKS && (self.shown as f32) < TRAFFIC_SHARE * self.looks as f32;
        let changing = self.compared >= COMPARED_LOOKS && !self.looks_alike();
        !self.is_notified() && (passed_by || rare || changing || self.close.vanishes())
    }

    /// Whether most looks that showed it had its anchor in the zone.
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
            && self.moved_on.is_none_or(|at| self.last_seen.at.since(at) > CLOSE_FOR)
            && self.shown as f32 >= SHOWN_SHARE * self.looks as f32
    }

    /// Whether it may be this very vehicle, boxed in another way: in its place, and not seen beside it.
    pub fn may_be(&self, other: &Self, now: MediaTime, occlusion: Duration) -> bool {
        self.absence.is_some()
            && now.since(self.last_seen.at) < occlusion
            && (self.place.iou(&other.place) >= 0.3
                || self.place.share_within(&other.place) >= 0.7
                || other.place.share_within(&self.place) >= 0.7)
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
        let b = self.first_boxes.first().unwrap_or(&self.place);
        Finding {
            phase,
            started: self.started,
            at,
            raised: self.raised,
            class: Some(self.view.class),
            confidence: Some(self.view.confidence),
            bbox: Some(self.view.bbox),
            count: None,
            place: format!("{:.4} {:.4} {:.4} {:.4}", b.left, b.top, b.right, b.bottom),
            last_seen: None,
            ended_unknown,
        }
    }

    /// Tells once more of a violation that was not over when the recording was: with the look that showed it last.
    pub fn unfinished(&self) -> Finding {
        Finding { last_seen: Some(self.last_seen), ..self.finding(Phase::Raised, self.last_seen, false) }
    }
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
