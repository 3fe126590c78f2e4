//! Stays whose camera was moved.

use super::{BOXES_OF_PLACE, Footing, Stay, absence::Absence, identity::SAME_AGAIN};
use crate::{domain::When, kinds::fire_lane_parking::departure::Departure};

/// How far a vehicle may lie from where it stood before the camera was moved, as a fraction of the picture.
const MOVED_BY: f32 = 0.2;

impl Stay {
    /// Whether nobody knows where its place is, since the camera was moved.
    pub fn is_adrift(&self) -> bool {
        self.footing == Footing::Adrift
    }

    /// The camera was moved while it was not seen.
    pub fn set_adrift(&mut self) {
        self.footing = Footing::Adrift;
        self.absence = Some(Absence::default());
        self.departure = Departure::default();
        (self.counting, self.drove_off, self.after_gap) = (false, false, true);
    }

    /// It is never reported.
    pub fn bar(&mut self) {
        self.footing = Footing::Barred;
    }

    /// How well `found`, begun after the camera was moved, is the vehicle of this stay, which is adrift; none where it is
    /// another.
    pub fn found_as(&self, found: &Self) -> Option<f32> {
        let (was, is) = (self.place.center(), found.place.center());
        let apart = (was.x - is.x).hypot(was.y - is.y);
        let same = self.view.class.may_be(found.view.class);
        if !self.is_adrift() || !same || apart > MOVED_BY {
            return None;
        }
        match self.likeness(found.first_look.as_ref()) {
            Some(alike) => (alike >= SAME_AGAIN).then_some(alike),
            None => Some(SAME_AGAIN - apart),
        }
    }

    /// Goes on where `found` stands.
    pub fn move_to(&mut self, found: &Self, now: When) {
        // The first box stays: it names the stay.
        self.first_boxes.resize(BOXES_OF_PLACE, found.place);
        (self.place, self.boxed, self.track) = (found.place, found.boxed, found.track);
        self.last_look.clone_from(&found.last_look);
        self.picture_shifted();
        self.note_seen(found.place, true, now);
    }
}
