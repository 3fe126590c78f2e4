//! `kind = "webhook"`: each alert is posted to an HTTP endpoint, signed as Standard Webhooks are.
//!
//! The endpoint has an alert once it answers with a status of 2xx, whatever follows: a body that never ends is not waited for
//! longer than for an answer, and does not make the alert come again. What is posted twice has the same `webhook-id`, which is
//! the alert's id.

mod sign;

use std::{
    fmt,
    io::Read,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::Timestamp;
use sign::Signer;
use ureq::{
    Agent, Body, Error,
    http::{Response, header},
};
use uuid::Uuid;

use super::{
    About, Beat, Refusal, Sink,
    endpoint::Endpoint,
    failure,
    http::{self, Answer},
};
use crate::{config::Webhook, domain::SinkName, ledger::database::Queued};

/// How alerts are written in what is posted.
const CONTENT_TYPE: &str = "application/cloudevents+json; charset=utf-8";
/// So much of an answer is read, in bytes: to say what is wrong, and to use the connection again.
const READ: u64 = 64 << 10;
/// What failed within this is tried once more at once; both tries together then take less than half a minute.
const SOON: Duration = Duration::from_secs(5);

/// Posts alerts to an endpoint. `Debug` shows no more of it than its host.
pub(crate) struct WebhookSink(Arc<Posting>);

impl WebhookSink {
    /// Posts as the settings say. A connection is made when there is something to post, and kept for the next.
    pub fn new(settings: Webhook, about: About) -> Self {
        Self(Arc::new(Posting {
            name: about.name,
            endpoint: Endpoint::of(settings.url.parts()),
            signer: Signer::of(&settings.secrets),
            settings,
            kept: Mutex::default(),
            patience: None,
        }))
    }

    /// The same, with less patience: a request with its answer takes no longer than this.
    #[cfg(test)]
    fn hurried(settings: Webhook, about: About, patience: Duration) -> Self {
        let mut sink = Self::new(settings, about);
        if let Some(posting) = Arc::get_mut(&mut sink.0) {
            posting.patience = Some(patience);
        }
        sink
    }

    async fn post(&self, id: Uuid, body: &str) -> Result<(), Refusal> {
        let (posting, body) = (Arc::clone(&self.0), body.to_owned());
        let posted = tokio::task::spawn_blocking(move || posting.post(id, &body)).await;
        posted.unwrap_or_else(|_| Err(Refusal::transient("it was given up before there was an answer")))
    }
}

impl Sink for WebhookSink {
    async fn deliver(&self, alert: &Queued) -> Result<(), Refusal> {
        self.post(alert.id, &alert.body).await
    }

    async fn heartbeat(&self, beat: &Beat) -> Result<(), Refusal> {
        self.post(beat.id, &beat.body).await
    }
}

impl fmt::Debug for WebhookSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookSink({}, {})", self.0.name, self.0.endpoint)
    }
}

/// What posts: its calls block.
struct Posting {
    name: SinkName,
    settings: Webhook,
    endpoint: Endpoint,
    /// None where a secret cannot be used: nothing is posted without a signature.
    signer: Option<Signer>,
    kept: Mutex<Option<Kept>>,
    /// None where it is that of all sinks.
    patience: Option<Duration>,
}

/// The connections, and whose certificates they believe.
#[derive(Clone)]
struct Kept {
    agent: Agent,
    /// Whether one of them was ever answered, so that one may be left which the other side has closed meanwhile.
    is_used: Arc<AtomicBool>,
}

impl Posting {
    fn post(&self, id: Uuid, body: &str) -> Result<(), Refusal> {
        let signer = self.signer.as_ref().ok_or_else(|| {
            Refusal::transient("its `secrets` cannot be used: each is `whsec_` and 24 to 64 bytes in base64")
        })?;
        let kept = self.kept()?;
        let began = Instant::now();
        let mut response = self.send(&kept.agent, signer, id, body);
        let is_stale = |error: &Error| kept.is_used.load(Ordering::SeqCst) && failure::is_closed(error);
        if response.as_ref().is_err_and(is_stale) && began.elapsed() < SOON {
            tracing::debug!(sink = %self.name, "a connection was closed meanwhile: it is tried once more");
            response = self.send(&kept.agent, signer, id, body);
        }
        match response {
            Ok(response) => {
                kept.is_used.store(true, Ordering::SeqCst);
                self.answer(response).judged()
            }
            Err(error) => {
                if failure::is_of_tls(&error) {
                    self.forget(&kept);
                }
                Err(Refusal::transient(failure::why(&error)))
            }
        }
    }

    fn send(&self, agent: &Agent, signer: &Signer, id: Uuid, body: &str) -> Result<Response<Body>, Error> {
        let (id, seconds) = (id.to_string(), Timestamp::now().as_second());
        let mut request = self
            .endpoint
            .post(agent)
            .header(header::CONTENT_TYPE, CONTENT_TYPE)
            .header("webhook-id", &id)
            .header("webhook-timestamp", seconds.to_string())
            .header("webhook-signature", signer.sign(&id, seconds, body));
        if let Some(patience) = self.patience {
            request = request.config().timeout_global(Some(patience)).build();
        }
        request.send(body)
    }

    /// What was answered, as far as it came, without what is not to be repeated of it.
    fn answer(&self, response: Response<Body>) -> Answer {
        let (parts, mut body) = response.into_parts();
        let mut read = Vec::new();
        // What the status says stands, whatever becomes of the rest.
        let _ = body.as_reader().take(READ).read_to_end(&mut read);
        let said = self.endpoint.hidden().clean(&String::from_utf8_lossy(&read));
        Answer { status: parts.status.as_u16(), headers: parts.headers, body: said.into_bytes() }
    }

    fn kept(&self) -> Result<Kept, Refusal> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some(kept) => Ok(kept.clone()),
            None => {
                let agent = http::agent(self.endpoint.is_https(), self.settings.ca.as_deref())?;
                Ok(kept.insert(Kept { agent, is_used: Arc::default() }).clone())
            }
        }
    }

    /// Next time the authorities are read anew: somebody may have renewed them.
    fn forget(&self, failed: &Kept) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_some_and(|kept| Arc::ptr_eq(&kept.is_used, &failed.is_used)) {
            *kept = None;
        }
    }
}

#[cfg(test)]
mod tests;
