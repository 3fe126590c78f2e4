//! What is done on a connection: publishing, and waiting for the answer.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_nats::{
    Client, HeaderMap,
    jetstream::{
        Context, ContextBuilder,
        context::{GetStreamByNameErrorKind, PublishError},
        message::PublishMessage,
        publish::PublishAck,
    },
};
use tokio::{
    sync::{Notify, broadcast},
    time::timeout,
};
use uuid::Uuid;

use super::{
    super::Refusal,
    Waits,
    trouble::{Notice, Reader, Trouble},
};

/// So many alerts are under way at most.
const UNDER_WAY: usize = 256;
/// So many acknowledgements in a row fail to come before the connection is given up.
const UNANSWERED_IN_A_ROW: u32 = 3;
/// So many in all: the client remembers each for as long as the connection lasts.
const UNANSWERED: u32 = 1_000;

const CONTENT_TYPE: &str = "Content-Type";
const ALERT: &str = "application/cloudevents+json";

/// A connection. Copies are of the same.
#[derive(Clone)]
pub(super) struct Link {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    context: Context,
    notices: broadcast::Sender<Notice>,
    reader: Arc<Reader>,
    stream: String,
    waits: Waits,
    /// Acknowledgements that did not come: since the last one that did, and in all.
    in_a_row: AtomicU32,
    in_all: AtomicU32,
    given_up: Notify,
}

impl Link {
    pub fn new(
        client: Client,
        notices: broadcast::Sender<Notice>,
        reader: Arc<Reader>,
        stream: String,
        waits: Waits,
    ) -> Self {
        let context = ContextBuilder::new()
            .timeout(waits.acknowledgement)
            .ack_timeout(waits.acknowledgement)
            .max_ack_inflight(UNDER_WAY)
            .build(client.clone());
        let (in_a_row, in_all, given_up) = Default::default();
        let inner = Inner { client, context, notices, reader, stream, waits, in_a_row, in_all, given_up };
        Self { inner: Arc::new(inner) }
    }

    /// Until it is of no more use: it does not answer.
    pub async fn given_up(&self) {
        self.inner.given_up.notified().await;
    }

    /// Gives an alert to the stream, until that has acknowledged it.
    pub async fn publish(&self, subject: String, id: Uuid, body: &str) -> Result<(), Refusal> {
        let Inner { context, notices, reader, stream, waits, .. } = &*self.inner;
        let mut notices = notices.subscribe();
        let message = PublishMessage::build()
            .payload(body.to_owned().into())
            .message_id(id.to_string())
            .expected_stream(stream)
            .header(CONTENT_TYPE, ALERT);
        let acknowledged = async { context.send_publish(subject.clone(), message).await?.await };
        // A place among those that are under way is waited for, too.
        let acknowledged = timeout(waits.acknowledgement * 3 / 2, acknowledged);
        let answer: Result<PublishAck, PublishError> = tokio::select! {
            biased;
            answer = acknowledged => match answer {
                Ok(answer) => answer,
                Err(_) => return Err(self.unanswered(&subject)),
            },
            trouble = objection(&mut notices, &subject) => return Err(trouble.into()),
        };
        match answer {
            Ok(answer) => {
                self.inner.in_a_row.store(0, Ordering::Relaxed);
                match answer.stream == *stream {
                    true => Ok(()),
                    false => Err(reader.other_stream(&subject, stream, &answer.stream)),
                }
            }
            Err(error) => {
                match reader.publishing(&error, &subject, stream, self.inner.client.max_payload()) {
                    Some(refusal) => Err(refusal),
                    None => Err(self.unanswered(&subject)),
                }
            }
        }
    }

    fn unanswered(&self, subject: &str) -> Refusal {
        let Inner { stream, in_a_row, in_all, given_up, .. } = &*self.inner;
        let row = in_a_row.fetch_add(1, Ordering::Relaxed) + 1;
        let all = in_all.fetch_add(1, Ordering::Relaxed) + 1;
        if row >= UNANSWERED_IN_A_ROW || all >= UNANSWERED {
            given_up.notify_one();
        }
        Refusal::transient(format!(
            "nobody acknowledges what is published as {subject}: does the server hang, or is there no stream {stream} that takes it?"
        ))
    }

    /// Gives a sign of life to whoever listens.
    pub async fn tell(&self, subject: String, body: &str) -> Result<(), Refusal> {
        let Inner { client, notices, reader, waits, .. } = &*self.inner;
        let mut notices = notices.subscribe();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, ALERT);
        let told = async {
            let body = body.to_owned().into();
            client
                .publish_with_headers(subject.clone(), headers, body)
                .await
                .map_err(|error| reader.telling(&error, &subject, client.max_payload()))?;
            client.flush().await.map_err(|_| Refusal::from(Trouble::lost()))
        };
        match timeout(waits.flush, told).await {
            Ok(told) => told?,
            Err(_) => return Err(Refusal::transient("the server takes nothing in: does it hang?")),
        }
        match timeout(waits.objection, objection(&mut notices, &subject)).await {
            Ok(trouble) => Err(trouble.into()),
            Err(_) => Ok(()),
        }
    }

    /// Whether the stream takes what is published as `subjects`, as far as the user may know.
    pub async fn look_for_stream(&self, subjects: String) -> Result<(), Refusal> {
        let Inner { context, reader, stream, .. } = &*self.inner;
        match context.stream_by_subject(subjects.clone()).await {
            Ok(found) if found == *stream => Ok(()),
            Ok(found) => Err(reader.other_stream(&subjects, stream, &found)),
            Err(error) if error.kind() == GetStreamByNameErrorKind::NotFound => {
                Err(reader.no_stream(&subjects, stream))
            }
            // Not every user may ask.
            Err(_) => Ok(()),
        }
    }

    /// All that was given has left the box, or it took too long.
    pub async fn flush(&self, longest: Duration) {
        let _ = timeout(longest, self.inner.client.flush()).await;
    }

    pub fn client(&self) -> &Client {
        &self.inner.client
    }
}

/// Until the server says that it does not take what is published as `subject`, or nothing at all any more.
async fn objection(notices: &mut broadcast::Receiver<Notice>, subject: &str) -> Trouble {
    loop {
        match notices.recv().await {
            Ok(Notice::Unpublished { subject: refused }) if refused == subject => {
                return Trouble::unpublished(subject);
            }
            Ok(Notice::Unsubscribed { subject: refused }) if is_inbox(&refused) => return Trouble::deaf(),
            Ok(Notice::Ending(trouble) | Notice::Lost(trouble)) => return trouble,
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return Trouble::lost(),
        }
    }
}

/// Whether acknowledgements come there.
pub(super) fn is_inbox(subject: &str) -> bool {
    subject.starts_with("_INBOX.")
}
