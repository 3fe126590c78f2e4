//! Encoding anew: for clips of which parts are to be black.

use std::{ffi::CStr, ops::Range, ptr, sync::Arc};

use ffmpeg_sys_next as ffi;

use super::{
    Frame, LibavError, MICROS, Packet, Scaler, StreamInfo, dictionary::Dictionary, init, packet::RawPacket,
};

/// What this FFmpeg may have, the better one first. Each with its time base, and whether it is told a quality.
const KNOWN: [Known; 2] = [
    Known {
        name: c"libx264",
        base: MICROS,
        options: &[(c"preset", c"veryfast"), (c"tune", c"zerolatency"), (c"crf", c"23")],
    },
    // MPEG-4 has no finer times.
    Known { name: c"mpeg4", base: ffi::AVRational { num: 1, den: 60_000 }, options: &[] },
];

struct Known {
    name: &'static CStr,
    base: ffi::AVRational,
    options: &'static [(&'static CStr, &'static CStr)],
}

/// Key frames are no further apart than so many pictures.
const GROUP: i32 = 50;

/// Quality of MPEG-4, 1 the best to 31.
const QUANTISER: i32 = 4;

/// Encodes pictures as H.264 where this FFmpeg can, else as MPEG-4, on the calling thread alone. One picture in is one packet
/// out, in the same order.
pub struct Encoder {
    context: *mut ffi::AVCodecContext,
    address: String,
    stream: Arc<StreamInfo>,
    size: (u32, u32),
    base: ffi::AVRational,
    scaler: Scaler,
    /// The time of the picture before, in units of `base`.
    last: Option<i64>,
}

// SAFETY: with one thread and no callbacks of our own, a codec context may be used from one thread after another.
unsafe impl Send for Encoder {}

impl Encoder {
    /// For pictures in the size of `first`, less a row or column where a side is odd. `source` is where they come from.
    ///
    /// # Errors
    /// [`LibavError::NoEncoder`] where this FFmpeg has none or it refuses the size.
    pub fn new(first: &Frame, source: &StreamInfo) -> Result<Self, LibavError> {
        init();
        let even = |side: u32| (side & !1).max(2);
        let size = (even(first.width()), even(first.height()));
        for known in &KNOWN {
            // SAFETY: the name is terminated; what comes back is static, or null.
            let codec = unsafe { ffi::avcodec_find_encoder_by_name(known.name.as_ptr()) };
            if codec.is_null() {
                continue;
            }
            if let Some(encoder) = Self::open(codec, known, first, source, size)? {
                return Ok(encoder);
            }
        }
        Err(LibavError::NoEncoder { address: source.address.clone(), width: size.0, height: size.1 })
    }

    /// None where the encoder refuses.
    fn open(
        codec: *const ffi::AVCodec,
        known: &Known,
        first: &Frame,
        source: &StreamInfo,
        size: (u32, u32),
    ) -> Result<Option<Self>, LibavError> {
        let (Ok(width), Ok(height)) = (i32::try_from(size.0), i32::try_from(size.1)) else { return Ok(None) };
        let mut parameters = Dictionary::default();
        known.options.iter().for_each(|(key, value)| parameters.set(key, value));
        // SAFETY: the codec is static; null where there is no memory.
        let context = unsafe { ffi::avcodec_alloc_context3(codec) };
        if context.is_null() {
            return Err(LibavError::Memory);
        }
        let opened = Opened(context);
        let own = first.like(ffi::AVPixelFormat::AV_PIX_FMT_YUV420P, size.0, size.1)?;
        // SAFETY: the context was just made and is ours alone; the frame is live, and only values are taken from it; the options
        // are our own.
        let code = unsafe {
            let c = &mut *context;
            (c.width, c.height) = (width, height);
            c.pix_fmt = ffi::AVPixelFormat::AV_PIX_FMT_YUV420P;
            c.sample_aspect_ratio = ffi::AVRational { num: 1, den: 1 };
            c.time_base = known.base;
            // Times are those of the pictures; this is what the rate of bits is reckoned with.
            c.framerate = ffi::AVRational { num: 25, den: 1 };
            c.colorspace = (*own.0).colorspace;
            c.color_range = (*own.0).color_range;
            c.thread_count = 1;
            (c.gop_size, c.max_b_frames) = (GROUP, 0);
            c.flags |= (ffi::AV_CODEC_FLAG_GLOBAL_HEADER | ffi::AV_CODEC_FLAG_BITEXACT) as i32;
            if known.options.is_empty() {
                c.flags |= ffi::AV_CODEC_FLAG_QSCALE as i32;
                c.global_quality = QUANTISER * ffi::FF_QP2LAMBDA;
            }
            ffi::avcodec_open2(context, codec, &raw mut parameters.0)
        };
        if code < 0 {
            return Ok(None);
        }
        // SAFETY: no arguments; null where there is no memory. The parameters are filled from an open context, copied, and freed
        // once.
        let stream = unsafe {
            let mut made = ffi::avcodec_parameters_alloc();
            if made.is_null() {
                return Err(LibavError::Memory);
            }
            let filled = ffi::avcodec_parameters_from_context(made, context);
            let stream = if filled < 0 {
                Err(LibavError::Memory)
            } else {
                StreamInfo::new(&source.address, made, known.base, source.max_pixels)
            };
            ffi::avcodec_parameters_free(&raw mut made);
            stream?
        };
        std::mem::forget(opened);
        Ok(Some(Self {
            context,
            address: source.address.clone(),
            stream: Arc::new(stream),
            size,
            base: known.base,
            scaler: Scaler::new(),
            last: None,
        }))
    }

