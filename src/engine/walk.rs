//! The looks of one group, walked through in the order of media time.

use std::sync::Arc;

use super::{
    PipelineError,
    event::Actions,
    eye::{Find, Sight, Way},
    flight::Lack,
    job::{Done, Ticket},
    looked::{Looked, Unseen},
    shown::Shows,
};
use crate::{
    domain::MediaTime,
    looks::plan::{self, ROUNDING, Span, Strand, Strands, Wanted},
    source::Gop,
};

/// What a walk needs before it goes on.
pub(super) enum Need {
    /// Nothing: it has come to the end of what is known of the group.
    Nothing,
    /// The answer that it waits for.
    Answer,
    /// Looks that were not foreseen.
    Looks(Wanted),
}

/// What is known of a group, as far as it has been walked through.
pub(super) struct Walk {
    pub gop: Arc<Gop>,
    pub span: Span,
    /// How its looks are shown.
    pub shows: Shows,
    must: Vec<Vec<MediaTime>>,
    /// The looks that were foreseen.
    wanted: Wanted,
    done: Done,
    /// The looks that workers were asked for since.
    tried: Wanted,
    /// Of a group of which no more will come: when its last picture is shown.
    last: Option<MediaTime>,
    /// What there was too little of to look; none where it was looked at.
    shed: Option<Lack>,
    waits: Option<Ticket>,
    /// The last picture at which a model failed.
    lost: Option<MediaTime>,
}

impl Walk {
    /// `must` are the looks of each strand that had to be taken, `wanted` those that were foreseen, `done` what came of them.
    pub fn new(
        gop: Arc<Gop>,
        span: Span,
        shows: Shows,
        must: Vec<Vec<MediaTime>>,
        wanted: Wanted,
        done: Done,
        shed: Option<Lack>,
    ) -> Self {
        let pictures = gop.packets.iter().filter_map(|packet| packet.pts).map(MediaTime::from_micros);
        let last = if gop.grows() || gop.continued() { None } else { pictures.max() };
        let tried = Wanted::new();
        Self { gop, span, shows, must, wanted, done, tried, last, shed, waits: None, lost: None }
    }

    /// Whether it waits for an answer.
    pub fn waits(&self) -> bool {
        self.waits.is_some()
    }

    /// Whether it waits for the answer to this job.
    pub fn waits_for(&self, ticket: Ticket) -> bool {
        self.waits == Some(ticket)
    }

    /// Waits for the answer to this job.
    pub fn wait_for(&mut self, ticket: Ticket) {
        self.waits = Some(ticket);
    }

    /// Takes the answer that it waited for.
    pub fn add(&mut self, done: Done) {
        self.waits = None;
        self.done.add(done);
    }

    /// Walks on, as far as what is known allows.
    ///
    /// # Errors
    /// The failure of a model that has failed too often in a row.
    pub fn go_on(
        &mut self,
        strands: &mut [Strand],
        looked: &mut Looked,
        out: &mut Actions,
    ) -> Result<Need, PipelineError> {
        if self.waits.is_some() {
            return Ok(Need::Answer);
        }
        while let Some((time, due)) = plan::next(strands, &self.span) {
            let idle: Strands =
                due.iter().filter(|index| looked.is_idle(*index, self.gop.wall(time))).collect();
            if !idle.is_empty() {
                pass(strands, &idle, time);
                continue;
            }
            if let Some(lack) = self.shed {
                pass(strands, &due, time);
                let unseen = match lack {
                    Lack::Time => Unseen::NoTime,
                    Lack::Room => Unseen::NoRoom,
                };
                looked.missed(time, &self.gop, unseen, strands, out)?;
                continue;
            }
            if self.lacks(time, &due) {
                if !self.foreseen_by_all(time, &due) && self.is_told(looked) {
                    pass(strands, &due, time);
                    continue;
                }
                return Ok(Need::Looks(self.foreseen(strands, looked)));
            }
            let Some((at, _)) = self.done.at(time) else {
                pass(strands, &due, time);
                looked.missed(time, &self.gop, Unseen::Damaged, strands, out)?;
                continue;
            };
            if looked.last().is_some_and(|last| at <= last) || self.lost == Some(at) {
                // Two times that were wanted may be shown by one picture; rules see it once.
                self.settle(time, looked);
                pass(strands, &due, time);
                continue;
            }
            // Other strands may want to look at this picture, too, at a time a little later.
            let with: Vec<(usize, MediaTime)> = strands
                .iter()
                .enumerate()
                .filter_map(|(index, strand)| Some((index, strand.next(&self.span)?)))
                .filter(|(_, next)| *next == time || *next <= at + ROUNDING)
                .filter(|(index, next)| !looked.is_idle(*index, self.gop.wall(*next)))
                .collect();
            if with.iter().any(|(index, next)| self.lacks(*next, &[*index].into_iter().collect())) {
                return Ok(Need::Looks(self.foreseen(strands, looked)));
            }
            for (index, next) in &with {
                if let Some(strand) = strands.get_mut(*index) {
                    strand.looked(*next);
                }
            }
            self.tell(time, at, &with, strands, looked, out)?;
            // What this picture shows is told of all of these times.
            for strand in strands.iter_mut() {
                while let Some(next) = strand.next(&self.span).filter(|next| *next <= at + ROUNDING) {
                    strand.looked(next);
                }
            }
        }
        Ok(Need::Nothing)
    }

