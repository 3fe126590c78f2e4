//! A file of evidence and where it comes from: one line of `evidence/manifest.jsonl`.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{EvidenceRole, MediaTime, seconds};

/// One line of the manifest: a file of evidence and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Path within the result folder, with `/` between its parts.
    pub name: String,
    /// What it shows.
    pub role: EvidenceRole,
    /// The violation that it belongs to.
    pub violation: Uuid,
    /// SHA-256 of its bytes, in lower-case hexadecimal.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// Media time of its first picture.
    pub first_s: MediaTime,
    /// Media time of its last picture, of clips: of that picture's end.
    pub last_s: MediaTime,
    /// The recordings it was taken from, in order.
    pub source: Vec<Piece>,
    /// In what a clip falls short of what it should show.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shortfalls: Vec<Shortfall>,
    /// How a clip is coded, where browsers may not play that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coding: Option<Coding>,
    /// What was done to its pictures.
    #[serde(default, skip_serializing_if = "Handling::is_as_recorded")]
    pub handling: Handling,
}

/// What was done to the pictures of a file of evidence. Zone and box are drawn on stills in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Handling {
    /// They are what was recorded: of clips, bit by bit.
    #[default]
    AsRecorded,
    /// Parts of them are black, as the camera's `mask` says. A clip was encoded anew with it.
    Masked,
}

impl Handling {
    /// Whether nothing was done.
    pub fn is_as_recorded(&self) -> bool {
        *self == Self::AsRecorded
    }
}

/// A part of a recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Piece {
    /// The recording: its file name, with as many folders before it as tell it from the camera's others.
    pub file: String,
    /// From where in it, in seconds from its first picture.
    pub from_s: MediaTime,
    /// Up to where.
    pub to_s: MediaTime,
}

/// How a clip is coded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coding {
    /// The codec, as FFmpeg names it.
    pub codec: String,
    /// The pixel format, likewise; none where the header does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pixel_format: Option<String>,
}

/// In what a clip falls short. Times are seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Shortfall {
    /// The recording itself begins only then: no fault.
    RecordingBegins {
        /// How much of the time before is missing.
        #[serde(with = "seconds")]
        by: Duration,
    },
    /// It begins too late: there are no pictures before.
    BeginsLate {
        /// By how much.
        #[serde(with = "seconds")]
        by: Duration,
    },
    /// It ends too early: the recording ends or breaks off.
    EndsEarly {
        /// By how much.
        #[serde(with = "seconds")]
        by: Duration,
    },
    /// Codec, size or header of the camera's recordings change, and no file can hold both.
    StreamChanges {
        /// Where: the clip lies on one side of it.
        at: MediaTime,
    },
    /// Nothing was recorded for a while. In the clip, the last picture before stands as long.
    Gap {
        /// From when on.
        from: MediaTime,
        /// Until when.
        to: MediaTime,
    },
    /// The recording breaks off and goes on at once: its clock jumps there, or what lies between cannot be read.
    Breaks {
        /// Where.
        at: MediaTime,
    },
    /// The recording is known to be damaged.
    Damaged {
        /// The first damaged picture.
        at: MediaTime,
    },
    /// Key frames are so far apart that the one it should begin with was not kept: it cannot be decoded from its
    /// beginning on.
    NoKeyFrame,
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RecordingBegins { by } => {
                write!(f, "the recording begins {:.1} s after the clip was to begin", by.as_secs_f64())
            }
            Self::BeginsLate { by } => {
                write!(f, "begins {:.1} s late: there are no pictures before", by.as_secs_f64())
            }
            Self::EndsEarly { by } => {
                write!(f, "ends {:.1} s early: the recording ends or breaks off there", by.as_secs_f64())
            }
            Self::StreamChanges { at } => {
                write!(f, "cut short at {at}: codec or picture size of the recording change there")
            }
            Self::Gap { from, to } => write!(f, "nothing was recorded from {from} to {to}"),
            Self::Breaks { at } => {
                write!(f, "the recording breaks off at {at}: its clock jumps or a part cannot be read")
            }
            Self::Damaged { at } => write!(f, "the recording is damaged from {at}"),
            Self::NoKeyFrame => f.write_str(
                "begins without a key frame, as key frames are too far apart; players may show grey",
            ),
        }
    }
}
