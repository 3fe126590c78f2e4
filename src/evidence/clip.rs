//! What a clip is to be, and what it came to be.

use std::{fmt, time::Duration};

use serde::{Serialize, Serializer};

use super::Piece;
use crate::{
    domain::{EvidenceFile, MediaTime},
    libav::StreamInfo,
};

/// A clip to be cut from a camera's recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// It begins with the key frame at or before this. May lie before the recording.
    pub from: MediaTime,
    /// The moment it is about: where it can go on in one file only, it is that which holds this.
    pub at: MediaTime,
    /// It holds all pictures up to this.
    pub to: MediaTime,
    /// Path within the result folder, with `/` between its parts, without extension.
    pub stem: String,
}

/// A clip as it was cut.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Clip {
    /// The file.
    pub file: EvidenceFile,
    /// When its first picture is shown, which is 0 in the file.
    pub first: MediaTime,
    /// When its last picture ends.
    pub last: MediaTime,
    /// The recordings it comes from, in order; the last ends with the end of its last picture.
    pub pieces: Vec<Piece>,
    /// In what it falls short of what it was to be.
    pub shortfalls: Vec<Shortfall>,
    /// How it is coded, where browsers may not play that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coding: Option<Coding>,
}

/// How a clip is coded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coding {
    /// The codec, as FFmpeg names it.
    pub codec: String,
    /// The pixel format, likewise; none where the header does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pixel_format: Option<String>,
}

impl Coding {
    /// How a stream is coded, where not every browser plays that: anything but H.264 of 8 bits and 4:2:0.
    pub(super) fn of_need(stream: &StreamInfo) -> Option<Self> {
        let coding = Self { codec: stream.codec.clone(), pixel_format: stream.pixel_format() };
        (!coding.is_usual()).then_some(coding)
    }

    fn is_usual(&self) -> bool {
        self.codec == "h264" && matches!(self.pixel_format.as_deref(), None | Some("yuv420p" | "yuvj420p"))
    }
}

/// In what a clip falls short. Times are seconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Shortfall {
    /// The recording itself begins only then: no fault.
    RecordingBegins {
        /// How much of the time before is missing.
        #[serde(serialize_with = "seconds")]
        by: Duration,
    },
    /// It begins too late: there are no pictures before.
    BeginsLate {
        /// By how much.
        #[serde(serialize_with = "seconds")]
        by: Duration,
    },
    /// It ends too early: the recording ends or breaks off.
    EndsEarly {
        /// By how much.
        #[serde(serialize_with = "seconds")]
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

fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::Coding;

    #[test]
    fn browsers_play_h264_of_8_bits_and_no_more_is_taken_for_granted() {
        for (codec, format, usual) in [
            ("h264", Some("yuv420p"), true),
            ("h264", Some("yuvj420p"), true),
            ("h264", None, true),
            ("h264", Some("yuv420p10le"), false),
            ("h264", Some("yuv422p"), false),
            ("h264", Some("gray"), false),
            ("hevc", Some("yuv420p"), false),
            ("mpeg4", Some("yuv420p"), false),
            ("mjpeg", Some("yuvj420p"), false),
            ("vp9", Some("yuv420p"), false),
        ] {
            let coding = Coding { codec: codec.to_owned(), pixel_format: format.map(str::to_owned) };
            assert_eq!(coding.is_usual(), usual, "{coding:?}");
        }
    }
}
