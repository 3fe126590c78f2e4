//! From packets to groups of pictures, with every packet's presentation time known, still on the file's own clock.

use std::sync::Arc;

use super::rebuild::Rebuild;
use crate::libav::{LibavError, Packet, StreamInfo};

/// A group over these bounds is cut into chunks.
const MAX_BYTES: usize = 32 << 20;
const MAX_PACKETS: usize = 3_000;

/// Smaller than any coded picture: AVI encoders leave such packets where the picture was coded elsewhere, and flag
/// them as key frames.
const PLACEHOLDER: usize = 4;

const SECOND: i64 = 1_000_000;
const HOLE: i64 = 2 * SECOND;
const DAY: i64 = 86_400 * SECOND;
/// Further from its time of decoding no picture is shown, or so many pictures where they are seldom.
const FAR: i64 = 10 * SECOND;
const FAR_PICTURES: i64 = 32;
/// So near to when it is expected a packet shows that the one before it was out of time, and time goes on as it did.
const NEAR: i64 = SECOND / 4;

/// How a group's times go on from those of the group before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Jump {
    /// They go back.
    Back,
    /// They leave a hole: nothing was recorded.
    Hole,
    /// They leap further than a recording can be off.
    Leap(i64),
}

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

    /// Where its last picture ends; pictures of unknown duration last for `usual`.
    pub fn end(&self, usual: i64) -> i64 {
        let end = |p: &Packet| Some(p.pts? + lasting(p, usual));
        self.packets.iter().filter_map(end).max().unwrap_or(0)
    }
}

/// How long a packet's picture stands for what happens: its duration, but no longer than a gap may begin after it.
fn lasting(packet: &Packet, usual: i64) -> i64 {
    let said = if packet.duration > 0 { packet.duration } else { usual };
    said.min(HOLE.max(usual))
}

/// Whether the file's timestamps are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Times {
    /// As they are.
    Given,
    /// They come from a nonsensical rate: pictures are counted instead.
    Counted,
}

/// Collects packets into groups.
pub(super) struct Grouping {
    times: Times,
    usual: i64,
    reorder: usize,
    /// Of the group, or chunk, that was closed last.
    stream: Arc<StreamInfo>,
    rebuild: Rebuild,
    rebuilding: bool,
    packets: Vec<Packet>,
    bytes: usize,
    continues: bool,
    jump: Option<Jump>,
    /// The last packet, whether its time is one of decoding, and when the next is expected.
    last: i64,
    last_decoding: bool,
    expected: Option<i64>,
    /// A packet whose time is not the one expected. The next one tells whether time has jumped, or this packet's is damaged.
    suspect: Option<Packet>,
    /// Packets before the first key frame, and the time of the first of them.
    pub headless: usize,
    pub headless_from: Option<i64>,
}

impl Grouping {
    /// Of a stream whose pictures usually last `usual` microseconds.
    pub(super) fn new(stream: &Arc<StreamInfo>, times: Times, usual: i64) -> Result<Self, LibavError> {
        Ok(Self {
            times,
            usual,
            reorder: stream.reorder,
            stream: Arc::clone(stream),
            rebuild: Rebuild::new(stream)?,
            rebuilding: false,
            packets: Vec::new(),
            bytes: 0,
            continues: false,
            jump: None,
            last: 0,
            last_decoding: false,
            expected: None,
            suspect: None,
            headless: 0,
            headless_from: None,
        })
    }

    /// Whether presentation times had to be worked out.
    pub(super) fn rebuilt(&self) -> bool {
        self.rebuilding
    }

    /// Takes a packet; gives back the groups that it ends.
    pub(super) fn push(&mut self, packet: Packet) -> Result<Vec<Group>, LibavError> {
        if packet.data().len() < PLACEHOLDER {
            return Ok(Vec::new());
        }
        let mut ended = Vec::new();
        if let Some(mut suspect) = self.suspect.take() {
            self.put_right(&mut suspect, &packet);
            ended.extend(self.add(suspect)?);
        }
        if self.jump_to(&packet).is_some() {
            self.suspect = Some(packet);
        } else {
            ended.extend(self.add(packet)?);
        }
        Ok(ended)
    }

