//! What the crate is told of earlier connections.

use std::{future::Future, pin::Pin};

use rumqttc::{PersistedAckMode, PersistedSession, SessionStore, SessionStoreError, SessionStoreKey};

/// Nothing of ours was on its way when the last connection ended. Without it the crate takes no session that a broker has kept,
/// and with it the requests of a platform that came meanwhile.
#[derive(Debug)]
pub(super) struct NothingOnItsWay(PersistedSession);

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, SessionStoreError>> + Send + 'a>>;

impl NothingOnItsWay {
    /// As the options have it.
    pub fn of(client_id: String, expiry: u32, at_once: u16) -> Self {
        Self(PersistedSession {
            format_version: 1,
            client_id,
            clean_start: false,
            session_expiry_interval: Some(expiry),
            outgoing_inflight_upper_limit: Some(at_once),
            ack_mode: PersistedAckMode::Manual,
            last_pkid: 0,
            last_puback: 0,
            replay: Vec::new(),
            incoming_qos2: Vec::new(),
        })
    }
}

impl SessionStore for NothingOnItsWay {
    fn load<'a>(&'a self, _: &'a SessionStoreKey) -> Answer<'a, Option<PersistedSession>> {
        Box::pin(async { Ok(Some(self.0.clone())) })
    }

    fn save<'a>(&'a self, _: &'a SessionStoreKey, _: &'a PersistedSession) -> Answer<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn clear<'a>(&'a self, _: &'a SessionStoreKey) -> Answer<'a, ()> {
        Box::pin(async { Ok(()) })
    }
}
