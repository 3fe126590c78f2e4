//! Why a camera gives no pictures, as far as its connection tells.

use std::{fmt, io};

use thiserror::Error;

use super::distrust::{Distrust, NoTls};
use crate::domain::OfflineReason;

/// Why a connection to a camera ended, or what the camera refused. It holds neither address nor password.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Nobody knows the name of its host.
    #[error("the name of its host cannot be resolved; check the address and the name server")]
    Unresolved,
    /// Nobody answers at its address, within the deadline.
    #[error("nobody answers at its address ({0}); check power, cable and address")]
    Unreachable(io::ErrorKind),
    /// Its address takes no connection at this port.
    #[error("it refuses connections; check the port, and whether RTSP is switched on")]
    Refused,
    /// Its certificate is not believed. Nothing was said to it.
    #[error(transparent)]
    Untrusted(Distrust),
    /// It speaks no TLS, or none that is safe. Nothing was said to it.
    #[error(transparent)]
    NoTls(NoTls),
    /// It does not know the user name or the password.
    #[error("it does not accept the user name or the password")]
    Unauthorized,
    /// It asks for a user name, and its address has none.
    #[error(
        "it asks for a user name and a password, and its address has none: rtsp://USER:PASSWORD@HOST/PATH"
    )]
    NoUser,
    /// The user may not see this stream.
    #[error("its user may not see this stream (403)")]
    Forbidden,
    /// It has no stream of this name.
    #[error("it has no such stream; check the path in its address")]
    NoSuchStream,
    /// It serves as many viewers as it can (453).
    #[error(
        "it serves as many viewers as it can (453); close one, or write the address of its smaller stream"
    )]
    TooManyViewers,
    /// It has locked this box out, as cameras do after some wrong passwords.
    #[error(
        "it has locked this box out, as cameras do after some wrong passwords; they unlock within half an hour"
    )]
    LockedOut,
    /// It points to another address, where this program does not go.
    #[error(
        "it points to another address, which is not followed; write that one into the configuration if it is meant"
    )]
    Redirected,
    /// It is connected and does not answer what it was asked, within the deadline.
    #[error("it took the connection and does not answer")]
    Silent,
    /// It closed the connection before it sent pictures.
    #[error("it closed the connection before any picture came")]
    Closed,
    /// It closed the connection after it had begun to send.
    #[error("the connection broke off")]
    BrokeOff,
    /// Packets were lost on the way, of a stream whose damage cannot be told.
    #[error(
        "packets were lost on the way by UDP, and its codec does not show which pictures lack them; write transport = \"tcp\""
    )]
    Lost,
    /// It sent more than anybody needs.
    #[error("it sent {what} of more than {most} bytes")]
    TooLarge {
        /// What was too large.
        what: Bounded,
        /// The most that is taken, in bytes.
        most: usize,
    },
    /// It refused with a status that has no name of its own here.
    #[error("it answered with status {code}")]
    Answer {
        /// The status, 400 to 999.
        code: u16,
    },
    /// What answers does not speak RTSP, or so that two could read it in two ways.
    #[error("what answers at its address does not speak RTSP as it should; check the port")]
    NotRtsp,
    /// What answers does not speak HTTP, or so that two could read it in two ways.
    #[error("what answers at its address does not speak HTTP as it should; check the port")]
    NotHttp,
    /// What it sends by HTTP is no video in FLV.
    #[error(
        "what it sends is no FLV, and nothing else is read by HTTP; check the path in its address, or read it by RTSP"
    )]
    NotFlv,
}

/// What is bounded in what a camera sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bounded {
    /// The head of a message: its first line and its header lines.
    Head,
    /// The body of a message, such as the description of a stream.
    Body,
    /// The packets of one picture.
    AccessUnit,
}

impl fmt::Display for Bounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Head => "the head of a message",
            Self::Body => "the body of a message",
            Self::AccessUnit => "a picture",
        })
    }
}

impl Refusal {
    /// What an answer with this status refuses; none where it does not. Of 401 this is what it means after a user name and a
    /// password were sent.
    pub(in crate::source) fn of(code: u16, locked: bool) -> Option<Self> {
        if code < 400 {
            return None;
        }
        Some(match code {
            401 | 403 | 423 if locked => Self::LockedOut,
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 | 410 | 454 => Self::NoSuchStream,
            453 => Self::TooManyViewers,
            _ => Self::Answer { code },
        })
    }

    /// What an alert gives as the reason.
    pub fn reason(&self) -> OfflineReason {
        match self {
            Self::Unresolved | Self::Unreachable(_) => OfflineReason::Unreachable,
            Self::Unauthorized | Self::NoUser | Self::Forbidden => OfflineReason::Unauthorized,
            // The stream is somewhere else.
            Self::NoSuchStream | Self::Redirected | Self::NotFlv => OfflineReason::NoSuchStream,
            Self::LockedOut => OfflineReason::LockedOut,
            Self::Silent | Self::BrokeOff | Self::Lost => OfflineReason::Stalled,
            Self::TooLarge { .. } => OfflineReason::Undecodable,
            Self::Refused
            | Self::Untrusted(_)
            | Self::NoTls(_)
            | Self::TooManyViewers
            | Self::Closed
            | Self::Answer { .. }
            | Self::NotRtsp
            | Self::NotHttp => OfflineReason::Refused,
        }
    }

    /// Whether trying again within minutes makes it worse: a wrong password locks the box out, and a camera with too many
    /// viewers gets one more.
    pub fn waits_minutes(&self) -> bool {
        matches!(
            self,
            Self::Unauthorized | Self::NoUser | Self::Forbidden | Self::TooManyViewers | Self::LockedOut
        )
    }
}

impl From<io::Error> for Refusal {
    /// What keeps a connection from being made.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            kind => Self::Unreachable(kind),
        }
    }
}
