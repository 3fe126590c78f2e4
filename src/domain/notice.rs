use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::{CameraId, MediaTime, RuleId, seconds};

/// Something people should be told about a recording. It was dealt with: nothing failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// Whose recording.
    pub camera: CameraId,
    /// The file's name; empty for a live camera.
    pub file: String,
    /// Where, in media time.
    #[serde(rename = "at_s")]
    pub at: MediaTime,
    /// What.
    pub what: Noticed,
}

/// What was noticed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Noticed {
    /// The file begins before the one before it ends: so much was skipped.
    Overlap(#[serde(with = "seconds")] Duration),
    /// The file lies wholly within the one before it and was left out.
    Covered,
    /// Presentation times are missing and were worked out.
    TimesRebuilt,
    /// The frame rate the file claims makes no sense; 25 pictures a second are assumed.
    RateIgnored(f64),
    /// Neither times nor a rate: 25 pictures a second are assumed.
    RateAssumed,
    /// Pictures share their times, or these go to and fro all the time: so many pictures a second are counted.
    TimesCounted(f64),
    /// Holes in the times make up much of the file.
    ManyHoles {
        /// How many.
        count: usize,
        /// How long they are together.
        #[serde(rename = "time_s", with = "seconds")]
        time: Duration,
    },
    /// An edit list hides pictures before the file's beginning, for so long: they are looked at, and the file's time is that of
    /// what a player shows first.
    HiddenPictures(#[serde(with = "seconds")] Duration),
    /// Sound begins so long before the first picture.
    PicturesBegin(#[serde(with = "seconds")] Duration),
    /// The file holds a second video, which is not looked at.
    OtherVideo,
    /// So many more notices of this kind.
    More(Box<Noticed>, usize),
    /// Timestamps go back; time goes on from there.
    TimesGoBack,
    /// Timestamps jump by more than a day; time goes on from there.
    TimesLeap(#[serde(with = "seconds")] Duration),
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
    /// Pictures are to be turned by this angle, in degrees clockwise, which is no right one: they are looked at as they are.
    Tilted(f64),
    /// The analysis fell behind the pace at which the recording was to be read, by so much at most.
    Late(#[serde(with = "seconds")] Duration),
    /// The camera was moved: what zones were drawn on lies elsewhere from then on.
    Moved,
    /// What a rule watches for is too small in its zone to be told surely, however large it is shown.
    TooSmall {
        /// The rule.
        rule: RuleId,
        /// How many rows of the network's input it usually takes up, shown as large as can be.
        rows: u16,
        /// How many it is to take up.
        wanted: u16,
    },
    /// The file was written to, or went away, while it was analysed.
    Changed,
    /// Damaged bytes were passed over, said once per file: FFmpeg's words.
    Damaged(String),
    /// A look could not be taken: in the words of what failed.
    NotLooked(String),
    /// Nothing tells when it and others began: their order is that of their paths, and something speaks against it.
    OrderGuessed,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { camera, file, at, what } = self;
        let file = if file.is_empty() { String::new() } else { format!("{file} ") };
        write!(f, "camera {camera}: {file}at {at}: {what}")
    }
}

impl fmt::Display for Noticed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Noticed::Overlap(by) => {
                write!(f, "overlaps the file before it by {:.1} s, which is skipped", by.as_secs_f64())
            }
            Noticed::Covered => f.write_str("lies wholly within the file before it and is left out"),
            Noticed::TimesRebuilt => f.write_str("presentation times are missing and were worked out"),
            Noticed::RateIgnored(rate) => {
                write!(f, "claims {rate:.3} pictures a second, which makes no sense; 25 are assumed")
            }
            Noticed::RateAssumed => f.write_str(
                "has neither times nor a frame rate: 25 pictures a second are assumed; write `rate` into its [[camera]] to tell \
                 how many there are",
            ),
            Noticed::TimesCounted(rate) => {
                write!(f, "timestamps stand still or make no sense; pictures are counted, {rate:.1} a second")
            }
            Noticed::ManyHoles { count, time } => write!(
                f,
                "its times have {count} holes of {:.0} s together, in which nothing was seen",
                time.as_secs_f64()
            ),
            Noticed::HiddenPictures(time) => write!(
                f,
                "an edit list hides its first {:.1} s from players; they are looked at, and its time is that of what \
                 players show first",
                time.as_secs_f64()
            ),
            Noticed::PicturesBegin(after) => {
                write!(f, "sound begins {:.1} s before the first picture", after.as_secs_f64())
            }
            Noticed::OtherVideo => f.write_str(
                "holds a second video, which is not looked at; if it shows something else, split the file \
                 (ffmpeg -map 0:v:1) and give the part to a camera of its own",
            ),
            Noticed::More(what, more) => write!(f, "the same {more} times more, last: {what}"),
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
            Noticed::Tilted(angle) => write!(
                f,
                "is to be shown turned by {angle:.0}°, which is no right angle: it is looked at as it is stored, and so are zones"
            ),
            Noticed::Late(by) => {
                write!(
                    f,
                    "the analysis fell behind the camera by up to {:.1} s: too many cameras for these processors",
                    by.as_secs_f64()
                )
            }
            Noticed::Moved => f.write_str(
                "the camera was moved; zones may be wrong from then on, and what stood before is not known to have left",
            ),
            Noticed::TooSmall { rule, rows, wanted } => write!(
                f,
                "rule {rule}: what is seen in its zone is {rows} rows high where the network looks, and {wanted} are wanted: many \
                 are missed. Write a `region` into the [[camera]] that holds little more than the zone, or use a longer lens or \
                 a nearer camera"
            ),
            Noticed::OrderGuessed => f.write_str(
                "nothing tells when this file and others began; they are taken in the order of their names, which is a guess. \
                 Put date and time into the names, or name the files in another order",
            ),
            Noticed::Changed => f.write_str(
                "was written to, or went away, while it was analysed: what is told of it may not be all that is in it; analyse \
                 again once it is complete",
            ),
            Noticed::NotLooked(words) => write!(f, "a look could not be taken ({words}); nobody looked until the next"),
            Noticed::Damaged(words) => write!(f, "damaged bytes are passed over ({words})"),
        }
    }
}
