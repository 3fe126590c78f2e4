//! What is said on a connection, by whichever protocol.

use std::time::Instant;

use jiff::Timestamp;

use super::{
    conversation::{Cleared, Conversation},
    datagrams::{Datagrams, Framed, Port},
    exchange::Exchange,
    refusal::Refusal,
    report::SenderReport,
};

/// What client and camera say to each other.
#[derive(Debug)]
pub enum Talk {
    /// By RTSP.
    Rtsp(Box<Conversation>),
    /// By HTTP.
    Http(Box<Exchange>),
}

impl Talk {
    /// Takes what came from the client: the bytes that are there and not done with.
    ///
    /// # Errors
    /// It is not what a client says.
    pub fn client_said(&mut self, bytes: &[u8], now: Instant) -> Result<Cleared, Refusal> {
        match self {
            Self::Rtsp(conversation) => conversation.client_said(bytes, now),
            Self::Http(exchange) => exchange.client_said(bytes, now),
        }
    }

    /// Takes what came from the camera: the bytes that are there and not done with.
    ///
    /// # Errors
    /// What came is not to reach the client.
    pub fn camera_said(&mut self, bytes: &[u8], now: Instant, wall: Timestamp) -> Result<Cleared, Refusal> {
        match self {
            Self::Rtsp(conversation) => conversation.camera_said(bytes, now, wall),
            Self::Http(exchange) => exchange.camera_said(bytes, now),
        }
    }

    /// Whether it may have to go on by another connection.
    pub fn may_repeat(&self) -> bool {
        matches!(self, Self::Http(_))
    }

    /// Whether it goes on by another connection, from its beginning.
    pub fn again(&mut self) -> bool {
        match self {
            Self::Rtsp(_) => false,
            Self::Http(exchange) => exchange.again(),
        }
    }

    /// Packets are to come beside the connection.
    pub fn by_datagrams(&mut self, datagrams: Datagrams) {
        if let Self::Rtsp(conversation) = self {
            conversation.by_datagrams(datagrams);
        }
    }

    /// What comes beside the connection, where anything does.
    pub fn datagrams(&self) -> Option<&Datagrams> {
        match self {
            Self::Rtsp(conversation) => conversation.datagrams(),
            Self::Http(_) => None,
        }
    }

    /// Whether what comes beside the connection may pass now: once it plays, and not within a message.
    pub fn is_between(&self) -> bool {
        match self {
            Self::Rtsp(conversation) => conversation.is_between(),
            Self::Http(_) => true,
        }
    }

    /// Takes what came beside the connection, if anything did, and says what is to be passed on.
    ///
    /// # Errors
    /// What came is not to reach the client.
    pub fn beside(
        &mut self,
        came: Option<(Port, &[u8])>,
        now: Instant,
        wall: Timestamp,
    ) -> Result<Vec<Framed>, Refusal> {
        match self {
            Self::Rtsp(conversation) => conversation.beside(came, now, wall),
            Self::Http(_) => Ok(Vec::new()),
        }
    }

    /// When the first packet of pictures came.
    pub fn first(&self) -> Option<Instant> {
        match self {
            Self::Rtsp(conversation) => conversation.first(),
            Self::Http(exchange) => exchange.first(),
        }
    }

    /// Until when an answer must be there; none while none is waited for.
    pub fn due(&self) -> Option<Instant> {
        match self {
            Self::Rtsp(conversation) => conversation.due(),
            Self::Http(exchange) => exchange.due(),
        }
    }

    /// It ended, for this reason. The first one counts.
    pub fn end(&mut self, why: Refusal) {
        match self {
            Self::Rtsp(conversation) => conversation.end(why),
            Self::Http(exchange) => exchange.end(why),
        }
    }

    /// The camera closed the connection, or it broke.
    pub fn close(&mut self) {
        match self {
            Self::Rtsp(conversation) => conversation.close(),
            Self::Http(exchange) => exchange.close(),
        }
    }

    /// Why it ended, or what the camera refused.
    pub fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Rtsp(conversation) => conversation.refusal(),
            Self::Http(exchange) => exchange.refusal(),
        }
    }

    /// The last that the camera said of its clock.
    pub fn report(&self) -> Option<SenderReport> {
        match self {
            Self::Rtsp(conversation) => conversation.report(),
            Self::Http(_) => None,
        }
    }
}
