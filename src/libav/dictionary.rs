//! Options as FFmpeg takes them.

use std::{ffi::CStr, ptr};

use ffmpeg_sys_next as ffi;

/// An owned dictionary of options: nothing but the pointer, so that a slice of them is FFmpeg's array.
#[repr(transparent)]
pub(super) struct Dictionary(pub(super) *mut ffi::AVDictionary);

impl Default for Dictionary {
    fn default() -> Self {
        Self(ptr::null_mut())
    }
}

impl Dictionary {
    pub(super) fn set(&mut self, key: &CStr, value: &CStr) {
        // SAFETY: both texts are terminated and copied. Out of memory, the option is left at its default.
        unsafe { ffi::av_dict_set(&raw mut self.0, key.as_ptr(), value.as_ptr(), 0) };
    }
}

impl Drop for Dictionary {
    fn drop(&mut self) {
        // SAFETY: null or a dictionary of our own.
        unsafe { ffi::av_dict_free(&raw mut self.0) };
    }
}
