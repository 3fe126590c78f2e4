use crate::{
    ledger::{Ledger, LedgerError, Step},
    results::Outcome,
};

/// Keeps what a glimpse shows, and nothing of it for later.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub outcome: Outcome,
}

impl Ledger for Memory {
    fn commit(&mut self, step: &Step<'_>) -> Result<(), LedgerError> {
        step.facts.iter().for_each(|fact| self.outcome.follow(fact));
        Ok(())
    }
}
