//! What goes wrong with a server, in words, without any secret.

use std::{error::Error, fmt, io};

use async_nats::{
    ConnectError, ConnectErrorKind, PublishError as TellError, PublishErrorKind as TellErrorKind,
    ServerError,
    jetstream::{
        self, ErrorCode,
        context::{PublishError, PublishErrorKind},
    },
};

use jiff::Timestamp;

use super::super::{Refusal, quoted};

/// What stands for a secret.
const HIDDEN: &str = "***";

/// Why there is no connection, or none any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    why: String,
    pub concern: Concern,
}

/// Of what a trouble is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Concern {
    /// The server does not let the box in.
    Entry,
    Other,
}

impl Trouble {
    pub fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), concern: Concern::Other }
    }

    pub fn locked_out(why: impl Into<String>) -> Self {
        Self { why: why.into(), concern: Concern::Entry }
    }

    pub fn silent() -> Self {
        Self::new("no answer in time: does the server hang, or is it no server of NATS?")
    }

    pub fn foreign() -> Self {
        Self::new("what answers there does not speak NATS: check the address and its port")
    }

    pub fn lost() -> Self {
        Self::new("the connection broke off")
    }

    pub fn hanging() -> Self {
        Self::new("the server takes what is published and acknowledges nothing: the connection is made anew")
    }

    pub fn deaf() -> Self {
        Self::locked_out(
            "the user may not subscribe to _INBOX.>, where acknowledgements come: allow it at the server",
        )
    }

    pub fn expired(ended: Timestamp) -> Self {
        Self::locked_out(format!(
            "the server does not let this box in: the token in `credentials` ended at {ended}. Renew it, or set the clock of this box"
        ))
    }

    pub fn unpublished(subject: &str) -> Self {
        Self::new(format!("the user may not publish as {subject}: allow it at the server"))
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl From<Trouble> for Refusal {
    fn from(trouble: Trouble) -> Self {
        Self::transient(trouble.why)
    }
}

/// Reads what a server says. It knows all that is secret, which a server may repeat.
pub(super) struct Reader {
    secrets: Vec<String>,
}

impl Reader {
    pub fn new(secrets: Vec<String>) -> Self {
        Self { secrets }
    }

    /// A text of the server as it may be shown.
    fn shown(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            text = text.replace(secret, HIDDEN);
        }
        quoted(&text)
    }

    /// What a server says beside its answers.
    pub fn told(&self, error: &ServerError) -> Notice {
        let text = said_by(error);
        let lower = text.to_ascii_lowercase();
        // With the subject in quotation marks.
        let subject = text.split('"').nth(1).map(|subject| self.shown(subject));
        match subject {
            Some(subject) if lower.starts_with("permissions violation for subscription to") => {
                Notice::Unsubscribed { subject }
            }
            Some(subject) if lower.starts_with("permissions violation for publish to") => {
                Notice::Unpublished { subject }
            }
            _ => Notice::Ending(self.said(&text)),
        }
    }

    /// What a server says before it ends a connection.
    fn said(&self, text: &str) -> Trouble {
        let (lower, shown) = (text.to_ascii_lowercase(), self.shown(text));
        let is = |part: &str| lower.contains(part);
        if is("expired") {
            Trouble::locked_out(format!("the user is known no longer ({shown}): renew `credentials`"))
        } else if is("revoked") {
            Trouble::locked_out(format!(
                "the user was revoked ({shown}): ask the platform for new `credentials`"
            ))
        } else if is("authorization violation") {
            Trouble::locked_out(format!(
                "the server does not let this box in ({shown}): check the user and password in `url`, or `credentials`"
            ))
        } else if is("tls required") {
            Trouble::new(format!("the server asks for TLS ({shown}): begin `url` with tls://"))
        } else if is("permissions violation") {
            Trouble::locked_out(format!("the user may not do that ({shown}): allow it at the server"))
        } else if is("connections") {
            Trouble::new(format!("the server has too many connections ({shown})"))
        } else {
            Trouble::new(format!("the server ends the connection ({shown})"))
        }
    }

    /// Why no connection could be made.
    pub fn connecting(&self, error: &ConnectError, is_tls: bool) -> Trouble {
        if let Some(said) = caused_by::<ServerError>(error) {
            return self.said(&said_by(said));
        }
        if let Some(error) = of_tls(error) {
            return Trouble::new(self.of_tls(error));
        }
        let io = caused_by::<io::Error>(error);
        match error.kind() {
            ConnectErrorKind::ServerParse => Trouble::new("its address cannot be used"),
            ConnectErrorKind::Dns => {
                Trouble::new("its host is not known: check the address, and the network")
            }
            ConnectErrorKind::Authentication => {
                Trouble::locked_out("`credentials` cannot be used: their key does not sign")
            }
            ConnectErrorKind::AuthorizationViolation => self.said("Authorization Violation"),
            ConnectErrorKind::TimedOut | ConnectErrorKind::MaxReconnects => Trouble::silent(),
            ConnectErrorKind::Tls => {
                let text = error.source().map(ToString::to_string).unwrap_or_default();
                Trouble::new(format!("TLS cannot be used: {}", self.shown(&text)))
            }
            ConnectErrorKind::Io => match io {
                Some(error) => self.of_io(error, is_tls),
                None if error.to_string().contains("expected INFO, got nothing") => hung_up(),
                None if error.to_string().contains("broken pipe") => Trouble::locked_out(
                    "the server hung up when this box said who it is: check the user, and the server's log",
                ),
                None => Trouble::foreign(),
            },
        }
    }

    fn of_io(&self, error: &io::Error, is_tls: bool) -> Trouble {
        match error.kind() {
            // The line that was read may be anything.
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => Trouble::foreign(),
            io::ErrorKind::ConnectionRefused => {
                Trouble::new("nobody answers at its address: does the server run, and is the port right?")
            }
            io::ErrorKind::UnexpectedEof if is_tls => Trouble::new(
                "no TLS connection: the server hung up. Where it has no TLS, `url` begins with nats://",
            ),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                hung_up()
            }
            _ => Trouble::new(format!("no connection: {}", self.shown(&error.to_string()))),
        }
    }

    fn of_tls(&self, error: &rustls::Error) -> String {
        let shown = self.shown(&error.to_string());
        let way = match error {
            rustls::Error::InvalidCertificate(_) => {
                "check `ca`, the host in `url`, and the clock of this box"
            }
            rustls::Error::InvalidMessage(_) => "where the server has no TLS, `url` begins with nats://",
            _ => "check what TLS the server has",
        };
        format!("no TLS connection: {shown}: {way}")
    }

    /// Why an alert was not taken; none where nobody said anything.
    pub fn publishing(
        &self,
        error: &PublishError,
        subject: &str,
        stream: &str,
        max_payload: usize,
    ) -> Option<Refusal> {
        if let Some(error) = caused_by::<jetstream::Error>(error) {
            return Some(self.refused(error, subject, stream));
        }
        Some(match error.kind() {
            PublishErrorKind::MaxPayloadExceeded => too_large(max_payload),
            PublishErrorKind::StreamNotFound => self.no_stream(subject, stream),
            PublishErrorKind::TimedOut => return None,
            PublishErrorKind::Other if caused_by::<serde_json::Error>(error).is_some() => Refusal::transient(
                format!("what answers to {subject} is no stream: does somebody else reply to it?"),
            ),
            _ => Trouble::lost().into(),
        })
    }

    fn refused(&self, error: &jetstream::Error, subject: &str, stream: &str) -> Refusal {
        let said = self.shown(&error.to_string());
        Refusal::transient(match error.error_code() {
            ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM => {
                return Refusal::permanent(format!("it is larger than stream {stream} takes ({said})"));
            }
            ErrorCode::STREAM_NOT_MATCH => {
                format!(
                    "another stream than {stream} takes {subject} ({said}): check `stream`, and the platform's streams"
                )
            }
            ErrorCode::STORAGE_RESOURCES_EXCEEDED
            | ErrorCode::MEMORY_RESOURCES_EXCEEDED
            | ErrorCode::ACCOUNT_RESOURCES_EXCEEDED
            | ErrorCode::INSUFFICIENT_RESOURCES
            | ErrorCode::STREAM_STORE_FAILED => {
                format!(
                    "stream {stream} has no room ({said}): the platform gives it more, or takes out what it has read"
                )
            }
            ErrorCode::STREAM_SEALED => format!("stream {stream} takes nothing any more ({said})"),
            ErrorCode::JETSTREAM_NOT_ENABLED | ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT => {
                format!("the server has no JetStream for this user ({said})")
            }
            _ => format!("stream {stream} does not take it now ({said})"),
        })
    }

    /// Why a sign of life was not published.
    pub fn telling(&self, error: &TellError, subject: &str, max_payload: usize) -> Refusal {
        match error.kind() {
            TellErrorKind::MaxPayloadExceeded => too_large(max_payload),
            TellErrorKind::InvalidSubject => {
                Refusal::transient(format!("no server takes the subject {subject}"))
            }
            TellErrorKind::Send => Trouble::lost().into(),
        }
    }

    /// Nothing takes a subject.
    pub fn no_stream(&self, subject: &str, stream: &str) -> Refusal {
        Refusal::transient(format!("no stream {stream} takes {subject}: the platform makes it"))
    }

    /// Something else takes a subject.
    pub fn other_stream(&self, subject: &str, stream: &str, other: &str) -> Refusal {
        Refusal::transient(format!(
            "stream {} takes {subject}, and not {stream}: check `stream`, and the platform's streams",
            self.shown(other)
        ))
    }
}

