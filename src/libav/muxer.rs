//! Writing: packets of one video stream copied into a file, as they are.

use std::{
    ffi::{CStr, CString},
    os::unix::ffi::OsStrExt,
    path::Path,
    ptr,
};

use ffmpeg_sys_next as ffi;

use super::{
    LibavError, MICROS, Packet, PixelAspect, StreamInfo, codec::CodecId, dictionary::Dictionary,
    error::words, init,
};

/// How FFmpeg writes the four characters of a codec.
const fn tag(name: [u8; 4]) -> u32 {
    u32::from_le_bytes(name)
}

const AVC3: u32 = tag(*b"avc3");
const HEV1: u32 = tag(*b"hev1");
const HVC1: u32 = tag(*b"hvc1");

/// What a stream's packets can be copied into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// MP4, which everything plays.
    Mp4,
    /// Matroska, which holds almost every codec.
    Matroska,
}

impl Container {
    /// MP4 where it can hold the stream's codec, else Matroska.
    pub fn for_stream(stream: &StreamInfo) -> Self {
        // SAFETY: the name is terminated; what comes back is static, or null for a library built without MP4. The
        // question whether it can hold a codec takes values only.
        let fits = unsafe {
            let mp4 = ffi::av_guess_format(Self::Mp4.name().as_ptr(), ptr::null(), ptr::null());
            !mp4.is_null() && stream.codec_id().fits(mp4)
        };
        if fits { Self::Mp4 } else { Self::Matroska }
    }

    /// How a file's name ends, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::Matroska => "mkv",
        }
    }

    /// FFmpeg's name.
    fn name(self) -> &'static CStr {
        match self {
            Self::Mp4 => c"mp4",
            Self::Matroska => c"matroska",
        }
    }

    /// The four characters by which the file is to name the stream's codec; 0 for those the container usually takes.
    fn tag(self, stream: &StreamInfo) -> u32 {
        let (id, given) = (stream.codec_id(), stream.codec_tag());
        match (self, id) {
            // Parameter sets that are not in the header must be allowed in the pictures.
            (Self::Mp4, CodecId::H264) if given == AVC3 => AVC3,
            // Apple's players take no `hev1`. Byte 22 of the header counts its kinds of parameter sets.
            (Self::Mp4, CodecId::H265) => {
                if given == HEV1 && stream.header().get(22) == Some(&0) {
                    HEV1
                } else {
                    HVC1
                }
            }
            (Self::Mp4, _) => 0,
            (Self::Matroska, _) => {
                // SAFETY: the name is terminated; what comes back is static or null, and so are its tables.
                let known = unsafe {
                    let mkv = ffi::av_guess_format(self.name().as_ptr(), ptr::null(), ptr::null());
                    !mkv.is_null() && CodecId::tagged(mkv, given) == id
                };
                if known { given } else { 0 }
            }
        }
    }
}

/// A file being written. The same packets give the same bytes: neither time nor version is written into it.
///
/// An MP4 has no edit list, its index comes first, and times before 0 are only those of decoding.
pub struct Muxer {
    context: *mut ffi::AVFormatContext,
    container: Container,
    /// The file.
    address: String,
    /// Where the packets come from.
    source: String,
    codec: String,
    /// The header is written.
    begun: bool,
}

// SAFETY: a format context has no ties to a thread.
unsafe impl Send for Muxer {}

impl Muxer {
    /// Creates the file, or empties the one that is there, and writes its header.
    ///
    /// # Errors
    /// [`LibavError::Unwritable`]; [`LibavError::NotCopied`] where the container cannot hold the stream.
    pub fn create(path: &Path, stream: &StreamInfo, container: Container) -> Result<Self, LibavError> {
        init();
        let address = path.display().to_string();
        let mut url = b"file:".to_vec();
        url.extend_from_slice(path.as_os_str().as_bytes());
        let url = CString::new(url).map_err(|_| LibavError::Unwritable {
            address: address.clone(),
            detail: "its name holds a NUL".to_owned(),
        })?;
        let mut muxer = Self {
            context: ptr::null_mut(),
            container,
            address,
            source: stream.address.clone(),
            codec: stream.codec.clone(),
            begun: false,
        };
        let name = container.name().as_ptr();
        // SAFETY: the place for the context is ours, both texts are terminated and copied.
        let code = unsafe {
            let place = &raw mut muxer.context;
            ffi::avformat_alloc_output_context2(place, ptr::null(), name, url.as_ptr())
        };
        if code < 0 || muxer.context.is_null() {
            return Err(muxer.failed(code));
        }
        // What a header says of square pixels, or does not say, is left as it is.
        let stated =
            stream.stated_aspect().filter(|aspect| *aspect != PixelAspect::SQUARE).and_then(|aspect| {
                let (across, down) = aspect.ratio();
                i32::try_from(across).ok().zip(i32::try_from(down).ok())
            });
        // SAFETY: the context was just made; the new stream, where there is memory for it, belongs to it and has
        // parameters; the source's parameters live as long as `stream`, and are copied. The matrix is written into memory that was
        // made for it.
        unsafe {
            let c = &mut *muxer.context;
            c.flags |= ffi::AVFMT_FLAG_BITEXACT;
            c.avoid_negative_ts = ffi::AVFMT_AVOID_NEG_TS_DISABLED;
            let s = ffi::avformat_new_stream(muxer.context, ptr::null());
            if s.is_null() || ffi::avcodec_parameters_copy((*s).codecpar, stream.parameters()) < 0 {
                return Err(LibavError::Memory);
            }
            (*(*s).codecpar).codec_tag = container.tag(stream);
            if let Some((across, down)) = stated {
                (*(*s).codecpar).sample_aspect_ratio = ffi::AVRational { num: across, den: down };
            }
            (*s).sample_aspect_ratio = (*(*s).codecpar).sample_aspect_ratio;
            if let Some(matrix) = stream.matrix() {
                let kind = ffi::AVPacketSideDataType::AV_PKT_DATA_DISPLAYMATRIX;
                let place = ffi::av_stream_new_side_data(s, kind, size_of_val(matrix));
                if place.is_null() {
                    return Err(LibavError::Memory);
                }
                place.cast::<[i32; 9]>().write_unaligned(*matrix);
            }
            (*s).time_base = MICROS;
        }
        // SAFETY: the context is live, its I/O context not yet there; no callback and no options.
        let code = unsafe {
            let io = &raw mut (*muxer.context).pb;
            ffi::avio_open2(io, url.as_ptr(), ffi::AVIO_FLAG_WRITE, ptr::null(), ptr::null_mut())
        };
        if code < 0 {
            return Err(muxer.unwritable(code));
        }
        let mut options = Dictionary::default();
        if container == Container::Mp4 {
            options.set(c"movflags", c"faststart+negative_cts_offsets");
            options.set(c"use_editlist", c"0");
        } else {
            // Clusters are held in memory until they are full, and many files may be open at once.
            options.set(c"cluster_size_limit", c"262144");
        }
        // SAFETY: the context has a stream and an open file; the options are our own.
        let code = unsafe { ffi::avformat_write_header(muxer.context, &raw mut options.0) };
        if code < 0 {
            return Err(muxer.failed(code));
        }
        muxer.begun = true;
        Ok(muxer)
    }

