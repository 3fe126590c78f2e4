//! `kind = "mqtt"`: alerts are published to an MQTT 5 broker with QoS 1.
//!
//! An alert is delivered when the broker has acknowledged this very message with a reason code that says so. What was sent and not
//! acknowledged when a connection ended is not sent again here: the dispatcher gives the alert again.
//!
//! ```text
//! MqttSink ─► Outlet ── orders ──► Keeper ── one connection after the other ──► Client (Rumqtt; scripted in tests)
//!               ▲                    │
//!               └──── State ─────────┘
//! ```

mod answer;
mod client;
mod keeper;
mod link;
mod outlet;
mod rumqtt;
mod topics;
mod trouble;
mod waits;

#[cfg(test)]
mod fake;
#[cfg(test)]
mod scripted_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tls_tests;
#[cfg(test)]
mod trouble_tests;

use std::fmt;

use outlet::Outlet;
use rumqtt::Rumqtt;
use tokio::sync::watch;
use topics::Topics;
use waits::Waits;

use super::{About, Beat, Refusal, Sink};
use crate::{config::Mqtt, ledger::database::Queued};

/// Publishes alerts to an MQTT 5 broker.
pub(crate) struct MqttSink(Outlet<Rumqtt>);

impl MqttSink {
    /// A sink that is not connected yet: it is, and stays so, from when it is first given something.
    pub fn new(settings: Mqtt, about: About) -> Self {
        Self::patient(settings, about, Waits::USUAL)
    }

    /// A sink that is only tried, beside another that may serve the same box: it has a name of its own, so that the broker does
    /// not take the other's connection from it, says nothing of whether the box is there, and hears nothing.
    pub fn tried(settings: Mqtt, about: About) -> Self {
        let settings = Mqtt { client_id: format!("{}-test", settings.client_id), ..settings };
        let topics = Topics::new(&about.site, &about.box_id);
        Self(Outlet::new(Rumqtt::new(settings, None), topics, about, Waits::USUAL).in_passing())
    }

    fn patient(settings: Mqtt, about: About, waits: Waits) -> Self {
        let topics = Topics::new(&about.site, &about.box_id);
        let client = Rumqtt::new(settings, Some(topics.offline()));
        Self(Outlet::new(client, topics, about, waits))
    }
}

/// Settings hold a user's name and password.
impl fmt::Debug for MqttSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MqttSink").field(self.0.name()).finish()
    }
}

impl Sink for MqttSink {
    fn connections(&self) -> Option<watch::Receiver<u64>> {
        Some(self.0.connections())
    }

    fn unheard(&self) -> u64 {
        self.0.unheard()
    }

    async fn deliver(&self, alert: &Queued) -> Result<(), Refusal> {
        self.0.deliver(alert).await
    }

    async fn heartbeat(&self, beat: &Beat) -> Result<(), Refusal> {
        self.0.heartbeat(beat).await
    }

    async fn test(&self, beat: &Beat) -> Result<(), Refusal> {
        self.0.test(beat).await
    }

    async fn close(&self) {
        self.0.close().await;
    }
}