/// A server that gives no bound is odd: no alert is lost for that.
fn too_large(max_payload: usize) -> Refusal {
    match max_payload {
        0 => {
            Refusal::transient("the server takes no message of any size (`max_payload`): is it one of NATS?")
        }
        most => {
            Refusal::permanent(format!("it is larger than the server takes (`max_payload` is {most} bytes)"))
        }
    }
}

fn hung_up() -> Trouble {
    Trouble::new(
        "the server hung up before it said anything: is it one of NATS, and does it let this address in?",
    )
}

/// What a server wrote.
fn said_by(error: &ServerError) -> String {
    match error {
        ServerError::AuthorizationViolation => "Authorization Violation".to_owned(),
        ServerError::SlowConsumer(_) => "Slow Consumer".to_owned(),
        ServerError::Other(text) => text.clone(),
    }
}

/// The first cause of a kind.
fn caused_by<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// What TLS says: it is wrapped in an error of reading.
fn of_tls(error: &ConnectError) -> Option<&rustls::Error> {
    let io: &io::Error = caused_by(error)?;
    io.get_ref()?.downcast_ref()
}

/// What a server says beside its answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Notice {
    /// The user may not publish this.
    Unpublished { subject: String },
    /// The user may not subscribe to this.
    Unsubscribed { subject: String },
    /// A platform sent more requests at once than can be taken in.
    TooMany,
    /// The server says why it is about to end the connection.
    Ending(Trouble),
    /// The connection is over.
    Lost(Trouble),
}
