//! One camera driven to its end: parts are taken as they come, and what it asks for is done. Blocking, so for recordings.

use std::time::{Duration, Instant};

use crossbeam::{
    channel::{self, Receiver, Sender},
    select,
};

use super::{
    PipelineError,
    camera::Camera,
    event::{Action, Actions, Event},
    job::{Answer, Ticket},
    worker::{Order, Reply},
};
use crate::{
    domain::{CameraId, MediaTime, Record},
    judge::Saved,
    ledger::{Fact, Ledger, Step},
    source::{Part, Sent},
    stop::Stop,
};

/// Told how far a camera has come.
pub trait Progress: Sync {
    /// The camera has been analysed up to `at`, in this file.
    fn reached(&self, camera: &CameraId, file: Option<&str>, at: MediaTime);
}

/// How long after their pictures were sent looks were judged.
#[derive(Debug, Clone, Copy, Default)]
pub struct Behind {
    /// The longest.
    pub most: Duration,
    sum: Duration,
    looks: u32,
}

impl Behind {
    /// Zero without looks.
    pub fn mean(&self) -> Duration {
        self.sum / self.looks.max(1)
    }

    fn take(&mut self, by: Duration) {
        (self.most, self.sum) = (self.most.max(by), self.sum.saturating_add(by));
        self.looks = self.looks.saturating_add(1);
    }
}

/// What is left of a camera that was driven, whether it came to its end or not. What it saw and found is in its ledger.
#[derive(Debug)]
pub struct Ended<L> {
    /// Which.
    pub camera: CameraId,
    /// Where all that came of it is kept.
    pub ledger: L,
    /// What could not be read, looked at or kept.
    pub failures: Vec<PipelineError>,
    /// How far judging lay behind, where pictures came at a pace.
    pub behind: Option<Behind>,
}

/// What is made of one camera's actions.
pub(super) struct Drive<'a, L> {
    pub orders: Sender<Order>,
    pub progress: &'a dyn Progress,
    /// When pictures are sent, where they come at a pace.
    pub sent: Option<Sent>,
    pub ended: Ended<L>,
}

impl<L: Ledger> Drive<'_, L> {
    /// Analyses all parts.
    ///
    /// What cannot be read or kept is among the failures, and so is a model or a worker that fails: nothing is analysed after
    /// that, and what was found before stands. The same holds once `stop` is set.
    pub fn run(&mut self, mut camera: Camera, parts: &Receiver<Part>, stop: &Stop) {
        let (to, answers) = channel::unbounded();
        let mut actions = Vec::new();
        while !camera.is_done() && !stop.is_set() {
            camera.take(next(&camera, parts, &answers), &mut actions);
            self.act(&mut actions, &to, &|| Some(camera.save()));
        }
        if stop.is_set() {
            // However it ended, it ended because it was to stop.
            let ended = |failure: &PipelineError| {
                matches!(failure, PipelineError::Stopped | PipelineError::WorkersGone)
            };
            self.ended.failures.retain(|failure| !ended(failure));
            self.ended.failures.push(PipelineError::Stopped);
        }
        let watched = camera.finish(&mut actions);
        self.act(&mut actions, &to, &|| None);
        self.commit(&[Fact::Ended(watched)], &|| None);
    }

    /// Does what one event led to, and gives what came of it to the ledger as one step.
    fn act(
        &mut self,
        actions: &mut Actions,
        to: &Sender<(Ticket, Answer)>,
        state: &dyn Fn() -> Option<Saved>,
    ) {
        let (mut facts, mut reached) = (Vec::new(), None);
        for action in actions.drain(..) {
            facts.push(match action {
                // Where no worker is left, the order is dropped, and so answered.
                Action::Look(ticket, job) => {
                    let _ = self.orders.send(Order { job, reply: Reply::new(ticket, to) });
                    continue;
                }
                Action::Failed(error) => {
                    self.ended.failures.push(error);
                    continue;
                }
                Action::Reached(file, at) => {
                    reached = Some((file, at));
                    Fact::Reached(at)
                }
                Action::Tell(record, judgement) => {
                    self.time(&record);
                    Fact::Told(record, judgement)
                }
                Action::Judged(judgement) => Fact::Judged(judgement),
                Action::Missed(reason) => Fact::Missed(reason),
                Action::Notice(notice) => Fact::Notice(notice),
            });
        }
        if !facts.is_empty() {
            self.commit(&facts, state);
        }
        if let Some((file, at)) = reached {
            self.progress.reached(&self.ended.camera, file.as_deref(), at);
        }
    }

    fn commit(&mut self, facts: &[Fact], state: &dyn Fn() -> Option<Saved>) {
        let step = Step { camera: &self.ended.camera, facts, state };
        if let Err(error) = self.ended.ledger.commit(&step) {
            self.ended.failures.push(error.into());
        }
    }

    /// Notes how far behind its picture a look was judged.
    fn time(&mut self, record: &Record) {
        if let Record::Observation(observation) = record
            && let Some(due) = self.sent.and_then(|sent| sent.time(observation.at))
        {
            let behind = Instant::now().saturating_duration_since(due);
            self.ended.behind.get_or_insert_default().take(behind);
        }
    }
}

/// Waits for what happens next: first come parts, so that workers have something to do.
fn next(camera: &Camera, parts: &Receiver<Part>, answers: &Receiver<(Ticket, Answer)>) -> Event {
    let part = |part: Result<Part, _>| part.map_or(Event::Over, Event::Part);
    let answer = |(ticket, answer)| Event::Looked(ticket, answer);
    if !camera.wants_part() {
        // It waits for an answer, and every job is answered.
        return answers.recv().map_or(Event::Over, answer);
    }
    if let Ok(next) = parts.try_recv() {
        return Event::Part(next);
    }
    select! {
        recv(parts) -> next => part(next),
        recv(answers) -> next => next.map_or(Event::Over, answer),
    }
}
