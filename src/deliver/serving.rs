//! One sink, and all that is done for it: it is given what waits, again until it has it, and what it has is noted.

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::{sleep_until, timeout},
};

use super::{Beat, Pace, Refusal, Sink, backoff::Backoff, facts::SinkFacts, lanes::Lanes, telling::Telling};
use crate::{
    domain::OutboxId,
    ledger::database::{DatabaseError, Given, Handle},
    stop::Stop,
};

/// So many are learned of at once.
const LEARNED: usize = 5_000;
/// All that waits is looked through so often: somebody may have changed it from outside.
const AFRESH: Duration = Duration::from_secs(30);
/// A sink that does not answer in this time never will.
const SILENT: Duration = Duration::from_secs(300);
/// What could not be noted is noted again after this.
const NOTED_AGAIN: Duration = Duration::from_secs(1);
/// A sink has so much time to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// What is wanted of those who serve sinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// That they go on.
    Service,
    /// That they deliver what waits, and end.
    Drain,
    /// That they end once what is under way is over: the sink is configured no more.
    Leave,
}

/// What whoever serves a sink works with.
pub(super) struct Means {
    pub name: String,
    pub handle: Handle,
    pub stop: Stop,
    pub wanted: watch::Receiver<Wanted>,
    /// Counts how often alerts may have come.
    pub news: watch::Receiver<u64>,
    /// Counts how often something else may have changed.
    pub changes: watch::Receiver<u64>,
    /// The newest sign of life.
    pub beat: watch::Receiver<Option<Arc<Beat>>>,
    pub facts: Arc<Mutex<SinkFacts>>,
}

/// Serves a sink until it is to end.
pub(super) async fn serve<S: Sink>(sink: S, means: Means) {
    let (lanes, connections) = (Lanes::new(sink.pace()), sink.connections());
    let telling = Telling::new(means.name.clone(), Arc::clone(&means.facts));
    let mut serving = Serving {
        sink: Arc::new(sink),
        means,
        connections,
        lanes,
        outbox: None,
        flights: JoinSet::new(),
        aboard: BTreeMap::new(),
        beat: None,
        unnoted: BTreeSet::new(),
        noting: None,
        note_at: None,
        pause: None,
        backoff: Backoff::default(),
        telling,
        afresh: Instant::now(),
        is_behind: true,
    };
    serving.telling.gathers(serving.sink.pace() == Pace::Gathered);
    serving.run().await;
    let _ = timeout(GOODBYE, serving.sink.close()).await;
}

/// What was noted, and what came of that.
type Noted = (OutboxId, BTreeSet<u64>, Result<(), DatabaseError>);

/// What came of one alert that was given.
type Landed = (Ticket, Result<(), Refusal>);

/// An alert that was given: the outbox that counts it, and its sequence there. Another outbox has others under the same numbers.
type Ticket = (OutboxId, u64);

struct Serving<S> {
    sink: Arc<S>,
    means: Means,
    /// As [`Sink::connections`] has it.
    connections: Option<watch::Receiver<u64>>,
    lanes: Lanes,
    /// The outbox that `lanes` are of.
    outbox: Option<OutboxId>,
    flights: JoinSet<Landed>,
    /// Which alert is on which flight.
    aboard: BTreeMap<tokio::task::Id, Ticket>,
    beat: Option<JoinHandle<()>>,
    /// What it has, and is not noted yet.
    unnoted: BTreeSet<u64>,
    noting: Option<JoinHandle<Noted>>,
    note_at: Option<Instant>,
    /// Nothing is given before.
    pause: Option<Instant>,
    backoff: Backoff,
    telling: Telling,
    /// When all that waits is looked through again.
    afresh: Instant,
    /// Whether there may be alerts that it does not know of.
    is_behind: bool,
}

impl<S: Sink> Serving<S> {
    async fn run(&mut self) {
        loop {
            let wanted = *self.means.wanted.borrow_and_update();
            if wanted != Wanted::Service {
                self.sink.hurry();
            }
            if wanted != Wanted::Leave {
                self.learn().await;
                self.give().await;
            }
            self.note();
            if self.is_over(wanted) {
                return;
            }
            self.wait().await;
        }
    }

    fn is_over(&self, wanted: Wanted) -> bool {
        let is_idle = self.flights.is_empty() && self.noting.is_none();
        let is_noted = self.unnoted.is_empty();
        match wanted {
            Wanted::Service => false,
            Wanted::Leave => is_idle && is_noted,
            Wanted::Drain => {
                let is_failing = self.pause.is_some() || self.note_at.is_some();
                let gives_up = self.means.stop.is_set() && is_failing;
                let is_done = is_noted && self.lanes.is_empty() && !self.is_behind;
                is_idle && (gives_up || is_done && !self.means.handle.has_held())
            }
        }
    }

