use std::{collections::VecDeque, ffi::c_int, sync::Arc, time::Duration};

use ffmpeg_sys_next as ffi;

use super::{
    LibavError, Limits, MICROS, Packet, PixelAspect, StreamInfo, deadline::Deadline, packet::RawPacket,
    stream::is_video, to_micros, unpack::Unpack,
};

/// By so many microseconds other video must go on after the one that is read, to be what the recording goes on in.
const GOES_ON: i64 = 5_000_000;

/// What a container says of itself. Any of it may be wrong.
#[derive(Debug, Clone, Default)]
pub(super) struct About {
    pub format: String,
    pub start: Option<i64>,
    pub duration: Option<i64>,
    /// Whether that is the video's own, and not the container's.
    pub own_duration: bool,
    pub rate: Option<f64>,
    pub pictures: Option<u64>,
    pub has_times: bool,
    pub untold: bool,
    pub begins: Option<i64>,
    pub others: Vec<c_int>,
    pub creation_time: Option<String>,
}

/// An opened recording or stream, of which only the best video stream is read.
pub struct Input {
    pub(super) context: *mut ffi::AVFormatContext,
    /// Lives as long as the context, which calls back with its address. Shared, not boxed: a box that is moved says that nobody
    /// else has its address.
    pub(super) deadline: Arc<Deadline>,
    pub(super) unpack: Option<Unpack>,
    pub(super) index: c_int,
    /// The latest times of decoding, of this stream and of other video, in microseconds.
    pub(super) reached: Option<i64>,
    pub(super) elsewhere: Option<i64>,
    /// How many packets there were of other video that shows something of its own.
    pub(super) other_pictures: u64,
    pub(super) base: ffi::AVRational,
    pub(super) stream: Arc<StreamInfo>,
    /// What is in force where reading has come to.
    pub(super) current: Arc<StreamInfo>,
    pub(super) address: String,
    pub(super) limits: Limits,
    pub(super) about: About,
    pub(super) ready: VecDeque<Packet>,
    /// FFmpeg was made to give up, and gave what it had held back first.
    pub(super) given_up: bool,
}

// SAFETY: a format context has no ties to a thread; the deadline it asks about is atomic.
unsafe impl Send for Input {}

impl Input {
    /// What decoders must know of the video stream at its beginning. What each packet needs, it says itself.
    pub fn stream(&self) -> &Arc<StreamInfo> {
        &self.stream
    }

    /// The container's format as FFmpeg names it, for instance `avi` or `mov,mp4,m4a,3gp,3g2,mj2`.
    pub fn format(&self) -> &str {
        &self.about.format
    }

    /// The time of its first packet on the file's own clock, in microseconds. Where the header does not tell it, the first
    /// packet is read, and given by the next [`read`](Self::read).
    pub fn start_time(&mut self) -> Option<i64> {
        if self.about.start.is_none()
            && let Ok(Some(packet)) = self.read()
        {
            self.about.start = packet.pts.or(packet.dts);
            self.ready.push_front(packet);
        }
        self.about.start
    }

    /// How long it is said to last, in microseconds.
    pub fn duration(&self) -> Option<i64> {
        self.about.duration
    }

    /// Whether that is how long its video is said to last. Else it is the container's word, and sound may be longer.
    pub fn tells_own_length(&self) -> bool {
        self.about.own_duration
    }

    /// How many pictures its header counts, where it does.
    pub fn pictures(&self) -> Option<u64> {
        self.about.pictures
    }

    /// Whether its packets have times of their own. Those of a raw stream are counted.
    pub fn has_times(&self) -> bool {
        self.about.has_times
    }

    /// Whether it has neither times nor a rate: the times of its packets are FFmpeg's.
    pub fn is_untold(&self) -> bool {
        self.about.untold
    }

    /// Where players begin to show it, in microseconds on its video's clock, where the container tells: pictures before that
    /// are hidden by an edit list; where the first comes later there is sound before it.
    pub fn begins(&self) -> Option<i64> {
        self.about.begins
    }

    /// How many pictures of other video were passed over: not the picture on a record's cover, nor thumbnails.
    pub fn other_pictures(&self) -> u64 {
        self.other_pictures
    }

    /// How many pictures a second it is said to hold on average, however nonsensical; always above 0.
    pub fn rate(&self) -> Option<f64> {
        self.about.rate
    }

