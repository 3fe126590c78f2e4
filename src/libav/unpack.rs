use std::ptr;

use ffmpeg_sys_next as ffi;

use super::{LibavError, packet::RawPacket};

/// The bit stream filter that takes MPEG-4's packed B pictures apart, so that each packet is one picture.
pub(super) struct Unpack(pub(super) *mut ffi::AVBSFContext);

// SAFETY: a filter context has no ties to a thread.
unsafe impl Send for Unpack {}

impl Unpack {
    /// For a stream with these parameters.
    ///
    /// # Safety
    /// `parameters` points to initialised codec parameters.
    pub(super) unsafe fn new(
        parameters: *const ffi::AVCodecParameters,
        base: ffi::AVRational,
    ) -> Result<Option<Self>, LibavError> {
        // SAFETY: the name is terminated; null comes back for a library built without the filter.
        let filter = unsafe { ffi::av_bsf_get_by_name(c"mpeg4_unpack_bframes".as_ptr()) };
        if filter.is_null() {
            return Ok(None);
        }
        let mut context = ptr::null_mut();
        // SAFETY: the filter is static, the place for the context ours.
        if unsafe { ffi::av_bsf_alloc(filter, &raw mut context) } < 0 {
            return Err(LibavError::Memory);
        }
        let own = Self(context);
        // SAFETY: the context was just made; the parameters are the caller's promise.
        let ready = unsafe {
            (*context).time_base_in = base;
            ffi::avcodec_parameters_copy((*context).par_in, parameters) >= 0 && ffi::av_bsf_init(context) >= 0
        };
        Ok(ready.then_some(own))
    }

    pub(super) fn filter(&mut self, raw: RawPacket) -> Result<Vec<RawPacket>, LibavError> {
        let mut out = Vec::with_capacity(1);
        // SAFETY: the context is initialised; it takes the packet's content over, and leaves it where it refuses.
        if unsafe { ffi::av_bsf_send_packet(self.0, raw.0) } < 0 {
            out.push(raw);
            return Ok(out);
        }
        loop {
            let next = RawPacket::new()?;
            // SAFETY: context and packet are live.
            if unsafe { ffi::av_bsf_receive_packet(self.0, next.0) } < 0 {
                return Ok(out);
            }
            out.push(next);
        }
    }

    pub(super) fn flush(&mut self) {
        // SAFETY: the context is initialised.
        unsafe { ffi::av_bsf_flush(self.0) };
    }
}

impl Drop for Unpack {
    fn drop(&mut self) {
        // SAFETY: made by `av_bsf_alloc`, freed once.
        unsafe { ffi::av_bsf_free(&raw mut self.0) };
    }
}
