use super::{About, Refusal, Sink};
pub struct NatsSink;
impl NatsSink {
    pub fn new(_: crate::config::Nats, _: About) -> Self {
        Self
    }
}
impl Sink for NatsSink {
    async fn deliver(&self, _: &crate::ledger::database::Queued) -> Result<(), Refusal> {
        Err(Refusal::transient("not yet"))
    }
}
