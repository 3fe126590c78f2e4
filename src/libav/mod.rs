//! FFmpeg's libraries behind safe types: open, read, decode, scale, copy. The only unsafe code of the project is here.
//!
//! Times are microseconds (`i64`) throughout, as the container gives them: not re-based, possibly absent. What is
//! made of them is the business of `source`.

mod about;
mod bits;
#[cfg(test)]
mod clip_tests;
mod codec;
mod deadline;
mod decoder;
mod dictionary;
mod edits;
mod encoder;
mod error;
mod flv;
mod frame;
mod input;
mod limits;
mod muxer;
mod open;
mod packet;
mod parser;
mod scaler;
mod sets;
mod stream;
mod succession;
#[cfg(test)]
pub(crate) mod testing;
mod turn;
mod unpack;
mod upright;
mod way;
mod yuv;

use std::sync::Once;

use ffmpeg_sys_next as ffi;

pub use decoder::Decoder;
pub use encoder::Encoder;
pub use error::LibavError;
pub use frame::Frame;
pub use input::Input;
pub use limits::Limits;
pub use muxer::{Container, Muxer};
pub use packet::Packet;
pub use parser::{Parser, PictureKind};
pub use scaler::{Pixels, Scaler};
pub use sets::Sets;
pub use stream::StreamInfo;
pub use succession::Succession;
pub use turn::Turn;
pub use upright::Upright;
pub use way::Way;
pub use yuv::{Colour, Matrix, Plane, Yuv, YuvBuffer};

pub use crate::geometry::PixelAspect;

/// All times of this module have this time base: one microsecond.
const MICROS: ffi::AVRational = ffi::AVRational { num: 1, den: 1_000_000 };

/// Prepares the libraries and silences their own log, which prints addresses with passwords. May be called often.
pub fn init() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: both take no pointers and may be called before anything else.
        unsafe {
            ffi::av_log_set_level(ffi::AV_LOG_QUIET);
            ffi::avformat_network_init();
        }
    });
}

/// A stream's own timestamp in microseconds; none where it is absent or the time base is no fraction.
fn to_micros(timestamp: i64, base: ffi::AVRational) -> Option<i64> {
    if timestamp == ffi::AV_NOPTS_VALUE || base.num <= 0 || base.den <= 0 {
        return None;
    }
    // SAFETY: plain arithmetic on values; both denominators are positive.
    let micros = unsafe { ffi::av_rescale_q(timestamp, base, MICROS) };
    // Far beyond any calendar, and where sums could overflow.
    (micros.unsigned_abs() < 1 << 60).then_some(micros)
}
