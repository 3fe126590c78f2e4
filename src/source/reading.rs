//! One file, from its first packet to its last: groups put onto the camera's media time.

mod beginning;
mod ending;
mod growing;
mod telling;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;

pub(super) use growing::Growth;
use telling::Said;

use super::{
    Gop, Noticed, Part, Portion, SourceError,
    grouping::{Group, Grouping, Known},
    notice::Bound,
    packets::{Claims, Packets},
    placing::{Before, Place, Start},
    times::{Jump, Times},
};
use crate::{
    domain::{CameraId, Epoch, GapReason, MediaTime, WallOrigin},
    libav::{LibavError, StreamInfo},
};

/// After so many errors in a row the rest of a file is given up.
const MAX_ERRORS: u32 = 50;

/// Whether a file has more.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    More,
    Done,
}

/// A file being read.
pub(super) struct Reading {
    camera: CameraId,
    name: String,
    input: Box<dyn Packets>,
    claims: Claims,
    grouping: Grouping,
    /// What the first group's decoder must know.
    stream: Arc<StreamInfo>,
    usual: i64,
    start: Option<Start>,
    guess: (Timestamp, WallOrigin),
    before: Option<Before>,
    place: Option<Place>,
    number: u32,
    begun: bool,
    /// Media time less the file's own time.
    offset: i64,
    /// Where the file begins for a player, in media time, if pictures come before that.
    hidden: Option<MediaTime>,
    /// The last group, which waits for its end.
    pending: Option<Gop>,
    held_back: Option<i64>,
    growth: Option<Growth>,
    /// The group that grows, once it was told of: where it starts, and how far it went then on the file's own clock.
    grown: Option<(MediaTime, i64)>,
    /// Media time of the end of the last picture.
    end: MediaTime,
    jumped: bool,
    errors: u32,
    /// It ended before it should have.
    broken: bool,
    said: Said,
    bound: Bound,
    holes: Holes,
    /// How many packets there were.
    packets: u64,
    /// The latest time of them on the file's own clock, whatever it is worth.
    heard: i64,
    /// How far the packets reach on the file's own clock, from the first to the end of the last.
    reach: Option<(i64, i64)>,
}

/// Holes in a file's times.
#[derive(Default)]
struct Holes {
    count: usize,
    micros: i64,
    /// Where pictures go on after the last of them.
    resumed: Option<MediaTime>,
}

impl Reading {
    /// Begins with a file; `guess` is its start and its origin where `start` is not known. `rate` is how many pictures a
    /// second it holds, where it does not say so itself.
    pub(super) fn new(
        camera: CameraId,
        name: String,
        input: Box<dyn Packets>,
        start: Option<Start>,
        guess: (Timestamp, WallOrigin),
        before: Option<Before>,
        rate: Option<f64>,
    ) -> Result<Self, LibavError> {
        let claims = input.claims();
        let claimed = claims.rate.filter(|r| (0.001..=240.0).contains(r));
        // AVI and raw streams have no times of their own: they count pictures at the rate they claim.
        let timeless = claims.format == "avi" || claims.duration.is_none();
        let nonsense = claims.rate.filter(|_| timeless && claimed.is_none());
        let counted = nonsense.is_some() || claims.untold;
        let times = if counted { Times::Counted } else { Times::Given };
        let lasts = |rate: Option<f64>| rate.map_or(40_000, |r| (1e6 / r) as i64).max(1);
        let own = claimed.filter(|_| claims.has_times).or(rate).or(claimed);
        let usual = lasts(own);
        let step = (rate.is_some() || claimed.is_none()).then_some(usual);
        let known = Known { times, usual, step, standing: lasts(rate.or(claimed)) };
        let grouping = Grouping::new(input.stream(), known)?;
        let said = Said {
            rate: nonsense.filter(|_| rate.is_none()),
            assumed: own.is_none() && nonsense.is_none() && !claims.has_times,
            ..Said::default()
        };
        Ok(Self {
            camera,
            name,
            stream: Arc::clone(input.stream()),
            input,
            claims,
            grouping,
            usual,
            start,
            guess,
            number: before.map_or(0, |b| b.epoch + 1),
            before,
            place: None,
            begun: false,
            offset: 0,
            hidden: None,
            pending: None,
            held_back: None,
            growth: None,
            grown: None,
            end: MediaTime::ZERO,
            jumped: counted,
            errors: 0,
            broken: false,
            said,
            bound: Bound::default(),
            holes: Holes::default(),
            packets: 0,
            heard: i64::MIN,
            reach: None,
        })
    }