    /// Learns of what waits.
    async fn learn(&mut self) {
        if self.means.changes.has_changed().unwrap_or(false) || Instant::now() >= self.afresh {
            self.means.changes.mark_unchanged();
            self.lanes.forget_waiting();
            self.afresh = Instant::now() + AFRESH;
            self.is_behind = true;
        }
        if self.means.news.has_changed().unwrap_or(false) {
            self.means.news.mark_unchanged();
            self.is_behind = true;
        }
        while self.is_behind {
            let (handle, name, after) =
                (self.means.handle.clone(), self.means.name.clone(), self.lanes.known());
            let found = tokio::task::spawn_blocking(move || handle.waiting(&name, after, LEARNED)).await;
            let mut waiting = match found {
                Ok(Ok(waiting)) => waiting,
                Ok(Err(error)) => return self.fail(&error.to_string(), None),
                Err(error) => return self.fail(&error.to_string(), None),
            };
            if self.outbox != Some(waiting.outbox) {
                let is_first = self.outbox.is_none();
                self.outbox = Some(waiting.outbox);
                self.unnoted.clear();
                self.lanes.forget_all();
                if !is_first {
                    continue;
                }
            }
            self.is_behind = waiting.alerts.len() == LEARNED;
            let last = waiting.alerts.last().map_or(0, |(sequence, _)| *sequence);
            waiting.alerts.retain(|(sequence, _)| !self.unnoted.contains(sequence));
            self.lanes.learn(waiting.alerts, last);
        }
    }

