//! Single packets out of time are put right; times that really jump are told.
//!
//! A packet that does not come when it is expected is held back, and so are those after it. If time then goes on as it did
//! before, what was held back was damaged, and gets the times between. If it does not, time has jumped.

#[cfg(test)]
mod tests;

use super::times::{Jump, Times};
use crate::libav::Packet;

const SECOND: i64 = 1_000_000;
/// Without a packet for longer than this, nothing was recorded.
const HOLE: i64 = 2 * SECOND;
const DAY: i64 = 86_400 * SECOND;
/// Where only presentation times are known they go to and fro by some pictures.
const SLACK: i64 = SECOND / 2;
/// A camera that lowers its rate while nothing moves sends a picture at least this often.
const LONGEST: i64 = 12 * SECOND;
/// Of so many pictures in a row two must come late, to be those of such a camera.
const SPARSE: usize = 4;
/// So many packets in a row may be damaged. More of them that agree are right.
const DAMAGED: usize = 8;
/// And so many bytes are held back.
const MOST_BYTES: usize = 16 << 20;
/// A file that begins with so few packets and then leaps by more than a minute began with damaged ones.
const MINUTE: i64 = 60 * SECOND;
/// Further from its time of decoding no picture is shown.
const FAR: i64 = 10 * SECOND;
/// Or so many pictures, where they are seldom.
const FAR_PICTURES: i64 = 32;
/// Times that go back this often, once in so many packets, are worth nothing.
const BACK: usize = 16;

/// How long pictures last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lasting {
    /// Those of which nothing tells, in microseconds.
    pub usual: i64,
    /// The longest spell between two pictures that was the camera's own doing; 0 where it keeps its rate.
    pub sparse: i64,
}

impl Lasting {
    /// How long a packet's picture stands for what happens. Before a hole a container gives it the whole of it, which is not
    /// believed.
    pub(super) fn of(self, packet: &Packet) -> i64 {
        let longest = HOLE.max(self.usual).max(self.sparse);
        if (1..=longest).contains(&packet.duration) { packet.duration } else { self.usual }
    }
}

/// A packet whose time is believed, and how time goes on with it where it does not do so evenly.
pub(super) type Timed = (Packet, Option<Jump>);

/// Holds packets against the times that are expected.
pub(super) struct Mending {
    times: Times,
    lasting: Lasting,
    /// How long a picture lasts that has no time; none where the container's word is taken.
    step: Option<i64>,
    reorder: usize,
    /// The last packet, whether its time is one of decoding, and when the next is expected.
    last: i64,
    last_decoding: bool,
    expected: Option<i64>,
    /// By how much the last was shown after it was decoded.
    delay: Option<i64>,
    /// How far apart packets lie, where they go on evenly, and how often they did.
    interval: Option<i64>,
    evenly: usize,
    /// Packets since the file's beginning, or since the last jump.
    line: usize,
    /// Whether time has jumped since the file's beginning.
    jumped: bool,
    suspects: Vec<Packet>,
    bytes: usize,
    /// When the packet before was, whatever its time is worth; how long ago, in packets, one came late, and by how much.
    before: Option<i64>,
    since_late: usize,
    late: i64,
    /// What `lasting.sparse` becomes unless the next packet goes back.
    slower: Option<i64>,
    /// How long before the last packet the one before it was.
    apart: Option<i64>,
    /// How often times went back, in how many packets.
    back: usize,
    all: usize,
    useless: bool,
}

impl Mending {
    pub(super) fn new(times: Times, usual: i64, step: Option<i64>, reorder: usize) -> Self {
        Self {
            times,
            lasting: Lasting { usual, sparse: 0 },
            step,
            reorder,
            last: 0,
            last_decoding: false,
            expected: None,
            delay: None,
            interval: None,
            evenly: 0,
            line: 0,
            jumped: false,
            suspects: Vec::new(),
            bytes: 0,
            before: None,
            since_late: usize::MAX,
            late: 0,
            slower: None,
            apart: None,
            back: 0,
            all: 0,
            useless: false,
        }
    }

    /// How long pictures last.
    pub(super) fn lasting(&self) -> Lasting {
        self.lasting
    }

