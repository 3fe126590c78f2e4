//! What a clip is to be, and what it came to be.

use serde::Serialize;
use uuid::Uuid;

use crate::{
    domain::{EvidenceFile, MediaTime},
    libav::StreamInfo,
    results::{Coding, Entry, Handling, Piece, Shortfall},
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
    /// What was done to its pictures.
    #[serde(skip_serializing_if = "Handling::is_as_recorded")]
    pub handling: Handling,
}

impl Clip {
    /// Its line in the manifest, as evidence of this violation.
    pub(super) fn entry(self, violation: Uuid) -> Entry {
        let Self { file, first, last, pieces, shortfalls, coding, handling } = self;
        Entry {
            name: file.name,
            role: file.role,
            violation,
            sha256: file.sha256,
            bytes: file.bytes,
            first_s: first,
            last_s: last,
            source: pieces,
            shortfalls,
            coding,
            handling,
        }
    }
}

/// How a stream is coded, where not every browser plays that: anything but H.264 of 8 bits and 4:2:0.
pub(super) fn coding(stream: &StreamInfo) -> Option<Coding> {
    let coding = Coding { codec: stream.codec.clone(), pixel_format: stream.pixel_format() };
    (!is_usual(&coding)).then_some(coding)
}

fn is_usual(coding: &Coding) -> bool {
    coding.codec == "h264" && matches!(coding.pixel_format.as_deref(), None | Some("yuv420p" | "yuvj420p"))
}

#[cfg(test)]
mod tests {
    use super::{Coding, is_usual};

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
            assert_eq!(is_usual(&coding), usual, "{coding:?}");
        }
    }
}