    /// What who decodes its packets must know.
    pub fn stream(&self) -> &Arc<StreamInfo> {
        &self.stream
    }

    /// Width and height of its pictures.
    pub fn size(&self) -> (u32, u32) {
        self.size
    }

    /// Encodes a picture, of which in each row, from the top, these columns are black. It is brought to this encoder's size
    /// first; its time is after that of the one before.
    ///
    /// # Errors
    /// [`LibavError::Scale`] where the picture cannot be converted; [`LibavError::NoEncoder`] where it is refused.
    pub fn encode(&mut self, frame: &Frame, black: &[Vec<Range<usize>>]) -> Result<Vec<Packet>, LibavError> {
        let mut own = self.scaler.halved(frame, self.size)?;
        own.blacken(black)?;
        // SAFETY: plain arithmetic on values; both denominators are positive.
        let time = unsafe { ffi::av_rescale_q(frame.time().unwrap_or(0), MICROS, self.base) };
        let time = self.last.map_or(time, |last| time.max(last.saturating_add(1)));
        self.last = Some(time);
        // SAFETY: the frame is ours alone; the context is open, and takes its own reference.
        let code = unsafe {
            let f = &mut *own.0;
            f.pts = time;
            // What the recording's encoder chose is none of this one's business.
            f.pict_type = ffi::AVPictureType::AV_PICTURE_TYPE_NONE;
            ffi::avcodec_send_frame(self.context, own.0)
        };
        if code < 0 {
            return Err(self.refused(code));
        }
        self.receive()
    }

    /// Says that no picture follows: what is left comes out.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn finish(&mut self) -> Result<Vec<Packet>, LibavError> {
        // SAFETY: a null frame is the sign for draining. Its only error is that it was given before.
        unsafe { ffi::avcodec_send_frame(self.context, ptr::null()) };
        self.receive()
    }

    fn receive(&mut self) -> Result<Vec<Packet>, LibavError> {
        let mut packets = Vec::new();
        loop {
            let raw = RawPacket::new()?;
            // SAFETY: context and packet are live.
            let code = unsafe { ffi::avcodec_receive_packet(self.context, raw.0) };
            if code == ffi::AVERROR(ffi::EAGAIN) || code == ffi::AVERROR_EOF {
                return Ok(packets);
            }
            if code < 0 {
                return Err(self.refused(code));
            }
            packets.push(Packet::new(raw, self.base, &self.stream));
        }
    }

    fn refused(&self, code: i32) -> LibavError {
        if code == ffi::AVERROR(ffi::ENOMEM) {
            return LibavError::Memory;
        }
        LibavError::NoEncoder { address: self.address.clone(), width: self.size.0, height: self.size.1 }
    }
}

