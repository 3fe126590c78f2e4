//! What the robots of chat groups share: alerts are gathered into few messages that people read.
//!
//! ```text
//! deliver ─► told in words (text) ─► gathered (gather, bucket) ─► one request at a time (post) ─► its code ─► answers
//!                                                             └─► stills, where the robot takes pictures
//! ```
//!
//! One task for each robot owns the [`gather::Gather`], and ends with the sink.

mod bucket;
mod gather;
mod post;
mod text;

#[cfg(test)]
pub(super) mod tests;

use std::{
    collections::VecDeque,
    future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use gather::{Gather, Place};
use jiff::Timestamp;
pub(super) use post::{Meaning, Request};
use text::Told;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::{self, JoinError, JoinHandle},
    time,
};
use ureq::Agent;

pub(super) use self::{gather::Timing, text::Reading};
use super::{About, Refusal, http};
use crate::{address::Hook, clock::Clock, config::Secret, ledger::database::Queued};

/// So many stills wait. What is older than those is of no interest by then.
const STILLS: usize = 16;

/// What is different about the robots of each platform.
pub(super) trait Platform: Send + Sync + 'static {
    /// The keys of an answer that may hold its code.
    const CODES: &'static [&'static str];
    /// The keys of an answer that may hold its text.
    const TEXTS: &'static [&'static str];
    /// No text is longer, in bytes.
    const LONGEST: usize;
    /// What clients read in a text.
    const READING: Reading;
    /// A robot that was given too much takes nothing for so long.
    const SHUT: Duration;
    /// Whether it takes pictures.
    const STILLS: Stills;

    fn hook(&self) -> &Hook;

    fn secret(&self) -> Option<&Secret>;

    /// A message of text, as it is sent at this time.
    fn text(&self, text: &str, now: Timestamp) -> Result<Request, Refusal>;

    /// What a code that is no success means, with its text.
    fn meaning(code: i64, text: &str) -> Meaning;

    /// A message of the still that alerts know by this name; none where it cannot be had. Asked only where it takes
    /// [`Stills::Taken`].
    fn picture(&self, about: &About, name: &str) -> Option<Request> {
        let _ = (about, name);
        None
    }
}

/// Whether robots take pictures that have no public address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stills {
    /// The still follows the text.
    Taken,
    /// There are only texts.
    NotTaken,
}

/// A robot of a chat group.
pub(super) struct Chat<P> {
    robot: Arc<Robot<P>>,
    /// To the task that gathers. None before the first alert.
    to: Mutex<Option<mpsc::UnboundedSender<Given>>>,
}

struct Robot<P> {
    platform: P,
    about: About,
    clock: Arc<dyn Clock>,
    timing: Timing,
    /// Whether the end is near.
    hurry: watch::Sender<bool>,
    /// None before the first request.
    agent: Mutex<Option<Agent>>,
}

/// An alert that was given, and who waits for the answer.
struct Given {
    place: Place,
    told: Told,
    answer: oneshot::Sender<Result<(), Refusal>>,
}

impl<P: Platform> Chat<P> {
    pub fn new(platform: P, about: About, clock: Arc<dyn Clock>, timing: Timing) -> Self {
        let (hurry, _) = watch::channel(false);
        let robot = Robot { platform, about, clock, timing, hurry, agent: Mutex::default() };
        Self { robot: Arc::new(robot), to: Mutex::default() }
    }

    /// Waits until the robot has taken the message that holds it.
    pub async fn deliver(&self, alert: &Queued) -> Result<(), Refusal> {
        let read = alert.alert().map_err(|error| {
            Refusal::permanent(format!("it is no alert: {}", super::quoted(&error.to_string())))
        })?;
        let Some(told) = Told::of(&read, &self.robot.about.zone, P::READING) else { return Ok(()) };
        let (answer, answered) = oneshot::channel();
        let place = Place { outbox: alert.outbox, sequence: alert.sequence };
        self.give(Given { place, told, answer });
        answered.await.unwrap_or_else(|_| Err(unsent()))
    }

