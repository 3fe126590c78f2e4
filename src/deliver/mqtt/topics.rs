//! What topics are called, and what says whether a box is there.

use jiff::Timestamp;
use serde_json::json;

use super::client::{Kept, Message};
use crate::{domain::SiteId, ledger::database::Queued};

const ALERT: &str = "application/cloudevents+json; charset=utf-8";
const STATUS: &str = "application/json; charset=utf-8";

/// The topics of a box.
#[derive(Debug, Clone)]
pub(super) struct Topics {
    site: String,
    of_box: String,
    /// Where a platform asks for alerts again.
    pub resend: String,
    /// Where a platform says what was found of them.
    pub verdict: String,
}

impl Topics {
    pub fn new(site: &SiteId, box_id: &str) -> Self {
        let site = format!("firewarden/v1/{site}");
        let of_box = format!("{site}/{box_id}");
        Self { resend: format!("{of_box}/resend"), verdict: format!("{of_box}/verdict"), site, of_box }
    }

    /// An alert: of a violation, or of how a camera does.
    pub fn alert(&self, alert: &Queued) -> Message {
        let is_violation = alert.alert_type.starts_with("firewarden.violation.");
        let word = if is_violation { "violation" } else { "health" };
        let topic = format!("{}/{}/{word}", self.site, alert.camera);
        Message { topic, body: alert.body.clone(), content: ALERT, id: Some(alert.id), kept: Kept::No }
    }

    pub fn heartbeat(&self, beat: &super::Beat) -> Message {
        let topic = format!("{}/heartbeat", self.of_box);
        Message { topic, body: beat.body.clone(), content: ALERT, id: Some(beat.id), kept: Kept::No }
    }

    /// The box is there, since then.
    pub fn online(&self, since: Timestamp) -> Message {
        self.status(&json!({ "online": true, "since": since, "version": env!("CARGO_PKG_VERSION") }))
    }

    /// The box is not there.
    pub fn offline(&self) -> Message {
        self.status(&json!({ "online": false }))
    }

    fn status(&self, status: &serde_json::Value) -> Message {
        let topic = format!("{}/status", self.of_box);
        Message { topic, body: status.to_string(), content: STATUS, id: None, kept: Kept::Yes }
    }
}