    /// The last packet's time, and when the next is expected; none before the first.
    pub(super) fn reached(&self) -> Option<(i64, i64)> {
        Some((self.last, self.expected?))
    }

    /// Whether packets wait for those after them to tell what their times are worth.
    pub(super) fn waits(&self) -> bool {
        !self.suspects.is_empty()
    }

    /// Whether the file's times are worth nothing, so that pictures are counted.
    pub(super) fn useless(&self) -> bool {
        self.useless
    }

    /// Takes a packet, and adds those whose times are known to `out`.
    pub(super) fn push(&mut self, packet: Packet, out: &mut Vec<Timed>) {
        let sparse = self.rate(&packet);
        self.judge(packet, out);
        if sparse {
            for packet in self.release() {
                self.judge(packet, out);
            }
        }
    }

    /// The end of the file: a packet without a successor has the time that was expected.
    pub(super) fn finish(&mut self, out: &mut Vec<Timed>) {
        let slower = self.slower.take();
        if self.lower(slower) {
            for packet in self.release() {
                self.judge(packet, out);
            }
        }
        while !self.suspects.is_empty() {
            if !self.tail_is_real() {
                let lasts = |p: &Packet| self.lasting.of(p);
                let times: Vec<i64> = self
                    .suspects
                    .iter()
                    .scan(self.expected.unwrap_or(self.last), |at, p| {
                        let time = *at;
                        *at = at.saturating_add(lasts(p));
                        Some(time)
                    })
                    .collect();
                return self.put_right(&times, out);
            }
            self.believe(out);
        }
    }

    /// How long the last picture lasts where the camera has lowered its rate: until the next one would have come.
    pub(super) fn slow(&self) -> Option<i64> {
        (self.since_late == 0 && self.late <= self.lasting.sparse).then_some(self.late)
    }

    /// Sees whether the camera lowers its rate while nothing moves. Returns whether that became known with this packet.
    fn rate(&mut self, packet: &Packet) -> bool {
        let Some(now) = packet.dts.or(packet.pts) else { return false };
        let Some(before) = self.before.replace(now) else { return false };
        let apart = now.saturating_sub(before);
        let slower = self.slower.take();
        if apart < -SLACK {
            self.since_late = usize::MAX;
            return false;
        }
        let known = self.lower(slower);
        if apart <= HOLE.saturating_add(self.lasting.usual) || apart > LONGEST {
            self.since_late = self.since_late.saturating_add(1);
            return known;
        }
        let longest = (apart.max(self.late) + apart.max(self.late) / 2).min(LONGEST);
        if self.since_late < SPARSE - 1 && longest > self.lasting.sparse {
            self.slower = Some(longest);
        }
        (self.since_late, self.late) = (0, apart);
        known
    }

    /// Believes that the camera lowers its rate. Returns whether that is new.
    fn lower(&mut self, slower: Option<i64>) -> bool {
        let Some(sparse) = slower else { return false };
        self.lasting.sparse = sparse;
        true
    }

    fn judge(&mut self, packet: Packet, out: &mut Vec<Timed>) {
        if self.suspects.is_empty() {
            if self.suspicious(&packet) {
                self.suspect(packet)
            } else {
                self.accept(packet, None, out)
            }
            return;
        }
        if let Some(times) = self.returns(&packet) {
            self.put_right(&times, out);
            return self.judge(packet, out);
        }
        self.suspect(packet);
        if self.suspects.len() > DAMAGED || self.bytes > MOST_BYTES {
            self.believe(out);
        }
    }

    fn suspect(&mut self, packet: Packet) {
        self.bytes += packet.data().len();
        self.suspects.push(packet);
    }

    fn release(&mut self) -> Vec<Packet> {
        self.bytes = 0;
        std::mem::take(&mut self.suspects)
    }

    /// Takes the first suspect at its word, and looks at the others again.
    fn believe(&mut self, out: &mut Vec<Timed>) {
        let waiting = self.release();
        let again = self.began_damaged(&waiting).then_some(Jump::Again);
        let mut waiting = waiting.into_iter();
        if let Some(first) = waiting.next() {
            self.accept(first, again, out);
        }
        for packet in waiting {
            self.judge(packet, out);
        }
    }

