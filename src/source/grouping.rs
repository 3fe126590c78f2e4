//! From packets to groups of pictures, with every packet's presentation time known, still on the file's own clock.

use std::sync::Arc;

use super::{
    keys::Keys,
    mending::{Lasting, Mending, Timed},
    rebuild::Rebuild,
    standing::Standing,
    times::{Jump, Times},
};
use crate::libav::{LibavError, Packet, StreamInfo, Succession};

/// A group over these bounds is cut into chunks.
const MAX_BYTES: usize = 32 << 20;
const MAX_PACKETS: usize = 3_000;

/// Smaller than any coded picture: AVI encoders leave such packets where the picture was coded elsewhere, and flag
/// them as key frames.
const PLACEHOLDER: usize = 4;

/// A group on the file's own clock. Every packet has a `pts`.
#[derive(Debug)]
pub(super) struct Group {
    pub packets: Vec<Packet>,
    /// What a decoder must know before its first packet, or that of the group whose chunk it is.
    pub stream: Arc<StreamInfo>,
    pub continues: bool,
    pub continued: bool,
    /// What follows of it does so after a break in time.
    pub broken: bool,
    pub jump: Option<Jump>,
    /// Presentation time from which on pictures may come out of the decoder only with the next chunk.
    pub held_back: Option<i64>,
    /// Of a group of which more may follow: every picture before it is there.
    pub known: Option<i64>,
}

impl Group {
    /// The first presentation time that belongs to it.
    pub fn start(&self) -> i64 {
        let key = self.packets.first().and_then(|p| p.pts);
        let earliest = self.packets.iter().filter_map(|p| p.pts).min();
        if self.continues { earliest } else { key }.unwrap_or(0)
    }

    /// Where its last picture ends.
    pub fn end(&self, lasting: Lasting) -> i64 {
        let end = |p: &Packet| Some(p.pts? + lasting.of(p));
        self.packets.iter().filter_map(end).max().unwrap_or(0)
    }
}

/// What is known of a file's times before it is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub times: Times,
    /// How long a picture usually lasts, in microseconds.
    pub usual: i64,
    /// How long one lasts that has no time; none where the container's word is taken.
    pub step: Option<i64>,
    /// How long one lasts where times stand still.
    pub standing: i64,
}

/// Collects packets into groups.
pub(super) struct Grouping {
    times: Times,
    usual: i64,
    reorder: usize,
    /// Of the group, or chunk, that was closed last.
    stream: Arc<StreamInfo>,
    keys: Keys,
    succession: Succession,
    standing: Standing,
    mending: Mending,
    moved: Vec<Packet>,
    timed: Vec<Timed>,
    rebuild: Rebuild,
    rebuilding: bool,
    packets: Vec<Packet>,
    bytes: usize,
    continues: bool,
    jump: Option<Jump>,
    /// Nothing was given yet of the file, so that its first times may yet be changed.
    fresh: bool,
    again: bool,
    /// Packets before the first key frame, and the time of the first of them.
    pub headless: usize,
    pub headless_from: Option<i64>,
}

impl Grouping {
    /// Of a stream of whose times this is known.
    pub(super) fn new(stream: &Arc<StreamInfo>, known: Known) -> Result<Self, LibavError> {
        Ok(Self {
            times: known.times,
            usual: known.usual,
            reorder: stream.reorder,
            stream: Arc::clone(stream),
            keys: Keys::of(&stream.codec),
            succession: Succession::new(stream),
            standing: Standing::new(known.standing, stream.reorder),
            mending: Mending::new(known.times, known.usual, known.step, stream.reorder),
            moved: Vec::new(),
            timed: Vec::new(),
            rebuild: Rebuild::new(stream)?,
            rebuilding: false,
            packets: Vec::new(),
            bytes: 0,
            continues: false,
            jump: None,
            fresh: true,
            again: false,
            headless: 0,
            headless_from: None,
        })
    }

    /// Whether presentation times had to be worked out.
    pub(super) fn rebuilt(&self) -> bool {
        self.rebuilding
    }

    /// How long a picture lasts, in microseconds, where the file's times say nothing and pictures are counted.
    pub(super) fn counted(&self) -> Option<i64> {
        self.standing.found().or(self.mending.useless().then_some(self.usual))
    }

    /// How long pictures last.
    pub(super) fn lasting(&self) -> Lasting {
        self.mending.lasting()
    }

    /// Takes a packet; gives back the groups that it ends.
    pub(super) fn push(&mut self, mut packet: Packet) -> Result<Vec<Group>, LibavError> {
        if packet.data().len() < PLACEHOLDER {
            return Ok(Vec::new());
        }
        packet.key = packet.key && self.keys.may_be_key(packet.data());
        // Up to the next key frame a decoder would make up what is missing.
        packet.corrupt = self.succession.is_broken_at(&packet);
        match self.times {
            Times::Given => self.standing.push(packet, &mut self.moved),
            Times::Counted => self.moved.push(packet),
        }
        for packet in self.moved.drain(..) {
            self.mending.push(packet, &mut self.timed);
        }
        self.add_all()
    }

    fn add_all(&mut self) -> Result<Vec<Group>, LibavError> {
        let mut ended = Vec::new();
        let mut timed = std::mem::take(&mut self.timed);
        for (packet, jump) in timed.drain(..) {
            ended.extend(self.add(packet, jump)?);
        }
        self.timed = timed;
        Ok(ended)
    }

    /// The last packet's time, and when the next is expected; none before the first.
    pub(super) fn reached(&self) -> Option<(i64, i64)> {
        self.mending.reached()
    }

