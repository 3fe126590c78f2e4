use std::time::Duration;

use crate::stop::Stop;

/// What a recording or stream may cost before it is refused.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How long opening and probing may take together.
    pub open: Duration,
    /// How long reading one packet may take.
    pub read: Duration,
    /// How many bytes are read to learn what a stream is.
    pub probe_bytes: i64,
    /// How much of a stream, in its own time, is read for that.
    pub probe_time: Duration,
    /// Width × height of a picture.
    pub max_pixels: u64,
    /// Bytes of one packet.
    pub max_packet: u64,
    /// Bytes of a stream's header.
    pub max_header: u64,
    /// Once it is set nothing is waited for any more.
    pub stop: Stop,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            open: Duration::from_secs(15),
            read: Duration::from_secs(15),
            probe_bytes: 5_000_000,
            probe_time: Duration::from_secs(5),
            max_pixels: 8192 * 8192,
            max_packet: 32 << 20,
            max_header: 1 << 20,
            stop: Stop::default(),
        }
    }
}
