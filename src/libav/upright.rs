//! Pictures as they are to be shown: turned upright, with square pixels.

use ffmpeg_sys_next::AVPixelFormat as P;

use super::{Frame, LibavError, Plane, Scaler, StreamInfo, Turn};

/// Makes pictures upright and square. Those that are so already it leaves alone.
#[derive(Default)]
pub struct Upright {
    scaler: Scaler,
}

impl Upright {
    /// The picture as its stream and the picture itself say it is to be shown; none where that is as it is. It has no more
    /// pixels than pictures of its stream may have.
    ///
    /// # Errors
    /// [`LibavError::Scale`] where the format or size cannot be converted.
    pub fn of(&mut self, frame: &Frame, stream: &StreamInfo) -> Result<Option<Frame>, LibavError> {
        let stored = (frame.width(), frame.height());
        let size = stream.aspect_of(frame.ratio()).squared(stored, stream.max_pixels);
        if size == stored && stream.turn == Turn::Upright {
            return Ok(None);
        }
        let turned = |frame: &Frame| turned(frame, stream.turn);
        if size == stored
            && let Some(upright) = turned(frame)?
        {
            return Ok(Some(upright));
        }
        let square = self.scaler.planar(frame, size)?;
        if stream.turn == Turn::Upright {
            return Ok(Some(square));
        }
        turned(&square)
    }
}

/// A copy that is turned; none for formats whose planes cannot be turned one by one.
fn turned(frame: &Frame, turn: Turn) -> Result<Option<Frame>, LibavError> {
    let swaps = turn.swaps_sides();
    let format = match frame.format() {
        Some(P::AV_PIX_FMT_YUV420P | P::AV_PIX_FMT_YUVJ420P) => P::AV_PIX_FMT_YUV420P,
        Some(P::AV_PIX_FMT_YUV444P | P::AV_PIX_FMT_YUVJ444P) => P::AV_PIX_FMT_YUV444P,
        Some(P::AV_PIX_FMT_YUV422P | P::AV_PIX_FMT_YUVJ422P) if swaps => P::AV_PIX_FMT_YUV440P,
        Some(P::AV_PIX_FMT_YUV422P | P::AV_PIX_FMT_YUVJ422P) => P::AV_PIX_FMT_YUV422P,
        Some(P::AV_PIX_FMT_YUV440P | P::AV_PIX_FMT_YUVJ440P) if swaps => P::AV_PIX_FMT_YUV422P,
        Some(P::AV_PIX_FMT_YUV440P | P::AV_PIX_FMT_YUVJ440P) => P::AV_PIX_FMT_YUV440P,
        Some(P::AV_PIX_FMT_GRAY8) => P::AV_PIX_FMT_GRAY8,
        _ => return Ok(None),
    };
    let Some(yuv) = frame.yuv() else { return Ok(None) };
    let size = |plane: &Plane<'_>| {
        if swaps { (plane.height(), plane.width()) } else { (plane.width(), plane.height()) }
    };
    let (width, height) =
        if swaps { (frame.height(), frame.width()) } else { (frame.width(), frame.height()) };
    let mut upright = frame.like(format, width, height)?;
    let planes = std::iter::once(yuv.luma).chain(yuv.chroma.into_iter().flatten());
    for (index, plane) in planes.enumerate() {
        let Some((out, stride)) = upright.plane_mut(index, size(&plane)) else { return Ok(None) };
        turn.plane((plane.width(), plane.height()), |y| plane.row(y), out, stride);
    }
    Ok(Some(upright))
}
