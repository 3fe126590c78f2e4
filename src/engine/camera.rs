//! One camera as a state machine: from its parts, and from what workers saw, to records and what rules make of them.
//!
//! It never blocks and starts nothing: it takes an [`Event`] and says with [`Actions`] what is to be done. Looks are walked
//! through in the order of media time, whatever the order in which workers answer; so the records are the same.

mod leaving;
mod room;
mod saving;

use std::{collections::VecDeque, mem, sync::Arc, time::Duration};

use super::{
    PipelineError,
    asks::{Asked, Asks, Chain},
    event::{Action, Actions, Event, WhenFull},
    eye::{Anchors, Looking, StrandSpec},
    flight::{Flight, Held, Lack, Stage},
    job::{Done, Ticket},
    looked::Looked,
    shown::Shown,
    walk::{Need, Walk},
};
use crate::{
    decode::DecoderState,
    domain::{CameraId, Epoch, Gap, MediaTime, ModelName},
    judge::{Judge, Needs, Watch, Watched},
    looks::{cadence::Cadence, plan::Strand},
    source::{Gop, Notice, Part},
};

/// What waits for its turn, in the order of the source.
#[allow(clippy::large_enum_variant, reason = "few wait at a time, and most of them are groups")]
enum Turn {
    Epoch(Epoch),
    Gap(Gap),
    Group(Flight),
    Notice(Notice),
    Failed(PipelineError),
}

/// Bytes of groups that wait for their turn, beyond which no more are taken in: key frames may lie far apart.
const MOST_HELD: usize = 64 << 20;

/// Of what takes no worker's time, so much may wait for its turn.
const MOST_WAITING: usize = 256;

/// One camera.
pub struct Camera {
    asks: Asks,
    max_age: Option<Duration>,
    when_full: WhenFull,
    /// So many groups may be in the workers' hands, or wait for their turn.
    window: usize,
    /// Where parts cannot wait: so many bytes of groups may, of which nothing is wanted yet.
    most: usize,
    turns: VecDeque<Turn>,
    walk: Option<Walk>,
    strands: Vec<Strand>,
    looked: Looked,
    tickets: u64,
    /// For what is asked next: the anchors of the strands, and the decoder of a group that goes on.
    anchors: Held<Anchors>,
    decoder: Held<Option<DecoderState>>,
    over: bool,
    failed: bool,
}

impl Camera {
    /// A camera with `window` groups in the workers' hands at most. `detectors` are the names of the workers' detectors, in
    /// their order.
    pub fn new(
        id: CameraId,
        judge: Judge,
        detectors: &[ModelName],
        looking: Looking,
        when_full: WhenFull,
        window: usize,
    ) -> Self {
        let (mut specs, mut names, mut cadences, mut strands) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut all_needs = Vec::new();
        let mut rules = vec![(0, 0); judge.watches().len()];
        for (strand, (name, watches)) in judge.detectors().enumerate() {
            let needs: Vec<Needs> = watches
                .iter()
                .filter_map(|index| judge.watches().get(*index))
                .map(Watch::needs_in_hours)
                .collect();
            let least =
                |of: fn(&Needs) -> Duration| needs.iter().map(of).min().unwrap_or(Duration::from_secs(2));
            let (every, quiet) = (least(|needs| needs.every), least(|needs| needs.quiet));
            let detector = detectors.iter().position(|known| known == name).unwrap_or(usize::MAX);
            specs.push(StrandSpec::new(detector, &needs, &looking));
            all_needs.push(needs);
            names.push(name.clone());
            cadences.push(Cadence::new(every, quiet));
            strands.push(Strand::new(watches.len()));
            for (place, index) in watches.iter().enumerate() {
                if let Some(rule) = rules.get_mut(*index) {
                    *rule = (strand, place);
                }
            }
        }
        Self {
            asks: Asks::new(cadences),
            looked: Looked::new(id, judge, Shown::new(specs.into(), &all_needs), names, rules),
            max_age: looking.max_age,
            when_full,
            window: window.max(1),
            most: MOST_HELD,
            turns: VecDeque::new(),
            walk: None,
            strands,
            tickets: 0,
            anchors: Held::Here(Anchors::new()),
            decoder: Held::Here(None),
            over: false,
            failed: false,
        }
    }

