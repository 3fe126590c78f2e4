use std::{
    ffi::{c_int, c_void},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use ffmpeg_sys_next as ffi;

use crate::stop::Stop;

/// Until when FFmpeg may wait, and the wish to stop: it asks about both while it waits.
pub(super) struct Deadline {
    start: Instant,
    /// In milliseconds since `start`.
    until: AtomicU64,
    stop: Stop,
    /// What remains is to close: a camera is told so even where the program is to stop.
    closing: AtomicBool,
}

impl Deadline {
    pub(super) fn new(stop: &Stop) -> Arc<Self> {
        Arc::new(Self {
            start: Instant::now(),
            until: AtomicU64::new(u64::MAX),
            stop: stop.clone(),
            closing: AtomicBool::new(false),
        })
    }

    /// What follows may take this long.
    pub(super) fn begin(&self, allowed: Duration) {
        let until = self.start.elapsed().saturating_add(allowed);
        self.until.store(u64::try_from(until.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Closing may take this long, whether or not the program is to stop.
    pub(super) fn close(&self, allowed: Duration) {
        self.closing.store(true, Ordering::Relaxed);
        self.begin(allowed);
    }

    /// Whether it is to stop.
    pub(super) fn stopped(&self) -> bool {
        self.stop.is_set() && !self.closing.load(Ordering::Relaxed)
    }

    pub(super) fn late(&self) -> bool {
        self.start.elapsed().as_millis() > u128::from(self.until.load(Ordering::Relaxed))
    }

    /// To be called by FFmpeg, for as long as one of those lives that share it.
    pub(super) fn callback(self: &Arc<Self>) -> ffi::AVIOInterruptCB {
        ffi::AVIOInterruptCB { callback: Some(interrupted), opaque: Arc::as_ptr(self).cast_mut().cast() }
    }
}

/// Whether FFmpeg is to give up what it waits for.
unsafe extern "C" fn interrupted(deadline: *mut c_void) -> c_int {
    // SAFETY: the pointer is that of the input's shared deadline, which outlives its format context and is only read.
    let deadline = unsafe { &*deadline.cast::<Deadline>() };
    c_int::from(deadline.stopped() || deadline.late())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Under Miri a box in place of the shared pointer is an error here.
    #[test]
    fn it_may_be_moved_after_its_address_was_given_away() {
        struct Holder(Arc<Deadline>);
        let deadline = Deadline::new(&Stop::default());
        deadline.begin(Duration::from_secs(3600));
        let asked = deadline.callback();
        let holder = Holder(deadline);
        let given_up = || {
            // SAFETY: the holder lives.
            unsafe { asked.callback.map(|callback| callback(asked.opaque)) }
        };
        assert_eq!(given_up(), Some(0));
        holder.0.until.store(0, Ordering::Relaxed);
        while holder.0.start.elapsed() < Duration::from_millis(2) {}
        assert_eq!(given_up(), Some(1));
    }
}
