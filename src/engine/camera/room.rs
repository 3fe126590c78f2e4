//! What is given up where parts cannot wait, and there is too little time or room.

use std::{mem, sync::Arc};

use super::{
    super::flight::{Held, Lack, Stage},
    Camera, Turn,
};

impl Camera {
    /// Gives up the looks of what has not been sent yet, as something newer is wanted. What was to come from it comes from what it waited
    /// for itself. What nothing was wanted of goes as well: rules would ask for looks in it, group by group, and each would take a turn,
    /// while what is newer grows old.
    pub(super) fn shed(&mut self) {
        for turn in &mut self.turns {
            let Turn::Group(flight) = turn else { continue };
            match mem::replace(&mut flight.stage, Stage::Shed(Lack::Time)) {
                Stage::Waits(ticket, anchors, _) if !flight.gop.grows() => {
                    if matches!(self.anchors, Held::With(from) if from == ticket) {
                        self.anchors = anchors;
                    }
                    if matches!(self.decoder, Held::With(from) if from == ticket) {
                        self.decoder = Held::Here(None);
                    }
                    flight.gop = Arc::new(flight.gop.bare());
                }
                Stage::Landed(_) if flight.asked.wanted.is_empty() && !flight.gop.grows() => {
                    flight.gop = Arc::new(flight.gop.bare());
                }
                stage => flight.stage = stage,
            }
        }
    }

    /// Gives up groups of which nothing is wanted yet, where groups that wait take too much together: the oldest first, and never the
    /// newest. Rules may still ask for looks in them, which then cannot be taken.
    pub(super) fn make_room(&mut self) {
        let mut held = self.held();
        let (most, newest) = (self.most, self.flights().count().saturating_sub(1));
        for flight in self.flights_mut().take(newest) {
            if held <= most {
                return;
            }
            if matches!(&flight.stage, Stage::Landed(_)) && flight.asked.wanted.is_empty() {
                held = held.saturating_sub(flight.gop.bytes());
                (flight.gop, flight.stage) = (Arc::new(flight.gop.bare()), Stage::Shed(Lack::Room));
            }
        }
    }

    /// Bytes of the groups that wait for their turn.
    pub(in crate::engine) fn held(&self) -> usize {
        self.flights().map(|flight| flight.gop.bytes()).sum()
    }
}
