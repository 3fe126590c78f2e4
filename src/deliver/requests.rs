//! What a platform asks a box for: to be sent alerts again, and to keep what was found of them.

use std::{future::ready, ops::Range};

use futures_util::{FutureExt, future::BoxFuture};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::sync::{
    mpsc::{self, error::TrySendError},
    oneshot,
};

use super::{left_out::LeftOut, quoted};
use crate::domain::{OutboxId, SinkName, Verdict};

/// No request is longer, in bytes.
const LONGEST: usize = 4_096;
/// No text in a verdict is longer, in characters.
const LONGEST_TEXT: usize = 200;
/// Verdicts are found between these, in seconds since 1970: in the years 2020 to 2099. A box whose own clock is wrong knows no better.
const FOUND: Range<i64> = 1_577_836_800..4_102_444_800;
/// So many requests wait at most: resends that are more are left out, verdicts wait until there is room.
const WAITING: usize = 256;
/// What is asked for, as it is told to whoever asks for something else.
const RESEND: &str = "{\"outboxid\":ID,\"from\":NUMBER,\"to\":NUMBER}";
const VERDICT: &str =
    "{\"subject\":ID,\"verdict\":\"true\", \"false\" or \"test\",\"cause\":TEXT,\"by\":TEXT,\"at\":TIME}";

/// Where a sink hands in what it receives.
#[derive(Debug, Clone)]
pub(crate) struct Requests {
    sink: SinkName,
    to: mpsc::Sender<Asked>,
    left_out: LeftOut,
}

/// It is over once what was handed in is kept, or left out for good. Only then is a broker told that it has come.
pub(crate) type Taken = BoxFuture<'static, ()>;

/// A request, and the sink through which it came.
#[derive(Debug)]
pub(super) struct Asked {
    pub sink: SinkName,
    pub request: Request,
    /// Told once it is done.
    pub done: oneshot::Sender<()>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Request {
    Resend(Resend),
    Verdict(Verdict),
}

/// Alerts that are to be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) struct Resend {
    /// Those of this outbox.
    #[serde(rename = "outboxid")]
    pub outbox: OutboxId,
    /// The first.
    pub from: u64,
    /// The last.
    pub to: u64,
}

/// The queue of requests, of all sinks: where they are handed in and where they come out.
pub(super) fn queue() -> (mpsc::Sender<Asked>, mpsc::Receiver<Asked>) {
    mpsc::channel(WAITING)
}

impl Requests {
    pub(super) fn new(sink: SinkName, to: mpsc::Sender<Asked>) -> Self {
        let left_out = LeftOut::new(sink.clone());
        Self { sink, to, left_out }
    }

    /// Requests that nobody hears, for a sink that is only tried.
    pub fn unheard(sink: SinkName) -> Self {
        Self::new(sink, mpsc::channel(1).0)
    }

    /// Takes `{"outboxid":…,"from":n,"to":m}`. It does not wait: what is too much is left out, and said.
    pub fn resend(&self, text: &[u8]) {
        let read = read::<Resend>(text, RESEND).and_then(|resend| match resend.from <= resend.to {
            true => Ok(resend),
            false => Err(format!("it asks from {} to {}", resend.from, resend.to)),
        });
        match read {
            Err(why) => self.unreadable("resend", &why),
            Ok(resend) => {
                let (asked, _) = self.asked(Request::Resend(resend));
                if let Err(TrySendError::Full(_)) = self.to.try_send(asked) {
                    self.left_out.say("a request (resend) is left out: too many came at once".to_owned());
                }
            }
        }
    }

    /// Takes `{"subject":…,"verdict":"true|false|test","cause":…,"by":…,"at":…}`. None that can be kept is lost: where too many
    /// come at once, they wait until there is room.
    pub fn verdict(&self, text: &[u8]) -> Taken {
        match read::<Verdict>(text, VERDICT).and_then(checked) {
            Err(why) => {
                self.unreadable("verdict", &why);
                ready(()).boxed()
            }
            Ok(verdict) => {
                let (asked, done) = self.asked(Request::Verdict(verdict));
                let waits = match self.to.try_send(asked) {
                    Ok(()) | Err(TrySendError::Closed(_)) => None,
                    Err(TrySendError::Full(asked)) => Some(asked),
                };
                let to = self.to.clone();
                async move {
                    if let Some(asked) = waits {
                        let _ = to.send(asked).await;
                    }
                    // Whoever does not tell it is gone, and with it all that could be waited for.
                    let _ = done.await;
                }
                .boxed()
            }
        }
    }

    fn asked(&self, request: Request) -> (Asked, oneshot::Receiver<()>) {
        let (done, is_done) = oneshot::channel();
        (Asked { sink: self.sink.clone(), request, done }, is_done)
    }

    fn unreadable(&self, what: &str, why: &str) {
        self.left_out.say(format!("a request ({what}) cannot be read and is left out: {why}"));
    }
}

fn checked(verdict: Verdict) -> Result<Verdict, String> {
    let texts = [Some(&verdict.by), verdict.cause.as_ref()];
    let is_long = |text: &String| text.chars().count() > LONGEST_TEXT;
    if texts.into_iter().flatten().any(is_long) {
        return Err(format!("a text in it is longer than {LONGEST_TEXT} characters"));
    }
    if verdict.by.trim().is_empty() {
        return Err("`by` is empty: it names who found it".to_owned());
    }
    if !FOUND.contains(&verdict.at.as_second()) {
        return Err(format!("`at` is {:.0}: it tells when it was found", verdict.at));
    }
    Ok(verdict)
}

