//! From the packets of one connection to groups of pictures on the camera's media time.

mod placing;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use super::{delays::Delays, link::Link, starts::Starts, timeline::Timeline};
use crate::{
    clock::Clock,
    config::Transport,
    domain::{CameraId, Epoch, MediaTime, WallOrigin},
    libav::{LibavError, StreamInfo},
    source::{
        Gop, Notice, Noticed, Part,
        grouping::{Group, Grouping, Known},
        notice::Bound,
        packets::Packets,
        rtsp::is_marked,
        times::Times,
    },
};

/// Groups are told of whenever they have grown by so much, in microseconds.
const STEP: i64 = 100_000;
/// After so many damaged packets in a row a connection is given up.
const MOST_ERRORS: u32 = 50;
/// Pictures may come so much sooner than their times say: what a camera has kept back comes at once when it is connected to. More
/// would be watched before it has happened.
const AHEAD: i64 = 10_000_000;

/// What comes of a packet.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    More,
    /// Nothing follows; of a recording.
    Over,
    /// It was to stop.
    Stopped,
    /// Pictures come faster than time passes.
    TooFast,
    Failed(LibavError),
}

/// What a connection is put onto.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub camera: CameraId,
    pub clock: Arc<dyn Clock>,
    pub timeline: Timeline,
    pub link: Link,
    /// How its packets come: by UDP some may be lost.
    pub transport: Transport,
    /// When its first packet came, where that is known better than from when it is read.
    pub first: Option<Instant>,
    /// Its number.
    pub epoch: u32,
    /// Nothing of it may lie before this.
    pub floor: MediaTime,
}

/// One connection, as far as it was read.
pub(super) struct Connection {
    setting: Setting,
    packets: Box<dyn Packets>,
    starts: Starts,
    grouping: Grouping,
    delays: Delays,
    /// The monotonic clock's zero of delays.
    zero: Instant,
    stream: Arc<StreamInfo>,
    /// Media time less the stream's own, once the first group has begun.
    offset: Option<i64>,
    /// The last group, which waits for its end.
    pending: Option<Gop>,
    held_back: Option<i64>,
    /// The group that grows: where it starts, and how far it went when it was told of last, on the stream's own clock.
    grown: Option<(MediaTime, i64)>,
    end: MediaTime,
    /// When its first picture came.
    began: Option<Instant>,
    /// The media time of a packet, and when it came: from where on neither may run away from the other.
    first: Option<(i64, i64)>,
    last_key: Option<MediaTime>,
    errors: u32,
    bound: Bound,
    long: bool,
}

impl Connection {
    /// Begins to read.
    ///
    /// # Errors
    /// [`LibavError`] where its headers cannot be read.
    pub fn new(setting: Setting, packets: Box<dyn Packets>) -> Result<Self, LibavError> {
        let claimed = packets.claims().rate.filter(|rate| (0.5..=240.0).contains(rate));
        let usual = claimed.map_or(40_000, |rate| (1e6 / rate) as i64).max(1);
        let step = claimed.is_none().then_some(usual);
        let known = Known { times: Times::Given, usual, step, standing: usual };
        let (floor, zero) = (setting.floor, setting.first.unwrap_or_else(|| setting.clock.monotonic()));
        Ok(Self {
            grouping: Grouping::new(packets.stream(), known)?,
            stream: Arc::clone(packets.stream()),
            packets,
            setting,
            starts: Starts::default(),
            delays: Delays::default(),
            zero,
            offset: None,
            pending: None,
            held_back: None,
            grown: None,
            end: floor,
            began: None,
            first: None,
            last_key: None,
            errors: 0,
            bound: Bound::default(),
            long: false,
        })
    }

    /// When its first picture came.
    pub fn began(&self) -> Option<Instant> {
        self.began
    }

    /// The end of its last picture, in media time.
    pub fn end(&self) -> MediaTime {
        self.end
    }

    /// Reads a packet, and adds what follows from it to `out`.
    pub fn step(&mut self, out: &mut VecDeque<Part>) -> Step {
        let mut packet = match self.packets.read() {
            Ok(Some(packet)) => packet,
            Ok(None) => return Step::Over,
            Err(LibavError::Stopped { .. }) => return Step::Stopped,
            Err(LibavError::Damaged { .. }) if self.errors < MOST_ERRORS => {
                self.errors += 1;
                return Step::More;
            }
            Err(error) => return Step::Failed(error),
        };
        self.errors = 0;
        let now = self.setting.clock.monotonic();
        self.setting.link.packet(packet.data().len(), now);
        let mut timed = VecDeque::new();
        // Up to the next key frame its pictures are not what was sent.
        packet.corrupt |= self.setting.transport == Transport::Udp && is_marked(packet.data());
        self.starts.take(packet, &mut timed);
        for packet in timed {
            match self.grouping.push(packet) {
                Ok(groups) => groups.into_iter().for_each(|group| self.take(group, now, out)),
                Err(error) => return Step::Failed(error),
            }
        }
        let Some((last, _)) = self.grouping.reached().filter(|_| !self.grouping.waits()) else {
            return Step::More;
        };
        self.grow(last, now, out);
        if let Some(offset) = self.offset {
            let at = last.saturating_add(offset);
            let arrived = self.since(now);
            let (sent, came) = *self.first.get_or_insert((at, arrived));
            if at.saturating_sub(sent) > arrived.saturating_sub(came).saturating_add(AHEAD) {
                return Step::TooFast;
            }
            self.delays.take(at, arrived);
            if self.began.is_some() {
                // What waited on its way was taken before it came; what was sent ahead of its time is not of later.
                let taken =
                    at.saturating_add(self.delays.least().unwrap_or_else(|| arrived.saturating_sub(at)));
                let taken = self.zero.checked_add(span(taken)).map_or(now, |taken| taken.min(now));
                self.setting.timeline.reach(MediaTime::from_micros(at), taken, self.setting.epoch);
            }
        }
        Step::More
    }

