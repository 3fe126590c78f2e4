//! Alerts by NATS JetStream: one has an alert once the stream of the platform has acknowledged it.

mod connect;
#[cfg(test)]
mod fake;
mod keeper;
mod link;
mod subjects;
#[cfg(test)]
mod tests;
mod trouble;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use keeper::Keeper;
use subjects::Subjects;
use tokio::sync::watch;

use super::{About, Beat, Refusal, Sink};
use crate::{config, ledger::database::Queued};

/// How long something is waited for.
#[derive(Debug, Clone, Copy)]
struct Waits {
    /// A connection is made within this, with all that is said on it before anything is published.
    connection: Duration,
    /// A stream acknowledges within this.
    acknowledgement: Duration,
    /// What is published without acknowledgement has left the box within this.
    flush: Duration,
    /// A server that does not allow what was published says so within this.
    objection: Duration,
    /// No connection is tried again before.
    again: Duration,
    /// The same where the box was not let in, which servers may count.
    locked_out: Duration,
}

impl Default for Waits {
    fn default() -> Self {
        Self {
            connection: Duration::from_secs(6),
            acknowledgement: Duration::from_secs(5),
            flush: Duration::from_secs(10),
            objection: Duration::from_millis(500),
            again: Duration::from_secs(1),
            locked_out: Duration::from_secs(10),
        }
    }
}

/// A NATS server with JetStream.
pub(crate) struct NatsSink {
    settings: Arc<config::Nats>,
    about: About,
    subjects: Subjects,
    waits: Waits,
    /// Counts connections.
    connections: watch::Sender<u64>,
    /// Keeps the connection; made with the first that is given.
    keeper: OnceLock<Keeper>,
}

impl NatsSink {
    /// A sink that is not connected yet.
    pub fn new(settings: config::Nats, about: About) -> Self {
        Self::with_waits(settings, about, Waits::default())
    }

    fn with_waits(settings: config::Nats, about: About, waits: Waits) -> Self {
        let subjects = Subjects::new(&about.site, &about.box_id);
        let (connections, _) = watch::channel(0);
        Self { settings: Arc::new(settings), about, subjects, waits, connections, keeper: OnceLock::new() }
    }

    fn keeper(&self) -> &Keeper {
        self.keeper.get_or_init(|| {
            let (settings, connections) = (Arc::clone(&self.settings), self.connections.clone());
            Keeper::start(settings, self.about.clone(), self.subjects.clone(), self.waits, connections)
        })
    }
}

impl Sink for NatsSink {
    fn connections(&self) -> Option<watch::Receiver<u64>> {
        Some(self.connections.subscribe())
    }

    async fn deliver(&self, alert: &Queued) -> Result<(), Refusal> {
        let link = self.keeper().link().await?;
        link.publish(self.subjects.alert(alert), alert.id, &alert.body).await
    }

    async fn heartbeat(&self, beat: &Beat) -> Result<(), Refusal> {
        let link = self.keeper().link().await?;
        link.tell(self.subjects.heartbeat(), &beat.body).await
    }

    async fn test(&self, beat: &Beat) -> Result<(), Refusal> {
        let link = self.keeper().link().await?;
        link.tell(self.subjects.heartbeat(), &beat.body).await?;
        link.look_for_stream(self.subjects.violations()).await
    }

    async fn close(&self) {
        if let Some(keeper) = self.keeper.get() {
            keeper.close().await;
        }
    }
}
