//! `kind = "feishu"`: a robot of a group of Feishu (飞书).
//!
//! Messages are text, in which clients read tags and marks: names are written so that there are none. The signature stands in
//! the body.

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use serde_json::json;
use sha2::Sha256;

use super::{
    About, Beat, Pace, Refusal, Sink,
    chat::{Chat, Meaning, Platform, Reading, Request, Stills, Timing},
};
use crate::{
    address::Hook,
    clock::{Clock, System},
    config::{Robot as Settings, Secret},
    ledger::database::Queued,
};

/// Writes alerts to a group of Feishu.
pub(crate) struct FeishuSink(Chat<Robot>);

impl FeishuSink {
    /// A sink of these settings. Nothing is sent before something is given to it.
    pub fn new(settings: Settings, about: About) -> Self {
        Self::with(settings, about, Arc::new(System), Timing::default())
    }

    fn with(settings: Settings, about: About, clock: Arc<dyn Clock>, timing: Timing) -> Self {
        Self(Chat::new(Robot(settings), about, clock, timing))
    }
}

impl Sink for FeishuSink {
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

struct Robot(Settings);

impl Platform for Robot {
    /// Older robots answer with the second one alone.
    const CODES: &'static [&'static str] = &["code", "StatusCode"];
    const TEXTS: &'static [&'static str] = &["msg", "StatusMessage"];
    /// More than that nobody reads on a telephone. A body may have 20 kB.
    const LONGEST: usize = 4_096;
    const READING: Reading = Reading::Marks;
    const SHUT: Duration = Duration::from_secs(60);
    const STILLS: Stills = Stills::NotTaken;

    fn hook(&self) -> &Hook {
        &self.0.url
    }

    fn secret(&self) -> Option<&Secret> {
        self.0.secret.as_ref()
    }

    fn text(&self, text: &str, now: Timestamp) -> Result<Request, Refusal> {
        let mut body = json!({ "msg_type": "text", "content": { "text": text } });
        if let (Some(secret), Some(body)) = (&self.0.secret, body.as_object_mut()) {
            let time = now.as_second();
            body.insert("timestamp".to_owned(), time.to_string().into());
            body.insert("sign".to_owned(), sign(secret, time)?.into());
        }
        Ok(Request { url: self.0.url.as_str().to_owned(), body })
    }

    fn meaning(code: i64, _: &str) -> Meaning {
        match code {
            11_232 => Meaning::TooOften,
            19_021 => Meaning::Signature,
            19_022 => Meaning::Network,
            19_024 => Meaning::Keyword,
            19_001 => Meaning::NoRobot,
            9_499 | 19_002 => Meaning::Message,
            _ => Meaning::Other,
        }
    }
}

/// The base64 of HMAC-SHA256 of nothing, with time and secret as key.
fn sign(secret: &Secret, seconds: i64) -> Result<String, Refusal> {
    let key = format!("{seconds}\n{}", secret.expose());
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes())
        .map_err(|_| Refusal::transient("`secret` cannot be used to sign"))?;
    Ok(STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests;
