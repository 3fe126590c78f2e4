//! One commit: what waited becomes rows, and alerts.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use jiff::Timestamp;
use rusqlite::{Connection, params};
use uuid::Uuid;

use super::{
    error::{Meaning, reason},
    files::Files,
    holds::{Hold, LONGEST, awaited},
    kept::{Changed, Item, Kept},
    marks, outcomes,
    queue::Batch,
    state,
    told::{Known, Told, beginning, is_told, json, keep, known, number, unknown},
    uploads,
    urls::Urls,
};
use crate::{
    config::Filter,
    domain::{
        Alert, AlertBody, CameraFact, CameraHealth, CameraId, EvidenceRole, Explanation, OutboxId, Phase,
        Sequence, Violation,
    },
};

/// What a commit needs to know.
pub(super) struct Circumstances<'a> {
    pub outbox: OutboxId,
    pub sinks: &'a [(String, Filter)],
    /// Where files are put; none where they stay on the box.
    pub urls: Option<Urls>,
    pub wall: Timestamp,
    pub now: Instant,
}

impl Circumstances<'_> {
    /// Says in what is told where each file is put.
    fn address(&self, said: &mut Violation) {
        if let Some(urls) = &self.urls {
            for file in &mut said.evidence {
                file.url = Some(urls.of(&file.name));
            }
        }
    }
}

/// What came of it, where it is committed.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Alerts that wait for a still, of those that were pinned and of new ones.
    pub drafted: BTreeMap<u64, Hold>,
    /// Things that could not be written for what they are.
    pub refused: u64,
    /// How many rows each order concerned.
    pub counts: Vec<u64>,
    /// Whether there are alerts to be given out, now or once they have waited.
    pub has_alerts: bool,
}

/// The violations that a batch brings files of.
pub(super) fn touched(batch: &Batch) -> BTreeSet<Uuid> {
    let of = |item: &Item| match item {
        Item::Evidence(kept, _) => Some(kept.violation),
        Item::Changed(_) | Item::Health(..) => None,
    };
    batch.items.iter().filter_map(of).collect()
}

/// Writes a batch within a transaction that is open. `pinned` are alerts that may still be filled.
pub(super) fn apply(
    connection: &Connection,
    batch: &Batch,
    about: &Circumstances<'_>,
    pinned: BTreeMap<u64, Hold>,
) -> rusqlite::Result<Outcome> {
    let last: i64 = connection.query_row("SELECT last_sequence FROM meta", [], |row| row.get(0))?;
    let last = u64::try_from(last).unwrap_or(0);
    let outcome = Outcome { drafted: pinned, ..Outcome::default() };
    let mut writing = Writing { connection, about, last, outcome };
    for item in &batch.items {
        writing.alone(|writing| writing.item(item))?;
    }
    for (camera, saved) in &batch.states {
        writing.alone(|writing| state::write(writing.connection, camera, saved, about.wall))?;
    }
    for day in batch.outcomes.values() {
        writing.alone(|writing| outcomes::write(writing.connection, day))?;
    }
    for order in &batch.orders {
        let count = marks::write(connection, &order.mark, about.outbox, about.wall)?;
        writing.outcome.counts.push(count);
    }
    for day in &batch.days {
        connection.execute(
            "INSERT INTO days (day, closed) VALUES (?1, ?2) ON CONFLICT (day) DO UPDATE SET closed = ?2",
            params![day.to_string(), about.wall.as_microsecond()],
        )?;
    }
    if writing.last > last {
        connection.execute("UPDATE meta SET last_sequence = ?1", [number(writing.last)])?;
    }
    Ok(writing.outcome)
}

struct Writing<'a> {
    connection: &'a Connection,
    about: &'a Circumstances<'a>,
    /// The sequence of the last alert.
    last: u64,
    outcome: Outcome,
}

