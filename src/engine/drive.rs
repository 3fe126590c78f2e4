//! One camera driven to its end: parts are taken as they come, and what it asks for is done. Blocking, so for recordings.

use std::time::Instant;

use crossbeam::{
    channel::{self, Receiver, Sender},
    select,
};

use super::{
    PipelineError,
    camera::Camera,
    event::{Action, Event},
    job::{Answer, Ticket},
    outcome::Outcome,
    records::Records,
    worker::{Order, Reply},
};
use crate::{
    domain::{CameraId, MediaTime, Record, Violation},
    source::{Part, Sent},
    stop::Stop,
};

/// Told how far a camera has come.
pub trait Progress: Sync {
    /// The camera has been analysed up to `at`, in this file.
    fn reached(&self, camera: &CameraId, file: Option<&str>, at: MediaTime);
}

/// What is made of one camera's actions.
pub(super) struct Drive<'a> {
    pub id: CameraId,
    pub orders: Sender<Order>,
    pub records: Option<Records>,
    pub progress: &'a dyn Progress,
    /// When pictures are sent, where they come at a pace.
    pub sent: Option<Sent>,
    pub outcome: Outcome,
}

impl Drive<'_> {
    /// Analyses all parts.
    ///
    /// What cannot be read or written is in the outcome's failures, and so is a model or a worker that fails: nothing is
    /// analysed after that, and what was found before stands. The same holds once `stop` is set.
    pub fn run(&mut self, mut camera: Camera, parts: &Receiver<Part>, stop: &Stop) {
        self.open_records();
        let (to, answers) = channel::unbounded();
        let mut actions = Vec::new();
        while !camera.is_done() && !stop.is_set() {
            camera.take(next(&camera, parts, &answers), &mut actions);
            actions.drain(..).for_each(|action| self.act(action, &to));
        }
        if stop.is_set() {
            // However it ended, it ended because it was to stop.
            let ended = |failure: &PipelineError| {
                matches!(failure, PipelineError::Stopped | PipelineError::WorkersGone)
            };
            self.outcome.failures.retain(|failure| !ended(failure));
            self.outcome.failures.push(PipelineError::Stopped);
        }
        let (violations, watched) = camera.finish(&mut actions);
        actions.drain(..).for_each(|action| self.act(action, &to));
        (self.outcome.violations, self.outcome.watched) = (violations, watched);
    }

    /// What became of the camera, whether it came to its end or not.
    pub fn finish(mut self) -> Outcome {
        self.finish_records();
        self.outcome
    }

    fn act(&mut self, action: Action, to: &Sender<(Ticket, Answer)>) {
        match action {
            // Where no worker is left, the order is dropped, and so answered.
            Action::Look(ticket, job) => {
                let _ = self.orders.send(Order { job, reply: Reply::new(ticket, to) });
            }
            Action::Tell(record, judgement) => {
                if let Some(records) = &mut self.records
                    && let Err(source) = records.write(&record)
                {
                    self.no_records(source);
                }
                self.outcome.take(&record, &judgement.presence);
                judgement.violations.into_iter().for_each(|violation| self.note(violation));
                if let Record::Observation(observation) = record
                    && let Some(due) = self.sent.and_then(|sent| sent.time(observation.at))
                {
                    let behind = Instant::now().saturating_duration_since(due);
                    self.outcome.behind.get_or_insert_default().take(behind);
                }
            }
            Action::Judged(judgement) => {
                judgement.violations.into_iter().for_each(|violation| self.note(violation));
            }
            Action::Missed(reason) => self.outcome.miss(reason),
            Action::Reached(file, at) => {
                self.outcome.reach(at);
                self.progress.reached(&self.id, file.as_deref(), at);
            }
            Action::Notice(notice) => self.outcome.notices.push(notice),
            Action::Failed(error) => self.outcome.failures.push(error),
        }
    }

    /// Keeps a violation as it now is, for a camera that does not come to its end.
    fn note(&mut self, violation: Violation) {
        let known = &mut self.outcome.violations;
        match known.iter_mut().find(|known| known.id == violation.id) {
            Some(known) => *known = violation,
            // One that was only warned about is none, or none yet.
            None if violation.raised.is_none() => {}
            None => known.push(violation),
        }
    }

    /// Makes the file of records, now that it is this camera's turn.
    fn open_records(&mut self) {
        if let Some(Err(source)) = self.records.as_mut().map(Records::open) {
            self.no_records(source);
        }
    }

    fn finish_records(&mut self) {
        if let Some(records) = self.records.take() {
            let path = records.path().to_owned();
            if let Err(source) = records.finish() {
                self.outcome.failures.push(PipelineError::Write { path, source });
            }
        }
    }

    /// Goes on without records, which cannot be written: rules judge all the same.
    fn no_records(&mut self, source: std::io::Error) {
        if let Some(records) = self.records.take() {
            let path = records.path().to_owned();
            self.outcome.failures.push(PipelineError::Write { path, source });
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