    /// What the next file must know of this one; of the one before, where nothing of this one was given.
    pub(super) fn before(&self) -> Option<Before> {
        match self.place {
            Some(p) if self.begun => Some(Before {
                from: p.from,
                wall: p.wall,
                known: p.known,
                trusted: p.trusted,
                end: self.end.max(p.floor),
                resumed: self.holes.resumed.unwrap_or(p.from),
                epoch: self.number,
                broken: self.broken,
            }),
            _ => self.before.map(|before| Before { broken: before.broken || self.broken, ..before }),
        }
    }

    /// Media time of what was read last; none before the first group, when nothing is known yet.
    pub(super) fn position(&self) -> Option<MediaTime> {
        let (_, to) = self.reach?;
        self.place.map(|_| MediaTime::from_micros(to.saturating_add(self.offset)))
    }

    /// Reads one packet, and adds what follows from it to `out`.
    pub(super) fn step(&mut self, out: &mut VecDeque<Part>) -> Step {
        let packet = match self.input.read() {
            Ok(Some(packet)) => packet,
            Ok(None) => return self.close(None, out),
            // Nothing is wrong with the file.
            Err(LibavError::Stopped { .. }) => return Step::Done,
            Err(LibavError::Damaged { detail, .. }) if self.errors < MAX_ERRORS => {
                self.errors += 1;
                if !std::mem::replace(&mut self.said.damaged, true) {
                    self.notice(self.end, Noticed::Damaged(detail), out);
                }
                return Step::More;
            }
            Err(error) => return self.close(Some(error), out),
        };
        self.errors = 0;
        self.packets += 1;
        self.heard = packet.pts.or(packet.dts).map_or(self.heard, |time| self.heard.max(time));
        match self.grouping.push(packet) {
            Ok(groups) => groups.into_iter().for_each(|group| self.take(group, out)),
            Err(error) => return self.close(Some(error), out),
        }
        let reached = self.grouping.reached();
        if self.grouping.began_again() {
            self.reach = None;
        }
        self.follow();
        let now = reached.map(|(last, _)| last).filter(|_| !self.grouping.waits());
        if let (Some(growth), Some(now), Some(began)) = (self.growth, now, self.grouping.began()) {
            let due = match self.grown {
                Some((_, told)) => told.saturating_add(growth.step),
                None => began.saturating_add(growth.from),
            };
            if now >= due
                && let Some(group) = self.grouping.so_far()
            {
                self.grow(group, now, out);
            }
        }
        Step::More
    }

    /// Notes how far the packets reach.
    fn follow(&mut self) {
        if let Some((last, next)) = self.grouping.reached() {
            let (from, to) = self.reach.unwrap_or((last, next));
            self.reach = Some((from.min(last), to.max(next)));
        }
    }

    /// The end of the file, or of what can be read of it.
    fn close(&mut self, error: Option<LibavError>, out: &mut VecDeque<Part>) -> Step {
        let error = match self.grouping.finish() {
            Ok(groups) => {
                groups.into_iter().for_each(|group| self.take(group, out));
                error
            }
            Err(e) => error.or(Some(e)),
        };
        self.follow();
        self.flush(self.end, out);
        let (camera, file) = (self.camera.clone(), self.name.clone());
        let from = self.place.map_or(self.end, |p| p.from);
        let at = MediaTime::from_micros(self.end.as_micros() - from.as_micros());
        let failed = if let Some(error) = error {
            Some(SourceError::Broken { camera, file, at, error })
        } else if self.place.is_none() {
            Some(SourceError::NoKeyFrame { camera, file })
        } else {
            self.cut_off().map(|claimed| SourceError::CutOff { camera, file, at, claimed })
        };
        if failed.is_none() && !self.begun {
            self.notice(from, Noticed::Covered, out);
        }
        self.sum_up(from, out);
        self.broken = failed.is_some();
        if let Some(error) = failed {
            out.push_back(Part::Failed { file: self.name.clone(), error });
        }
        Step::Done
    }

    /// Puts a group onto media time. It is given once its end is known.
    fn take(&mut self, group: Group, out: &mut VecDeque<Part>) {
        let start = match self.grown.take() {
            Some((start, _)) => start,
            None => self.open(&group, out),
        };
        if group.continued && !group.broken && !std::mem::replace(&mut self.said.long, true) {
            self.notice(start, Noticed::LongGroup, out);
        }
        let end = MediaTime::from_micros(group.end(self.grouping.lasting()) + self.offset);
        self.end = self.end.max(end).max(start);
        self.held_back = group.held_back;
        self.pending = self.gop(group, start, self.end);
    }

