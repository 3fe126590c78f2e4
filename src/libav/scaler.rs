use std::ptr;

use ffmpeg_next::ffi::{self, AVPixelFormat};

use super::{Frame, LibavError};

/// What a picture is converted to: rows from the top, without padding, 8 bits a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pixels {
    /// Blue, green, red.
    Bgr,
    /// Red, green, blue.
    Rgb,
    /// Luma in full range, 0 black to 255 white.
    Gray,
}

impl Pixels {
    /// Bytes per pixel.
    pub fn bytes(self) -> usize {
        match self {
            Self::Bgr | Self::Rgb => 3,
            Self::Gray => 1,
        }
    }

    fn format(self) -> AVPixelFormat {
        match self {
            Self::Bgr => AVPixelFormat::AV_PIX_FMT_BGR24,
            Self::Rgb => AVPixelFormat::AV_PIX_FMT_RGB24,
            Self::Gray => AVPixelFormat::AV_PIX_FMT_GRAY8,
        }
    }
}

/// Converts colour and size in one step. Keeps its tables while sizes and formats stay the same: use one per kind
/// of output. The same frame gives the same bytes on every machine.
pub struct Scaler {
    context: *mut ffi::SwsContext,
    /// Size and format of frame and output that the context is for.
    made_for: Option<(i32, i32, i32, i32, i32, Pixels)>,
    /// Matrix and full range, as the context was last told.
    colour: Option<(i32, bool)>,
}

// SAFETY: the context has no ties to a thread.
unsafe impl Send for Scaler {}

/// swscale's vector code may write this many bytes past the last pixel.
const SLACK: usize = 64;

impl Scaler {
    /// A scaler that has seen no picture yet.
    pub fn new() -> Self {
        Self { context: ptr::null_mut(), made_for: None, colour: None }
    }

    /// Converts the whole picture to `width` × `height` pixels (at least 1 × 1) into `out`, which is made as long
    /// as needed: width × height × [`Pixels::bytes`].
    ///
    /// Range (limited or full) and matrix (BT.601, BT.709, …) are the frame's; where it does not say, pictures of
    /// 720 rows and more are taken for BT.709, as players do.
    ///
    /// # Errors
    /// [`LibavError::Scale`] where the format or size cannot be converted.
    pub fn scale(
        &mut self,
        frame: &Frame,
        width: u32,
        height: u32,
        pixels: Pixels,
        out: &mut Vec<u8>,
    ) -> Result<(), LibavError> {
        let refuse = || LibavError::Scale {
            width: frame.width(),
            height: frame.height(),
            format: frame.pixel_format(),
        };
        let format = frame.format().ok_or_else(refuse)?;
        let side = |n: u32| i32::try_from(n).ok().filter(|n| (1..=16_384).contains(n)).ok_or_else(refuse);
        let (w, h) = (side(width)?, side(height)?);
        let (from_w, from_h) = (side(frame.width())?, side(frame.height())?);
        let flags = ffi::SWS_BILINEAR | ffi::SWS_ACCURATE_RND | ffi::SWS_BITEXACT | ffi::SWS_FULL_CHR_H_INT;
        // SAFETY: takes the old context, which may be null, and gives it back, or frees it and makes a new one.
        let context = unsafe {
            ffi::sws_getCachedContext(
                self.context,
                from_w,
                from_h,
                format,
                w,
                h,
                pixels.format(),
                flags,
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null(),
            )
        };
        // Not told by its address: a new context may lie where the old one did.
        let made_for = Some((from_w, from_h, format as i32, w, h, pixels));
        if made_for != self.made_for {
            (self.made_for, self.colour) = (made_for, None);
        }
        self.context = context;
        if context.is_null() {
            return Err(refuse());
        }
        self.set_colour(frame, format);

        let row = width as usize * pixels.bytes();
        let length = row * height as usize;
        out.resize(length + SLACK, 0);
        let planes = [out.as_mut_ptr(), ptr::null_mut(), ptr::null_mut(), ptr::null_mut()];
        let strides = [i32::try_from(row).map_err(|_| refuse())?, 0, 0, 0];
        // SAFETY: the frame's planes and strides describe its whole picture, whose size and format the context
        // was made for; the output has `height` rows of `row` bytes, and slack after the last.
        let rows = unsafe {
            let f = &*frame.0;
            ffi::sws_scale(
                context,
                f.data.as_ptr().cast(),
                f.linesize.as_ptr(),
                0,
                from_h,
                planes.as_ptr(),
                strides.as_ptr(),
            )
        };
        out.truncate(length);
        if rows == h { Ok(()) } else { Err(refuse()) }
    }

    /// Tells swscale which matrix and range the frame has, where that differs from the frame before.
    fn set_colour(&mut self, frame: &Frame, format: AVPixelFormat) {
        use ffi::{AVColorRange, AVColorSpace, AVPixelFormat as P};
        let (space, range) = frame.colour();
        let is = |s: AVColorSpace| space == s as u32;
        let matrix = if is(AVColorSpace::AVCOL_SPC_BT709) {
            ffi::SWS_CS_ITU709
        } else if is(AVColorSpace::AVCOL_SPC_BT2020_NCL) || is(AVColorSpace::AVCOL_SPC_BT2020_CL) {
            ffi::SWS_CS_BT2020
        } else if is(AVColorSpace::AVCOL_SPC_SMPTE240M) {
            ffi::SWS_CS_SMPTE240M
        } else if is(AVColorSpace::AVCOL_SPC_FCC) {
            ffi::SWS_CS_FCC
        } else if is(AVColorSpace::AVCOL_SPC_UNSPECIFIED) && frame.height() >= 720 {
            ffi::SWS_CS_ITU709
        } else {
            ffi::SWS_CS_ITU601
        };
        let j = [
            P::AV_PIX_FMT_YUVJ420P,
            P::AV_PIX_FMT_YUVJ422P,
            P::AV_PIX_FMT_YUVJ444P,
            P::AV_PIX_FMT_YUVJ440P,
            P::AV_PIX_FMT_YUVJ411P,
        ];
        let full = range == AVColorRange::AVCOL_RANGE_JPEG as u32 || j.contains(&format);
        let colour = (matrix, full);
        if self.colour == Some(colour) {
            return;
        }
        // SAFETY: the context is live; the coefficient tables are static. A pair of formats without colour
        // conversion refuses, and needs none.
        unsafe {
            let table = ffi::sws_getCoefficients(colour.0);
            ffi::sws_setColorspaceDetails(self.context, table, full.into(), table, 1, 0, 1 << 16, 1 << 16);
        }
        self.colour = Some(colour);
    }
}

impl Default for Scaler {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Scaler {
    fn drop(&mut self) {
        // SAFETY: null or a live context, freed once.
        unsafe { ffi::sws_freeContext(self.context) };
    }
}
