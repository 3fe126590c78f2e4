use std::{ffi::CStr, time::Duration};

use ffmpeg_sys_next as ffi;
use thiserror::Error;

/// What goes wrong when a recording or stream is opened, read, decoded, scaled or copied. Addresses are without credentials.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LibavError {
    /// Nothing is there.
    #[error("{address}: not found; check the path")]
    NotFound {
        /// Where.
        address: String,
    },
    /// A file without a single byte.
    #[error("{address}: the file is empty")]
    Empty {
        /// Where.
        address: String,
    },
    /// FFmpeg knows no such format, or its beginning is missing (an MP4 without its index, for one).
    #[error(
        "{address}: not a recording that FFmpeg can open ({detail}); if it was cut off while being written, repair it"
    )]
    NotARecording {
        /// Where.
        address: String,
        /// In FFmpeg's words.
        detail: String,
    },
    /// Video whose size nothing told in as much as was read to learn it.
    #[error(
        "{address}: no picture was found at the beginning of its {codec} video; convert or repair the recording"
    )]
    NoPicture {
        /// Where.
        address: String,
        /// The codec as FFmpeg names it.
        codec: String,
    },
    /// The video that was read ends, and another begins: a transport stream whose parts were joined, for one.
    #[error("{address}: its video goes on in another stream, which is not read; split the recording there")]
    OtherStream {
        /// Where.
        address: String,
    },
    /// No video in it.
    #[error("{address}: no video in it{}", if *audio { ", only audio" } else { "" })]
    NoVideo {
        /// Where.
        address: String,
        /// Whether there is sound instead.
        audio: bool,
    },
    /// The codec is not known, or this FFmpeg has no decoder for it.
    #[error("{address}: this FFmpeg cannot decode {codec}; convert the recording, for instance to H.264")]
    NoDecoder {
        /// Where.
        address: String,
        /// The codec as FFmpeg names it.
        codec: String,
    },
    /// Pictures of which parts are to be black must be encoded anew, and cannot be.
    #[error(
        "{address}: this FFmpeg cannot encode pictures of {width} × {height}, neither as H.264 nor as MPEG-4; install one \
         with libx264"
    )]
    NoEncoder {
        /// Where they come from.
        address: String,
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// A codec that was added to FLV by others than its makers.
    #[error("{address}: this FFmpeg cannot read {codec} in FLV; {way}")]
    InFlv {
        /// Where.
        address: String,
        /// The codec, for people.
        codec: String,
        /// What helps.
        way: &'static str,
    },
    /// More pixels than allowed.
    #[error("{address}: a picture of {width} × {height} is larger than the {max_pixels} pixels allowed")]
    PictureTooLarge {
        /// Where.
        address: String,
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// How many are allowed.
        max_pixels: u64,
    },
    /// A packet or header larger than allowed.
    #[error("{address}: {what} of {bytes} bytes is larger than the {max} allowed")]
    TooLarge {
        /// Where.
        address: String,
        /// What is too large.
        what: &'static str,
        /// Its size.
        bytes: u64,
        /// How much is allowed.
        max: u64,
    },
    /// It took too long.
    #[error("{address}: {doing} took longer than {} s; check the network or the disk", after.as_secs_f64())]
    Deadline {
        /// Where.
        address: String,
        /// What was being done.
        doing: &'static str,
        /// How long was allowed.
        after: Duration,
    },
    /// It was to stop meanwhile.
    #[error("{address}: {doing} was stopped by hand")]
    Stopped {
        /// Where.
        address: String,
        /// What was being done.
        doing: &'static str,
    },
    /// The disk or network refused.
    #[error("{address}: {detail}")]
    Io {
        /// Where.
        address: String,
        /// In the system's words.
        detail: String,
    },
    /// The other side refused with a status of HTTP or RTSP.
    #[error("{address}: answered with status {code}")]
    Status {
        /// Where.
        address: String,
        /// 401, 403 or 404.
        code: u16,
    },
    /// Bytes that make no sense; what follows may.
    #[error("{address}: damaged ({detail})")]
    Damaged {
        /// Where.
        address: String,
        /// In FFmpeg's words.
        detail: String,
    },
    /// A picture that cannot be converted.
    #[error("a picture of {width} × {height} in pixel format {format} cannot be converted")]
    Scale {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// The pixel format as FFmpeg names it.
        format: String,
    },
    /// A file that is being written, and cannot be.
    #[error(
        "{address}: cannot be written ({detail}); check that the disk is not full and the folder writable"
    )]
    Unwritable {
        /// Where.
        address: String,
        /// In the system's words.
        detail: String,
    },
    /// A codec that a container cannot hold as it is.
    #[error(
        "{address}: {codec} video cannot be copied into a file .{container}; convert the recording, for instance to \
         H.264"
    )]
    NotCopied {
        /// Where the video comes from.
        address: String,
        /// The codec as FFmpeg names it.
        codec: String,
        /// How the container's files are named.
        container: &'static str,
    },
    /// No memory left.
    #[error("out of memory")]
    Memory,
}

/// What FFmpeg makes of the statuses that tell something.
const STATUSES: [(i32, u16); 3] = [
    (ffi::AVERROR_HTTP_UNAUTHORIZED, 401),
    (ffi::AVERROR_HTTP_FORBIDDEN, 403),
    (ffi::AVERROR_HTTP_NOT_FOUND, 404),
];

impl LibavError {
    /// The error of `code`, an `AVERROR` that came back while reading or decoding.
    pub(super) fn from_code(code: i32, address: &str) -> Self {
        let address = address.to_owned();
        if code == ffi::AVERROR(ffi::ENOMEM) {
            Self::Memory
        } else if code == ffi::AVERROR(ffi::ENOENT) {
            Self::NotFound { address }
        } else if let Some((_, code)) = STATUSES.into_iter().find(|(error, _)| *error == code) {
            Self::Status { address, code }
        } else if code == ffi::AVERROR_INVALIDDATA {
            Self::Damaged { address, detail: words(code) }
        } else {
            Self::Io { address, detail: words(code) }
        }
    }

    /// The error of `code` while opening: what cannot be understood is no recording.
    pub(super) fn opening(code: i32, address: &str) -> Self {
        match Self::from_code(code, address) {
            Self::Damaged { address, detail } => Self::NotARecording { address, detail },
            Self::Io { address, .. } if code == ffi::AVERROR_EOF => {
                Self::NotARecording { address, detail: words(code) }
            }
            other => other,
        }
    }
}

/// FFmpeg's words for an `AVERROR`.
pub(super) fn words(code: i32) -> String {
    let mut text = [0; ffi::AV_ERROR_MAX_STRING_SIZE];
    // SAFETY: the buffer is as long as said, and is left terminated whatever the code.
    let words = unsafe {
        ffi::av_strerror(code, text.as_mut_ptr(), text.len());
        CStr::from_ptr(text.as_ptr())
    };
    words.to_string_lossy().into_owned()
}
