//! What is asked of the workers for each group of a camera, as much of it as is known: which looks, going on from which
//! decoder and which anchors.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use crossbeam::channel::{self, Receiver, RecvError, Sender, TryRecvError};

use super::{
    PipelineError,
    eye::{Anchors, Sight, StrandSpec},
    worker::{Chain, Done, Job},
};
use crate::{
    decode::DecoderState,
    domain::MediaTime,
    looks::{
        cadence::{Cadence, Looks},
        motion,
        plan::{self, MOST, Span, Strand, Wanted},
    },
    source::Gop,
};

/// How finely looks can be taken in a group that cannot be decoded twice, because it goes on from one before it.
const GRID: Duration = Duration::from_millis(200);

/// A group in the workers' hands, or what has become known of it since it was there last.
pub(super) struct Flight {
    pub gop: Arc<Gop>,
    /// Up to where looks are taken in it.
    pub span: Span,
    /// The looks of each strand that must be taken.
    pub must: Vec<Vec<MediaTime>>,
    reply: Receiver<Result<Done, PipelineError>>,
    done: Option<Done>,
}

impl Flight {
    /// What to wait for where it has not landed.
    pub fn reply(&self) -> &Receiver<Result<Done, PipelineError>> {
        &self.reply
    }

    /// Takes the workers' answer.
    pub fn put(&mut self, done: Result<Result<Done, PipelineError>, RecvError>) -> Result<(), PipelineError> {
        self.done = Some(done.map_err(|_| PipelineError::WorkersGone)??);
        Ok(())
    }

    /// Whether the workers are done with it.
    pub fn landed(&mut self) -> Result<bool, PipelineError> {
        if self.done.is_none() {
            match self.reply.try_recv() {
                Ok(done) => self.done = Some(done?),
                Err(TryRecvError::Empty) => return Ok(false),
                Err(TryRecvError::Disconnected) => return Err(PipelineError::WorkersGone),
            }
        }
        Ok(true)
    }

    /// Waits for the workers.
    pub fn land(&mut self) -> Result<&mut Done, PipelineError> {
        if self.done.is_none() {
            self.put(self.reply.recv())?;
        }
        self.done.as_mut().ok_or(PipelineError::WorkersGone)
    }

    /// Whether what follows of its group, or the chunk after it, needs the decoder that it returns.
    fn hands_on(&self) -> bool {
        self.gop.open || self.gop.continued
    }
}

/// What was asked of a group that is still growing.
#[derive(Default)]
struct Grown {
    /// Up to where.
    until: MediaTime,
    /// How many looks had to be taken.
    must: usize,
}

/// Asks the workers for the looks of one camera.
pub(super) struct Dispatch {
    specs: Arc<[StrandSpec]>,
    cadences: Vec<Cadence>,
    jobs: Sender<Job>,
    /// For how long detections may stand where nothing changes.
    max_age: Option<Duration>,
    /// From what was sent last: the anchors of the strands.
    chain: Receiver<Anchors>,
    grown: Option<Grown>,
    /// The decoder, on its way to what follows of a group.
    state: Option<DecoderState>,
    /// Whether the last group held several looks that had to be taken.
    long: bool,
}

impl Dispatch {
    /// For strands with these cadences.
    pub fn new(
        specs: Arc<[StrandSpec]>,
        cadences: Vec<Cadence>,
        jobs: Sender<Job>,
        max_age: Option<Duration>,
    ) -> Self {
        let chain = unanchored();
        Self { specs, cadences, jobs, max_age, chain, grown: None, state: None, long: false }
    }

    /// The strands' detectors and what they are shown.
    pub fn specs(&self) -> &[StrandSpec] {
        &self.specs
    }

    /// Another file begins: nothing stands from the one before, nor goes on from it where its last group broke off.
    pub fn begin(&mut self) {
        self.chain = unanchored();
        (self.grown, self.state, self.long) = (None, None, false);
    }

