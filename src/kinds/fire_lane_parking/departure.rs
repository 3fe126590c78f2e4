use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{boxing::one_vehicle, vehicle::Vehicle};
use crate::{
    domain::{MediaTime, Track},
    geometry::BBox,
    track::stands,
};

/// Overlap with the place below which what showed it is somewhere else, however its box dances.
pub(super) const ELSEWHERE: f32 = 0.1;
/// How alike what drives off must look to be what stood: it turns while it leaves, so less than in its place.
const LEAVES_ALIKE: f32 = 0.75;
/// How alike a vehicle of another track must look to be what stood: tracks break off while vehicles leave.
const FOUND_AGAIN: f32 = 0.85;
/// For how long a track that was lost may be that of a passing vehicle, whose box another track has taken over.
const LOST_LATELY: Duration = Duration::from_secs(4);
/// How far from the place, in widths and heights of it, such a vehicle may have been lost.
const NEAR: f32 = 2.0;
/// Looks at which the place must have been empty where the way of the vehicle was not seen in steps.
const EMPTY_LOOKS: u32 = 2;

/// What was seen of a vehicle while it is not seen in its place.
///
/// That its track is elsewhere is not enough: where a detector misses a parked car while another passes it, the tracker
/// may take the other for it. So the vehicle must be seen to go in steps and to look like itself, and no other vehicle
/// may have been lost beside it.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(super) struct Departure {
    /// Looks that showed it off its place, and how far off it was at the last of them.
    looks: u32,
    off_by: (f32, f32),
    /// It went further in the direction in which it went before.
    in_steps: bool,
    /// It is clear of its place.
    clear: bool,
    /// It looked like itself, where appearances could be compared.
    alike: Option<bool>,
    /// Another vehicle may have been taken for it.
    doubtful: bool,
}

impl Departure {
    /// Takes in a look that did not show the vehicle of `track` at `place`. `likeness` tells how much a vehicle looks
    /// like it.
    pub fn look(
        &mut self,
        (track, place, boxed): (u64, &BBox, &BBox),
        vehicles: &[Vehicle],
        (tracks, last_seen, now): (&[Track], MediaTime, MediaTime),
        likeness: impl Fn(&Vehicle) -> Option<f32>,
    ) {
        let off = |v: &&Vehicle| !stands(place, &v.detection.bbox) && !one_vehicle(place, &v.detection.bbox);
        let own = vehicles.iter().find(|v| v.track.id == track);
        let again = |v: &&Vehicle| {
            v.track.first_seen > last_seen && likeness(v).is_some_and(|alike| alike >= FOUND_AGAIN)
        };
        let Some(vehicle) = own.filter(off).or_else(|| {
            let others = vehicles.iter().filter(|v| own.is_none() && v.track.id != track);
            others.filter(off).find(again)
        }) else {
            return;
        };
        let bbox = &vehicle.detection.bbox;
        let by = |a: &BBox, b: &BBox| (a.anchor().x - b.anchor().x, a.anchor().y - b.anchor().y);
        // How far it had gone at the look before: at its last look in place it may have begun to move.
        let before = if self.looks == 0 { by(boxed, place) } else { self.off_by };
        let (further, size) = (by(bbox, place), place.width().max(place.height()));
        let along = before.0 * further.0 + before.1 * further.1;
        let (was, is) = (before.0.hypot(before.1), further.0.hypot(further.1));
        self.in_steps |= along > 0.0 && was >= 0.1 * size && is >= was + 0.1 * size;
        self.clear = place.iou(bbox) < ELSEWHERE;
        if let Some(alike) = likeness(vehicle) {
            self.alike = Some(alike >= LEAVES_ALIKE && self.alike != Some(false));
        }
        let lost = |t: &Track| {
            t.id != track
                && t.id != vehicle.track.id
                && t.detection.is_none()
                // What began later may be the leaving vehicle itself, whose track breaks off when it goes fast.
                && t.first_seen <= last_seen
                && t.class.may_be(vehicle.track.class)
                && now.since(t.last_seen) <= LOST_LATELY
                && beside(place, &t.bbox)
        };
        self.doubtful |= tracks.iter().any(lost);
        self.looks = self.looks.saturating_add(1);
        // What is no number is not written down.
        self.off_by = if further.0.is_finite() && further.1.is_finite() { further } else { (0.0, 0.0) };
    }

    /// Whether the vehicle was seen to leave, its place having been seen empty at so many looks.
    pub fn is_seen(&self, empty_looks: u32) -> bool {
        let enough = self.in_steps || empty_looks >= EMPTY_LOOKS;
        // Without an appearance, a passing vehicle in whose box the tracker goes on is not told from this one.
        self.looks > 0 && self.clear && self.alike == Some(true) && !self.doubtful && enough
    }
}

fn beside(place: &BBox, other: &BBox) -> bool {
    let (x, y) = (NEAR * place.width(), NEAR * place.height());
    BBox::new(place.left - x, place.top - y, place.right + x, place.bottom + y).intersects(other)
}
