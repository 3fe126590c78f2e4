use std::{ffi::CStr, fmt, slice};

use ffmpeg_next::ffi;

use super::LibavError;

/// What a decoder must know of a stream before its first packet: once per epoch.
pub struct StreamInfo {
    /// Where the stream comes from, without credentials.
    pub address: String,
    /// The codec as FFmpeg names it.
    pub codec: String,
    /// Width in pixels at the start.
    pub width: u32,
    /// Height in pixels at the start.
    pub height: u32,
    /// The container's own unit of time, in seconds: numerator and denominator.
    pub time_base: (i32, i32),
    /// By how many pictures the order of decoding may run ahead of the order of showing.
    pub reorder: usize,
    parameters: Parameters,
    pub(super) max_pixels: u64,
}

impl StreamInfo {
    /// Copies the parameters.
    ///
    /// # Safety
    /// `parameters` points to initialised codec parameters that nobody writes to meanwhile.
    pub(super) unsafe fn new(
        address: &str,
        parameters: *const ffi::AVCodecParameters,
        base: ffi::AVRational,
        max_pixels: u64,
    ) -> Result<Self, LibavError> {
        let own = Parameters::new()?;
        // SAFETY: the destination was just made; the source is the caller's promise.
        let (width, height, reorder) = unsafe {
            if ffi::avcodec_parameters_copy(own.0, parameters) < 0 {
                return Err(LibavError::Memory);
            }
            ((*own.0).width, (*own.0).height, (*own.0).video_delay)
        };
        Ok(Self {
            address: address.to_owned(),
            codec: own.codec(),
            width: u32::try_from(width).unwrap_or(0),
            height: u32::try_from(height).unwrap_or(0),
            time_base: (base.num, base.den),
            reorder: usize::try_from(reorder).unwrap_or(0),
            parameters: own,
            max_pixels,
        })
    }

    /// Whether packets of both can be decoded one after the other: codec, size and header are the same.
    pub fn same_coding(&self, other: &Self) -> bool {
        let what = |s: &Self| (s.codec_id(), s.width, s.height, s.parameters.format(), s.max_pixels);
        what(self) == what(other) && self.header() == other.header()
    }

    /// The pixel format as FFmpeg names it; none where the header does not tell.
    pub fn pixel_format(&self) -> Option<String> {
        let format = self.parameters.format();
        // SAFETY: the number is looked up in a table with bounds; what comes back is static and terminated, or null.
        unsafe {
            let descriptor = ffi::av_pix_fmt_desc_next(std::ptr::null());
            let mut at = descriptor;
            while !at.is_null() {
                if ffi::av_pix_fmt_desc_get_id(at) as i32 == format {
                    return Some(CStr::from_ptr((*at).name).to_string_lossy().into_owned());
                }
                at = ffi::av_pix_fmt_desc_next(at);
            }
        }
        None
    }

    /// The codec's header (`extradata`); empty where the packets hold all.
    pub(super) fn header(&self) -> &[u8] {
        // SAFETY: initialised when made; the header, where there is one, is as long as said and lives as long.
        unsafe {
            let p = &*self.parameters.0;
            match usize::try_from(p.extradata_size) {
                Ok(size) if !p.extradata.is_null() => slice::from_raw_parts(p.extradata, size),
                _ => &[],
            }
        }
    }

    pub(super) fn codec_tag(&self) -> u32 {
        self.parameters.codec_tag()
    }

    pub(super) fn parameters(&self) -> *const ffi::AVCodecParameters {
        self.parameters.0
    }

    pub(super) fn codec_id(&self) -> ffi::AVCodecID {
        self.parameters.codec_id()
    }
}

impl fmt::Debug for StreamInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamInfo({} {} × {})", self.codec, self.width, self.height)
    }
}

/// Owned codec parameters.
struct Parameters(*mut ffi::AVCodecParameters);

// SAFETY: plain data without ties to a thread, never written to once made.
unsafe impl Send for Parameters {}
// SAFETY: as above.
unsafe impl Sync for Parameters {}

impl Parameters {
    fn new() -> Result<Self, LibavError> {
        // SAFETY: no arguments; null where there is no memory.
        let p = unsafe { ffi::avcodec_parameters_alloc() };
        if p.is_null() { Err(LibavError::Memory) } else { Ok(Self(p)) }
    }

    fn codec_id(&self) -> ffi::AVCodecID {
        // SAFETY: initialised when made.
        unsafe { (*self.0).codec_id }
    }

    fn codec_tag(&self) -> u32 {
        // SAFETY: initialised when made.
        unsafe { (*self.0).codec_tag }
    }

    /// The pixel format's number.
    fn format(&self) -> i32 {
        // SAFETY: initialised when made.
        unsafe { (*self.0).format }
    }

    /// FFmpeg's name of the codec; of one that it does not know, the container's four characters.
    fn codec(&self) -> String {
        let id = self.codec_id();
        if id == ffi::AVCodecID::AV_CODEC_ID_NONE {
            let tag = self.codec_tag();
            if tag == 0 {
                return "a codec that it does not know".to_owned();
            }
            return tag
                .to_le_bytes()
                .iter()
                .flat_map(|b| std::ascii::escape_default(*b))
                .map(char::from)
                .collect();
        }
        // SAFETY: returns a static, terminated text for every id.
        let name = unsafe { CStr::from_ptr(ffi::avcodec_get_name(id)) };
        name.to_string_lossy().into_owned()
    }
}

impl Drop for Parameters {
    fn drop(&mut self) {
        // SAFETY: made by `avcodec_parameters_alloc`, freed once.
        unsafe { ffi::avcodec_parameters_free(&raw mut self.0) };
    }
}
