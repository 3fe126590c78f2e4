//! Whether a stay that was written down can be one.

use super::{BOXES_OF_PLACE, Stay};
use crate::{domain::MediaTime, rules::LONGEST_PLACE};

impl Stay {
    /// Whether it can have come about up to `until`.
    pub fn is_sound(&self, until: MediaTime) -> bool {
        self.happened(until) && self.counts() && self.is_somewhere()
    }

    fn happened(&self, until: MediaTime) -> bool {
        let lasts = until.since(self.started.at);
        let within = |at: MediaTime| self.started.at <= at && at <= until;
        let times = [self.last_seen.at, self.notified].into_iter();
        let empty = self.absence.as_ref().is_none_or(|absence| {
            absence.since.is_none_or(|(when, _)| within(when.at))
                && absence.empty_for <= lasts
                && absence.covered_for <= lasts
        });
        times.chain(self.moved_on).chain(self.raised.map(|raised| raised.at)).all(within)
            && self.stood <= lasts
            && self.close.is_sound(until)
            && self.creep.is_sound(until)
            && empty
    }

    fn counts(&self) -> bool {
        self.shown <= self.looks && self.inside <= self.shown && self.alike <= self.compared
    }

    fn is_somewhere(&self) -> bool {
        let boxes = [self.place, self.boxed, self.view.bbox];
        self.name.len() <= LONGEST_PLACE
            && (1..=BOXES_OF_PLACE).contains(&self.first_boxes.len())
            && boxes.iter().chain(&self.first_boxes).all(|bbox| bbox.is_valid())
    }
}
