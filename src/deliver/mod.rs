//! Alerts leave the box: what the ledger has written down is given to sinks, in order and at least once.
//!
//! All retrying is in the [`Dispatcher`]. A sink is a folder here; it is given an alert and answers one of three things: it has
//! it, not now, or never this one.

mod answering;
mod backoff;
mod chat;
#[cfg(test)]
mod contract_tests;
mod dingtalk;
mod dispatcher;
pub(crate) mod endpoint;
mod facts;
pub(crate) mod failure;
mod feishu;
mod file;
mod hidden;
mod http;
mod lanes;
mod left_out;
mod mqtt;
mod nats;
mod reasons;
mod requests;
#[cfg(test)]
mod scripted;
mod serving;
mod telling;
mod tls;
mod unready;
mod upload;
mod webhook;
mod wecom;

use std::{future::Future, path::PathBuf, time::Duration};

pub use dispatcher::{Dispatcher, Sender, try_sink};
pub use facts::{DeliveryBoard, Failing, SinkFacts};
pub(crate) use hidden::Hidden;
use jiff::tz::TimeZone;
pub(crate) use requests::Requests;
use thiserror::Error;
use tokio::sync::watch;
pub use unready::unready;
pub use upload::{TRIED, UploadFacts, Uploader, try_upload, urls};
use uuid::Uuid;

use crate::{
    domain::{SinkName, SiteId},
    files,
    ledger::database::Queued,
};

/// What takes alerts. One that needs a connection makes it when it is first given something, and again after it was lost.
pub(crate) trait Sink: Send + Sync + 'static {
    /// How much it is given at once.
    fn pace(&self) -> Pace {
        Pace::CameraByCamera
    }

    /// Gives it an alert, and waits until it has it for good or does not take it. It is given the same again after any refusal
    /// that is not of this alert, and after a crash. It answers within half a minute, but for what it gathers.
    fn deliver(&self, alert: &Queued) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// Gives it a sign of life, which is of no use later: it is not given again. A sink that has no use for them says that it has
    /// it.
    fn heartbeat(&self, beat: &Beat) -> impl Future<Output = Result<(), Refusal>> + Send {
        let _ = beat;
        async { Ok(()) }
    }

    /// Whether it can be reached and takes what it is given, as somebody asks who sets it up. People who read it see that it
    /// is a test.
    fn test(&self, beat: &Beat) -> impl Future<Output = Result<(), Refusal>> + Send {
        self.heartbeat(beat)
    }

    /// Counts the connections that it has made, where it keeps one: what waits because there was none is given once there is.
    fn connections(&self) -> Option<watch::Receiver<u64>> {
        None
    }

    /// How many alerts it has taken since the start that nobody listened to.
    fn unheard(&self) -> u64 {
        0
    }

    /// The end is near: what it gathers goes at once from now on.
    fn hurry(&self) {}

    /// The end: it says goodbye where that is usual. It takes a second at most.
    fn close(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// How much a sink is given at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// One alert of each camera: the next once it has the one before.
    CameraByCamera,
    /// All that waits, in order: it gathers alerts into one message and answers for each.
    Gathered,
}

/// A sign of life of the box, as the alert of type `firewarden.box.heartbeat`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Beat {
    /// The alert's id.
    pub id: Uuid,
    /// The alert as JSON, in one line.
    pub body: String,
}

/// What sinks know of the box beside their own settings.
#[derive(Debug, Clone)]
pub(crate) struct About {
    /// The sink's name, for logs.
    pub name: SinkName,
    /// The site's id.
    pub site: SiteId,
    /// The site's name, for people.
    pub site_name: String,
    /// The box's id.
    pub box_id: String,
    /// The time zone in which people read times.
    pub zone: TimeZone,
    /// `[evidence] directory`. Where a file lies that an alert names is told by [`files::of_evidence`].
    pub evidence: PathBuf,
    /// Where it hands in what a platform asks for.
    pub requests: Requests,
}

/// Why a sink does not have an alert.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// It passes by itself, or somebody mends it: the queue is held, and the alert is given again.
    #[error("{why}")]
    Transient {
        /// What is wrong, and what is to be done where that is known. No secret is in it.
        why: String,
        /// It is of no use to try before.
        after: Option<Duration>,
    },
    /// This very alert will never be taken: it goes to the dead letters, and the next follows.
    #[error("{why}")]
    Permanent {
        /// What is wrong with it.
        why: String,
    },
}

impl Refusal {
    pub(crate) fn transient(why: impl Into<String>) -> Self {
        Self::Transient { why: why.into(), after: None }
    }

    pub(crate) fn permanent(why: impl Into<String>) -> Self {
        Self::Permanent { why: why.into() }
    }
}

/// So much of a text from outside is repeated, in characters.
const REPEATED: usize = 200;

/// A text from outside as it may be shown: in one line, and no longer than can be read.
pub(crate) fn quoted(text: &str) -> String {
    let text = files::visible(text.trim());
    match text.char_indices().nth(REPEATED) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