    /// When it is said to have been made, as written in its metadata (`creation_time`).
    pub fn creation_time(&self) -> Option<&str> {
        self.about.creation_time.as_deref()
    }

    /// The next packet of the video stream, in the order of decoding; none at the end.
    ///
    /// # Errors
    /// [`LibavError::Damaged`], after which reading may go on; anything else is final.
    pub fn read(&mut self) -> Result<Option<Packet>, LibavError> {
        loop {
            if let Some(packet) = self.ready.pop_front() {
                return Ok(Some(packet));
            }
            if std::mem::take(&mut self.given_up) {
                let (address, after) = (self.address.clone(), self.limits.read);
                return Err(LibavError::Deadline { address, doing: "reading", after });
            }
            let raw = RawPacket::new()?;
            self.begin("reading", self.limits.read)?;
            // SAFETY: context and packet are live.
            let code = unsafe { ffi::av_read_frame(self.context, raw.0) };
            if code == ffi::AVERROR_EOF {
                return self.end();
            }
            if code < 0 {
                return Err(self.failed(code, "reading", self.limits.read));
            }
            // A stream's last picture is held back until more comes, and given when nothing has for too long.
            self.given_up = self.about.format == "rtsp" && self.deadline.late();
            // SAFETY: the packet was filled.
            let (index, size) = unsafe { ((*raw.0).stream_index, (*raw.0).size) };
            self.note(index, &raw);
            if index != self.index {
                continue;
            }
            let bytes = u64::try_from(size).unwrap_or(0);
            if bytes > self.limits.max_packet {
                let (address, max) = (self.address.clone(), self.limits.max_packet);
                return Err(LibavError::TooLarge { address, what: "a packet", bytes, max });
            }
            match &mut self.unpack {
                None => return self.packet(raw).map(Some),
                Some(unpack) => {
                    for raw in unpack.filter(raw)? {
                        let packet = self.packet(raw)?;
                        self.ready.push_back(packet);
                    }
                }
            }
        }
    }

    /// The packet with what is in force where it lies, and notes what it changes of that.
    fn packet(&mut self, raw: RawPacket) -> Result<Packet, LibavError> {
        let mut leaves = None;
        if let Some(header) = raw.new_header() {
            let bytes = header.len() as u64;
            if bytes > self.limits.max_header {
                let (address, max) = (self.address.clone(), self.limits.max_header);
                return Err(LibavError::TooLarge { address, what: "a stream header", bytes, max });
            }
            let next = self.current.with_header(header)?;
            if header != self.current.header() || !next.same_sets(self.current.sets()) {
                leaves = Some(Arc::clone(next.sets()));
                self.current = Arc::new(next);
            }
        }
        let key = raw.is_key();
        let told = self.current.told_by(raw.data(), key);
        if key && let Some(next) = self.current.with_shown(told.shown) {
            self.current = Arc::new(next);
        }
        let mut packet = Packet::new(raw, self.base, &self.current);
        if let Some(sets) = told.sets.map(Arc::new) {
            self.current = Arc::new(self.current.with_sets(&sets));
            leaves = Some(sets);
        }
        packet.leaves = leaves;
        Ok(packet)
    }

    /// Takes the pixels of its pictures to have this shape, whatever it says itself.
    pub fn set_pixel_aspect(&mut self, aspect: PixelAspect) {
        self.stream = Arc::new(self.stream.with_aspect(aspect));
        self.current = Arc::clone(&self.stream);
    }

    /// Notes the time of a packet, in microseconds on the container's clock: of the video that is read, or of another.
    fn note(&mut self, index: c_int, raw: &RawPacket) {
        let place = usize::try_from(index).ok();
        let Some(stream) = place.and_then(|place| self.streams().get(place)).copied() else { return };
        if !is_video(stream) {
            return;
        }
        // SAFETY: stream and packet are live.
        let time = unsafe {
            let (dts, pts, base) = ((*raw.0).dts, (*raw.0).pts, (*stream).time_base);
            to_micros(dts, base).or_else(|| to_micros(pts, base))
        };
        if index != self.index {
            self.other_pictures += u64::from(self.about.others.contains(&index));
        }
        let latest = if index == self.index { &mut self.reached } else { &mut self.elsewhere };
        *latest = time.max(*latest);
    }

