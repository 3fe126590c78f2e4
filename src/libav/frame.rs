use std::{ffi::CStr, fmt, ptr, slice};

use ffmpeg_sys_next::{self as ffi, AVPixelFormat as P};

use super::{Colour, LibavError, Matrix, Plane, Yuv};

/// A decoded picture. Its planes belong to the decoder's pool and are given back when it is dropped.
pub struct Frame(pub(super) *mut ffi::AVFrame);

// SAFETY: an AVFrame's buffers are reference-counted atomically and have no ties to a thread.
unsafe impl Send for Frame {}

impl Frame {
    /// An empty frame for a decoder to fill.
    pub(super) fn new() -> Result<Self, LibavError> {
        // SAFETY: no arguments; null where there is no memory.
        let f = unsafe { ffi::av_frame_alloc() };
        if f.is_null() { Err(LibavError::Memory) } else { Ok(Self(f)) }
    }

    fn raw(&self) -> &ffi::AVFrame {
        // SAFETY: made by `av_frame_alloc`, lives as long as `self`.
        unsafe { &*self.0 }
    }

    /// The same picture once more; its samples are shared.
    ///
    /// # Errors
    /// [`LibavError::Memory`].
    pub fn share(&self) -> Result<Self, LibavError> {
        // SAFETY: the frame is initialised and only read; its samples are counted references, atomically, and nobody writes to
        // those of a frame that came out of a decoder. Null where there is no memory.
        let copy = unsafe { ffi::av_frame_clone(self.0) };
        if copy.is_null() { Err(LibavError::Memory) } else { Ok(Self(copy)) }
    }

    /// When it is to be shown, in microseconds: the time its packet had, else the decoder's best guess.
    pub fn time(&self) -> Option<i64> {
        let f = self.raw();
        [f.pts, f.best_effort_timestamp].into_iter().find(|&t| t != ffi::AV_NOPTS_VALUE)
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        u32::try_from(self.raw().width).unwrap_or(0)
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        u32::try_from(self.raw().height).unwrap_or(0)
    }

    /// The shape of its pixels, as it says.
    pub(super) fn ratio(&self) -> ffi::AVRational {
        self.raw().sample_aspect_ratio
    }

    /// A picture of 8-bit planes in this size and format, not filled yet, with the time and the colours of this one. It is
    /// upright and has square pixels.
    pub(super) fn like(&self, format: P, width: u32, height: u32) -> Result<Self, LibavError> {
        /// swscale's vector code may write so many bytes past the last pixel; as many lie behind each plane.
        const ALIGNED: i32 = 64;
        let refuse = || LibavError::Scale { width, height, format: self.pixel_format() };
        let (w, h) = (i32::try_from(width).ok(), i32::try_from(height).ok());
        let (w, h) = w.zip(h).filter(|(w, h)| *w > 0 && *h > 0).ok_or_else(refuse)?;
        let colour = self.colour();
        let own = Self::new()?;
        // SAFETY: both frames are live, and the new one is ours alone; its size and format are set before its buffers
        // are made for them.
        unsafe {
            if ffi::av_frame_copy_props(own.0, self.0) < 0 {
                return Err(LibavError::Memory);
            }
            ffi::av_frame_remove_side_data(own.0, ffi::AVFrameSideDataType::AV_FRAME_DATA_DISPLAYMATRIX);
            let f = &mut *own.0;
            (f.format, f.width, f.height) = (format as i32, w, h);
            f.sample_aspect_ratio = ffi::AVRational { num: 1, den: 1 };
            // What is not said is guessed by the stored picture's height.
            f.colorspace = match colour.matrix {
                Matrix::Bt601 => ffi::AVColorSpace::AVCOL_SPC_SMPTE170M,
                Matrix::Bt709 => ffi::AVColorSpace::AVCOL_SPC_BT709,
                Matrix::Bt2020 => ffi::AVColorSpace::AVCOL_SPC_BT2020_NCL,
                Matrix::Smpte240 => ffi::AVColorSpace::AVCOL_SPC_SMPTE240M,
                Matrix::Fcc => ffi::AVColorSpace::AVCOL_SPC_FCC,
            };
            f.color_range = if colour.full_range {
                ffi::AVColorRange::AVCOL_RANGE_JPEG
            } else {
                ffi::AVColorRange::AVCOL_RANGE_MPEG
            };
            if ffi::av_frame_get_buffer(own.0, ALIGNED) < 0 {
                return Err(LibavError::Memory);
            }
        }
        Ok(own)
    }

    /// The samples of a plane that this frame alone holds, and how far its rows lie apart: `rows` of at least `width`.
    pub(super) fn plane_mut(
        &mut self,
        index: usize,
        (width, rows): (usize, usize),
    ) -> Option<(&mut [u8], usize)> {
        // SAFETY: the frame is live.
        let f = unsafe { &mut *self.0 };
        let (data, stride) = (*f.data.get(index)?, usize::try_from(*f.linesize.get(index)?).ok()?);
        // SAFETY: the frame is live.
        let ours = unsafe { ffi::av_frame_is_writable(self.0) } > 0;
        if data.is_null() || width == 0 || rows == 0 || stride < width || !ours {
            return None;
        }
        // SAFETY: the callers ask for the sizes of the planes that `like` made: of `rows` rows, `stride` bytes apart, which
        // nobody else has.
        Some((unsafe { slice::from_raw_parts_mut(data, stride * (rows - 1) + width) }, stride))
    }