    /// Tells what strands saw in a picture, each at the time at which it wanted to look; the first wanted to at `time`.
    fn tell(
        &mut self,
        time: MediaTime,
        at: MediaTime,
        with: &[(usize, MediaTime)],
        strands: &mut [Strand],
        looked: &mut Looked,
        out: &mut Actions,
    ) -> Result<(), PipelineError> {
        let ways: Vec<(usize, Option<Way>)> =
            with.iter().map(|(index, time)| (*index, self.way(*index, *time))).collect();
        let failure = self.done.failed.remove(&at);
        let sight = self.done.sights.remove(&at);
        match sight {
            Some(sight) if ways.iter().all(|(_, way)| way.is_some()) => {
                let ways: Vec<(usize, Way)> =
                    ways.iter().filter_map(|(index, way)| Some((*index, (*way)?))).collect();
                looked.saw(sight, &ways, &self.gop, strands, out);
                Ok(())
            }
            sight => {
                if let Some(sight) = &sight {
                    looked.settle(sight);
                }
                let failed = ways.iter().filter(|(_, way)| way.is_none()).map(|(index, _)| *index).collect();
                self.lost = Some(at);
                let unseen = failure.map_or(Unseen::Damaged, |error| Unseen::Failed(error, failed));
                looked.missed(time, &self.gop, unseen, strands, out)
            }
        }
    }

    /// Which look of a strand at a time is told: that which must be taken, where it is one.
    fn way(&self, strand: usize, time: MediaTime) -> Option<Way> {
        let (_, sight) = self.done.at(time)?;
        let has = |way: Way| {
            let is_it = |find: &Find| (find.strand, find.way) == (strand, way);
            sight.is_some_and(|sight: &Sight| sight.finds.iter().any(is_it))
        };
        let must = self.must.get(strand).is_some_and(|times| times.contains(&time));
        [Way::Due, Way::Asked].into_iter().filter(|way| must || *way == Way::Asked).find(|way| has(*way))
    }

    /// Whether a look at a time has not been taken by one of these strands, and may still be.
    fn lacks(&self, time: MediaTime, strands: &Strands) -> bool {
        !self.gop.continues() && !self.untried(time, strands).is_empty()
    }

    /// Whether what would show any further time is the group's last picture, which was told already.
    fn is_told(&self, looked: &Looked) -> bool {
        looked.last().is_some_and(|told| self.last.is_some_and(|last| last <= told))
    }

    fn foreseen_by_all(&self, time: MediaTime, strands: &Strands) -> bool {
        self.wanted.get(&time).is_some_and(|wanted| strands.without(wanted).is_empty())
    }

    fn untried(&self, time: MediaTime, strands: &Strands) -> Strands {
        let tried = self.tried.get(&time);
        let open = strands.iter().filter(|index| !tried.is_some_and(|tried| tried.contains(*index)));
        open.filter(|index| self.way(*index, time).is_none()).collect()
    }

    /// All looks from here to the end of what is known that have not been tried, if rules go on asking for what they ask
    /// for now. They count as tried from now on.
    fn foreseen(&mut self, strands: &[Strand], looked: &Looked) -> Wanted {
        let mut wanted = plan::foresee(strands, &self.span);
        let mut closed = Strands::default();
        wanted.retain(|time, strands| {
            let wall = self.gop.wall(*time);
            *strands = self.untried(*time, strands);
            *strands = strands.iter().filter(|index| !looked.is_idle(*index, wall)).collect();
            // Of those out of hours the first is enough, if it can be taken.
            *strands = strands.without(&closed);
            let out = strands.iter().filter(|index| !looked.holds(*index, wall)).collect();
            closed.add(&out);
            !strands.is_empty()
        });
        for (time, strands) in &wanted {
            self.tried.entry(*time).or_default().add(strands);
        }
        wanted
    }

    /// Of a picture that was told already: what may stand for later looks.
    fn settle(&mut self, time: MediaTime, looked: &mut Looked) {
        if let Some((_, Some(sight))) = self.done.at(time) {
            looked.settle(sight);
        }
    }
}

/// Notes that these strands have looked, or tried to.
fn pass(strands: &mut [Strand], due: &Strands, time: MediaTime) {
    for (index, strand) in strands.iter_mut().enumerate() {
        if due.contains(index) {
            strand.looked(time);
        }
    }
}
