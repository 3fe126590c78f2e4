//! The ledger of one camera: what comes of it goes into the queue, and its thread goes on.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;

use super::{
    kept::{Changed, Item},
    shared::{EVERY, Shared},
};
use crate::{
    domain::{CameraId, Explanation, Phase, RuleId, Violation},
    judge::{Judgement, Saved},
    ledger::{Fact, Ledger, LedgerError, Step},
    rules::Finding,
};

/// What rules' alerts are explained by.
pub(super) type Explanations = BTreeMap<RuleId, Arc<Explanation>>;

/// Keeps what comes of one camera in the database. It waits for no disk: what cannot be written waits in memory.
pub struct CameraLedger {
    shared: Arc<Shared>,
    camera: CameraId,
    explanations: Explanations,
    /// When the last step came.
    before: Option<Instant>,
    /// The longest that steps were apart since the state was asked for, and up to then: they may come in bursts.
    apart: [Duration; 2],
    /// When the state was asked for last, and for which of the commits of states.
    asked: Option<(Instant, Instant)>,
}

impl CameraLedger {
    pub(super) fn new(shared: Arc<Shared>, camera: CameraId, explanations: Explanations) -> Self {
        Self { shared, camera, explanations, before: None, apart: [Duration::ZERO; 2], asked: None }
    }

    /// The violations that come to another phase by these facts, what explains each, and when that came about.
    pub fn changes<'f>(
        &'f self,
        facts: &'f [Fact],
    ) -> impl Iterator<Item = (&'f Violation, Option<&'f Explanation>, Timestamp)> {
        let judgements = facts.iter().filter_map(|fact| fact.judgement());
        judgements.flat_map(happened).map(|(violation, time)| {
            (violation, self.explanations.get(&violation.rule).map(|explanation| &**explanation), time)
        })
    }

    /// Whose.
    pub fn camera(&self) -> &CameraId {
        &self.camera
    }

    /// Keeps what the camera knows in the end: it is watched no more.
    pub fn leave(self, state: Saved) {
        self.shared.push(Vec::new(), Some((self.camera, state)));
    }

    /// Whether the state is to be asked for at a step that changes no violation. It costs, so that is done once for each commit
    /// of states, at what is likely the last step before it: the state is then as new as can be.
    fn is_asked(&self, now: Instant) -> bool {
        let Some((at, asked_for)) = self.asked else { return true };
        let due = self.shared.due();
        let [now_apart, once_apart] = self.apart;
        let apart = now_apart.max(once_apart);
        let is_last = asked_for != due && now + apart.min(EVERY) >= due;
        is_last || now.saturating_duration_since(at) >= EVERY
    }
}

impl Ledger for CameraLedger {
    fn commit(&mut self, step: &Step<'_>) -> Result<(), LedgerError> {
        let mut items = Vec::new();
        for fact in step.facts {
            match fact {
                Fact::Health(health, fact) => items.push(Item::Health(health.clone(), *fact)),
                fact => {
                    items.extend(fact.judgement().into_iter().flat_map(|it| changes(it, &self.explanations)))
                }
            }
        }
        let now = self.shared.clock.monotonic();
        let apart = self.before.map_or(Duration::ZERO, |before| now.saturating_duration_since(before));
        let [since, before] = self.apart;
        self.apart = [since.max(apart), before];
        let state = if !items.is_empty() || self.is_asked(now) { (step.state)() } else { None };
        self.before = Some(now);
        if state.is_some() {
            self.apart = [Duration::ZERO, since.max(apart)];
            self.asked = Some((now, self.shared.due()));
        }
        if !items.is_empty() || state.is_some() {
            self.shared.push(items, state.map(|state| (self.camera.clone(), state)));
        }
        Ok(())
    }
}

/// The violations of a judgement that are to be written and told. What is told as it was last known, because nothing follows,
/// is not: the camera may come back.
pub(super) fn changes<'j>(
    judgement: &'j Judgement,
    explanations: &'j Explanations,
) -> impl Iterator<Item = Item> + 'j {
    happened(judgement).map(|(violation, time)| {
        let explanation = explanations.get(&violation.rule).cloned();
        Item::Changed(Changed { time, explanation, violation: Box::new(violation.clone()) })
    })
}

/// The violations that have come to another phase, and when.
fn happened(judgement: &Judgement) -> impl Iterator<Item = (&Violation, Timestamp)> {
    let happened = |(_, violation): &(usize, &Violation)| violation.last_seen.is_none();
    judgement.violations.iter().enumerate().filter(happened).map(|(index, violation)| {
        let finding = judgement.findings.get(index).map(|(_, finding)| finding);
        (violation, time(violation, finding))
    })
}

/// When a violation came to its phase.
fn time(violation: &Violation, finding: Option<&Finding>) -> Timestamp {
    let moment = match violation.phase {
        Phase::Raised => violation.raised.as_ref(),
        Phase::Ended => violation.ended.as_ref(),
        Phase::Warned | Phase::Updated => None,
    };
    let told = moment.map(|moment| moment.wall).or_else(|| finding.map(|finding| finding.at.wall));
    told.unwrap_or(violation.started.wall)
}
