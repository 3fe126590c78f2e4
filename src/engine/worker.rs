//! Workers: each decodes what is wanted of one group after the other, and looks.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use crossbeam::channel::{Receiver, Sender};

use super::{
    PipelineError,
    eye::{Ask, Eye, StrandSpec, Way},
    job::{Answer, Decoded, Done, Job, Standing, Ticket, Work},
};
use crate::{
    at_work,
    decode::GroupDecoder,
    detect::{DetectError, Detector},
    domain::MediaTime,
    libav::{Frame, LibavError},
    looks::plan::Wanted,
    pulse,
    stop::Stop,
};

/// Models are loaded within so long, even where a provider compiles them first.
const LOADING: Duration = Duration::from_secs(1800);
/// From one look to the next, all that lies between is decoded: of large pictures and key frames that are far apart.
const LOOKING: Duration = Duration::from_secs(120);

/// Makes the detectors of one worker, in the order of [`super::eye::StrandSpec::detector`].
pub type Detectors<'d> = dyn Fn() -> Result<Vec<Box<dyn Detector + 'd>>, DetectError> + Sync + 'd;

/// A job on its way to a worker.
pub(super) struct Order {
    pub job: Job,
    pub reply: Reply,
}

/// How an answer comes back to the camera that asked. A job that nobody carries out is answered as well.
pub(super) struct Reply {
    ticket: Ticket,
    to: Option<Sender<(Ticket, Answer)>>,
}

impl Reply {
    pub fn new(ticket: Ticket, to: &Sender<(Ticket, Answer)>) -> Self {
        Self { ticket, to: Some(to.clone()) }
    }

    /// Whether it goes to this camera.
    #[cfg(test)]
    pub fn goes_to(&self, camera: &Sender<(Ticket, Answer)>) -> bool {
        self.to.as_ref().is_some_and(|to| to.same_channel(camera))
    }

    pub fn give(mut self, answer: Answer) {
        if let Some(to) = self.to.take() {
            // A camera that gave up no longer listens.
            let _ = to.send((self.ticket, answer));
        }
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if let Some(to) = self.to.take() {
            let _ = to.send((self.ticket, Err(PipelineError::WorkersGone)));
        }
    }
}

/// What one worker works with.
struct Bench<'d> {
    eye: Eye<'d>,
    decoder: GroupDecoder,
}

impl<'d> Bench<'d> {
    fn new(detectors: &Detectors<'d>) -> Result<Self, DetectError> {
        Ok(Self { eye: Eye::new(detectors()?), decoder: GroupDecoder::for_looks() })
    }
}

/// Works until no camera is left that could send a job.
///
/// A panic is the answer to its job: it ends that camera, and the worker goes on with other detectors and decoders.
///
/// # Errors
/// Where its detectors cannot be made. Errors of a job go to the camera that sent it.
pub(super) fn work(
    orders: &Receiver<Order>,
    detectors: &Detectors<'_>,
    stop: &Stop,
) -> Result<(), DetectError> {
    pulse::does("loading models", LOADING);
    let mut bench = Bench::new(detectors)?;
    pulse::rests();
    for Order { job, reply } in orders {
        pulse::does("looking at pictures", LOOKING);
        let _note = at_work::on(job.gop.camera.as_str());
        match catch_unwind(AssertUnwindSafe(|| carry_out(job, &mut bench, stop))) {
            Ok(answer) => reply.give(answer),
            Err(panic) => {
                reply.give(Err(PipelineError::panicked("looked at a picture", panic.as_ref())));
                // Nobody knows what it has left behind.
                pulse::does("loading models", LOADING);
                bench = Bench::new(detectors)?;
            }
        }
        pulse::rests();
    }
    Ok(())
}

fn carry_out(job: Job, bench: &mut Bench<'_>, stop: &Stop) -> Answer {
    if stop.is_set() {
        return Err(PipelineError::Stopped);
    }
    let Bench { eye, decoder } = bench;
    let Job { gop, wanted, work, strands, largest, resume, standing } = job;
    let times: Vec<MediaTime> = wanted.keys().copied().collect();
    let mut looks = Looks { wanted, strands, largest, standing, done: Done::default() };
    let (mut stopped, began) = (false, Instant::now());
    match work {
        Work::All => {
            let decoded = decoder.decode(&gop, &times, resume, |index, frame, at| {
                stopped |= stop.is_set();
                if let Some(time) = times.get(index).filter(|_| !stopped) {
                    looks.take(eye, *time, frame, at);
                }
            })?;
            looks.done.state = decoded.state;
        }
        Work::Decode => {
            let mut pictures = Vec::new();
            decoder.decode(&gop, &times, resume, |index, frame, at| {
                stopped |= stop.is_set();
                // One for which there is no memory is one that nobody saw.
                if let (Some(time), Ok(frame)) = (times.get(index).filter(|_| !stopped), frame.share()) {
                    pictures.push(Decoded { time: *time, at, frame });
                }
            })?;
            looks.done.decoded = pictures;
        }
        Work::Look(pictures) => {
            for Decoded { time, at, frame } in pictures {
                stopped |= stop.is_set();
                if !stopped {
                    looks.take(eye, time, &frame, at);
                }
            }
        }
    }
    if stopped {
        return Err(PipelineError::Stopped);
    }
    let Looks { standing, mut done, .. } = looks;
    done.took.decoding = began.elapsed().saturating_sub(done.took.looking);
    done.anchors = standing.map(|standing| standing.anchors).unwrap_or_default();
    Ok(done)
}

/// The looks of one job.
struct Looks {
    wanted: Wanted,
    strands: Arc<[StrandSpec]>,
    largest: Wanted,
    standing: Option<Standing>,
    done: Done,
}

impl Looks {
    /// Looks at the picture, taken at `at`, that shows a wanted time.
    fn take(&mut self, eye: &mut Eye<'_>, time: MediaTime, frame: &Frame, at: MediaTime) {
        pulse::does("looking at pictures", LOOKING);
        let Some(wanted) = self.wanted.get(&time) else { return };
        let due = self.standing.as_ref().and_then(|standing| standing.must.get(&time));
        let due = due.map(|must| must.both(wanted)).unwrap_or_default();
        // Several wanted times may be shown by one picture: no strand looks at it twice in one way.
        let (mut asked, mut fresh) = (wanted.without(&due), due);
        if let Some(known) = self.done.sights.get(&at) {
            asked = asked.without(&known.strands(Way::Asked));
            fresh = fresh.without(&known.strands(Way::Due));
        }
        let mut strands = asked;
        strands.add(&fresh);
        if strands.is_empty() {
            self.done.shown.insert(time, at);
            return;
        }
        let anchors = self.standing.as_mut().filter(|_| !fresh.is_empty());
        let anchors = anchors.map(|standing| (fresh, &mut standing.anchors, standing.max_age));
        let began = Instant::now();
        let (specs, largest) = (&*self.strands, self.largest.get(&time));
        let seen = eye.look(frame, Ask { at, strands: &strands, specs, largest, anchors });
        self.done.took.looking += began.elapsed();
        self.done.took.looks += 1;
        match seen {
            Ok(sight) => {
                self.done.shown.insert(time, at);
                match self.done.sights.get_mut(&at) {
                    Some(known) => known.add(sight),
                    None => {
                        self.done.sights.insert(at, sight);
                    }
                }
            }
            // A picture that cannot be converted is one that nobody saw. The next may be another.
            Err(PipelineError::Libav(LibavError::Scale { .. })) => {}
            // So may the next that a model is given.
            Err(error) => {
                self.done.shown.insert(time, at);
                self.done.failed.insert(at, error);
            }
        }
    }
}
