//! Which vehicle a stay's is.

use std::time::Duration;

use super::{Stay, Vehicle};
use crate::{
    domain::{MediaTime, Thumbnail, Track},
    kinds::fire_lane_parking::boxing::{cut_otherwise, one_vehicle},
    rules::similarity,
    track::stands,
};

/// How alike a vehicle must look to be the one that stood here before the place was seen without it.
pub(super) const SAME_AGAIN: f32 = 0.75;
/// How alike where something also says that it is another: it drove up, or the old one was seen driving off.
const SAME_FOR_SURE: f32 = 0.85;
/// Time without a look within which no vehicle can leave and another take its place.
const SWAP_TAKES: Duration = Duration::from_secs(6);

impl Stay {
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
    pub(super) fn likeness(&self, appearance: Option<&Thumbnail>) -> Option<f32> {
        let appearance = appearance?;
        [&self.first_look, &self.last_look, &self.other_look]
            .into_iter()
            .flatten()
            .filter_map(|known| similarity(known, appearance))
            .max_by(f32::total_cmp)
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

    /// Whether it may be this very vehicle, boxed in another way: in its place, and not seen beside it.
    pub fn may_be(&self, other: &Self, now: MediaTime, occlusion: Duration) -> bool {
        self.absence.is_some()
            && now.since(self.last_seen.at) < occlusion
            && (self.place.iou(&other.place) >= 0.3
                || self.place.share_within(&other.place) >= 0.7
                || other.place.share_within(&self.place) >= 0.7)
    }

    /// Whether `vehicle` is what this stay's vehicle has been followed to.
    pub fn is_track(&self, track: &Track) -> bool {
        self.track == track.id
    }
}