    /// The end is near: nothing is collected any longer.
    pub fn hurry(&self) {
        self.robot.hurry.send_replace(true);
    }

    /// Sends a message that says that it is a test, at once.
    pub async fn test(&self) -> Result<(), Refusal> {
        let robot = Arc::clone(&self.robot);
        let text = text::compose_test(&robot.about, P::READING, P::LONGEST);
        task::spawn_blocking(move || robot.send_text(&text)).await.unwrap_or_else(|_| Err(unsent()))
    }

    fn give(&self, given: Given) {
        let mut to = lock(&self.to);
        let given = match &*to {
            Some(sender) => match sender.send(given) {
                Ok(()) => return,
                // The task has ended, as it does with its runtime.
                Err(unsent) => unsent.0,
            },
            None => given,
        };
        self.begin(&mut to, given);
    }

    fn begin(&self, to: &mut Option<mpsc::UnboundedSender<Given>>, given: Given) {
        let (sender, from) = mpsc::unbounded_channel();
        task::spawn(Task::new(Arc::clone(&self.robot)).run(from));
        // It waits in the channel until the task takes it. Where there is no task, who waits for it is told by its end.
        let _ = sender.send(given);
        *to = Some(sender);
    }
}

impl<P: Platform> Robot<P> {
    fn send_text(&self, text: &str) -> Result<(), Refusal> {
        self.send(&self.platform.text(text, self.clock.wall())?)
    }

    fn send_still(&self, name: &str) -> Result<(), Refusal> {
        match self.platform.picture(&self.about, name) {
            Some(request) => self.send(&request),
            None => Err(Refusal::permanent(format!("{} cannot be read", super::quoted(name)))),
        }
    }

    fn send(&self, request: &Request) -> Result<(), Refusal> {
        let answer = post::post(&self.agent()?, request)?;
        post::judge(&self.platform, &answer, self.clock.wall())
    }

    fn agent(&self) -> Result<Agent, Refusal> {
        let mut agent = lock(&self.agent);
        if let Some(agent) = &*agent {
            return Ok(agent.clone());
        }
        let is_https = self.platform.hook().parts().is_some_and(|parts| parts.scheme == "https");
        Ok(agent.insert(http::agent(is_https, None)?).clone())
    }
}

/// The task of a robot.
struct Task<P> {
    robot: Arc<Robot<P>>,
    gather: Gather<Given>,
    /// What is on its way, and the stills of what it tells.
    text: Option<Job>,
    told: Vec<String>,
    still: Option<Job>,
    /// Stills of what was taken, which nobody waits for.
    stills: VecDeque<String>,
}

type Job = JoinHandle<Result<(), Refusal>>;

/// What a task waits for.
enum Woken {
    Given(Option<Given>),
    Text(Result<(), Refusal>),
    Still(Result<(), Refusal>),
    Hurried,
    Time,
}

impl<P: Platform> Task<P> {
    fn new(robot: Arc<Robot<P>>) -> Self {
        let gather = Gather::new(robot.timing, robot.clock.monotonic());
        Self { robot, gather, text: None, told: Vec::new(), still: None, stills: VecDeque::new() }
    }

