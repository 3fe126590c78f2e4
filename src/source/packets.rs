//! A file as packets and what it says of itself, so that what is made of them can be tried without one.

use std::sync::Arc;

use crate::libav::{Input, LibavError, Packet, StreamInfo};

/// What a file says of itself beside its packets. Any of it may be wrong.
#[derive(Debug, Clone, Default)]
pub(super) struct Claims {
    /// The container's format as FFmpeg names it.
    pub format: String,
    /// How many pictures a second it holds on average; above 0.
    pub rate: Option<f64>,
    /// How long it lasts, in microseconds, and whether that is said of its video alone.
    pub duration: Option<i64>,
    pub own_length: bool,
    /// How many pictures its header counts.
    pub pictures: Option<u64>,
    /// Whether its packets have times of their own, and whether nothing tells them or a rate.
    pub has_times: bool,
    pub untold: bool,
    /// Where players begin to show it, in microseconds on its video's clock.
    pub begins: Option<i64>,
}

/// The packets of a file's video, in the order of decoding.
pub(super) trait Packets: Send {
    /// What decoders must know at its beginning.
    fn stream(&self) -> &Arc<StreamInfo>;

    /// What it says of itself.
    fn claims(&self) -> Claims;

    /// The next packet; none at the end.
    ///
    /// # Errors
    /// [`LibavError::Damaged`], after which reading may go on; anything else is final.
    fn read(&mut self) -> Result<Option<Packet>, LibavError>;

    /// How many pictures of other video were passed over.
    fn other_pictures(&self) -> u64;

    /// Where whatever else it holds ends, in microseconds on its own clock. Nothing can be read after that.
    fn others_end(&mut self) -> Option<i64>;

    /// Whether it is to stop: what was read last may be only half of it.
    fn is_stopped(&self) -> bool;
}

impl Packets for Input {
    fn stream(&self) -> &Arc<StreamInfo> {
        Input::stream(self)
    }

    fn claims(&self) -> Claims {
        Claims {
            format: self.format().to_owned(),
            rate: self.rate(),
            duration: self.duration(),
            own_length: self.tells_own_length(),
            pictures: self.pictures(),
            has_times: self.has_times(),
            untold: self.is_untold(),
            begins: self.begins(),
        }
    }

    fn read(&mut self) -> Result<Option<Packet>, LibavError> {
        Input::read(self)
    }

    fn other_pictures(&self) -> u64 {
        Input::other_pictures(self)
    }

    fn others_end(&mut self) -> Option<i64> {
        Input::others_end(self)
    }

    fn is_stopped(&self) -> bool {
        Input::is_stopped(self)
    }
}