    /// Gives what may be given.
    async fn give(&mut self) {
        let now = Instant::now();
        if self.pause.is_some_and(|pause| now < pause) {
            return;
        }
        let due = self.lanes.due(now);
        let Some(outbox) = self.outbox.filter(|_| !due.is_empty()) else { return };
        let (handle, name, asked) = (self.means.handle.clone(), self.means.name.clone(), due.clone());
        let found = match tokio::task::spawn_blocking(move || handle.given(&name, &asked)).await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => return self.fail(&error.to_string(), None),
            Err(error) => return self.fail(&error.to_string(), None),
        };
        for (sequence, given) in due.into_iter().zip(found) {
            match given {
                Given::Alert(alert) if alert.outbox == outbox => {
                    self.lanes.started(&alert.camera, sequence);
                    let ticket = (outbox, sequence);
                    let sink = Arc::clone(&self.sink);
                    let deliver = async move {
                        let answer = AssertUnwindSafe(timeout(SILENT, sink.deliver(&alert))).catch_unwind();
                        let answer = answer.await.unwrap_or_else(|_| {
                            Ok(Err(Refusal::transient("it failed within this program: please report that")))
                        });
                        (ticket, answer.unwrap_or_else(|_| Err(Refusal::transient("it does not answer"))))
                    };
                    self.begin(ticket, deliver.boxed());
                }
                // It is asked for again once something has changed.
                Given::Held => {}
                Given::Alert(_) => self.is_behind = true,
                Given::Gone => self.lanes.done(sequence),
            }
        }
    }

    /// Begins to give an alert: it takes its place among the others before the next one does.
    fn begin(&mut self, ticket: Ticket, mut deliver: BoxFuture<'static, Landed>) {
        match (&mut deliver).now_or_never() {
            Some((ticket, answer)) => self.landed(ticket, answer),
            None => {
                let flight = self.flights.spawn(deliver);
                self.aboard.insert(flight.id(), ticket);
            }
        }
    }

    fn landed(&mut self, (outbox, sequence): Ticket, answer: Result<(), Refusal>) {
        if self.outbox != Some(outbox) {
            // The database that held it is gone: nobody is to be told what became of it.
            return;
        }
        match answer {
            Ok(()) => {
                self.lanes.done(sequence);
                self.unnoted.insert(sequence);
                self.telling.delivered(self.sink.unheard());
                self.works();
            }
            Err(Refusal::Permanent { why }) => {
                self.telling.refused(sequence, &why);
                self.works();
                self.refuse(sequence, why);
            }
            Err(Refusal::Transient { why, after }) => {
                self.lanes.failed(sequence, Instant::now(), after);
                self.fail(&why, after);
            }
        }
    }

    /// Notes a dead letter. Where that cannot be written just now, the alert waits and is refused again.
    fn refuse(&mut self, sequence: u64, why: String) {
        let (handle, name) = (self.means.handle.clone(), self.means.name.clone());
        let Some(outbox) = self.outbox else { return };
        let written = tokio::task::block_in_place(|| handle.refused(&name, outbox, sequence, &why));
        match written {
            Ok(()) => self.lanes.done(sequence),
            Err(error) => {
                self.lanes.failed(sequence, Instant::now(), None);
                self.fail(&error.to_string(), None);
            }
        }
    }

    /// Notes what it has, together what has come meanwhile.
    fn note(&mut self) {
        let is_due = self.note_at.is_none_or(|at| at <= Instant::now());
        let Some(outbox) = self.outbox.filter(|_| is_due) else { return };
        if self.noting.is_some() || self.unnoted.is_empty() {
            return;
        }
        let (handle, name, taken) =
            (self.means.handle.clone(), self.means.name.clone(), self.unnoted.clone());
        self.noting = Some(tokio::task::spawn_blocking(move || {
            let sequences: Vec<u64> = taken.iter().copied().collect();
            let done = handle.delivered(&name, outbox, &sequences);
            (outbox, taken, done)
        }));
    }

    fn noted(&mut self, taken: &BTreeSet<u64>, done: Result<(), DatabaseError>) {
        match done {
            Ok(()) => {
                self.unnoted.retain(|sequence| !taken.contains(sequence));
                self.note_at = None;
            }
            // The database says by itself what is wrong with it.
            Err(_) => self.note_at = Some(Instant::now() + NOTED_AGAIN),
        }
    }

    /// It does not work: each reason is said once.
    fn fail(&mut self, why: &str, after: Option<Duration>) {
        let now = Instant::now();
        // What fails together counts once.
        if self.pause.is_none_or(|pause| pause <= now) {
            self.pause = Some(now + self.backoff.next());
        }
        let least = now + after.unwrap_or_default();
        self.pause = self.pause.map(|pause| pause.max(least));
        self.telling.fails(why, now);
    }

    /// It works: said where it did not.
    fn works(&mut self) {
        (self.pause, self.backoff) = (None, Backoff::default());
        self.telling.works();
    }

    /// Waits until something happens.
    async fn wait(&mut self) {
        let now = Instant::now();
        let times = [self.pause, self.lanes.next(now), self.note_at, Some(self.afresh)];
        let next = times.into_iter().flatten().filter(|at| *at > now).min().unwrap_or(now + AFRESH);
        let noting = async {
            match &mut self.noting {
                Some(noting) => noting.await,
                None => std::future::pending().await,
            }
        };
        let connected = async {
            match &mut self.connections {
                Some(connections) => connections.changed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some(flight) = self.flights.join_next_with_id() => self.arrived(flight),
            done = noting => {
                self.noting = None;
                if let Ok((outbox, taken, done)) = done
                    && self.outbox == Some(outbox)
                {
                    self.noted(&taken, done);
                }
            }
            Ok(()) = self.means.news.changed() => self.is_behind = true,
            Ok(()) = self.means.changes.changed() => self.afresh = now,
            // What was committed just before the end is delivered, too.
            Ok(()) = self.means.wanted.changed() => self.is_behind = true,
            Ok(()) = self.means.beat.changed() => self.beat(),
            // Only the wait is over: whether it works is seen by what it takes.
            Ok(()) = connected => {
                self.pause = None;
                self.lanes.try_now();
            }
            () = sleep_until(next.into()) => {}
        }
        while let Some(flight) = self.flights.try_join_next_with_id() {
            self.arrived(flight);
        }
    }

    fn arrived(&mut self, flight: Result<(tokio::task::Id, Landed), tokio::task::JoinError>) {
        match flight {
            Ok((id, (ticket, answer))) => {
                self.aboard.remove(&id);
                self.landed(ticket, answer);
            }
            Err(error) => {
                if let Some(ticket) = self.aboard.remove(&error.id()) {
                    self.landed(ticket, Err(Refusal::transient("it was broken off")));
                }
            }
        }
    }

    /// Gives it the newest sign of life, unless it still has to do with the one before.
    fn beat(&mut self) {
        let Some(beat) = self.means.beat.borrow_and_update().clone() else { return };
        if self.beat.as_ref().is_some_and(|before| !before.is_finished()) {
            return;
        }
        let (sink, name) = (Arc::clone(&self.sink), self.means.name.clone());
        self.beat = Some(tokio::spawn(async move {
            match timeout(SILENT, sink.heartbeat(&beat)).await {
                Ok(Ok(())) => {}
                Ok(Err(refusal)) => tracing::debug!(sink = name, "a sign of life is lost: {refusal}"),
                Err(_) => tracing::debug!(sink = name, "a sign of life is lost: no answer"),
            }
        }));
    }
}