    /// The last packet's time, and when the next is expected; none before the first.
    pub(super) fn reached(&self) -> Option<(i64, i64)> {
        Some((self.last, self.expected?))
    }

    /// Whether a packet waits for the next one to tell what its time is worth.
    pub(super) fn waits(&self) -> bool {
        self.suspect.is_some()
    }

    /// Gives a packet that is out of time the time that was expected, where the next one goes on from there.
    fn put_right(&self, suspect: &mut Packet, next: &Packet) {
        let (Some(expected), Some(now), Some(then)) =
            (self.expected, next.dts.or(next.pts), suspect.dts.or(suspect.pts))
        else {
            return;
        };
        let wanted = expected.saturating_add(lasting(suspect, self.usual));
        if now.abs_diff(wanted) <= NEAR.unsigned_abs() {
            let by = expected.saturating_sub(then);
            suspect.dts = suspect.dts.map(|t| t.saturating_add(by));
            suspect.pts = suspect.pts.map(|t| t.saturating_add(by));
        }
    }

    fn add(&mut self, mut packet: Packet) -> Result<Option<Group>, LibavError> {
        let jump = self.clock(&mut packet);
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
    pub(super) fn so_far(&self) -> Option<Group> {
        let times: Option<Vec<i64>> = self.packets.iter().map(|p| p.pts).collect();
        let known = nth_latest(times.filter(|_| !self.rebuilding)?, self.reorder)?.saturating_add(1);
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
        let mut ended = Vec::new();
        if let Some(suspect) = self.suspect.take() {
            ended.extend(self.add(suspect)?);
        }
        if !self.packets.is_empty() {
            ended.push(self.close(None, false, true)?);
        }
        Ok(ended)
    }

    /// How the times go on, with the packet, otherwise than is expected.
    fn jump_to(&self, packet: &Packet) -> Option<Jump> {
        let (now, expected) = (packet.dts.or(packet.pts)?, self.expected?);
        if self.times == Times::Counted {
            return None;
        }
        // Matroska tells no time of decoding of its first packets: what follows them lies before their times of showing.
        let comparable = self.last_decoding == packet.dts.is_some();
        // Where only presentation times are known they go to and fro by some pictures.
        let slack = SECOND / 2;
        if comparable && now < self.last - slack {
            Some(Jump::Back)
        } else if now > expected + DAY {
            Some(Jump::Leap(now - expected))
        } else {
            (now > expected + HOLE).then_some(Jump::Hole)
        }
    }

    /// Sees to it that the packet has a dts, and tells whether time goes on regularly.
    fn clock(&mut self, packet: &mut Packet) -> Option<Jump> {
        if self.times == Times::Counted {
            (packet.pts, packet.dts, packet.duration) = (None, None, self.usual);
        }
        if let (Some(pts), Some(dts)) = (packet.pts, packet.dts)
            && pts.abs_diff(dts) > FAR.max(FAR_PICTURES.saturating_mul(self.usual)).unsigned_abs()
        {
            // Damaged: all looks up to that time would be given its picture.
            packet.pts = None;
        }
        if packet.dts.is_none() && packet.pts.is_none() {
            packet.dts = self.expected.or(Some(0));
        }
        let (now, expected) = (packet.dts.or(packet.pts)?, self.expected);
        let jump = self.jump_to(packet);
        self.last = now;
        self.last_decoding = packet.dts.is_some();
        let next = now + lasting(packet, self.usual);
        self.expected = Some(if jump.is_some() { next } else { next.max(expected.unwrap_or(next)) });
        jump
    }

    /// What a decoder must know before these packets: a chunk goes on from the one before.
    fn stream_in_force(&self, packets: &[Packet]) -> Arc<StreamInfo> {
        let first = packets.first().filter(|_| !self.continues);
        Arc::clone(first.map_or(&self.stream, Packet::stream))
    }

    fn close(&mut self, next: Option<i64>, continued: bool, broken: bool) -> Result<Group, LibavError> {
        let mut packets = std::mem::take(&mut self.packets);
        self.bytes = 0;
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
