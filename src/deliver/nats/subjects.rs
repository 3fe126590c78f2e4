//! What subjects are called.

use crate::{domain::SiteId, ledger::database::Queued};

/// The subjects of a box.
#[derive(Debug, Clone)]
pub(super) struct Subjects {
    site: String,
    of_box: String,
}

impl Subjects {
    pub fn new(site: &SiteId, box_id: &str) -> Self {
        let site = format!("firewarden.v1.{site}");
        Self { of_box: format!("{site}.{box_id}"), site }
    }

    /// Of an alert: of a violation, or of how a camera does.
    pub fn alert(&self, alert: &Queued) -> String {
        let is_violation = alert.alert_type.starts_with("firewarden.violation.");
        let word = if is_violation { "violation" } else { "health" };
        format!("{}.{}.{word}", self.site, alert.camera)
    }

    /// Of the violations of all cameras.
    pub fn violations(&self) -> String {
        format!("{}.*.violation", self.site)
    }

    pub fn heartbeat(&self) -> String {
        format!("{}.heartbeat", self.of_box)
    }

    /// Where a platform asks for alerts again.
    pub fn resend(&self) -> String {
        format!("{}.resend", self.of_box)
    }

    /// Where a platform says what was found of them.
    pub fn verdict(&self) -> String {
        format!("{}.verdict", self.of_box)
    }
}