impl Writing<'_> {
    /// Writes one thing. One that can never be written is left out: it must not keep all others from being written.
    fn alone(&mut self, how: impl FnOnce(&mut Self) -> rusqlite::Result<()>) -> rusqlite::Result<()> {
        let (last, drafted) = (self.last, self.outcome.drafted.clone());
        self.connection.execute_batch("SAVEPOINT thing")?;
        match how(self) {
            Ok(()) => self.connection.execute_batch("RELEASE thing"),
            Err(error) if Meaning::of(&error) == Meaning::Refused => {
                tracing::error!(
                    "something could not be written into the database and is lost: {}",
                    reason(&error)
                );
                self.connection.execute_batch("ROLLBACK TO thing; RELEASE thing")?;
                (self.last, self.outcome.drafted) = (last, drafted);
                self.outcome.refused += 1;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn item(&mut self, item: &Item) -> rusqlite::Result<()> {
        match item {
            Item::Changed(changed) => self.change(changed),
            Item::Evidence(kept, came) => self.evidence(kept, *came),
            Item::Health(health, fact) => self.health(health, *fact),
        }
    }

    /// A violation has come to another phase.
    fn change(&mut self, changed: &Changed) -> rusqlite::Result<()> {
        let Changed { violation, explanation, time } = changed;
        let mut violation = (**violation).clone();
        let known = known(self.connection, violation.id)?;
        if known.as_ref().is_some_and(|known| is_told(known, &violation)) {
            return Ok(());
        }
        let files = Files::read(self.connection, violation.id)?;
        files.put_into(&mut violation);
        let mut told =
            known.as_ref().map_or_else(|| beginning(violation.phase, self.about.wall), |known| known.told);
        let explanation = match (explanation, known) {
            (Some(explanation), _) => (**explanation).clone(),
            (None, Some(known)) => known.explanation,
            (None, None) => unknown(),
        };
        self.tell(
            &violation,
            &explanation,
            &mut told,
            *time,
            awaited(violation.phase).filter(|role| !files.has(*role)),
        )
    }

    /// Files came, or will not.
    fn evidence(&mut self, kept: &Kept, came: Timestamp) -> rusqlite::Result<()> {
        let before = Files::read(self.connection, kept.violation)?;
        Files::write(self.connection, kept, self.about.wall)?;
        if self.about.urls.is_some() {
            uploads::add(self.connection, kept, &before, self.about.wall)?;
        }
        let Some(Known { mut told, explanation, mut record, .. }) = known(self.connection, kept.violation)?
        else {
            return Ok(());
        };
        let files = Files::read(self.connection, kept.violation)?;
        if files == before {
            return Ok(());
        }
        files.put_into(&mut record);
        let roles = kept.entries.iter().map(|entry| entry.role);
        let roles: BTreeSet<EvidenceRole> =
            roles.chain(kept.missing.iter().map(|missing| missing.role)).collect();
        let carried = self.fill(&record, &files)?;
        if roles.is_subset(&carried) {
            return keep(self.connection, &record, &explanation, told);
        }
        // The record stays in its phase: only the alert is one of more being known.
        let phase = std::mem::replace(&mut record.phase, Phase::Updated);
        self.tell(&record, &explanation, &mut told, came, None)?;
        record.phase = phase;
        keep(self.connection, &record, &explanation, told)
    }

    /// Puts files into alerts of the violation that wait for theirs. Which files they are there for is told: of these nobody
    /// need be told again.
    fn fill(&mut self, record: &Violation, files: &Files) -> rusqlite::Result<BTreeSet<EvidenceRole>> {
        let mut carried = BTreeSet::new();
        let held = self.outcome.drafted.iter_mut().filter(|(_, hold)| hold.violation == record.id);
        let mut settled = Vec::new();
        for (sequence, hold) in held {
            if let Some((mut violation, explanation)) = told_by(&hold.alert) {
                files.put_into(&mut violation);
                self.about.address(&mut violation);
                let (time, sequence) = (hold.alert.time, hold.alert.sequence);
                hold.alert = Alert::of_violation(violation, explanation, hold.number, time, sequence);
            }
            let mut write =
                self.connection.prepare_cached("UPDATE alerts SET body = ?2 WHERE sequence = ?1")?;
            write.execute(params![number(*sequence), json(&hold.alert)?])?;
            carried.extend(match hold.role {
                EvidenceRole::Raised => &[EvidenceRole::Started, EvidenceRole::Raised][..],
                _ => std::slice::from_ref(&hold.role),
            });
            if files.has(hold.role) {
                settled.push(*sequence);
            }
        }
        for sequence in settled {
            self.outcome.drafted.remove(&sequence);
        }
        Ok(carried)
    }

    fn health(&mut self, health: &CameraHealth, fact: CameraFact) -> rusqlite::Result<()> {
        let camera = health.camera.clone();
        let alert = Alert::of_camera(health.clone(), fact, self.next());
        let passes = |filter: &Filter| filter.passes_camera(&camera);
        self.put(&alert, &camera, None, 0, &passes).map(drop)
    }

    /// Writes a violation down, with the alert that tells it. `role` is the still that it waits for.
    fn tell(
        &mut self,
        violation: &Violation,
        explanation: &Explanation,
        told: &mut Told,
        time: Timestamp,
        role: Option<EvidenceRole>,
    ) -> rusqlite::Result<()> {
        let count = told.of(violation.phase);
        let mut said = violation.clone();
        self.about.address(&mut said);
        let alert = Alert::of_violation(said, explanation.clone(), *count, time, self.next());
        let number = *count;
        *count = count.saturating_add(1);
        keep(self.connection, violation, explanation, *told)?;
        let Violation { id, camera, kind, phase, .. } = violation;
        let passes = |filter: &Filter| filter.passes(camera, *kind, *phase);
        let put = self.put(&alert, camera, Some(*id), number, &passes)?;
        if let (Some(sequence), Some(role)) = (put, role) {
            let until = self.about.now + LONGEST;
            let hold = Hold { violation: *id, camera: camera.clone(), role, until, number, alert };
            self.outcome.drafted.insert(sequence, hold);
        }
        Ok(())
    }

    fn next(&self) -> Sequence {
        Sequence { outbox: self.about.outbox, number: self.last + 1 }
    }

    /// Writes an alert down for the sinks that want it. None where it was written before.
    fn put(
        &mut self,
        alert: &Alert,
        camera: &CameraId,
        violation: Option<Uuid>,
        count: u32,
        passes: &dyn Fn(&Filter) -> bool,
    ) -> rusqlite::Result<Option<u64>> {
        let sequence = alert.sequence.number;
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO alerts (sequence, id, camera, violation, type, time, number, made, body) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (id) DO NOTHING",
        )?;
        let inserted = insert.execute(params![
            number(sequence),
            alert.id.to_string(),
            camera.as_str(),
            violation.map(|id| id.to_string()),
            alert.body.alert_type().name(),
            alert.time.as_microsecond(),
            count,
            self.about.wall.as_microsecond(),
            json(alert)?,
        ])?;
        if inserted == 0 {
            return Ok(None);
        }
        self.last = sequence;
        let mut row =
            self.connection.prepare_cached("INSERT INTO outbox (sink, sequence) VALUES (?1, ?2)")?;
        for (sink, _) in self.about.sinks.iter().filter(|(_, filter)| passes(filter)) {
            row.execute(params![sink, number(sequence)])?;
            self.outcome.has_alerts = true;
        }
        Ok(Some(sequence))
    }
}

fn told_by(alert: &Alert) -> Option<(Violation, Explanation)> {
    match &alert.body {
        AlertBody::ViolationWarned(data)
        | AlertBody::ViolationRaised(data)
        | AlertBody::ViolationUpdated(data)
        | AlertBody::ViolationEnded(data) => Some((data.violation.clone(), data.explanation.clone())),
        _ => None,
    }
}
