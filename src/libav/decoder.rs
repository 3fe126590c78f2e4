use std::{mem, ptr};

use ffmpeg_sys_next as ffi;

use super::{Frame, LibavError, MICROS, Packet, StreamInfo, init};

/// A software decoder for one stream, on the calling thread alone: workers are the threads.
pub struct Decoder {
    context: *mut ffi::AVCodecContext,
    address: String,
    /// Parameter sets that the stream's header does not have, or has otherwise: they go before the first packet.
    owed: Vec<u8>,
    /// Packets have brought other parameter sets.
    altered: bool,
}

// SAFETY: with one thread and no callbacks of our own, a codec context may be used from one thread after another.
unsafe impl Send for Decoder {}

impl Decoder {
    /// Opens the decoder of the stream's codec.
    ///
    /// # Errors
    /// [`LibavError::NoDecoder`] where there is none or it refuses the stream's header.
    pub fn new(stream: &StreamInfo) -> Result<Self, LibavError> {
        init();
        let none = || LibavError::NoDecoder { address: stream.address.clone(), codec: stream.codec.clone() };
        let codec = stream.codec_id().decoder();
        if codec.is_null() {
            return Err(none());
        }
        // SAFETY: the codec is static; null where there is no memory.
        let context = unsafe { ffi::avcodec_alloc_context3(codec) };
        if context.is_null() {
            return Err(LibavError::Memory);
        }
        let decoder = Self { context, address: stream.address.clone(), owed: stream.owed(), altered: false };
        // SAFETY: the context was just made and is ours alone; the parameters live as long as the stream.
        let opened = unsafe {
            if ffi::avcodec_parameters_to_context(context, stream.parameters()) < 0 {
                return Err(none());
            }
            let c = &mut *context;
            c.thread_count = 1;
            c.pkt_timebase = MICROS;
            c.max_pixels = i64::try_from(stream.max_pixels).unwrap_or(i64::MAX);
            c.err_recognition = ffi::AV_EF_CAREFUL;
            // Incomplete pictures are wanted too, marked as such, so that damage is known rather than silent.
            c.flags |= ffi::AV_CODEC_FLAG_OUTPUT_CORRUPT as i32;
            ffi::avcodec_open2(context, codec, ptr::null_mut())
        };
        if opened < 0 { Err(none()) } else { Ok(decoder) }
    }

    /// Serves another stream of the same coding (see [`StreamInfo::same_coding`]).
    pub fn serve(&mut self, stream: &StreamInfo) {
        if self.address != stream.address {
            self.address.clone_from(&stream.address);
        }
    }

    /// Whether pictures to which no other refers are passed over, for the packets that follow.
    pub fn only_references(&mut self, only: bool) {
        use ffi::AVDiscard::{AVDISCARD_DEFAULT, AVDISCARD_NONREF};
        // SAFETY: the context is open, and its decoder reads this at each packet.
        unsafe { (*self.context).skip_frame = if only { AVDISCARD_NONREF } else { AVDISCARD_DEFAULT } };
    }

    /// Whether pictures to which no other refers keep the edges of their blocks, for the packets that follow: smoothing
    /// them is the last step of decoding in H.264 and H.265. Others must be smoothed, or all that refers to them drifts away
    /// from what the encoder saw.
    pub fn smooth_only_references(&mut self, only: bool) {
        use ffi::AVDiscard::{AVDISCARD_DEFAULT, AVDISCARD_NONREF};
        // SAFETY: the context is open, and its decoder reads this at each slice.
        unsafe { (*self.context).skip_loop_filter = if only { AVDISCARD_NONREF } else { AVDISCARD_DEFAULT } };
    }

    /// Hands over a packet. Take all frames with [`Self::receive`] before the next one.
    ///
    /// # Errors
    /// [`LibavError::Damaged`] where the packet makes no sense; the decoder goes on with the next one.
    pub fn send(&mut self, packet: &Packet) -> Result<(), LibavError> {
        self.altered |= packet.leaves().is_some();
        let raw = match mem::take(&mut self.owed) {
            none if none.is_empty() => packet.to_raw()?,
            owed => packet.after(&owed)?.to_raw()?,
        };
        // SAFETY: context and packet are live; the decoder takes its own reference.
        self.check(unsafe { ffi::avcodec_send_packet(self.context, raw.0) })
    }

    /// Says that no packet follows: all delayed frames come out. Then [`Self::flush`] before the next packet.
    pub fn drain(&mut self) {
        // SAFETY: a null packet is the sign for draining. Its only error is that it was given before.
        unsafe { ffi::avcodec_send_packet(self.context, ptr::null()) };
    }

    /// The next decoded frame, in the order of showing; none when another packet is needed or all are out.
    ///
    /// # Errors
    /// [`LibavError::Damaged`] where a picture could not be decoded; the decoder goes on.
    pub fn receive(&mut self) -> Result<Option<Frame>, LibavError> {
        let frame = Frame::new()?;
        // SAFETY: context and frame are live.
        let code = unsafe { ffi::avcodec_receive_frame(self.context, frame.0) };
        if code == ffi::AVERROR(ffi::EAGAIN) || code == ffi::AVERROR_EOF {
            return Ok(None);
        }
        self.check(code)?;
        Ok(Some(frame))
    }

    /// Forgets everything but parameter sets: the next packet must be a key frame's.
    pub fn flush(&mut self) {
        // SAFETY: the context is open.
        unsafe { ffi::avcodec_flush_buffers(self.context) };
    }

    /// Whether packets have brought other parameter sets than the stream had before them: no flush makes it forget those.
    pub fn is_altered(&self) -> bool {
        self.altered
    }

    /// Any refusal but a lack of memory is damage in the data.
    fn check(&self, code: i32) -> Result<(), LibavError> {
        match LibavError::from_code(code, &self.address) {
            _ if code >= 0 => Ok(()),
            LibavError::Memory => Err(LibavError::Memory),
            _ => {
                Err(LibavError::Damaged { address: self.address.clone(), detail: super::error::words(code) })
            }
        }
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: made by `avcodec_alloc_context3`, freed once.
        unsafe { ffi::avcodec_free_context(&raw mut self.context) };
    }
}
