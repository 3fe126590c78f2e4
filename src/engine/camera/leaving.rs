//! Jobs that leave for the workers.

use std::{mem, sync::Arc};

use super::{
    super::{
        event::{Action, Actions, WhenFull},
        eye::Anchors,
        flight::{Held, Lack, Stage},
        job::{Job, Standing, Ticket, Work},
        shown::Shows,
        walk::Walk,
    },
    Camera, Turn,
};
use crate::looks::{
    plan::Wanted,
    sizes::{block, may_overtake},
};

impl Camera {
    /// Sends the jobs that have all they need. Where parts cannot wait, workers have one of a camera's at a time: so every
    /// camera gets its turn. Where they can, a group is decoded while the anchors for its looks are on their way, or while it is not
    /// known how they are shown: that waits for what groups of some time before tell.
    pub(super) fn leave(&mut self, out: &mut Actions) {
        let one_at_a_time = self.when_full == WhenFull::Newest;
        let mut busy = one_at_a_time && self.is_busy();
        let shown = &self.looked.shown;
        let mut tickets = self.tickets;
        // The earliest block of the groups that are not walked through.
        let mut least = self.walk.as_ref().map_or(u64::MAX, |walk| block(walk.gop.start));
        for turn in &mut self.turns {
            let Turn::Group(flight) = turn else { continue };
            if busy {
                break;
            }
            let own = block(flight.gop.start);
            let decided = one_at_a_time || may_overtake(own, least);
            least = least.min(own);
            let (stage, job) = match mem::replace(&mut flight.stage, Stage::Shed(Lack::Time)) {
                Stage::Waits(ticket, Held::Here(anchors), Held::Here(decoder)) if decided => {
                    (Stage::Out(ticket), Some((ticket, Work::All, anchors, decoder)))
                }
                Stage::Decoded(ticket, Held::Here(anchors), pictures) if decided => {
                    (Stage::Out(ticket), Some((ticket, Work::Look(pictures), anchors, None)))
                }
                Stage::Waits(ticket, anchors, Held::Here(decoder)) if !one_at_a_time && flight.is_light() => {
                    tickets += 1;
                    let own = Ticket(tickets);
                    (Stage::Decodes(ticket, anchors, own), Some((own, Work::Decode, Anchors::new(), decoder)))
                }
                stage => (stage, None),
            };
            flight.stage = stage;
            let Some((ticket, work, anchors, resume)) = job else { continue };
            let must = flight.asked.standing.clone();
            let looks = !matches!(work, Work::Decode);
            let standing = self.max_age.filter(|_| !must.is_empty() && looks);
            let standing = standing.map(|max_age| Standing { must, max_age, anchors });
            if looks && flight.shows.is_none() {
                flight.shows = Some(shown.decide(flight.gop.start, &flight.first));
            }
            let usual = || Shows { specs: Arc::clone(shown.specs()), largest: Wanted::new() };
            let Shows { specs: strands, largest } = flight.shows.clone().unwrap_or_else(usual);
            let (gop, wanted) = (Arc::clone(&flight.gop), flight.asked.wanted.clone());
            out.push(Action::Look(ticket, Job { gop, wanted, work, strands, largest, resume, standing }));
            busy = one_at_a_time;
        }
        self.tickets = tickets;
    }
}

/// Looks of a group that is walked through which were not foreseen, from its key frame on.
pub(super) fn again(walk: &Walk, wanted: Wanted) -> Job {
    let gop = if walk.gop.grows() { Arc::new(walk.gop.closed()) } else { Arc::clone(&walk.gop) };
    let Shows { specs: strands, largest } = walk.shows.clone();
    Job { gop, wanted, work: Work::All, strands, largest, resume: None, standing: None }
}