    /// Nothing follows: gives what is there.
    pub fn close(&mut self, out: &mut VecDeque<Part>) {
        let now = self.setting.clock.monotonic();
        let mut timed = VecDeque::new();
        self.starts.end(&mut timed);
        for packet in timed {
            if let Ok(groups) = self.grouping.push(packet) {
                groups.into_iter().for_each(|group| self.take(group, now, out));
            }
        }
        if let Ok(groups) = self.grouping.finish() {
            groups.into_iter().for_each(|group| self.take(group, now, out));
        }
        self.flush(self.end, out);
        for (at, what) in self.bound.more() {
            self.tell(at, what, out);
        }
    }

    /// Tells of the group that is being read, where it has grown enough; `last` is the time of the last packet.
    fn grow(&mut self, last: i64, now: Instant, out: &mut VecDeque<Part>) {
        let due = match (self.grown, self.grouping.began()) {
            (Some((_, told)), _) => told.saturating_add(STEP),
            (None, Some(began)) => began,
            (None, None) => return,
        };
        if last < due {
            return;
        }
        let Some(group) = self.grouping.so_far() else { return };
        let start = match self.grown {
            Some((start, _)) => start,
            None => self.open(&group, last, now, out),
        };
        self.grown = Some((start, last));
        let Some(known) = group.known.zip(self.offset).map(|(known, offset)| known.saturating_add(offset))
        else {
            return;
        };
        let known = MediaTime::from_micros(known);
        if known > start
            && let Some(gop) = self.gop(group, start, known)
        {
            self.begin(start, now, &gop.stream, out);
            out.push_back(Part::Growing(Arc::new(gop)));
        }
    }

    /// Puts a group onto media time. It is given once its end is known.
    fn take(&mut self, group: Group, now: Instant, out: &mut VecDeque<Part>) {
        let last = self.grouping.reached().map_or_else(|| group.start(), |(last, _)| last);
        let start = match self.grown.take() {
            Some((start, _)) => start,
            None => self.open(&group, last, now, out),
        };
        if group.continued && !group.broken && !std::mem::replace(&mut self.long, true) {
            self.notice(start, Noticed::LongGroup, out);
        }
        let end = group.end(self.grouping.lasting()).saturating_add(self.offset.unwrap_or(0));
        self.end = self.end.max(MediaTime::from_micros(end)).max(start);
        self.held_back = group.held_back;
        self.pending = self.gop(group, start, self.end);
        if let Some(pending) = &self.pending {
            let stream = Arc::clone(&pending.stream);
            self.begin(start, now, &stream, out);
        }
    }

    fn flush(&mut self, end: MediaTime, out: &mut VecDeque<Part>) {
        let Some(mut gop) = self.pending.take() else { return };
        gop.end = end.max(gop.start);
        out.push_back(Part::Gop(Arc::new(gop)));
    }

    /// Says that pictures come, once.
    fn begin(&mut self, from: MediaTime, now: Instant, stream: &Arc<StreamInfo>, out: &mut VecDeque<Part>) {
        if self.began.is_some() {
            return;
        }
        self.began = Some(now);
        self.stream = Arc::clone(stream);
        let (width, height) = stream.size();
        let Setting { camera, epoch, link, .. } = &self.setting;
        link.connected(now, self.setting.clock.wall());
        tracing::info!(
            "camera {camera}: pictures come, {} {width}x{height}, connection {epoch}",
            stream.codec
        );
        let epoch = Epoch {
            camera: camera.clone(),
            epoch: *epoch,
            from,
            zero: None,
            wall: self.wall(from),
            wall_origin: WallOrigin::Clock,
            file: None,
            codec: stream.codec.clone(),
            width,
            height,
            regions: BTreeMap::new(),
        };
        out.push_back(Part::Epoch { epoch, stream: Arc::clone(stream) });
    }

    fn since(&self, now: Instant) -> i64 {
        i64::try_from(now.saturating_duration_since(self.zero).as_micros()).unwrap_or(i64::MAX)
    }

    fn notice(&mut self, at: MediaTime, what: Noticed, out: &mut VecDeque<Part>) {
        if self.bound.admits(at, &what) {
            self.tell(at, what, out);
        }
    }

    fn tell(&self, at: MediaTime, what: Noticed, out: &mut VecDeque<Part>) {
        let notice = Notice { camera: self.setting.camera.clone(), file: String::new(), at, what };
        out.push_back(Part::Notice(notice));
    }
}

fn span(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}