    /// Whether a packet does not come when it is expected. One that comes a little late is held back only for as long as it
    /// may turn out damaged.
    fn suspicious(&self, packet: &Packet) -> bool {
        let (Some(now), Some(expected)) = (packet.dts.or(packet.pts), self.expected) else { return false };
        if self.times == Times::Counted {
            return false;
        }
        if self.jump_to(packet).is_some() {
            return true;
        }
        if packet.dts.is_none() && self.reorder > 0 || now.saturating_sub(self.last) <= self.lasting.sparse {
            return false;
        }
        let little = SLACK.max(3 * self.lasting.usual).max(3 * self.interval.unwrap_or(0));
        now > expected.saturating_add(little)
    }

    /// How the times go on, with the packet, otherwise than is expected.
    fn jump_to(&self, packet: &Packet) -> Option<Jump> {
        let (now, expected) = (packet.dts.or(packet.pts)?, self.expected?);
        if self.times == Times::Counted {
            return None;
        }
        // Matroska tells no time of decoding of its first packets: what follows them lies before their times of showing.
        let comparable = self.last_decoding == packet.dts.is_some();
        if comparable && now < self.last - SLACK {
            Some(Jump::Back)
        } else if now > expected + DAY {
            Some(Jump::Leap(now - expected))
        } else {
            let late = now > expected + HOLE && now - self.last > self.lasting.sparse;
            late.then_some(Jump::Hole)
        }
    }

    /// Whether time goes on with this packet as it did before the suspects: then the times they should have had.
    fn returns(&self, packet: &Packet) -> Option<Vec<i64>> {
        let (now, expected) = (packet.dts.or(packet.pts)?, self.expected?);
        let suspect = self.suspects.last()?;
        let then = suspect.dts.or(suspect.pts)?;
        let several = i64::try_from(self.suspects.len()).ok()?;
        let interval = self.interval.unwrap_or(self.lasting.usual);
        let wanted = expected.saturating_add(interval.saturating_mul(several));
        // Pictures that come late and go on from there are a camera's that has changed its rate.
        let leaves = if then >= wanted { now < then } else { now > then + SLACK };
        let (old, new) = (now.abs_diff(wanted), now.abs_diff(then.saturating_add(interval)));
        let near = now >= wanted - SLACK && now <= wanted + HOLE;
        let span = now.saturating_sub(expected).max(0);
        (leaves && near && old < new).then(|| (0..several).map(|i| expected + span / several * i).collect())
    }

    /// Gives the suspects these times.
    fn put_right(&mut self, times: &[i64], out: &mut Vec<Timed>) {
        for (mut packet, time) in self.release().into_iter().zip(times) {
            self.move_to(&mut packet, *time);
            self.accept(packet, None, out);
        }
    }

    fn move_to(&self, packet: &mut Packet, time: i64) {
        let Some(dts) = packet.dts else {
            packet.pts = packet.pts.map(|_| time);
            return;
        };
        packet.dts = Some(time);
        // Both times may be damaged, or one.
        let moved = |pts: i64| pts.saturating_add(time.saturating_sub(dts));
        let shown = time.saturating_add(self.delay.unwrap_or(0));
        packet.pts = packet
            .pts
            .map(|pts| [pts, moved(pts)].into_iter().min_by_key(|t| t.abs_diff(shown)).unwrap_or(pts));
    }

    /// Whether the file began with some damaged packets, and these are the first that are right.
    fn began_damaged(&self, suspects: &[Packet]) -> bool {
        let Some(first) = suspects.first() else { return false };
        let far = match self.jump_to(first) {
            Some(Jump::Back | Jump::Leap(_)) => true,
            Some(Jump::Hole) => first.dts.or(first.pts).is_some_and(|now| now - self.last > MINUTE),
            Some(Jump::Again) | None => false,
        };
        far && !self.jumped && self.line <= DAMAGED && suspects.len() > self.line && self.agree(suspects)
    }

    /// Whether packets follow each other as they should.
    fn agree(&self, packets: &[Packet]) -> bool {
        packets.windows(2).all(|pair| {
            let [a, b] = pair else { return false };
            let (Some(then), Some(now)) = (a.dts.or(a.pts), b.dts.or(b.pts)) else { return false };
            let apart = now.saturating_sub(then);
            (-SLACK..=HOLE.saturating_add(self.lasting.of(a)).max(self.lasting.sparse)).contains(&apart)
        })
    }

