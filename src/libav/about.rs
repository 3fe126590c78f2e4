//! What containers say of themselves.

use std::{
    ffi::{CStr, c_char},
    path::Path,
    ptr,
};

use ffmpeg_sys_next as ffi;

use super::{Input, MICROS, codec::is_of, edits, to_micros};

/// Raw streams: pictures and nothing beside them.
const RAW: [&str; 9] = ["h264", "hevc", "m4v", "mjpeg", "mpegvideo", "h263", "vc1", "obu", "cavsvideo"];

/// A rate that no camera has, as an option and as a fraction. FFmpeg makes 25 of the rate of a raw stream that tells none.
pub(super) const UNTOLD: (&CStr, (i32, i32)) = (c"997/40", (997, 40));

impl Input {
    /// Notes what the container says of itself.
    pub(super) fn describe(&mut self, stream: &ffi::AVStream, file: Option<&Path>) {
        let rate = |r: ffi::AVRational| (r.num > 0 && r.den > 0).then(|| f64::from(r.num) / f64::from(r.den));
        self.about.untold = (stream.r_frame_rate.num, stream.r_frame_rate.den) == UNTOLD.1;
        self.about.rate =
            rate(stream.avg_frame_rate).or_else(|| rate(stream.r_frame_rate)).filter(|_| !self.about.untold);
        // SAFETY: the context is open; dictionaries may be null.
        let (start, duration, made) = unsafe {
            let c = &*self.context;
            (
                c.start_time,
                c.duration,
                tag(c.metadata, c"creation_time").or_else(|| tag(stream.metadata, c"creation_time")),
            )
        };
        let own = to_micros(stream.duration, stream.time_base).filter(|&d| d > 0);
        self.about.own_duration = own.is_some();
        self.about.duration = own.or_else(|| to_micros(duration, MICROS).filter(|&d| d > 0));
        self.about.pictures = u64::try_from(stream.nb_frames).ok().filter(|n| *n > 0);
        self.about.start = to_micros(start, MICROS);
        let raw = RAW.contains(&self.about.format.as_str());
        self.about.has_times = !raw && stream.start_time != ffi::AV_NOPTS_VALUE;
        self.about.begins = match file.filter(|_| self.about.format.starts_with("mov,")) {
            Some(path) => edits::begins(path, stream.id),
            None => self.sound_begins(),
        };
        self.about.creation_time = made;
    }

    /// When the first sound begins, in microseconds. Recorders' program streams give sound a clock of its own.
    fn sound_begins(&self) -> Option<i64> {
        let begins = |&stream: &*mut ffi::AVStream| {
            // SAFETY: a stream of an open context.
            let (sound, start, base) = unsafe {
                let sound = is_of(stream, ffi::AVMediaType::AVMEDIA_TYPE_AUDIO);
                (sound, (*stream).start_time, (*stream).time_base)
            };
            sound.then(|| to_micros(start, base))?
        };
        if self.about.format == "mpeg" { None } else { self.streams().iter().filter_map(begins).min() }
    }
}

/// A C text that may be null.
///
/// # Safety
/// `text` is null or terminated.
pub(super) unsafe fn text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: not null, and terminated as promised.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// # Safety
/// `dictionary` is null or live.
unsafe fn tag(dictionary: *const ffi::AVDictionary, key: &CStr) -> Option<String> {
    // SAFETY: as promised; an entry's value is a terminated text.
    unsafe {
        let entry = ffi::av_dict_get(dictionary, key.as_ptr(), ptr::null(), 0);
        (!entry.is_null()).then(|| text((*entry).value))
    }
}
