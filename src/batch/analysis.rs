//! What came of an analysis, camera by camera.

use std::time::Duration;

use crate::{
    domain::{MissingCause, Violation},
    engine::{Behind, Ended, PipelineError},
    evidence::Collected,
    results::{Failure, FailureOf, FolderLedger, ModelFact, Outcome, Reserve, SourceFact, Unfinished, sort},
    stop::Signal,
};

/// What came of it.
pub struct Analysis {
    /// Of each camera, in the order of the configuration.
    pub cameras: Vec<Analysed>,
    /// The models that looked.
    pub models: Vec<ModelFact>,
    /// How long the cameras were analysed, evidence not counted.
    pub took: Duration,
    /// The result, where one is kept.
    pub result: Option<Unfinished>,
    /// Room for the lists, until they are written.
    pub reserve: Reserve,
    /// What stopped it before its end.
    pub stopped: Option<Signal>,
}

/// What came of one camera.
#[derive(Default)]
pub struct Analysed {
    /// What became of it.
    pub outcome: Outcome,
    /// Its violations as last known.
    pub violations: Vec<Violation>,
    /// How far judging lay behind, where recordings were read at a pace.
    pub behind: Option<Behind>,
    /// Its recordings.
    pub sources: Vec<SourceFact>,
    /// What came of its evidence.
    pub evidence: Collected,
}

impl Analysis {
    /// Whether not one picture was looked at.
    pub fn is_empty(&self) -> bool {
        self.cameras.iter().all(|camera| camera.outcome.looks == 0)
    }

    /// Whether something failed that another run may not meet: a model, a worker, the disk. A recording that cannot be read
    /// is no such failure.
    pub fn failed(&self) -> bool {
        let unwritten = |c: &Collected| c.errors.iter().any(|e| e.cause() == MissingCause::NotWritten);
        let failures = self.cameras.iter().flat_map(|camera| &camera.outcome.failures);
        failures.into_iter().any(|failure| failure.of != FailureOf::Recording)
            || self.cameras.iter().any(|camera| unwritten(&camera.evidence))
    }

    /// Every camera's violations, sorted by start, camera and rule.
    pub fn violations(&self) -> Vec<Violation> {
        let mut all: Vec<Violation> =
            self.cameras.iter().flat_map(|camera| camera.violations.iter().cloned()).collect();
        sort(&mut all);
        all
    }
}

impl Analysed {
    /// Of a camera that was driven.
    pub(super) fn of(ended: Ended<FolderLedger>) -> Self {
        let Ended { ledger, failures, behind, .. } = ended;
        let closed = ledger.close();
        let failures = failures.into_iter().chain(closed.errors.into_iter().map(PipelineError::from));
        let failures = failures.map(|failure| failed(&failure)).collect();
        let outcome = Outcome { failures, ..closed.outcome };
        Self { outcome, violations: closed.violations, behind, ..Self::default() }
    }

    /// Of a camera whose turn did not come.
    pub(super) fn untouched() -> Self {
        let failures = vec![failed(&PipelineError::Stopped)];
        Self { outcome: Outcome { failures, ..Outcome::default() }, ..Self::default() }
    }
}

fn failed(failure: &PipelineError) -> Failure {
    Failure { of: failure.of(), text: failure.to_string() }
}