    /// Whether the last packets of the file are to be taken at their word, although time jumps with them.
    fn tail_is_real(&self) -> bool {
        let Some(first) = self.suspects.first().filter(|first| self.jump_to(first).is_some()) else {
            return true;
        };
        let times: Vec<i64> = self.suspects.iter().filter_map(|p| p.dts.or(p.pts)).collect();
        let apart: Vec<i64> = std::iter::once(self.last)
            .chain(times.iter().copied())
            .zip(times.iter().copied())
            .map(|(a, b)| b.saturating_sub(a))
            .collect();
        // A picture a minute is no damage.
        let even = |apart: &[i64]| {
            let (least, most) = (apart.iter().min().copied(), apart.iter().max().copied());
            let near = |(least, most): (i64, i64)| least > HOLE && most - least <= most / 5;
            apart.len() > 1 && least.zip(most).is_some_and(near)
        };
        let even = even(&self.apart.into_iter().chain(apart.iter().copied()).collect::<Vec<_>>());
        let lasted = times.last().zip(times.first()).map_or(0, |(b, a)| b.saturating_sub(*a));
        let recorded = first.key && times.len() > 3 && lasted >= HOLE && self.agree(&self.suspects);
        even || recorded
    }

    /// Takes a packet as it is.
    fn accept(&mut self, mut packet: Packet, jump: Option<Jump>, out: &mut Vec<Timed>) {
        let told = self.clock(&mut packet);
        let jump = told.map(|told| jump.unwrap_or(told));
        out.push((packet, jump));
    }

    /// Sees to it that the packet has a dts, and tells whether time goes on regularly.
    fn clock(&mut self, packet: &mut Packet) -> Option<Jump> {
        self.all += 1;
        if self.times == Times::Counted {
            (packet.pts, packet.dts, packet.duration) = (None, None, self.step.unwrap_or(self.lasting.usual));
        }
        if let (Some(pts), Some(dts)) = (packet.pts, packet.dts) {
            let delay = pts.saturating_sub(dts);
            let off = delay.saturating_sub(self.delay.unwrap_or(0)).unsigned_abs();
            let far = FAR.max(FAR_PICTURES.saturating_mul(self.lasting.usual)).unsigned_abs();
            // Damaged: all looks up to that time would be given its picture.
            match self.delay.filter(|_| self.reorder == 0) {
                Some(usual) if off > HOLE.max(2 * self.lasting.usual).unsigned_abs() => {
                    packet.pts = Some(dts.saturating_add(usual));
                }
                _ if delay.unsigned_abs() > far => packet.pts = None,
                _ => self.delay = Some(delay),
            }
        }
        if packet.dts.is_none() && packet.pts.is_none() {
            packet.dts = self.expected.or(Some(0));
            packet.duration = self.step.unwrap_or(packet.duration);
        }
        let (now, expected) = (packet.dts.or(packet.pts)?, self.expected);
        let jump = self.jump_to(packet);
        let apart = now.saturating_sub(self.last);
        if expected.is_some() && jump.is_none() && (1..=HOLE).contains(&apart) {
            self.interval = Some(apart);
            self.evenly += 1;
            // One long hole makes the rate on average that of a picture a minute.
            if self.lasting.usual > HOLE && self.evenly * 2 > self.all {
                self.lasting.usual = apart;
            }
        }
        self.apart = expected.map(|_| apart);
        self.last = now;
        self.last_decoding = packet.dts.is_some();
        let next = now.saturating_add(self.lasting.of(packet));
        self.expected = Some(if jump.is_some() { next } else { next.max(expected.unwrap_or(next)) });
        self.line = if jump.is_some() { 1 } else { self.line.saturating_add(1) };
        self.jumped |= jump.is_some();
        self.back += usize::from(matches!(jump, Some(Jump::Back | Jump::Leap(_))));
        if self.back >= BACK && self.back.saturating_mul(BACK) >= self.all {
            self.useless = true;
            self.times = Times::Counted;
        }
        jump
    }
}