    /// Writes a packet with its times, in microseconds from the file's beginning: `pts` from 0 on, `dts` rising from
    /// packet to packet and never after `pts`.
    ///
    /// # Errors
    /// [`LibavError::Damaged`] for a packet that makes no sense and is left out; the next may be written.
    /// [`LibavError::Unwritable`] and [`LibavError::NotCopied`] are final.
    pub fn write(&mut self, packet: &Packet) -> Result<(), LibavError> {
        let raw = packet.to_raw()?;
        // SAFETY: the packet is ours; the context is open for writing and has one stream; the packet's data are
        // reference-counted and not changed.
        let code = unsafe {
            let p = &mut *raw.0;
            if self.container == Container::Matroska && p.dts != ffi::AV_NOPTS_VALUE {
                // It keeps times of showing only, and none before 0.
                p.dts = p.dts.max(0);
            }
            p.stream_index = 0;
            p.pos = -1;
            let stream = *(*self.context).streams;
            ffi::av_packet_rescale_ts(raw.0, MICROS, (*stream).time_base);
            ffi::av_write_frame(self.context, raw.0)
        };
        if code < 0 { Err(self.failed(code)) } else { Ok(()) }
    }

    /// Completes the file.
    ///
    /// # Errors
    /// [`LibavError::Unwritable`], for a disk that is full, too.
    pub fn finish(mut self) -> Result<(), LibavError> {
        // SAFETY: the context's header was written, and its trailer is written once, as `self` is used up.
        let code = unsafe { ffi::av_write_trailer(self.context) };
        if code < 0 {
            return Err(self.failed(code));
        }
        let closed = self.close();
        if closed < 0 { Err(self.unwritable(closed)) } else { Ok(()) }
    }

    /// Closes the file. What the disk refused at any time comes back, or 0.
    fn close(&mut self) -> i32 {
        // SAFETY: the context is live; its I/O context is null or open, and null afterwards.
        unsafe {
            let io = &raw mut (*self.context).pb;
            if (*io).is_null() {
                return 0;
            }
            ffi::avio_flush(*io);
            let error = (**io).error;
            let closed = ffi::avio_closep(io);
            if error < 0 { error } else { closed }
        }
    }

    /// What `code` means: the disk's fault where that refused anything, else that of the packet or the container.
    fn failed(&self, code: i32) -> LibavError {
        if code == ffi::AVERROR(ffi::ENOMEM) {
            return LibavError::Memory;
        }
        // SAFETY: the context is null or live, and so is its I/O context.
        let io = unsafe {
            if self.context.is_null() || (*self.context).pb.is_null() {
                0
            } else {
                (*(*self.context).pb).error
            }
        };
        if io < 0 {
            return self.unwritable(io);
        }
        if code == ffi::AVERROR_INVALIDDATA && self.begun {
            return LibavError::Damaged { address: self.source.clone(), detail: words(code) };
        }
        LibavError::NotCopied {
            address: self.source.clone(),
            codec: self.codec.clone(),
            container: self.container.extension(),
        }
    }

    fn unwritable(&self, code: i32) -> LibavError {
        LibavError::Unwritable { address: self.address.clone(), detail: words(code) }
    }
}

impl Drop for Muxer {
    fn drop(&mut self) {
        if self.context.is_null() {
            return;
        }
        self.close();
        // SAFETY: made by `avformat_alloc_output_context2`, freed once; its file is closed.
        unsafe { ffi::avformat_free_context(self.context) };
    }
}