    /// Where parts cannot wait, so many bytes of groups may wait for their turn. The one that workers have, and the newest one that is
    /// wanted, wait in any case.
    #[must_use]
    pub fn holding(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// Takes an event, and adds what is to be done to `out`.
    pub fn take(&mut self, event: Event, out: &mut Actions) {
        match event {
            _ if self.failed => return,
            Event::Part(part) => self.accept(part),
            Event::Over => self.over = true,
            Event::Looked(ticket, Ok(done)) => self.land(ticket, done),
            Event::Looked(_, Err(error)) => self.fail(error, out),
            Event::Tick(now) => self.looked.tick(now, &mut self.strands, out),
        }
        self.go_on(out);
    }

    /// Whether it is ready for another part.
    pub fn wants_part(&self) -> bool {
        if self.over || self.failed {
            return false;
        }
        if self.when_full == WhenFull::Newest {
            return self.turns.len() < MOST_WAITING;
        }
        let flights = || self.flights();
        // What follows of a group that grows goes on from what rules have made of it.
        let grows = self.walk.as_ref().is_some_and(|walk| walk.gop.grows())
            || flights().last().is_some_and(|flight| flight.gop.grows());
        flights().count() < self.window
            && self.held() < MOST_HELD
            && self.turns.len() < MOST_WAITING
            && !grows
    }

    /// Whether nothing is left to do: all was told, or it failed.
    pub fn is_done(&self) -> bool {
        self.failed || (self.over && self.turns.is_empty() && self.walk.is_none())
    }

    /// What rules make of it.
    pub fn judge(&self) -> &Judge {
        self.looked.judge()
    }

    /// Another day begins, in the site's time zone: what its rules could judge is counted anew.
    pub fn begin_day(&mut self) {
        self.looked.begin_day();
    }

    /// Whether nothing is known that is still to be judged: until its source tells more, time may pass for its rules.
    pub fn is_idle(&self) -> bool {
        self.turns.is_empty() && self.walk.is_none()
    }

    /// Ends it, done or not: what is open is told as it was last known. How much each rule could judge.
    pub fn finish(mut self, out: &mut Actions) -> Vec<Watched> {
        self.looked.finish(&mut self.strands, out)
    }

    fn flights(&self) -> impl Iterator<Item = &Flight> {
        self.turns.iter().filter_map(|turn| if let Turn::Group(flight) = turn { Some(flight) } else { None })
    }

    fn flights_mut(&mut self) -> impl Iterator<Item = &mut Flight> {
        self.turns
            .iter_mut()
            .filter_map(|turn| if let Turn::Group(flight) = turn { Some(flight) } else { None })
    }

    fn accept(&mut self, part: Part) {
        match part {
            Part::Epoch { epoch, .. } => {
                self.asks.begin();
                self.decoder = Held::Here(None);
                self.turns.push_back(Turn::Epoch(epoch));
            }
            Part::GapOpened(gap) | Part::GapClosed(gap) => self.turns.push_back(Turn::Gap(gap)),
            Part::Gop(gop) => self.group(gop),
            // More of it will come: while workers have some of the camera's, what comes then says more.
            Part::Growing(_) if self.when_full == WhenFull::Newest && self.is_busy() => {}
            Part::Growing(gop) => self.group(gop),
            Part::Notice(notice) => self.turns.push_back(Turn::Notice(notice)),
            Part::Failed { error, .. } => self.turns.push_back(Turn::Failed(PipelineError::Source(error))),
        }
    }

    /// Whether workers have a job of it.
    fn is_busy(&self) -> bool {
        self.walk.as_ref().is_some_and(Walk::waits)
            || self.flights().any(|flight| matches!(flight.stage, Stage::Out(_)))
    }

    fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    /// Plans the looks of a group, and where what its job needs comes from.
    fn group(&mut self, gop: Arc<Gop>) {
        let looked = &self.looked;
        let holds = |strand: usize, at: MediaTime| looked.holds(strand, gop.wall(at));
        let Some(asked) = self.asks.ask(&gop, &self.strands, holds) else { return };
        if self.when_full == WhenFull::Newest && !asked.wanted.is_empty() {
            self.shed();
        }
        let stage = if gop.packets.is_empty() {
            // There was no room for it on its way here.
            self.decoder = Held::Here(None);
            Stage::Shed(Lack::Room)
        } else if asked.wanted.is_empty() && !gop.continued() {
            // Nothing is wanted of this group, so no worker touches it.
            if !gop.grows() {
                self.decoder = Held::Here(None);
            }
            Stage::Landed(Done::default())
        } else {
            let ticket = self.ticket();
            if asked.anchors == Chain::Begins {
                self.anchors = Held::Here(Anchors::new());
            }
            let stands = self.max_age.is_some() && !asked.standing.is_empty();
            let anchors = if stands {
                mem::replace(&mut self.anchors, Held::With(ticket))
            } else {
                Held::Here(Anchors::new())
            };
            let leaves = if gop.grows() || gop.continued() { Held::With(ticket) } else { Held::Here(None) };
            let decoder = mem::replace(&mut self.decoder, leaves);
            Stage::Waits(ticket, anchors, decoder)
        };
        let first = self.looked.shown.first(gop.start, &asked.must);
        self.turns.push_back(Turn::Group(Flight { gop, asked, first, shows: None, stage }));
        if self.when_full == WhenFull::Newest {
            self.make_room();
        }
    }

    /// Takes what workers answer to a job.
    fn land(&mut self, ticket: Ticket, mut done: Done) {
        let (mut anchors, mut decoder) = (Some(mem::take(&mut done.anchors)), done.state.take());
        let (mut for_anchors, mut for_decoder) = (vec![&mut self.anchors], vec![&mut self.decoder]);
        for turn in &mut self.turns {
            let Turn::Group(flight) = turn else { continue };
            match &mut flight.stage {
                Stage::Waits(_, anchors, decoder) => {
                    for_anchors.push(anchors);
                    for_decoder.push(decoder);
                }
                Stage::Decodes(_, anchors, _) | Stage::Decoded(_, anchors, _) => for_anchors.push(anchors),
                Stage::Out(_) | Stage::Landed(_) | Stage::Shed(_) => {}
            }
        }
        for held in for_anchors {
            if matches!(held, Held::With(from) if *from == ticket) {
                *held = Held::Here(anchors.take().unwrap_or_default());
            }
        }
        for held in for_decoder {
            if matches!(held, Held::With(from) if *from == ticket) {
                *held = Held::Here(decoder.take());
            }
        }
        if let Some(walk) = &mut self.walk
            && walk.waits_for(ticket)
        {
            return walk.add(done);
        }
        for flight in self.flights_mut() {
            flight.stage = match mem::replace(&mut flight.stage, Stage::Shed(Lack::Time)) {
                Stage::Out(out) if out == ticket => return flight.stage = Stage::Landed(done),
                Stage::Decodes(looks, anchors, out) if out == ticket => {
                    return flight.stage = Stage::Decoded(looks, anchors, done.decoded);
                }
                stage => stage,
            };
        }
    }

    /// Does all that can be done without another event. A look that is missing at hand goes before those of later groups.
    fn go_on(&mut self, out: &mut Actions) {
        self.walk_on(out);
        if !self.failed {
            self.leave(out);
        }
    }

    /// Walks through what has landed.
    fn walk_on(&mut self, out: &mut Actions) {
        loop {
            if let Some(mut walk) = self.walk.take() {
                match walk.go_on(&mut self.strands, &mut self.looked, out) {
                    Ok(Need::Nothing) => {
                        self.looked.reach(walk.span.end, out);
                        continue;
                    }
                    Ok(Need::Answer) => {}
                    Ok(Need::Looks(wanted)) => {
                        let ticket = self.ticket();
                        out.push(Action::Look(ticket, leaving::again(&walk, wanted)));
                        walk.wait_for(ticket);
                    }
                    Err(error) => self.fail(error, out),
                }
                self.walk = Some(walk);
                return;
            }
            match self.turns.front() {
                None => return,
                Some(Turn::Group(Flight { stage: Stage::Landed(_) | Stage::Shed(_), .. })) => {}
                Some(Turn::Group(_)) => return,
                Some(_) => {}
            }
            match self.turns.pop_front() {
                Some(Turn::Epoch(epoch)) => {
                    let specs = Arc::clone(self.looked.shown.specs());
                    let parts = specs.iter().map(|spec| spec.view.region);
                    self.looked.begin(epoch, parts, &mut self.strands, out);
                }
                Some(Turn::Gap(gap)) => self.looked.gap(gap, &mut self.strands, out),
                Some(Turn::Group(flight)) => self.enter(flight),
                Some(Turn::Notice(notice)) => out.push(Action::Notice(notice)),
                Some(Turn::Failed(error)) => out.push(Action::Failed(error)),
                None => {}
            }
        }
    }

    /// Begins to walk through a group.
    fn enter(&mut self, flight: Flight) {
        let Flight { gop, asked: Asked { span, must, wanted, .. }, first, shows, stage } = flight;
        let shows = shows.unwrap_or_else(|| self.looked.shown.decide(gop.start, &first));
        let (done, shed) = match stage {
            Stage::Landed(done) => (done, None),
            Stage::Shed(lack) => (Done::default(), Some(lack)),
            _ => (Done::default(), Some(Lack::Time)),
        };
        for (strand, times) in self.strands.iter_mut().zip(&must) {
            strand.enter(times.clone());
        }
        self.walk = Some(Walk::new(gop, span, shows, must, wanted, done, shed));
    }

    fn fail(&mut self, error: PipelineError, out: &mut Actions) {
        self.failed = true;
        out.push(Action::Failed(error));
    }
}
