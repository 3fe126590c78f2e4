use std::{fmt, ptr, slice, sync::Arc};

use ffmpeg_sys_next as ffi;

use super::{LibavError, Sets, StreamInfo, to_micros};

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
    /// What its decoder must know beforehand: this is in force from the last change on.
    pub(super) stream: Arc<StreamInfo>,
    /// The parameter sets that are in force after it, where it brings others than its stream has.
    pub(super) leaves: Option<Arc<Sets>>,
    raw: Arc<RawPacket>,
}

impl Packet {
    /// Takes what was read, of a stream with this time base.
    pub(super) fn new(raw: RawPacket, base: ffi::AVRational, stream: &Arc<StreamInfo>) -> Self {
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
            stream: Arc::clone(stream),
            leaves: None,
            raw: Arc::new(raw),
        }
    }

    /// What its decoder must know beforehand.
    pub fn stream(&self) -> &Arc<StreamInfo> {
        &self.stream
    }

    /// The parameter sets that are in force after it, where it brings others than its stream has.
    pub fn leaves(&self) -> Option<&Arc<Sets>> {
        self.leaves.as_ref()
    }

    /// The packet, preceded by the parameter sets in force in this stream where it does not bring all of them itself.
    ///
    /// # Errors
    /// [`LibavError::Memory`].
    pub fn with_sets_of(&self, stream: &StreamInfo) -> Result<Self, LibavError> {
        match stream.missing_sets(self.data()) {
            Some(sets) => self.after(&sets),
            None => Ok(self.clone()),
        }
    }

    /// The same packet with these bytes before its own.
    ///
    /// # Errors
    /// [`LibavError::Memory`].
    pub(super) fn after(&self, bytes: &[u8]) -> Result<Self, LibavError> {
        let raw = RawPacket::new()?;
        let length = i32::try_from(bytes.len() + self.data().len()).map_err(|_| LibavError::Memory)?;
        // SAFETY: the new packet is ours and empty; it is made as long as both parts, and is written to before anybody else
        // has it. The properties are copied from a live packet that is only read.
        unsafe {
            if ffi::av_new_packet(raw.0, length) < 0 || ffi::av_packet_copy_props(raw.0, self.raw.0) < 0 {
                return Err(LibavError::Memory);
            }
            let data = (*raw.0).data;
            ptr::copy_nonoverlapping(bytes.as_ptr(), data, bytes.len());
            ptr::copy_nonoverlapping(self.data().as_ptr(), data.add(bytes.len()), self.data().len());
        }
        Ok(Self { raw: Arc::new(raw), ..self.clone() })
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

    pub(super) fn data(&self) -> &[u8] {
        // SAFETY: the packet is initialised; its data, where there is any, is `size` bytes long and lives as long.
        unsafe {
            let p = &*self.0;
            match usize::try_from(p.size) {
                Ok(size) if !p.data.is_null() => slice::from_raw_parts(p.data, size),
                _ => &[],
            }
        }
    }

    /// Whether the container calls it a key frame.
    pub(super) fn is_key(&self) -> bool {
        // SAFETY: the packet is initialised.
        unsafe { (*self.0).flags & ffi::AV_PKT_FLAG_KEY != 0 }
    }

    /// The header that is in force from it on, where the container has another one there.
    pub(super) fn new_header(&self) -> Option<&[u8]> {
        let mut size = 0;
        // SAFETY: the packet is initialised; its side data, where there is any of this kind, is as long as said and lives as
        // long.
        unsafe {
            let kind = ffi::AVPacketSideDataType::AV_PKT_DATA_NEW_EXTRADATA;
            let data = ffi::av_packet_get_side_data(self.0, kind, &raw mut size);
            (!data.is_null() && size > 0).then(|| slice::from_raw_parts(data, size))
        }
    }
}

impl Drop for RawPacket {
    fn drop(&mut self) {
        // SAFETY: made by `av_packet_alloc`, freed once.
        unsafe { ffi::av_packet_free(&raw mut self.0) };
    }
}
