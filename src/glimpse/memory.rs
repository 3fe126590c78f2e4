use crate::{
    ledger::{Fact, Ledger, LedgerError, Step},
    results::Outcome,
};

/// Keeps what a glimpse shows, and nothing of it for later.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub outcome: Outcome,
}

impl Ledger for Memory {
    fn commit(&mut self, step: &Step<'_>) -> Result<(), LedgerError> {
        for fact in step.facts {
            match fact {
                Fact::Told(record, judgement) => self.outcome.take(record, &judgement.presence),
                Fact::Missed(reason) => self.outcome.miss(*reason),
                Fact::Reached(at) => self.outcome.reach(*at),
                Fact::Notice(notice) => self.outcome.notices.push(notice.clone()),
                Fact::Ended(watched) => self.outcome.watched.clone_from(watched),
                Fact::Judged(_) | Fact::Health(..) => {}
            }
        }
        Ok(())
    }
}