    /// The pixel format as FFmpeg names it.
    pub fn pixel_format(&self) -> String {
        let Some(format) = self.format() else { return "none".to_owned() };
        // SAFETY: returns a static, terminated text, or null.
        let name = unsafe { ffi::av_get_pix_fmt_name(format) };
        if name.is_null() {
            return "unknown".to_owned();
        }
        // SAFETY: not null, static and terminated.
        unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned()
    }

    /// Whether the decoder met errors in this picture, and hid or guessed parts of it.
    pub fn damaged(&self) -> bool {
        self.raw().decode_error_flags != 0
    }

    /// Whether parts of it may stem from pictures that were not decoded: so before the recovery point of a stream
    /// that refreshes little by little.
    pub fn incomplete(&self) -> bool {
        self.raw().flags & ffi::AV_FRAME_FLAG_CORRUPT != 0
    }

    /// The planes of 8-bit planar YUV and grey formats, as most decoders give them. None for other formats: use
    /// [`super::Scaler::planes`].
    pub fn yuv(&self) -> Option<Yuv<'_>> {
        let (across, down) = match self.format()? {
            P::AV_PIX_FMT_YUV420P | P::AV_PIX_FMT_YUVJ420P => (1, 1),
            P::AV_PIX_FMT_YUV422P | P::AV_PIX_FMT_YUVJ422P => (1, 0),
            P::AV_PIX_FMT_YUV444P | P::AV_PIX_FMT_YUVJ444P => (0, 0),
            P::AV_PIX_FMT_YUV440P | P::AV_PIX_FMT_YUVJ440P => (0, 1),
            P::AV_PIX_FMT_YUV411P | P::AV_PIX_FMT_YUVJ411P => (2, 0),
            P::AV_PIX_FMT_YUV410P => (2, 2),
            P::AV_PIX_FMT_GRAY8 => {
                return Some(Yuv {
                    luma: self.plane(0, 0, 0)?,
                    chroma: None,
                    colour: Colour { full_range: true, ..self.colour() },
                });
            }
            _ => return None,
        };
        let chroma = [self.plane(1, across, down)?, self.plane(2, across, down)?];
        Some(Yuv { luma: self.plane(0, 0, 0)?, chroma: Some(chroma), colour: self.colour() })
    }

    /// A plane of 8-bit samples whose sides are the picture's, halved so many times and rounded up. Only for formats
    /// in which that plane is one.
    fn plane(&self, index: usize, across: u32, down: u32) -> Option<Plane<'_>> {
        let f = self.raw();
        let side = |of: u32, times: u32| (of as usize).div_ceil(1 << times);
        let (width, height) = (side(self.width(), across), side(self.height(), down));
        let (data, stride) = (*f.data.get(index)?, usize::try_from(*f.linesize.get(index)?).ok()?);
        if data.is_null() || width == 0 || height == 0 || stride < width {
            return None;
        }
        // SAFETY: in the formats that `yuv` names, this plane holds `height` rows of `width` bytes, `stride` bytes
        // apart, and the frame keeps them alive.
        let samples = unsafe { slice::from_raw_parts(data, stride * (height - 1) + width) };
        Plane::new(samples, width, height, stride)
    }

    /// What its samples mean. Where a stream does not say, pictures of 720 rows and more are taken for BT.709, as
    /// players do.
    pub(super) fn colour(&self) -> Colour {
        use ffi::{AVColorRange, AVColorSpace as S};
        let (space, range) = self.space_and_range();
        let is = |spaces: &[S]| spaces.iter().any(|s| space == *s as u32);
        let matrix = if is(&[S::AVCOL_SPC_BT709]) {
            Matrix::Bt709
        } else if is(&[S::AVCOL_SPC_BT2020_NCL, S::AVCOL_SPC_BT2020_CL]) {
            Matrix::Bt2020
        } else if is(&[S::AVCOL_SPC_SMPTE240M]) {
            Matrix::Smpte240
        } else if is(&[S::AVCOL_SPC_FCC]) {
            Matrix::Fcc
        } else if is(&[S::AVCOL_SPC_UNSPECIFIED]) && self.height() >= 720 {
            Matrix::Bt709
        } else {
            Matrix::Bt601
        };
        let j = [
            P::AV_PIX_FMT_YUVJ420P,
            P::AV_PIX_FMT_YUVJ422P,
            P::AV_PIX_FMT_YUVJ444P,
            P::AV_PIX_FMT_YUVJ440P,
            P::AV_PIX_FMT_YUVJ411P,
        ];
        let full_range = range == AVColorRange::AVCOL_RANGE_JPEG as u32
            || self.format().is_some_and(|format| j.contains(&format));
        Colour { matrix, full_range }
    }

    /// The pixel format, where it is one.
    pub(super) fn format(&self) -> Option<P> {
        let format = self.raw().format;
        if format < 0 || format >= P::AV_PIX_FMT_NB as i32 {
            return None;
        }
        // SAFETY: the enum was generated from the headers of the library that set the value, and numbers its
        // formats without holes from 0 to NB.
        Some(unsafe { std::mem::transmute::<i32, P>(format) })
    }

    /// Colour space and range as numbers: streams may hold values that the enums do not.
    fn space_and_range(&self) -> (u32, u32) {
        let f = self.raw();
        // SAFETY: both fields are C enums, of the size of an int, within a live frame.
        unsafe {
            (
                ptr::addr_of!(f.colorspace).cast::<u32>().read(),
                ptr::addr_of!(f.color_range).cast::<u32>().read(),
            )
        }
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({:?} µs, {} × {} {})", self.time(), self.width(), self.height(), self.pixel_format())
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        // SAFETY: made by `av_frame_alloc`, freed once.
        unsafe { ffi::av_frame_free(&raw mut self.0) };
    }
}
