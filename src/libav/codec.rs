//! What FFmpeg's structures say in C's enums, read as the numbers that they are. The library that is loaded may be newer than
//! the headers that this was built with, and know kinds of which Rust's enums have no variant.

use std::ffi::{CStr, c_char, c_int, c_uint};

use ffmpeg_sys_next::{self as ffi, AVCodecID as Id, AVMediaType};

/// The functions that take or give back C's enums, as those are handed over: as numbers.
mod numbers {
    use super::*;

    unsafe extern "C" {
        pub fn avcodec_find_decoder(id: c_uint) -> *const ffi::AVCodec;
        pub fn avcodec_get_name(id: c_uint) -> *const c_char;
        pub fn avformat_query_codec(format: *const ffi::AVOutputFormat, id: c_uint, strictly: c_int)
        -> c_int;
        pub fn av_codec_get_tag(tags: *const *const ffi::AVCodecTag, id: c_uint) -> c_uint;
        pub fn av_codec_get_id(tags: *const *const ffi::AVCodecTag, tag: c_uint) -> c_uint;
        pub fn av_get_pix_fmt_name(format: c_int) -> *const c_char;
    }
}

/// The number of a codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CodecId(c_uint);

impl CodecId {
    pub(super) const NONE: Self = Self::known(Id::AV_CODEC_ID_NONE);
    pub(super) const H264: Self = Self::known(Id::AV_CODEC_ID_H264);
    pub(super) const H265: Self = Self::known(Id::AV_CODEC_ID_HEVC);
    pub(super) const MPEG4: Self = Self::known(Id::AV_CODEC_ID_MPEG4);
    pub(super) const VP8: Self = Self::known(Id::AV_CODEC_ID_VP8);
    pub(super) const VP9: Self = Self::known(Id::AV_CODEC_ID_VP9);
    pub(super) const AV1: Self = Self::known(Id::AV_CODEC_ID_AV1);

    /// One that the headers know.
    pub(super) const fn known(id: Id) -> Self {
        Self(id as c_uint)
    }

    /// The codec of these parameters.
    ///
    /// # Safety
    /// `parameters` points to initialised codec parameters.
    pub(super) unsafe fn of(parameters: *const ffi::AVCodecParameters) -> Self {
        // SAFETY: as promised; C's enums have the size of an int.
        Self(unsafe { (&raw const (*parameters).codec_id).cast::<c_uint>().read() })
    }

    /// The number as parsers are asked for.
    pub(super) fn number(self) -> c_int {
        self.0.cast_signed()
    }

    /// Its decoder, which is static; null where there is none.
    pub(super) fn decoder(self) -> *const ffi::AVCodec {
        // SAFETY: takes a number, which need not be known.
        unsafe { numbers::avcodec_find_decoder(self.0) }
    }

    /// As FFmpeg names it; "unknown_codec" for a number that it does not know.
    pub(super) fn name(self) -> String {
        // SAFETY: takes a number; returns a static, terminated text for every one.
        unsafe { CStr::from_ptr(numbers::avcodec_get_name(self.0)) }.to_string_lossy().into_owned()
    }

    /// Whether files of this format can hold it, under four characters that the format has for it.
    ///
    /// # Safety
    /// `format` points to one of FFmpeg's formats.
    pub(super) unsafe fn fits(self, format: *const ffi::AVOutputFormat) -> bool {
        // SAFETY: as promised; formats and their tables are static.
        unsafe {
            numbers::avformat_query_codec(format, self.0, ffi::FF_COMPLIANCE_NORMAL) == 1
                && numbers::av_codec_get_tag((*format).codec_tag, self.0) != 0
        }
    }

    /// The codec that this format means by these four characters.
    ///
    /// # Safety
    /// `format` points to one of FFmpeg's formats.
    pub(super) unsafe fn tagged(format: *const ffi::AVOutputFormat, tag: u32) -> Self {
        // SAFETY: as promised; formats and their tables are static.
        Self(unsafe { numbers::av_codec_get_id((*format).codec_tag, tag) })
    }
}

/// Whether a stream is of this kind.
///
/// # Safety
/// `stream` is one of an open context.
pub(super) unsafe fn is_of(stream: *const ffi::AVStream, kind: AVMediaType) -> bool {
    // SAFETY: every stream of an open context has parameters; C's enums have the size of an int.
    unsafe { (&raw const (*(*stream).codecpar).codec_type).cast::<c_int>().read() == kind as c_int }
}

/// A pixel format as FFmpeg names it; none where the number is that of no format.
pub(super) fn pixel_format(number: i32) -> Option<String> {
    // SAFETY: takes a number; returns a static, terminated text, or null.
    unsafe {
        let name = numbers::av_get_pix_fmt_name(number);
        (!name.is_null()).then(|| CStr::from_ptr(name).to_string_lossy().into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::libav::{Decoder, LibavError, MICROS, StreamInfo};

    #[test]
    fn a_codec_that_only_a_newer_library_knows_is_named_and_has_no_decoder() {
        // SAFETY: parameters of our own, whose number is written as what it is in C.
        let stream = unsafe {
            let mut parameters = ffi::avcodec_parameters_alloc();
            (&raw mut (*parameters).codec_id).cast::<c_uint>().write(0x7fff_0000);
            let stream = StreamInfo::new("made up", parameters, MICROS, 0);
            ffi::avcodec_parameters_free(&raw mut parameters);
            stream.expect("memory")
        };
        assert_eq!(stream.codec, "unknown_codec");
        assert!(matches!(Decoder::new(&stream), Err(LibavError::NoDecoder { .. })));
    }

    #[test]
    fn only_numbers_of_pixel_formats_have_names() {
        assert_eq!(pixel_format(0).as_deref(), Some("yuv420p"));
        assert_eq!((pixel_format(-1), pixel_format(i32::MAX)), (None, None));
    }
}
