//! `kind = "wecom"`: a robot of a group of WeCom (企业微信).
//!
//! Messages are plain text, which clients show as it is, WeChat's too. A still follows as a picture.

mod still;

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use md5::{Digest, Md5};
use serde_json::json;

use super::{
    About, Beat, Pace, Refusal, Sink,
    chat::{Chat, Meaning, Platform, Reading, Request, Stills, Timing},
};
use crate::{
    address::Hook,
    clock::{Clock, System},
    config::{Secret, Wecom},
    ledger::database::Queued,
};

/// Writes alerts to a group of WeCom.
pub(crate) struct WecomSink(Chat<Robot>);

impl WecomSink {
    /// A sink of these settings. Nothing is sent before something is given to it.
    pub fn new(settings: Wecom, about: About) -> Self {
        Self::with(settings, about, Arc::new(System), Timing::default())
    }

    fn with(settings: Wecom, about: About, clock: Arc<dyn Clock>, timing: Timing) -> Self {
        Self(Chat::new(Robot(settings), about, clock, timing))
    }
}

impl Sink for WecomSink {
    fn pace(&self) -> Pace {
        Pace::Gathered
    }

    fn hurry(&self) {
        self.0.hurry();
    }

    async fn deliver(&self, alert: &Queued) -> Result<(), Refusal> {
        self.0.deliver(alert).await
    }

    async fn test(&self, _: &Beat) -> Result<(), Refusal> {
        self.0.test().await
    }
}

struct Robot(Wecom);

impl Platform for Robot {
    const CODES: &'static [&'static str] = &["errcode"];
    const TEXTS: &'static [&'static str] = &["errmsg"];
    const LONGEST: usize = 2_048;
    const READING: Reading = Reading::Mentions;
    const SHUT: Duration = Duration::from_secs(60);
    const STILLS: Stills = Stills::Taken;

    fn hook(&self) -> &Hook {
        &self.0.url
    }

    fn secret(&self) -> Option<&Secret> {
        None
    }

    fn text(&self, text: &str, _: Timestamp) -> Result<Request, Refusal> {
        let body = json!({ "msgtype": "text", "text": { "content": text } });
        Ok(Request { url: self.0.url.as_str().to_owned(), body })
    }

    fn meaning(code: i64, _: &str) -> Meaning {
        match code {
            45009 => Meaning::TooOften,
            93000 => Meaning::NoRobot,
            // Its type, its length, nothing in it, its JSON, its keys.
            40008 | 45002 | 44004 | 47001 | 40058 => Meaning::Message,
            _ => Meaning::Other,
        }
    }

    fn picture(&self, about: &About, name: &str) -> Option<Request> {
        let jpeg = still::read(&about.evidence, name)?;
        let md5: String = Md5::digest(&jpeg).iter().map(|byte| format!("{byte:02x}")).collect();
        let body = json!({ "msgtype": "image", "image": { "base64": STANDARD.encode(&jpeg), "md5": md5 } });
        Some(Request { url: self.0.url.as_str().to_owned(), body })
    }
}

#[cfg(test)]
mod tests;