    async fn run(mut self, mut from: mpsc::UnboundedReceiver<Given>) {
        let mut hurry = self.robot.hurry.subscribe();
        loop {
            if *hurry.borrow_and_update() {
                self.gather.hurry();
            }
            let now = self.robot.clock.monotonic();
            while let Ok(given) = from.try_recv() {
                self.add(given);
            }
            self.gather.forget(|given| given.answer.is_closed());
            self.begin_text(now);
            self.begin_still(now);
            let due = [self.gather.due(now), self.still_due(now)].into_iter().flatten().min();
            let wait = due.map(|due| due.saturating_duration_since(now));
            let woken = tokio::select! {
                given = from.recv() => Woken::Given(given),
                done = finished(&mut self.text) => Woken::Text(done),
                done = finished(&mut self.still) => Woken::Still(done),
                Ok(()) = hurry.changed() => Woken::Hurried,
                () = slept(wait) => Woken::Time,
            };
            match woken {
                Woken::Given(None) => return,
                Woken::Given(Some(given)) => self.add(given),
                Woken::Text(done) => {
                    // What was given meanwhile stands behind it.
                    while let Ok(given) = from.try_recv() {
                        self.add(given);
                    }
                    self.end_text(done);
                }
                Woken::Still(done) => self.end_still(done),
                Woken::Hurried | Woken::Time => {}
            }
        }
    }

    fn add(&mut self, given: Given) {
        let (place, urgency) = (given.place, given.told.urgency);
        let added = self.gather.add(place, urgency, given, self.robot.clock.monotonic());
        if let Err((given, refusal)) = added {
            reply(given, Err(refusal));
        }
    }

    fn begin_text(&mut self, now: Instant) {
        let Some(batch) = self.gather.begin(now) else { return };
        let told: Vec<&Told> = batch.into_iter().map(|given| &given.told).collect();
        let composed = text::compose(&told, &self.robot.about, P::READING, P::LONGEST);
        let shown = composed.shown.iter().filter_map(|index| told.get(*index)?.still.clone());
        self.told = shown.collect();
        let robot = Arc::clone(&self.robot);
        self.text = Some(task::spawn_blocking(move || robot.send_text(&composed.text)));
    }

    fn end_text(&mut self, done: Result<(), Refusal>) {
        self.text = None;
        if done.is_ok() && P::STILLS == Stills::Taken {
            self.stills.append(&mut self.told.drain(..).collect());
            let too_many = self.stills.len().saturating_sub(STILLS);
            if self.stills.drain(..too_many).count() > 0 {
                tracing::debug!(sink = %self.robot.about.name, "{too_many} stills are left out: too many wait");
            }
        }
        for (given, answer) in self.gather.end(done, self.robot.clock.monotonic()) {
            reply(given, answer);
        }
    }

    fn still_due(&mut self, now: Instant) -> Option<Instant> {
        (self.still.is_none() && !self.stills.is_empty()).then(|| self.gather.spare_at(now))
    }

    fn begin_still(&mut self, now: Instant) {
        if self.still.is_some() || self.stills.is_empty() || !self.gather.spare(now) {
            return;
        }
        self.still = self.stills.pop_front().map(|name| {
            let robot = Arc::clone(&self.robot);
            task::spawn_blocking(move || robot.send_still(&name))
        });
    }

    /// The text was taken, so that a still which was not is let go.
    fn end_still(&mut self, done: Result<(), Refusal>) {
        self.still = None;
        let Err(refusal) = done else { return };
        tracing::debug!(sink = %self.robot.about.name, "a still was not taken: {refusal}");
        if let Refusal::Transient { after: Some(_), .. } = refusal {
            self.stills.clear();
            for (given, answer) in self.gather.hold(&refusal, self.robot.clock.monotonic()) {
                reply(given, answer);
            }
        }
    }
}

fn reply(given: Given, answer: Result<(), Refusal>) {
    // Nobody may wait any more, at the end.
    let _ = given.answer.send(answer);
}

/// The end of a job; there is none where there is no job.
async fn finished(job: &mut Option<Job>) -> Result<(), Refusal> {
    match job {
        Some(job) => job.await.unwrap_or_else(|_: JoinError| Err(unsent())),
        None => future::pending().await,
    }
}

async fn slept(wait: Option<Duration>) {
    match wait {
        Some(wait) => time::sleep(wait).await,
        None => future::pending().await,
    }
}

fn unsent() -> Refusal {
    Refusal::transient("it was not sent: the program ends")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