    /// Where whatever else the container holds ends, such as sound, in microseconds on its own clock. To be asked at the end of
    /// the video: what follows is read, and nothing can be read after that. None where nothing is there or it cannot be found.
    pub fn others_end(&mut self) -> Option<i64> {
        let reached = self.reached?;
        // Sound is only a little apart from its pictures.
        self.seek(reached.saturating_sub(GOES_ON)).ok()?;
        for &stream in self.streams() {
            // SAFETY: a live stream; nobody reads meanwhile.
            unsafe { (*stream).discard = ffi::AVDiscard::AVDISCARD_DEFAULT };
        }
        let mut latest = None;
        loop {
            let raw = RawPacket::new().ok()?;
            self.deadline.begin(self.limits.read);
            // SAFETY: context and packet are live.
            if unsafe { ffi::av_read_frame(self.context, raw.0) } < 0 {
                return latest;
            }
            // SAFETY: the packet was filled.
            let (index, time, lasts) = unsafe {
                let p = &*raw.0;
                (p.stream_index, if p.pts == ffi::AV_NOPTS_VALUE { p.dts } else { p.pts }, p.duration.max(0))
            };
            let stream = usize::try_from(index).ok().and_then(|place| self.streams().get(place)).copied();
            let Some(stream) = stream.filter(|_| index != self.index && time != ffi::AV_NOPTS_VALUE) else {
                continue;
            };
            // SAFETY: a live stream.
            let base = unsafe { (*stream).time_base };
            latest = to_micros(time.saturating_add(lasts), base).max(latest);
        }
    }

    /// Goes to the key frame at or before `time`, in microseconds on the container's own clock.
    ///
    /// # Errors
    /// [`LibavError`] where the container cannot be sought in.
    pub fn seek(&mut self, time: i64) -> Result<(), LibavError> {
        self.begin("seeking", self.limits.read)?;
        // SAFETY: the context is live and has a stream of this index; the time base is a fraction.
        let code = unsafe {
            let time = ffi::av_rescale_q(time, MICROS, self.base);
            ffi::av_seek_frame(self.context, self.index, time, ffi::AVSEEK_FLAG_BACKWARD)
        };
        if code < 0 {
            return Err(self.failed(code, "seeking", self.limits.read));
        }
        self.ready.clear();
        self.current = Arc::clone(&self.stream);
        if let Some(unpack) = &mut self.unpack {
            unpack.flush();
        }
        Ok(())
    }

    /// The end of the file, or what looks like one because the disk failed.
    fn end(&self) -> Result<Option<Packet>, LibavError> {
        // SAFETY: the context is live; its I/O context, where there is one, too.
        let code = unsafe {
            let io = (*self.context).pb;
            if io.is_null() { 0 } else { (*io).error }
        };
        if code < 0 && code != ffi::AVERROR_EOF {
            return Err(self.failed(code, "reading", self.limits.read));
        }
        // Two pictures of one scene end together.
        match (self.reached, self.elsewhere) {
            (Some(here), Some(there)) if there.saturating_sub(here) > GOES_ON => {
                Err(LibavError::OtherStream { address: self.address.clone() })
            }
            _ => Ok(None),
        }
    }

    /// Begins something that may take this long.
    fn begin(&self, doing: &'static str, allowed: Duration) -> Result<(), LibavError> {
        if self.is_stopped() {
            return Err(LibavError::Stopped { address: self.address.clone(), doing });
        }
        self.deadline.begin(allowed);
        Ok(())
    }

    /// Whether it is to stop: then nothing is read any more, and what was read last may be only half of it.
    pub fn is_stopped(&self) -> bool {
        self.deadline.stopped()
    }

    /// What `code` means while doing something that had this long.
    pub(super) fn failed(&self, code: i32, doing: &'static str, after: Duration) -> LibavError {
        // Whatever FFmpeg makes of it: it was made to give up.
        if self.is_stopped() {
            return LibavError::Stopped { address: self.address.clone(), doing };
        }
        if code == ffi::AVERROR_EXIT || self.deadline.late() {
            return LibavError::Deadline { address: self.address.clone(), doing, after };
        }
        LibavError::from_code(code, &self.address)
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        // Closing a connection may wait for the other side.
        self.deadline.close(Duration::from_secs(2));
        // SAFETY: null or an open context, closed once.
        unsafe { ffi::avformat_close_input(&raw mut self.context) };
    }
}