    /// Gives a group to the workers, with the looks that must be taken and those that rules will probably ask for; of one that
    /// grows, those that have become known since it was given last. None where that is nothing, or the workers still have
    /// what they were given before: then more of it will come. `before` is what was sent last and has not been walked
    /// through, `strands` what rules ask for so far.
    pub fn send(
        &mut self,
        gop: Arc<Gop>,
        before: Option<&mut Flight>,
        strands: &[Strand],
    ) -> Result<Option<Flight>, PipelineError> {
        if let Some(before) = before.filter(|before| before.hands_on()) {
            if gop.open && !before.landed()? {
                return Ok(None);
            }
            self.take_state(before)?;
        }
        let from = self.grown.as_ref().map_or(gop.start, |grown| grown.until);
        let grid = gop.continues.then_some(GRID);
        let known = Span { start: gop.start, end: gop.end, open: gop.open, grid };
        let looks: Vec<Looks> = self
            .cadences
            .iter_mut()
            .map(|cadence| cadence.looks(&known, |a, b| motion::still(&gop, a, b)))
            .collect();
        let until = looks.iter().map(|looks| looks.until).min().unwrap_or(gop.end).max(from);
        if gop.open && until == from {
            return Ok(None);
        }
        let span = Span { end: until, ..known };
        let new = |time: &MediaTime| (from..until).contains(time);
        let must: Vec<Vec<MediaTime>> =
            looks.into_iter().map(|looks| looks.times.into_iter().filter(new).collect()).collect();
        let mut grown = self.grown.take().unwrap_or_else(|| {
            // A group with several looks would keep the next one waiting through all of them.
            if self.long {
                self.chain = unanchored();
            }
            Grown::default()
        });
        grown = Grown { until, must: grown.must + together(&must).len() };
        let mut wanted = if gop.continues {
            every_look(&span, strands.len())
        } else {
            expected(strands, &span, from, &must)
        };
        wanted.retain(|time, _| new(time));
        if gop.open {
            self.grown = Some(grown);
        } else {
            self.long = grown.must > 1;
        }
        let (reply, answer) = channel::bounded(1);
        if wanted.is_empty() && !gop.continued {
            // Nothing is wanted of this group, so no worker touches it.
            self.state = self.state.take().filter(|_| gop.open);
            let done = Done { sights: BTreeMap::new(), state: None };
            return Ok(Some(Flight { gop, span, must, reply: answer, done: Some(done) }));
        }
        let chain = self.max_age.map(|max_age| {
            let (after, next) = channel::bounded(1);
            let before = std::mem::replace(&mut self.chain, next);
            Chain { must: together(&must), max_age, before, after }
        });
        let (resume, strands) = (self.state.take(), Arc::clone(&self.specs));
        let job = Job { gop: Arc::clone(&gop), wanted, strands, resume, reply, chain };
        self.jobs.send(job).map_err(|_| PipelineError::WorkersGone)?;
        Ok(Some(Flight { gop, span, must, reply: answer, done: None }))
    }

    /// Waits for a flight, and keeps the decoder that it may have left for what follows.
    pub fn take_state(&mut self, flight: &mut Flight) -> Result<(), PipelineError> {
        let hands_on = flight.hands_on();
        let left = flight.land()?.state.take();
        if hands_on && left.is_some() {
            self.state = left;
        }
        Ok(())
    }

    /// Takes looks that were not foreseen, from the group's key frame on.
    pub fn look_again(
        &self,
        gop: &Arc<Gop>,
        wanted: Wanted,
    ) -> Result<BTreeMap<MediaTime, Sight>, PipelineError> {
        let (reply, answer) = channel::bounded(1);
        let gop = if gop.open { Arc::new(Gop { open: false, ..Gop::clone(gop) }) } else { Arc::clone(gop) };
        let job = Job { gop, wanted, strands: Arc::clone(&self.specs), resume: None, reply, chain: None };
        self.jobs.send(job).map_err(|_| PipelineError::WorkersGone)?;
        Ok(answer.recv().map_err(|_| PipelineError::WorkersGone)??.sights)
    }
}

/// The start of a chain.
fn unanchored() -> Receiver<Anchors> {
    channel::bounded(0).1
}

/// What will be looked at in a group from `from` on, if rules go on asking for what they ask for now.
fn expected(strands: &[Strand], span: &Span, from: MediaTime, must: &[Vec<MediaTime>]) -> Wanted {
    let mut wanted = Wanted::new();
    for (index, (strand, must)) in strands.iter().zip(must).enumerate() {
        let mut foresee = |strand: Strand, end: MediaTime| {
            for (time, _) in plan::foresee(&[strand], &Span { end, ..*span }) {
                *wanted.entry(time).or_default() |= 1 << index;
            }
        };
        let mut strand = strand.renewed(span.end);
        strand.enter(Vec::new());
        if from > span.start {
            foresee(strand.clone(), must.first().copied().unwrap_or(span.end));
        }
        for (place, time) in must.iter().enumerate() {
            strand.looked(*time);
            foresee(strand.clone(), must.get(place + 1).copied().unwrap_or(span.end));
        }
        for time in must {
            *wanted.entry(*time).or_default() |= 1 << index;
        }
    }
    wanted
}

/// The looks of all strands, by time.
fn together(must: &[Vec<MediaTime>]) -> Wanted {
    let mut all = Wanted::new();
    for (strand, times) in must.iter().enumerate() {
        for time in times {
            *all.entry(*time).or_default() |= 1 << strand;
        }
    }
    all
}

/// Every look that could be taken in a group that cannot be decoded twice.
fn every_look(span: &Span, strands: usize) -> Wanted {
    let all = (0..strands).fold(0, |all, strand| all | 1 << strand);
    let times = std::iter::successors(Some(span.start), |time| Some(*time + GRID));
    times.take_while(|time| *time < span.end).take(MOST).map(|time| (time, all)).collect()
}
