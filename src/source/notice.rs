use std::{fmt, time::Duration};

use crate::domain::{CameraId, MediaTime};

/// Something people should be told about a recording. It was dealt with: nothing failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// Whose recording.
    pub camera: CameraId,
    /// The file's name.
    pub file: String,
    /// Where, in media time.
    pub at: MediaTime,
    /// What.
    pub what: Noticed,
}

/// What was noticed.
#[derive(Debug, Clone, PartialEq)]
pub enum Noticed {
    /// The file begins before the one before it ends: so much was skipped.
    Overlap(Duration),
    /// The file lies wholly within the one before it and was left out.
    Covered,
    /// Presentation times are missing and were worked out.
    TimesRebuilt,
    /// The frame rate the file claims makes no sense; 25 pictures a second are assumed.
    RateIgnored(f64),
    /// Timestamps go back; time goes on from there.
    TimesGoBack,
    /// Timestamps jump by more than a day; time goes on from there.
    TimesLeap(Duration),
    /// The file does not begin with a key frame: so many packets cannot be decoded.
    BeginsWithoutKey(usize),
    /// A group of pictures is so long that it comes in chunks; said once per file.
    LongGroup,
    /// Pictures change their size: width and height in pixels. Zones are fractions, and stay.
    Resized {
        /// Before.
        from: (u32, u32),
        /// From there on.
        to: (u32, u32),
    },
    /// The analysis fell behind the pace at which the recording was to be read, by so much at most.
    Late(Duration),
    /// The camera was moved: zones may lie elsewhere than they were drawn from there on.
    Moved,
    /// Damaged bytes were passed over, said once per file: FFmpeg's words.
    Damaged(String),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { camera, file, at, what } = self;
        write!(f, "camera {camera}: {file} at {at}: ")?;
        match what {
            Noticed::Overlap(by) => {
                write!(f, "overlaps the file before it by {:.1} s, which is skipped", by.as_secs_f64())
            }
            Noticed::Covered => f.write_str("lies wholly within the file before it and is left out"),
            Noticed::TimesRebuilt => f.write_str("presentation times are missing and were worked out"),
            Noticed::RateIgnored(rate) => {
                write!(f, "claims {rate:.3} pictures a second, which makes no sense; 25 are assumed")
            }
            Noticed::TimesGoBack => f.write_str("timestamps go back; time goes on from there"),
            Noticed::TimesLeap(by) => {
                write!(f, "timestamps leap by {} days; time goes on from there", by.as_secs() / 86_400)
            }
            Noticed::BeginsWithoutKey(packets) => {
                write!(f, "does not begin with a key frame; {packets} packets cannot be decoded")
            }
            Noticed::LongGroup => f.write_str("key frames are so far apart that groups are read in chunks"),
            Noticed::Resized { from, to } => write!(
                f,
                "pictures change from {} × {} to {} × {} pixels; zones are fractions and stay where they are",
                from.0, from.1, to.0, to.1
            ),
            Noticed::Late(by) => {
                write!(
                    f,
                    "the analysis fell behind the camera by up to {:.1} s: too many cameras for these processors",
                    by.as_secs_f64()
                )
            }
            Noticed::Moved => f.write_str(
                "the camera was moved: zones may be wrong from here on; what stood before is not known to have left",
            ),
            Noticed::Damaged(words) => write!(f, "damaged bytes are passed over ({words})"),
        }
    }
}
