use std::fmt;

use crate::{domain::OfflineReason, libav::LibavError, source::rtsp::Refusal};

/// Why a connection could not be made, or why it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The camera said so, or nobody answered.
    Refused(Refusal),
    /// FFmpeg says so; without credentials.
    Libav(LibavError),
    /// Packets came, and no key frame among them in time.
    NoKeyFrame,
    /// Pictures come faster than the times that they have: those times are not to be believed.
    TooFast,
    /// It ended as a recording does.
    Ended,
    /// This program could not make the connection.
    Own(String),
}

/// What helps against a trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// The machine did not answer: all that is reached there waits.
    WaitForHost,
    /// It refused, and will lock the box out if it is asked too often: all that is reached there waits for minutes.
    WaitMinutes,
    /// It answered; this stream alone waits.
    WaitForStream,
    /// Nothing is wrong.
    GoOn,
}

impl Trouble {
    /// What is told of the camera; none where a recording came to its end.
    pub fn reason(&self) -> Option<OfflineReason> {
        Some(match self {
            Self::Refused(refusal) => refusal.reason(),
            Self::Libav(LibavError::NoVideo { .. }) => OfflineReason::NoVideo,
            Self::Libav(
                LibavError::NoDecoder { .. }
                | LibavError::InFlv { .. }
                | LibavError::PictureTooLarge { .. }
                | LibavError::TooLarge { .. },
            )
            | Self::TooFast => OfflineReason::Undecodable,
            Self::Libav(LibavError::NotFound { .. }) => OfflineReason::NoSuchStream,
            // Of what it describes nothing came.
            Self::Libav(LibavError::NoPicture { .. } | LibavError::Deadline { .. }) | Self::NoKeyFrame => {
                OfflineReason::Stalled
            }
            Self::Libav(_) | Self::Own(_) => OfflineReason::Unreachable,
            Self::Ended => return None,
        })
    }

    /// What helps; `began` is whether pictures had come.
    pub fn remedy(&self, began: bool) -> Remedy {
        match self {
            Self::Refused(refusal) if refusal.waits_minutes() => Remedy::WaitMinutes,
            Self::Refused(_) | Self::Own(_) if !began => match self.reason() {
                Some(OfflineReason::NoSuchStream | OfflineReason::NoVideo) => Remedy::WaitForStream,
                _ => Remedy::WaitForHost,
            },
            Self::Ended => Remedy::GoOn,
            _ => Remedy::WaitForStream,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            // What helps a recording does not help a camera.
            Self::Libav(LibavError::NoPicture { codec, .. }) => write!(
                f,
                "it describes {codec} video, and no picture of it came; check that it is H.264, H.265, MJPEG or MPEG-4, and restart \
                 the camera"
            ),
            Self::Libav(error) => error.fmt(f),
            Self::NoKeyFrame => f.write_str("packets come, and no key frame among them"),
            Self::TooFast => f.write_str("pictures come faster than time passes"),
            Self::Ended => f.write_str("it ended"),
            Self::Own(words) => f.write_str(words),
        }
    }
}
