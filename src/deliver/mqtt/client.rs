//! What is asked of a client of MQTT 5, whichever crate it is.

use std::future::Future;

use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use uuid::Uuid;

pub(super) use super::super::requests::Taken;

/// Speaks MQTT 5 with a broker.
pub(super) trait Client: Send + Sync + 'static {
    /// One connection, from its making to its end. What a broker sends is acknowledged once what `tell` gives for it is over. It
    /// takes orders meanwhile; an order that is dropped unanswered was lost, which an order is that no acknowledgement of its own
    /// came for. What was sent on an earlier connection is never sent again.
    ///
    /// # Errors
    /// Why it could not be made, or why it ended although nobody had ordered it to.
    fn connect(
        &self,
        orders: mpsc::Receiver<Order>,
        tell: impl Fn(Told) -> Taken + Send + Sync,
    ) -> impl Future<Output = Result<(), Trouble>> + Send;
}

/// What a connection is to do.
#[derive(Debug)]
pub(super) enum Order {
    /// Publish with QoS 1; the answer is the reason code with which the broker acknowledged it. The turn is given back when it is
    /// no longer on its way, whoever still waits for the answer.
    Publish { message: Message, turn: Option<Turn>, answer: oneshot::Sender<Reason> },
    /// Subscribe with QoS 1; the answer has the reason code of each topic. What is retained there is not wanted.
    Subscribe(Vec<String>, oneshot::Sender<Vec<Reason>>),
    /// Say goodbye, and end.
    Disconnect,
}

/// The right to have a message on its way.
pub(super) type Turn = OwnedSemaphorePermit;

/// What a connection tells.
#[derive(Debug)]
pub(super) enum Told {
    /// The broker lets the box in, and takes so many messages before it has acknowledged the first, 1 at least.
    Connected { at_once: u16 },
    /// A message came on this topic.
    Arrived { topic: String, body: Vec<u8> },
}

/// What is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub topic: String,
    /// A text.
    pub body: String,
    /// What kind of text.
    pub content: &'static str,
    /// The alert's id, by which it is known when it comes twice.
    pub id: Option<Uuid>,
    pub kept: Kept,
}

/// Whether the broker keeps a message for whoever subscribes later (the retain flag).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    Yes,
    No,
}

/// A reason code of MQTT 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reason(pub u8);

impl Reason {
    pub const SUCCESS: Self = Self(0x00);
    pub const NO_SUBSCRIBERS: Self = Self(0x10);
    pub const NOT_AUTHORIZED: Self = Self(0x87);
    pub const TOPIC_INVALID: Self = Self(0x90);
    pub const TOO_LARGE: Self = Self(0x95);
    pub const QUOTA_EXCEEDED: Self = Self(0x97);
    pub const FORMAT_INVALID: Self = Self(0x99);
    pub const RETAIN_NOT_SUPPORTED: Self = Self(0x9A);

    /// Whether it refuses.
    pub fn refuses(self) -> bool {
        self.0 >= 0x80
    }

    /// Whether it refuses this very message, and would whenever it were sent.
    pub fn is_of_message(self) -> bool {
        matches!(self, Self::TOPIC_INVALID | Self::TOO_LARGE | Self::FORMAT_INVALID)
    }
}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    /// What is wrong, and what is to be done. No secret is in it.
    pub why: String,
    pub about: Concern,
}

/// What a trouble is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Concern {
    /// The connection.
    Connection,
    /// Another client that has the same name.
    Name,
    /// One of the messages that were on their way: the broker refuses it with this code, and does not say which it was.
    Message(Reason),
}

impl Trouble {
    pub fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), about: Concern::Connection }
    }
}