/// What is asked for, read as it is to be written.
fn read<T: DeserializeOwned>(text: &[u8], looks: &str) -> Result<T, String> {
    if text.len() > LONGEST {
        return Err(format!("it has {} bytes, and no request has over {LONGEST}", text.len()));
    }
    let value: Value = serde_json::from_slice(text)
        .map_err(|error| format!("it is no JSON ({}); a request is {looks}", quoted(&error.to_string())))?;
    if !value.is_object() {
        return Err(format!("it is no object of JSON; a request is {looks}"));
    }
    serde_json::from_value(value)
        .map_err(|error| format!("a request is {looks} ({})", quoted(&plain(&error.to_string()))))
}

/// Without the names that Rust has for things.
fn plain(error: &str) -> String {
    error
        .replace("expected u64", "expected a whole number")
        .replace("expected a formatted UUID string", "expected an id")
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::domain::Finding;

    fn requests() -> (Requests, mpsc::Receiver<Asked>) {
        let (to, from) = queue();
        (Requests::new(SinkName::new("platform").expect("a name"), to), from)
    }

    fn taken(give: impl FnOnce(&Requests)) -> Option<Request> {
        let (requests, mut from) = requests();
        give(&requests);
        from.try_recv().ok().map(|asked| asked.request)
    }

    /// Hands in a verdict, and does not wait until it is kept.
    fn found(text: &[u8]) -> Option<Request> {
        taken(|requests| {
            let _ = requests.verdict(text).now_or_never();
        })
    }

    fn verdict(number: u128) -> String {
        let id = Uuid::from_u128(number);
        json!({ "subject": id, "verdict": "true", "by": "王", "at": "2026-01-01T00:00:00Z" }).to_string()
    }

    #[test]
    fn what_is_asked_for_is_read() {
        let id = Uuid::from_u128(7);
        let text = json!({ "outboxid": id, "from": 3, "to": 9 }).to_string();
        let asked = taken(|requests| requests.resend(text.as_bytes()));
        assert_eq!(asked, Some(Request::Resend(Resend { outbox: id.into(), from: 3, to: 9 })));
        let text = json!({ "subject": id, "verdict": "false", "cause": "反光", "by": "王", "at": "2026-01-01T00:00:00Z" });
        let Some(Request::Verdict(verdict)) = found(text.to_string().as_bytes()) else {
            panic!("a verdict");
        };
        assert_eq!((verdict.subject, verdict.verdict), (id, Finding::False));
        assert_eq!((verdict.cause.as_deref(), verdict.by.as_str()), (Some("反光"), "王"));
    }

    #[test]
    fn what_is_none_is_left_out() {
        let id = Uuid::from_u128(7);
        let long = "x".repeat(5_000);
        for text in [
            String::new(),
            "null".to_owned(),
            "[]".to_owned(),
            json!([id, 1, 3]).to_string(),
            long.clone(),
            json!({ "outboxid": id, "from": 9, "to": 3 }).to_string(),
            json!({ "outboxid": id, "from": -1, "to": 3 }).to_string(),
            json!({ "outboxid": "no id", "from": 1, "to": 3 }).to_string(),
            format!("{{\"outboxid\":\"{id}\",\"from\":1,\"to\":99999999999999999999999}}"),
        ] {
            assert_eq!(taken(|requests| requests.resend(text.as_bytes())), None, "{text}");
        }
        let at = "2026-01-01T00:00:00Z";
        for text in [
            json!({ "subject": id, "verdict": "perhaps", "by": "a", "at": at }),
            json!({ "subject": id, "verdict": "true", "at": at }),
            json!({ "subject": id, "verdict": "true", "by": "a", "at": "yesterday" }),
            json!({ "subject": id, "verdict": "true", "by": "x".repeat(201), "at": at }),
            json!({ "subject": id, "verdict": "true", "by": " ", "at": at }),
            json!({ "subject": id, "verdict": "true", "by": "a", "at": "9999-12-30T00:00:00Z" }),
            json!({ "subject": id, "verdict": "true", "by": "a", "at": "0001-01-01T00:00:00Z" }),
        ] {
            assert_eq!(found(text.to_string().as_bytes()), None, "{text}");
        }
        assert_eq!(found(&[0xff, 0xfe]), None);
    }

    #[test]
    fn what_cannot_be_read_is_told_in_words_that_help() {
        for text in ["null", "[]", "{", "{\"outboxid\":7,\"from\":1,\"to\":2}", "{\"from\":\"a\"}"] {
            let why = read::<Resend>(text.as_bytes(), RESEND).expect_err(text);
            assert!(why.contains(RESEND) && !why.contains("struct") && !why.contains("u64"), "{why}");
        }
    }

    #[test]
    fn a_flood_of_resends_is_bounded() {
        let (requests, mut from) = requests();
        let text = json!({ "outboxid": Uuid::nil(), "from": 1, "to": 2 }).to_string();
        for _ in 0..10_000 {
            requests.resend(text.as_bytes());
        }
        let mut count = 0;
        while from.try_recv().is_ok() {
            count += 1;
        }
        assert_eq!(count, WAITING);
    }

    #[tokio::test]
    async fn no_verdict_of_a_burst_is_lost_and_each_waits_until_it_is_kept() {
        let (requests, mut from) = requests();
        let all = (0..3_000).map(|number| requests.verdict(verdict(number).as_bytes()));
        let handed_in = tokio::spawn(futures_util::future::join_all(all));
        let mut kept = Vec::new();
        for number in 0..3_000 {
            let asked = from.recv().await.expect("handed in");
            let Request::Verdict(verdict) = asked.request else { panic!("a verdict") };
            assert_eq!(verdict.subject, Uuid::from_u128(number));
            assert!(!handed_in.is_finished());
            kept.push(asked.done);
        }
        for done in kept {
            let _ = done.send(());
        }
        handed_in.await.expect("all are kept");
    }
}