    /// Where a group starts on media time, told with all that lies before it: the group before ends there.
    fn open(&mut self, group: &Group, out: &mut VecDeque<Part>) -> MediaTime {
        let first = self.place.is_none();
        if first {
            self.put(group, out);
        }
        let jump = group.jump.filter(|_| !first);
        if let Some(jump) = jump {
            self.jump(jump, group, out);
        }
        let own = if group.continues && jump.is_none() { self.held_back } else { None };
        let start = MediaTime::from_micros(own.unwrap_or(group.start()) + self.offset);
        // Of a group that goes on after a break some pictures may have times before it.
        let start = if jump.is_some() { start.max(self.end) } else { start };
        let start = self.pending.as_ref().map_or(start, |p| start.max(p.start));
        self.flush(start, out);
        self.tell_of_times(start, out);
        start
    }

    /// The group on media time; none before the first has been placed.
    fn gop(&self, group: Group, start: MediaTime, end: MediaTime) -> Option<Gop> {
        let place = self.place?;
        let mut packets = group.packets;
        for packet in &mut packets {
            packet.pts = packet.pts.map(|t| t + self.offset);
            packet.dts = packet.dts.map(|t| t + self.offset);
        }
        Some(Gop {
            camera: self.camera.clone(),
            epoch: self.number,
            stream: group.stream,
            packets,
            start,
            end,
            portion: match group.known {
                Some(_) => Portion::growing(group.continues),
                None => Portion::of_chunk(group.continues, group.continued),
            },
            clock: (place.from, place.wall),
        })
    }

    /// Times do not go on as they were.
    fn jump(&mut self, jump: Jump, group: &Group, out: &mut VecDeque<Part>) {
        self.jumped |= jump != Jump::Again;
        self.flush(self.end, out);
        let start = match jump {
            Jump::Hole => MediaTime::from_micros(group.start() + self.offset).max(self.end),
            Jump::Back | Jump::Leap(_) | Jump::Again => {
                self.offset = self.end.as_micros() - group.start();
                self.reach = self.grouping.reached();
                self.end
            }
        };
        match jump {
            Jump::Hole => {
                self.holes.count += 1;
                self.holes.resumed = Some(start);
                self.holes.micros =
                    self.holes.micros.saturating_add(start.as_micros() - self.end.as_micros());
            }
            Jump::Again => return,
            Jump::Back => self.notice(start, Noticed::TimesGoBack, out),
            Jump::Leap(by) => {
                let by = Duration::from_micros(by.unsigned_abs());
                self.notice(start, Noticed::TimesLeap(by), out);
            }
        }
        // What the file before showed, too, is no gap.
        let floor = self.place.map_or(MediaTime::ZERO, |p| p.floor);
        if start > floor {
            self.begin(out);
        }
        if self.begun && start >= floor {
            self.gap(self.number, self.end.max(floor), start, GapReason::Timestamps, out);
        }
    }

    /// Gives the pending group, which ends at `end`, unless it lies wholly within the file before.
    fn flush(&mut self, end: MediaTime, out: &mut VecDeque<Part>) {
        let Some(mut gop) = self.pending.take() else { return };
        let floor = self.place.map_or(MediaTime::ZERO, |p| p.floor);
        gop.end = end.max(gop.start);
        if gop.end <= floor && !gop.continued() {
            return;
        }
        gop.start = gop.start.max(floor);
        gop.end = gop.end.max(gop.start);
        self.begin(out);
        out.push_back(Part::Gop(Arc::new(gop)));
    }

    /// Says that the file begins, once.
    fn begin(&mut self, out: &mut VecDeque<Part>) {
        let Some(place) = self.place else { return };
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        let stream = Arc::clone(&self.stream);
        let (width, height) = stream.size();
        let epoch = Epoch {
            camera: self.camera.clone(),
            epoch: self.number,
            from: place.from,
            zero: self.hidden,
            wall: place.wall,
            wall_origin: place.origin,
            file: Some(self.name.clone()),
            codec: stream.codec.clone(),
            width,
            height,
            regions: BTreeMap::new(),
        };
        let tilt = stream.tilt;
        out.push_back(Part::Epoch { epoch, stream });
        if let Some(angle) = tilt {
            self.notice(place.from, Noticed::Tilted(angle), out);
        }
    }
}
