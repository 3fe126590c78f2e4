use std::{fmt, slice, sync::Arc};

use ffmpeg_next::ffi;

use super::{LibavError, to_micros};

/// A compressed picture as the container holds it. Cloning shares the data.
#[derive(Clone)]
pub struct Packet {
    /// When it is to be shown, in microseconds; absent in some containers.
    pub pts: Option<i64>,
    /// When it is to be decoded, in microseconds; absent in some containers.
    pub dts: Option<i64>,
    /// How long it is to be shown, in microseconds; 0 where not known.
    pub duration: i64,
    /// Whether the container calls it a key frame, and nothing says that it is none.
    pub key: bool,
    /// Whether the container knows it to be damaged or incomplete.
    pub corrupt: bool,
    /// Where it begins in the file, in bytes.
    pub pos: Option<u64>,
    raw: Arc<RawPacket>,
}

impl Packet {
    /// Takes what was read, of a stream with this time base.
    pub(super) fn new(raw: RawPacket, base: ffi::AVRational) -> Self {
        // SAFETY: `RawPacket` always points to an initialised packet that it owns.
        let (pts, dts, duration, flags, pos) = unsafe {
            let p = &*raw.0;
            (p.pts, p.dts, p.duration, p.flags, p.pos)
        };
        Self {
            pts: to_micros(pts, base),
            dts: to_micros(dts, base),
            duration: to_micros(duration.max(0), base).unwrap_or(0),
            key: flags & ffi::AV_PKT_FLAG_KEY != 0,
            corrupt: flags & ffi::AV_PKT_FLAG_CORRUPT != 0,
            pos: u64::try_from(pos).ok(),
            raw: Arc::new(raw),
        }
    }

    /// The compressed bytes.
    pub fn data(&self) -> &[u8] {
        self.raw.data()
    }

    /// Another reference to the data, with this packet's times in microseconds, for a decoder or a parser.
    pub(super) fn to_raw(&self) -> Result<RawPacket, LibavError> {
        let raw = RawPacket::new()?;
        // SAFETY: both packets are initialised; the source is only read, and its buffer is reference-counted
        // atomically, so that several threads may do this at once.
        unsafe {
            if ffi::av_packet_ref(raw.0, self.raw.0) < 0 {
                return Err(LibavError::Memory);
            }
            let p = &mut *raw.0;
            p.pts = self.pts.unwrap_or(ffi::AV_NOPTS_VALUE);
            p.dts = self.dts.unwrap_or(ffi::AV_NOPTS_VALUE);
            p.duration = self.duration;
            // Edit lists are not followed: every picture of a recording is footage.
            p.flags &= !ffi::AV_PKT_FLAG_DISCARD;
            if !self.key {
                p.flags &= !ffi::AV_PKT_FLAG_KEY;
            }
        }
        Ok(raw)
    }
}

impl fmt::Debug for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packet")
            .field("pts", &self.pts)
            .field("dts", &self.dts)
            .field("duration", &self.duration)
            .field("key", &self.key)
            .field("bytes", &self.data().len())
            .finish_non_exhaustive()
    }
}

/// An owned `AVPacket`.
pub(super) struct RawPacket(pub(super) *mut ffi::AVPacket);

// SAFETY: an AVPacket has no ties to a thread; shared ones are never written to.
unsafe impl Send for RawPacket {}
// SAFETY: as above.
unsafe impl Sync for RawPacket {}

impl RawPacket {
    /// An empty packet.
    pub(super) fn new() -> Result<Self, LibavError> {
        // SAFETY: no arguments; null where there is no memory.
        let p = unsafe { ffi::av_packet_alloc() };
        if p.is_null() { Err(LibavError::Memory) } else { Ok(Self(p)) }
    }

    fn data(&self) -> &[u8] {
        // SAFETY: the packet is initialised; its data, where there is any, is `size` bytes long and lives as long.
        unsafe {
            let p = &*self.0;
            match usize::try_from(p.size) {
                Ok(size) if !p.data.is_null() => slice::from_raw_parts(p.data, size),
                _ => &[],
            }
        }
    }
}

impl Drop for RawPacket {
    fn drop(&mut self) {
        // SAFETY: made by `av_packet_alloc`, freed once.
        unsafe { ffi::av_packet_free(&raw mut self.0) };
    }
}