impl Frame {
    /// Blackens these columns of each row, from the top, of a picture of its own in planes with chroma halved both ways.
    fn blacken(&mut self, rows: &[Vec<Range<usize>>]) -> Result<(), LibavError> {
        let refuse =
            LibavError::Scale { width: self.width(), height: self.height(), format: self.pixel_format() };
        let size = (self.width() as usize, self.height() as usize);
        let black = if self.colour().full_range { 0 } else { 16 };
        let (luma, stride) = self.plane_mut(0, size).ok_or(refuse.clone())?;
        for (row, runs) in luma.chunks_mut(stride).zip(rows) {
            for run in runs {
                row.get_mut(run.start.min(size.0)..run.end.min(size.0))
                    .into_iter()
                    .for_each(|r| r.fill(black));
            }
        }
        let halved = (size.0.div_ceil(2), size.1.div_ceil(2));
        for index in [1, 2] {
            let (chroma, stride) = self.plane_mut(index, halved).ok_or(refuse.clone())?;
            for (row, pair) in chroma.chunks_mut(stride).zip(rows.chunks(2)) {
                for run in pair.iter().flatten() {
                    let run = (run.start / 2).min(halved.0)..run.end.div_ceil(2).min(halved.0);
                    row.get_mut(run).into_iter().for_each(|samples| samples.fill(128));
                }
            }
        }
        Ok(())
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        drop(Opened(self.context));
    }
}

/// A context that is freed when it is dropped.
struct Opened(*mut ffi::AVCodecContext);

impl Drop for Opened {
    fn drop(&mut self) {
        // SAFETY: made by `avcodec_alloc_context3`, freed once.
        unsafe { ffi::avcodec_free_context(&raw mut self.0) };
    }
}

#[cfg(test)]
mod clip_tests {
    use super::*;
    use crate::libav::{Container, Decoder, Input, Limits, Muxer, testing::*};

    fn frames(path: &std::path::Path) -> (Arc<StreamInfo>, Vec<Frame>) {
        let mut input = Input::open(path.to_str().expect("plain"), &Limits::default()).expect("opens");
        let stream = Arc::clone(input.stream());
        let mut decoder = Decoder::new(&stream).expect("a decoder");
        let mut frames = Vec::new();
        while let Some(packet) = input.read().expect("reads") {
            decoder.send(&packet).expect("a whole picture");
            frames.extend(std::iter::from_fn(|| decoder.receive().expect("a whole picture")));
        }
        decoder.drain();
        frames.extend(std::iter::from_fn(|| decoder.receive().expect("a whole picture")));
        (stream, frames)
    }

    /// Whatever FFmpeg has, what is encoded has the pictures' number, size and times, and is black where it is to be.
    #[test]
    fn each_encoder_blackens_and_keeps_times() {
        let clips = Clips::new();
        let (stream, pictures) = frames(&clips.pattern(H264, "a.mp4"));
        let black: Vec<Vec<Range<usize>>> =
            (0..120).map(|row| (row < 60).then_some(0..80).into_iter().collect()).collect();
        for known in &KNOWN {
            // SAFETY: the name is terminated; what comes back is static, or null.
            let codec = unsafe { ffi::avcodec_find_encoder_by_name(known.name.as_ptr()) };
            assert!(!codec.is_null(), "{:?} is in Debian's FFmpeg", known.name);
            let mut encoder = Encoder::open(codec, known, &pictures[0], &stream, (160, 120))
                .expect("memory")
                .expect("opens");
            let path = clips.path("b.mp4");
            let mut muxer = Muxer::create(&path, encoder.stream(), Container::Mp4).expect("a file");
            let mut packets = Vec::new();
            for picture in &pictures {
                packets.extend(encoder.encode(picture, &black).expect("encoded"));
                assert!(!packets.is_empty(), "one picture in is one packet out");
            }
            packets.extend(encoder.finish().expect("encoded"));
            packets.iter().for_each(|packet| muxer.write(packet).expect("written"));
            muxer.finish().expect("complete");
            let (_, shown) = frames(&path);
            assert_eq!(shown.len(), pictures.len(), "{:?}", known.name);
            let first = &shown[0];
            for (shown, picture) in shown.iter().zip(&pictures) {
                // A file begins with 0, which here is not where the pictures began.
                let since = |frame: &Frame, first: &Frame| {
                    frame.time().expect("a time") - first.time().expect("a time")
                };
                let off = since(shown, first) - since(picture, &pictures[0]);
                assert!(off.abs() <= 100, "{:?}: {off} µs", known.name);
                let luma = shown.yuv().expect("planes").luma;
                assert!(luma.rows().take(56).all(|row| row[..76].iter().all(|sample| *sample < 30)));
                assert!(luma.rows().skip(64).any(|row| row.iter().any(|sample| *sample > 150)));
            }
        }
    }
}