    /// Whether the times of the file's first packets were put right since this was last asked.
    pub(super) fn began_again(&mut self) -> bool {
        std::mem::take(&mut self.again)
    }

    /// Whether packets wait for those after them to tell what their times are worth.
    pub(super) fn waits(&self) -> bool {
        self.mending.waits() || self.standing.waits()
    }

    /// Gives the file's first packets, which were out of time, the times before this one. Not possible once some were given.
    fn put_beginning_right(&mut self, packet: &Packet) -> bool {
        let (true, Some(now)) = (self.fresh, packet.dts.or(packet.pts)) else { return false };
        let lasts = |p: &Packet| self.mending.lasting().of(p);
        let mut time = now;
        for packet in self.packets.iter_mut().rev() {
            time = time.saturating_sub(lasts(packet));
            let by = time.saturating_sub(packet.dts.or(packet.pts).unwrap_or(time));
            packet.dts = packet.dts.map(|t| t.saturating_add(by));
            packet.pts = packet.pts.map(|t| t.saturating_add(by));
        }
        let headless = i64::try_from(self.headless).unwrap_or(0);
        self.headless_from =
            self.headless_from.map(|_| time.saturating_sub(headless.saturating_mul(self.usual)));
        self.again = true;
        true
    }

    fn add(&mut self, packet: Packet, jump: Option<Jump>) -> Result<Option<Group>, LibavError> {
        let jump = jump.filter(|jump| *jump != Jump::Again || !self.put_beginning_right(&packet));
        if self.packets.is_empty() && !packet.key && !self.continues {
            self.headless += 1;
            self.headless_from = self.headless_from.or(packet.pts).or(packet.dts);
            return Ok(None);
        }
        let full = self.bytes + packet.data().len() > MAX_BYTES || self.packets.len() >= MAX_PACKETS;
        let mut ended = None;
        if !self.packets.is_empty() && (packet.key || jump.is_some() || full) {
            let next = packet.dts.filter(|_| jump.is_none());
            ended = Some(self.close(next, !packet.key, jump.is_some())?);
            self.continues = !packet.key;
        }
        self.jump = self.jump.or(jump);
        self.bytes += packet.data().len();
        self.packets.push(packet);
        Ok(ended)
    }

    /// When the first packet of the group that is being read is decoded, or shown.
    pub(super) fn began(&self) -> Option<i64> {
        self.packets.first().and_then(|p| p.dts.or(p.pts))
    }

    /// The group that is being read, as far as it is known; none where its times have to be worked out, which takes all of it.
    pub(super) fn so_far(&mut self) -> Option<Group> {
        let times: Option<Vec<i64>> = self.packets.iter().map(|p| p.pts).collect();
        let known = nth_latest(times.filter(|_| !self.rebuilding)?, self.reorder)?.saturating_add(1);
        self.fresh = false;
        Some(Group {
            packets: self.packets.clone(),
            stream: self.stream_in_force(&self.packets),
            continues: self.continues,
            continued: false,
            broken: false,
            jump: self.jump,
            held_back: None,
            known: Some(known),
        })
    }

    /// The last groups of the file.
    pub(super) fn finish(&mut self) -> Result<Vec<Group>, LibavError> {
        self.standing.end(&mut self.moved);
        for packet in self.moved.drain(..) {
            self.mending.push(packet, &mut self.timed);
        }
        self.mending.finish(&mut self.timed);
        let mut ended = self.add_all()?;
        if let (Some(last), Some(slow)) = (self.packets.last_mut(), self.mending.slow()) {
            last.duration = slow;
        }
        if !self.packets.is_empty() {
            ended.push(self.close(None, false, true)?);
        }
        Ok(ended)
    }

    /// What a decoder must know before these packets: a chunk goes on from the one before.
    fn stream_in_force(&self, packets: &[Packet]) -> Arc<StreamInfo> {
        let first = packets.first().filter(|_| !self.continues);
        Arc::clone(first.map_or(&self.stream, Packet::stream))
    }

    fn close(&mut self, next: Option<i64>, continued: bool, broken: bool) -> Result<Group, LibavError> {
        let mut packets = std::mem::take(&mut self.packets);
        (self.bytes, self.fresh) = (0, false);
        if packets.iter().any(|p| p.pts.is_none()) {
            self.rebuilding = true;
        }
        if self.rebuilding {
            let mut before = i64::MIN;
            for packet in &mut packets {
                before = packet.dts.or(packet.pts).unwrap_or(before).max(before);
                packet.dts = Some(before);
            }
            let next = next.unwrap_or(before + self.usual);
            self.rebuild.fill(&mut packets, next)?;
            // What was worked out is no order of decoding to be muxed by.
            for packet in &mut packets {
                packet.dts = None;
            }
        }
        let held_back = (continued && !broken && self.reorder > 0).then(|| {
            let times = packets.iter().filter_map(|p| p.pts).collect();
            nth_latest(times, self.reorder).unwrap_or(i64::MAX)
        });
        let (continues, jump) = (self.continues, self.jump.take());
        self.stream = self.stream_in_force(&packets);
        let stream = Arc::clone(&self.stream);
        Ok(Group { packets, stream, continues, continued, broken, jump, held_back, known: None })
    }
}

/// The time that `n` others are after, or else the earliest.
fn nth_latest(mut times: Vec<i64>, n: usize) -> Option<i64> {
    times.sort_unstable_by(|a, b| b.cmp(a));
    times.get(n.min(times.len().saturating_sub(1))).copied()
}
