use std::{
    collections::BTreeMap,
    ops::RangeInclusive,
    sync::{Arc, mpsc},
    time::Duration,
};

use jiff::{Timestamp, civil::Date};
use uuid::Uuid;

use super::{
    DatabaseError, DatabaseFacts,
    camera::{CameraLedger, Explanations, changes},
    kept::{Item, Kept},
    outcomes,
    queue::{Mark, Order},
    reading::{self, Given, Waiting},
    shared::Shared,
    state,
    uploads::{self, Upload},
    urls::Urls,
};
use crate::{
    config::Filter,
    domain::{CameraFact, CameraHealth, CameraId, Explanation, OutboxId, RuleId, Verdict, Violation},
    health::Health,
    judge::Judgement,
    ledger::days::DayOutcome,
};

/// What others do with the database. Copies are of the same.
#[derive(Clone)]
pub struct Handle {
    pub(super) shared: Arc<Shared>,
}

impl Handle {
    /// What was saved of a camera, for [`crate::judge::Saved::read`]; none where it was never watched. What this program made
    /// is given before it is on the disk.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn saved(&self, camera: &CameraId) -> Result<Option<Vec<u8>>, DatabaseError> {
        let latest = self.shared.queue().latest(camera);
        match latest.and_then(|saved| saved.write().ok()) {
            Some(bytes) => Ok(Some(bytes)),
            None => self.shared.read(|connection| state::read(connection, camera)),
        }
    }

    /// Where a camera's steps are kept. `explanations` are of its rules.
    pub fn ledger(&self, camera: CameraId, explanations: BTreeMap<RuleId, Explanation>) -> CameraLedger {
        CameraLedger::new(Arc::clone(&self.shared), camera, shared(&explanations))
    }

    /// Keeps what a restore ended of a camera: it is told.
    pub fn resumed(
        &self,
        camera: &CameraId,
        judgement: Judgement,
        explanations: &BTreeMap<RuleId, Explanation>,
    ) {
        let items: Vec<Item> = changes(&judgement, &shared(explanations)).collect();
        if !items.is_empty() {
            tracing::debug!(%camera, ended = items.len(), "what was open of rules that begin anew is ended");
            self.shared.push(items, None);
        }
    }

    /// The cameras of which something was saved.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn cameras(&self) -> Result<Vec<CameraId>, DatabaseError> {
        self.shared.read(state::cameras)
    }

    /// Keeps which files there are of a violation, and tells it: with an alert that waits for them, or with another.
    pub fn evidence(&self, kept: Kept) {
        if !(kept.entries.is_empty() && kept.missing.is_empty()) {
            let came = self.shared.wall();
            self.shared.push(vec![Item::Evidence(kept, came)], None);
        }
    }

    /// Keeps and tells how a camera does. It is to be told once: the same since the same time is not told again.
    pub fn health(&self, health: CameraHealth, fact: CameraFact) {
        self.shared.push(vec![Item::Health(health, fact)], None);
    }

    /// What was told of a camera's health, as far as the alerts of it are kept: for one whose saved state does not say.
    pub fn health_told(&self, camera: &CameraId) -> Health {
        let alerts = self.shared.read(|connection| reading::health(connection, camera)).unwrap_or_default();
        Health::told(alerts.iter().map(|alert| &alert.body))
    }

    /// Alerts after this sequence that wait for a sink, in their order, so many at most; 0 is before the first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn waiting(&self, sink: &str, after: u64, most: usize) -> Result<Waiting, DatabaseError> {
        self.shared.read(|connection| reading::waiting(connection, sink, after, most))
    }

    /// These alerts of a sink, as they are given out. One that waits for its still is not yet, nor are those of its camera that
    /// come after it.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn given(&self, sink: &str, sequences: &[u64]) -> Result<Vec<Given>, DatabaseError> {
        let mut released = false;
        let found = self.shared.read(|connection| {
            // Nobody holds or fills an alert while it is decided which are given out: one that is in the database and not
            // held then never changes.
            let mut holds = self.shared.holds();
            released = holds.release(self.shared.clock.monotonic());
            reading::given(connection, sink, sequences, &holds.held())
        });
        if released {
            self.shared.told();
        }
        found
    }

    /// Notes that a sink has these alerts of an outbox. It is on the disk when this returns.
    ///
    /// # Errors
    /// Where it cannot be written just now, or the database is closed. The alerts are given out again then, unless it is noted
    /// later.
    pub fn delivered(&self, sink: &str, outbox: OutboxId, sequences: &[u64]) -> Result<(), DatabaseError> {
        if sequences.is_empty() {
            return Ok(());
        }
        let (sink, sequences) = (sink.to_owned(), sequences.to_vec());
        self.order(Mark::Delivered { sink, outbox, sequences }).map(drop)
    }

    /// Notes that a sink will never take this alert, and why: it is a dead letter from then on.
    ///
    /// # Errors
    /// As [`Self::delivered`].
    pub fn refused(
        &self,
        sink: &str,
        outbox: OutboxId,
        sequence: u64,
        why: &str,
    ) -> Result<(), DatabaseError> {
        let (sink, why) = (sink.to_owned(), why.to_owned());
        self.order(Mark::Refused { sink, outbox, sequence, why }).map(drop)
    }

    /// Lets alerts of an outbox that a sink had wait for it again, so many at most. How many do.
    ///
    /// # Errors
    /// As [`Self::delivered`].
    pub fn again(
        &self,
        sink: &str,
        outbox: OutboxId,
        sequences: RangeInclusive<u64>,
        most: u64,
    ) -> Result<u64, DatabaseError> {
        self.order(Mark::Again { sink: sink.to_owned(), outbox, sequences, most })
    }

    /// Keeps what was found of a violation. Whether it is one that is known.
    ///
    /// # Errors
    /// As [`Self::delivered`].
    pub fn verdict(&self, verdict: Verdict) -> Result<bool, DatabaseError> {
        self.order(Mark::Verdict(verdict)).map(|count| count > 0)
    }

    /// Keeps what was found of violations, all in one commit. Whether each is one that is known.
    ///
    /// # Errors
    /// As [`Self::delivered`]; some may have been kept.
    pub fn found(&self, verdicts: &[Verdict]) -> Result<Vec<bool>, DatabaseError> {
        let told = self.begin(verdicts.iter().cloned().map(Mark::Verdict))?;
        told.into_iter().map(|told| Ok(written(&told)? > 0)).collect()
    }

    /// What was found of a violation, in the order of its times.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn verdicts(&self, violation: Uuid) -> Result<Vec<Verdict>, DatabaseError> {
        self.shared.read(|connection| reading::verdicts(connection, violation))
    }

    /// The file that is to be put elsewhere next, of those that are not `passed` over: stills before clips, the oldest first.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn next_upload(&self, passed: &[&str]) -> Result<Option<Upload>, DatabaseError> {
        self.shared.read(|connection| uploads::next(connection, passed))
    }

    /// Notes why a file is not taken now. It waits as before.
    ///
    /// # Errors
    /// As [`Self::delivered`].
    pub fn upload_put_off(&self, name: &str, why: &str) -> Result<(), DatabaseError> {
        self.order(Mark::UploadPutOff { name: name.to_owned(), why: why.to_owned() }).map(drop)
    }

    /// Notes that a file lies where it was to be put.
    ///
    /// # Errors
    /// As [`Self::delivered`].
    pub fn uploaded(&self, name: &str) -> Result<(), DatabaseError> {
        self.order(Mark::Uploaded { name: name.to_owned() }).map(drop)
    }

    /// Notes that a file can never be put there, and why.
    ///
    /// # Errors
    /// As [`Self::delivered`].
    pub fn not_uploaded(&self, name: &str, why: &str) -> Result<(), DatabaseError> {
        self.order(Mark::NotUploaded { name: name.to_owned(), why: why.to_owned() }).map(drop)
    }

    /// Has something written down, and waits until it is.
    fn order(&self, mark: Mark) -> Result<u64, DatabaseError> {
        self.begin([mark])?.first().map_or(Ok(0), written)
    }

    /// Has these written down. What comes of each is told.
    fn begin(&self, marks: impl IntoIterator<Item = Mark>) -> Result<Vec<Told>, DatabaseError> {
        let mut all = Vec::new();
        {
            let mut queue = self.shared.queue();
            if queue.ending == super::queue::Ending::Over {
                return Err(DatabaseError::Closed);
            }
            for mark in marks {
                let (done, told) = mpsc::sync_channel(1);
                queue.order(Order { mark, done });
                all.push(told);
            }
        }
        self.shared.wake();
        Ok(all)
    }

    /// Waits until alerts may have come since this number was told, but no longer than `wait`, and tells the number now. The
    /// first to ask with is 0.
    pub fn changed(&self, since: u64, wait: Duration) -> u64 {
        self.shared.changed(since, wait)
    }

    /// Whether alerts wait for their still: they are to be given out within two seconds.
    pub fn has_held(&self) -> bool {
        self.shared.holds().next().is_some()
    }

    /// Whether an alert that some sink does not have yet names this file, or it waits to be put elsewhere. Where that cannot be
    /// told, it does.
    pub fn refers_to(&self, name: &str) -> bool {
        let (mut waits, mut changed) = (false, Vec::new());
        for item in self.shared.queue().items() {
            match item {
                Item::Evidence(kept, _) => waits |= kept.entries.iter().any(|entry| entry.name == name),
                Item::Changed(change) => changed.push(change.violation.id),
                Item::Health(..) => {}
            }
        }
        let is_put_elsewhere = self.shared.urls().is_some();
        let read = |connection: &rusqlite::Connection| {
            Ok((is_put_elsewhere && uploads::waits(connection, name)?)
                || reading::refers_to(connection, name, &changed)?)
        };
        waits || self.shared.read(read).unwrap_or(true)
    }

    /// Violations that were raised before `to` and were not over before `from`, as last known, sorted by start, camera and rule.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn violations_of_day(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Violation>, DatabaseError> {
        self.shared.read(|connection| reading::violations(connection, from, to))
    }

    /// Notes that a day's evidence is complete.
    pub fn close_day(&self, day: Date) {
        self.shared.queue().close_day(day);
        self.shared.wake();
    }

    /// Whether a day's evidence was noted to be complete.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn is_day_closed(&self, day: Date) -> Result<bool, DatabaseError> {
        self.shared.read(|connection| reading::is_closed(connection, day))
    }

    /// Keeps a camera's day at a glance, and forgets days that are too old.
    pub fn outcome(&self, day: DayOutcome) {
        self.shared.queue().outcome(day);
    }

    /// What was kept of a camera's day; none where nothing was.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn outcome_of(&self, camera: &CameraId, day: Date) -> Result<Option<DayOutcome>, DatabaseError> {
        let latest = self.shared.queue().latest_outcome(camera, day);
        if latest.is_some() {
            return Ok(latest);
        }
        self.shared.read(|connection| outcomes::read(connection, camera, day))
    }

    /// The outbox's id. It changes where the database is found damaged while it is in use.
    pub fn outbox(&self) -> OutboxId {
        self.shared.outbox()
    }

    /// The sequence of the last alert; 0 where there is none. Heartbeats have it.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn last_sequence(&self) -> Result<u64, DatabaseError> {
        self.shared.read(reading::last_sequence)
    }

    /// From now on, alerts are for these sinks. What waits for others stays.
    pub fn set_sinks(&self, sinks: Vec<(String, Filter)>) {
        self.shared.set_sinks(sinks);
    }

    /// From now on, files are put there.
    pub fn set_urls(&self, urls: Option<Urls>) {
        self.shared.set_urls(urls);
    }

    /// How it does. What needs the database and cannot be read is as it was last known.
    pub fn facts(&self) -> DatabaseFacts {
        let (in_memory, _) = self.shared.queue().waiting();
        let depths =
            self.shared.read(|connection| Ok((reading::depths(connection)?, uploads::depth(connection)?)));
        let mut facts = self.shared.facts();
        facts.in_memory = in_memory;
        if let Ok(((sinks, bytes), uploads)) = depths {
            facts.uploads = uploads;
            facts.waiting = sinks.values().map(|depth| depth.waiting).sum();
            facts.oldest_waiting = sinks.values().filter_map(|depth| depth.oldest).min();
            (facts.sinks, facts.bytes) = (sinks, bytes);
        }
        let mut facts = facts.clone();
        facts.failing_since = facts.failing_since.or_else(|| self.shared.hangs_since());
        facts
    }
}

/// What comes of something that is to be written down: how many rows it concerned.
type Told = mpsc::Receiver<Result<u64, DatabaseError>>;

/// Waits until it is written down.
fn written(told: &Told) -> Result<u64, DatabaseError> {
    told.recv().unwrap_or(Err(DatabaseError::Closed))
}

fn shared(explanations: &BTreeMap<RuleId, Explanation>) -> Explanations {
    explanations.iter().map(|(rule, explanation)| (rule.clone(), Arc::new(explanation.clone()))).collect()
}
