//! `kind = "dingtalk"`: a robot of a group of DingTalk (钉钉).
//!
//! Messages are plain text: what is in it is not read as marks. Its signature stands in the address.

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
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

/// Writes alerts to a group of DingTalk.
pub(crate) struct DingtalkSink(Chat<Robot>);

impl DingtalkSink {
    /// A sink of these settings. Nothing is sent before something is given to it.
    pub fn new(settings: Settings, about: About) -> Self {
        Self::with(settings, about, Arc::new(System), Timing::default())
    }

    fn with(settings: Settings, about: About, clock: Arc<dyn Clock>, timing: Timing) -> Self {
        Self(Chat::new(Robot(settings), about, clock, timing))
    }
}

impl Sink for DingtalkSink {
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
    const CODES: &'static [&'static str] = &["errcode"];
    const TEXTS: &'static [&'static str] = &["errmsg"];
    /// More than that nobody reads on a telephone. A body may be several times larger.
    const LONGEST: usize = 4_096;
    const READING: Reading = Reading::Mentions;
    /// Who writes more than 20 times a minute is shut out for ten minutes.
    const SHUT: Duration = Duration::from_secs(600);
    const STILLS: Stills = Stills::NotTaken;

    fn hook(&self) -> &Hook {
        &self.0.url
    }

    fn secret(&self) -> Option<&Secret> {
        self.0.secret.as_ref()
    }

    fn text(&self, text: &str, now: Timestamp) -> Result<Request, Refusal> {
        let body = json!({ "msgtype": "text", "text": { "content": text }, "at": { "isAtAll": false } });
        let url = self.0.url.as_str();
        let Some(secret) = &self.0.secret else { return Ok(Request { url: url.to_owned(), body }) };
        let time = now.as_millisecond();
        let sign = sign(secret, time)?;
        let sign = utf8_percent_encode(&sign, NON_ALPHANUMERIC);
        let between = if url.contains('?') { '&' } else { '?' };
        Ok(Request { url: format!("{url}{between}timestamp={time}&sign={sign}"), body })
    }

    fn meaning(code: i64, text: &str) -> Meaning {
        match code {
            130_101 | 410_100 => Meaning::TooOften,
            310_000 => of_security(text),
            300_001 | 300_005 | 400_101 | 400_102 | 400_106 => Meaning::NoRobot,
            // Its JSON, its type, what it says.
            40_035 | 400_105 | 430_101..=430_104 => Meaning::Message,
            _ => Meaning::Other,
        }
    }
}

/// What a robot's security settings refuse has one code. Only the text tells it apart.
fn of_security(text: &str) -> Meaning {
    let text = text.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if says(&["keyword", "关键词"]) {
        Meaning::Keyword
    } else if says(&["whitelist", "白名单"]) {
        Meaning::Network
    } else {
        Meaning::Signature
    }
}

/// The base64 of HMAC-SHA256 of time and secret, with the secret as key.
fn sign(secret: &Secret, milliseconds: i64) -> Result<String, Refusal> {
    let secret = secret.expose();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map_err(|_| Refusal::transient("`secret` cannot be used to sign"))?;
    mac.update(format!("{milliseconds}\n{secret}").as_bytes());
    Ok(STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests;
