use std::sync::Arc;

use jiff::{Timestamp, tz::TimeZone};

use super::pace::Pace;
use crate::{
    clock::{Clock, System},
    libav::{Limits, PixelAspect},
    stop::Stop,
};

/// How groups are told of that are longer than some seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LongGroups {
    /// Once all of one is there. What rules ask for in it is decoded from its key frame again.
    AtOnce,
    /// While they grow, too: that costs less, but one portion comes after the other.
    Growing,
}

/// What is known beyond the files themselves.
#[derive(Debug, Clone)]
pub struct Options {
    /// When the first file began (`--start`). The others keep their distance from it where that is known.
    pub start: Option<Timestamp>,
    /// The time zone of times in file names.
    pub zone: TimeZone,
    /// How many pictures a second recordings hold that do not say it themselves.
    pub rate: Option<f64>,
    /// What a file may cost. Its stop is the one below.
    pub limits: Limits,
    /// How wide pixels are to be shown, whatever files say; none to believe them.
    pub pixel_aspect: Option<PixelAspect>,
    /// What the files were looked for by, for the message where there are none.
    pub sought: Option<String>,
    /// At what pace it is read; none for as fast as possible.
    pub pace: Option<Pace>,
    /// By which clock that pace is kept.
    pub clock: Arc<dyn Clock>,
    /// How long groups are told of where it is not read at a pace.
    pub long_groups: LongGroups,
    /// Once it is set nothing is opened and no packet is read any more, nor waited for.
    pub stop: Stop,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            start: None,
            zone: TimeZone::UTC,
            rate: None,
            limits: Limits::default(),
            pixel_aspect: None,
            sought: None,
            pace: None,
            clock: Arc::new(System),
            long_groups: LongGroups::AtOnce,
            stop: Stop::default(),
        }
    }
}
