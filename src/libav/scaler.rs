use std::ptr;

use ffmpeg_sys_next::{self as ffi, AVPixelFormat};

use super::{Colour, Frame, LibavError, Matrix, YuvBuffer};

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
    made_for: Option<(i32, i32, i32, i32, i32, i32)>,
    /// As the context was last told.
    colour: Option<Colour>,
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
        let row = width as usize * pixels.bytes();
        let length = row * height as usize;
        out.resize(length + SLACK, 0);
        let planes = [out.as_mut_ptr(), ptr::null_mut(), ptr::null_mut(), ptr::null_mut()];
        // SAFETY: the output has `height` rows of `row` bytes, and slack after the last.
        let done = unsafe { self.convert(frame, (width, height), pixels.format(), planes, [row, 0, 0]) };
        out.truncate(length);
        done
    }

    /// Converts a picture of any format to 8-bit planes of its own size and range: chroma halved both ways where the
    /// picture's is halved at all.
    ///
    /// # Errors
    /// [`LibavError::Scale`] where the format or size cannot be converted.
    pub fn planes(&mut self, frame: &Frame, out: &mut YuvBuffer) -> Result<(), LibavError> {
        let (width, height) = (frame.width() as usize, frame.height() as usize);
        let to = planar_format(frame);
        let halved = to == AVPixelFormat::AV_PIX_FMT_YUV420P;
        let chroma = if halved { (width.div_ceil(2), height.div_ceil(2)) } else { (width, height) };
        out.sizes = [(width, height), chroma];
        out.colour = Some(frame.colour());
        let mut planes = [ptr::null_mut(); 4];
        let [luma, of_chroma] = out.sizes;
        let sizes = [luma, of_chroma, of_chroma];
        for ((plane, (width, height)), pointer) in out.planes.iter_mut().zip(sizes).zip(&mut planes) {
            plane.resize(width * height + SLACK, 0);
            *pointer = plane.as_mut_ptr();
        }
        let strides = [width, chroma.0, chroma.0];
        // SAFETY: each plane has as many rows as the format wants, of its stride, and slack after the last.
        unsafe { self.convert(frame, (frame.width(), frame.height()), to, planes, strides) }
    }

    /// The picture in this size, in 8-bit planes of its own range: grey where it is, else with chroma halved both ways where
    /// the picture's is halved at all.
    ///
    /// # Errors
    /// [`LibavError::Scale`] where the format or size cannot be converted.
    pub(super) fn planar(&mut self, frame: &Frame, (width, height): (u32, u32)) -> Result<Frame, LibavError> {
        let to = match frame.format() {
            Some(AVPixelFormat::AV_PIX_FMT_GRAY8) => AVPixelFormat::AV_PIX_FMT_GRAY8,
            _ => planar_format(frame),
        };
        self.drawn(frame, (width, height), to)
    }

    /// The picture in this size, in planes of 8 bits with chroma halved both ways.
    ///
    /// # Errors
    /// [`LibavError::Scale`] where the format or size cannot be converted.
    pub(super) fn halved(&mut self, frame: &Frame, size: (u32, u32)) -> Result<Frame, LibavError> {
        self.drawn(frame, size, AVPixelFormat::AV_PIX_FMT_YUV420P)
    }

    /// A picture of its own in one of the formats that [`Frame::like`] makes.
    fn drawn(
        &mut self,
        frame: &Frame,
        (width, height): (u32, u32),
        to: AVPixelFormat,
    ) -> Result<Frame, LibavError> {
        let out = frame.like(to, width, height)?;
        // SAFETY: the new frame is live; its planes were made for this size and format, with room behind each.
        unsafe {
            let (data, strides) = ((*out.0).data, (*out.0).linesize);
            let planes = [data[0], data[1], data[2], ptr::null_mut()];
            let strides = [strides[0], strides[1], strides[2]].map(|s| usize::try_from(s).unwrap_or(0));
            self.convert(frame, (width, height), to, planes, strides)?;
        }
        Ok(out)
    }

    /// Converts the whole picture.
    ///
    /// # Safety
    /// `planes` hold a picture of this size and format in rows `strides` bytes apart, and [`SLACK`] after each.
    unsafe fn convert(
        &mut self,
        frame: &Frame,
        (width, height): (u32, u32),
        to: AVPixelFormat,
        planes: [*mut u8; 4],
        strides: [usize; 3],
    ) -> Result<(), LibavError> {
        let refuse = || LibavError::Scale {
            width: frame.width(),
            height: frame.height(),
            format: frame.pixel_format(),
        };
        let format = plain(frame.format().ok_or_else(refuse)?);
        let side = |n: u32| i32::try_from(n).ok().filter(|n| (1..=16_384).contains(n)).ok_or_else(refuse);
        let (w, h) = (side(width)?, side(height)?);
        let (from_w, from_h) = (side(frame.width())?, side(frame.height())?);
        let mut rows = [0; 4];
        for (row, stride) in rows.iter_mut().zip(strides) {
            *row = i32::try_from(stride).map_err(|_| refuse())?;
        }
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
                to,
                flags,
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null(),
            )
        };
        // Not told by its address: a new context may lie where the old one did.
        let made_for = Some((from_w, from_h, format as i32, w, h, to as i32));
        if made_for != self.made_for {
            (self.made_for, self.colour) = (made_for, None);
        }
        self.context = context;
        if context.is_null() {
            return Err(refuse());
        }
        let mut colour = frame.colour();
        // Grey that stays grey keeps its range.
        colour.full_range |= to == AVPixelFormat::AV_PIX_FMT_GRAY8 && format == to;
        self.set_colour(colour, to);
        // SAFETY: the frame's planes and strides describe its whole picture, whose size and format the context
        // was made for; the output is the caller's promise.
        let made = unsafe {
            let f = &*frame.0;
            ffi::sws_scale(
                context,
                f.data.as_ptr().cast(),
                f.linesize.as_ptr(),
                0,
                from_h,
                planes.as_ptr(),
                rows.as_ptr(),
            )
        };
        if made == h { Ok(()) } else { Err(refuse()) }
    }

    /// Tells swscale which matrix and range the frame has, where that differs from the frame before. Planes keep the
    /// range, since some of swscale's conversions would; all else is in full range.
    fn set_colour(&mut self, colour: Colour, to: AVPixelFormat) {
        if self.colour == Some(colour) {
            return;
        }
        let matrix = match colour.matrix {
            Matrix::Bt601 => ffi::SWS_CS_ITU601,
            Matrix::Bt709 => ffi::SWS_CS_ITU709,
            Matrix::Bt2020 => ffi::SWS_CS_BT2020,
            Matrix::Smpte240 => ffi::SWS_CS_SMPTE240M,
            Matrix::Fcc => ffi::SWS_CS_FCC,
        };
        // SAFETY: the context is live; the coefficient tables are static. A pair of formats without colour
        // conversion refuses, and needs none.
        unsafe {
            let table = ffi::sws_getCoefficients(matrix);
            let planes = [AVPixelFormat::AV_PIX_FMT_YUV420P, AVPixelFormat::AV_PIX_FMT_YUV444P];
            let full = colour.full_range.into();
            let out = if planes.contains(&to) { full } else { 1 };
            ffi::sws_setColorspaceDetails(self.context, table, full, table, out, 0, 1 << 16, 1 << 16);
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

/// 8-bit planes: chroma halved both ways where the picture's is halved at all.
fn planar_format(frame: &Frame) -> AVPixelFormat {
    let halved = frame.format().is_some_and(|format| {
        // SAFETY: returns a static description, or null.
        let description = unsafe { ffi::av_pix_fmt_desc_get(format).as_ref() };
        description.is_some_and(|d| d.log2_chroma_w > 0)
    });
    if halved { AVPixelFormat::AV_PIX_FMT_YUV420P } else { AVPixelFormat::AV_PIX_FMT_YUV444P }
}

/// The format without its range, which [`Scaler::set_colour`] tells, or without bytes that mean nothing: asked for one that has either, swscale makes a new context
/// for every picture, and forgets the matrix.
fn plain(format: AVPixelFormat) -> AVPixelFormat {
    use AVPixelFormat as P;
    match format {
        P::AV_PIX_FMT_YUVJ411P => P::AV_PIX_FMT_YUV411P,
        P::AV_PIX_FMT_YUVJ420P => P::AV_PIX_FMT_YUV420P,
        P::AV_PIX_FMT_YUVJ422P => P::AV_PIX_FMT_YUV422P,
        P::AV_PIX_FMT_YUVJ440P => P::AV_PIX_FMT_YUV440P,
        P::AV_PIX_FMT_YUVJ444P => P::AV_PIX_FMT_YUV444P,
        // What is no colour in them is not looked at.
        P::AV_PIX_FMT_0RGB => P::AV_PIX_FMT_ARGB,
        P::AV_PIX_FMT_RGB0 => P::AV_PIX_FMT_RGBA,
        P::AV_PIX_FMT_0BGR => P::AV_PIX_FMT_ABGR,
        P::AV_PIX_FMT_BGR0 => P::AV_PIX_FMT_BGRA,
        other => other,
    }
}
