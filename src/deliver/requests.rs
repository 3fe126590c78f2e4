//! What a platform asks a box for: to be sent alerts again, and to keep what was found of them.

use serde::Deserialize;
use tokio::sync::mpsc::{self, error::TrySendError};

use super::quoted;
use crate::domain::{OutboxId, SinkName, Verdict};

/// No request is longer, in bytes.
const LONGEST: usize = 4_096;
/// No text in a verdict is longer, in characters.
const LONGEST_TEXT: usize = 200;
/// So many requests wait at most.
const WAITING: usize = 256;

/// Where a sink hands in what it receives. It never waits: what is too much is dropped, and said.
#[derive(Debug, Clone)]
pub(crate) struct Requests {
    sink: SinkName,
    to: mpsc::Sender<Asked>,
}

/// A request, and the sink through which it came.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    pub sink: SinkName,
    pub request: Request,
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
        Self { sink, to }
    }

    /// Requests that nobody hears, for a sink that is only tried.
    pub fn unheard(sink: SinkName) -> Self {
        Self { sink, to: mpsc::channel(1).0 }
    }

    /// Takes `{"outboxid":…,"from":n,"to":m}`.
    pub fn resend(&self, text: &[u8]) {
        let read = read::<Resend>(text).and_then(|resend| match resend.from <= resend.to {
            true => Ok(resend),
            false => Err(format!("it asks from {} to {}", resend.from, resend.to)),
        });
        self.take("resend", read.map(Request::Resend));
    }

    /// Takes `{"subject":…,"verdict":"true|false|test","cause":…,"by":…,"at":…}`.
    pub fn verdict(&self, text: &[u8]) {
        let read = read::<Verdict>(text).and_then(|verdict| {
            let texts = [Some(&verdict.by), verdict.cause.as_ref()];
            let is_long = |text: &String| text.chars().count() > LONGEST_TEXT;
            let too_long = texts.into_iter().flatten().any(is_long);
            match too_long {
                true => Err(format!("a text in it is longer than {LONGEST_TEXT} characters")),
                false => Ok(verdict),
            }
        });
        self.take("verdict", read.map(Request::Verdict));
    }

    fn take(&self, what: &str, read: Result<Request, String>) {
        let sink = &self.sink;
        match read {
            Err(why) => tracing::warn!(%sink, "a request ({what}) cannot be read and is left out: {why}"),
            Ok(request) => match self.to.try_send(Asked { sink: sink.clone(), request }) {
                Ok(()) | Err(TrySendError::Closed(_)) => {}
                Err(TrySendError::Full(_)) => {
                    tracing::warn!(%sink, "a request ({what}) is left out: too many came at once");
                }
            },
        }
    }
}

fn read<'de, T: Deserialize<'de>>(text: &'de [u8]) -> Result<T, String> {
    if text.len() > LONGEST {
        return Err(format!("it has {} bytes, and no request has over {LONGEST}", text.len()));
    }
    serde_json::from_slice(text).map_err(|error| quoted(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::domain::Finding;

    fn taken(give: impl FnOnce(&Requests)) -> Option<Request> {
        let (to, mut from) = queue();
        give(&Requests::new(SinkName::new("platform").expect("a name"), to));
        from.try_recv().ok().map(|asked| asked.request)
    }

    #[test]
    fn what_is_asked_for_is_read() {
        let id = Uuid::from_u128(7);
        let text = json!({ "outboxid": id, "from": 3, "to": 9 }).to_string();
        let asked = taken(|requests| requests.resend(text.as_bytes()));
        assert_eq!(asked, Some(Request::Resend(Resend { outbox: id.into(), from: 3, to: 9 })));
        let text = json!({ "subject": id, "verdict": "false", "cause": "反光", "by": "王", "at": "2026-01-01T00:00:00Z" });
        let Some(Request::Verdict(verdict)) = taken(|requests| requests.verdict(text.to_string().as_bytes()))
        else {
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
        ] {
            assert_eq!(taken(|requests| requests.verdict(text.to_string().as_bytes())), None, "{text}");
        }
        assert_eq!(taken(|requests| requests.verdict(&[0xff, 0xfe])), None);
    }

    #[test]
    fn a_flood_is_bounded() {
        let (to, mut from) = queue();
        let requests = Requests::new(SinkName::new("platform").expect("a name"), to);
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
}
