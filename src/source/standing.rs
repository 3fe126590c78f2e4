//! Times that stand still: many pictures that share one time, where the recorder's clock goes by the second, or not at all.

use crate::libav::Packet;

/// Pictures of one time up to this many are a handful, which changes nothing where others have times of their own.
const HANDFUL: usize = 8;

/// So many pictures that share the time of the one before, two fifths of all, are no accident.
const MANY: usize = 16;

/// Pictures this near to each other, in microseconds, share one time: no camera is that fast.
const SAME: i64 = 2_000;

/// So many pictures or bytes are kept to see how long one time stands. After that they are counted.
const MOST: usize = 250;
const MOST_BYTES: usize = 16 << 20;

/// A time that is so much later than the one before, in microseconds, and then stands still, is no hole: writers that never let
/// time go back give all pictures after a damaged time that same time.
const LEAP: i64 = 60_000_000;

/// Pictures of one run lie this far apart, in microseconds, where the run is spread over the time it stands for.
const APART: std::ops::RangeInclusive<i64> = 4_000..=1_000_000;

/// Gives pictures that share one time times of their own.
pub(super) struct Standing {
    /// How long a picture lasts where nothing tells.
    step: i64,
    /// Whether pictures are shown in another order than they are decoded in.
    reorders: bool,
    /// The times of the packet before, for showing and for decoding.
    before: (Option<i64>, Option<i64>),
    /// How far apart the last two pictures were that had times of their own.
    pace: Option<i64>,
    /// Whether the packet before had a time of its own.
    alone: bool,
    /// A packet whose time leaps ahead and a handful of those after it, and the time before them.
    head: Option<(Vec<Packet>, i64)>,
    /// Packets that share the time of the one before them, which was given unless it is the head.
    run: Vec<Packet>,
    /// When that one was.
    begin: Option<i64>,
    bytes: usize,
    /// Whether the run went on for too long to be kept.
    counting: bool,
    /// How many packets shared the time of the one before, of how many.
    shared: usize,
    all: usize,
    /// Whether its pictures are shown one after the other all the same.
    showing: bool,
    /// How often in a row the time of showing stood alone.
    shown_stood: usize,
    found: Option<i64>,
}

impl Standing {
    /// Where nothing tells how long a picture lasts, it is `step` microseconds.
    pub(super) fn new(step: i64, reorder: usize) -> Self {
        Self {
            step,
            reorders: reorder > 0,
            before: (None, None),
            pace: None,
            alone: false,
            head: None,
            run: Vec::new(),
            begin: None,
            bytes: 0,
            counting: false,
            shared: 0,
            all: 0,
            showing: false,
            shown_stood: 0,
            found: None,
        }
    }

    /// How long a picture lasts, in microseconds, in a file whose times stand still; none in others.
    pub(super) fn found(&self) -> Option<i64> {
        self.found
    }

    /// Whether packets wait for the end of a run.
    pub(super) fn waits(&self) -> bool {
        !self.run.is_empty() || self.head.is_some()
    }

    /// How long a picture lasts as far as is known.
    fn lasts(&self) -> i64 {
        self.pace.unwrap_or(self.step)
    }

    /// Takes a packet, and adds those whose times are known to `out`.
    pub(super) fn push(&mut self, mut packet: Packet, out: &mut Vec<Packet>) {
        let (pts, dts) = self.before;
        let same = |a: Option<i64>, b: Option<i64>| Some(a?.abs_diff(b?) <= SAME.unsigned_abs());
        let (shown, decoded) = (same(packet.pts, pts), same(packet.dts, dts));
        self.before = (packet.pts, packet.dts);
        self.all += 1;
        if decoded.or(shown) == Some(true) {
            self.shared += 1;
            if self.run.is_empty() {
                self.begin = dts.or(pts);
            }
            self.alone = false;
            return self.share(packet, out);
        }
        let next = packet.dts.or(packet.pts);
        if !self.run.is_empty() || self.counting {
            self.finish(next, out);
        }
        // What is shown at one time, and decoded one after the other, is shown as it is decoded.
        let alone = shown == Some(true) && decoded == Some(false);
        self.shown_stood = if alone { self.shown_stood + 1 } else { 0 };
        if self.shown_stood > HANDFUL {
            packet.pts = None;
        }
        let apart = next.zip(dts.or(pts)).and_then(|(now, then)| Some((now.checked_sub(then)?, then)));
        if let Some((by, _)) = apart.filter(|(by, _)| self.alone && APART.contains(by)) {
            self.pace = Some(by);
        }
        self.alone = true;
        let leap = apart.filter(|(by, _)| *by > LEAP);
        match &mut self.head {
            Some((head, _)) if head.len() < HANDFUL => head.push(packet),
            _ => {
                self.release(out);
                match leap {
                    Some((_, then)) => self.head = Some((vec![packet], then)),
                    None => out.push(packet),
                }
            }
        }
    }

    /// The end of the file.
    pub(super) fn end(&mut self, out: &mut Vec<Packet>) {
        self.finish(None, out);
        self.release(out);
    }

    /// Gives what was held back because of a leap, as it is.
    fn release(&mut self, out: &mut Vec<Packet>) {
        out.extend(self.head.take().into_iter().flat_map(|(head, _)| head));
    }

    /// A packet that has the time of the one before it.
    fn share(&mut self, packet: Packet, out: &mut Vec<Packet>) {
        if self.counting {
            return out.push(if self.showing { shown(packet) } else { self.counted(packet) });
        }
        self.bytes += packet.data().len();
        self.run.push(packet);
        if self.run.len() >= MOST || self.bytes > MOST_BYTES {
            (self.counting, self.showing, self.bytes) = (true, self.are_shown(), 0);
            if self.showing {
                self.release(out);
            } else {
                self.found = Some(self.lasts());
                let head = self.head.take().into_iter().flat_map(|(head, _)| head);
                out.extend(head.map(|packet| self.counted(packet)));
            }
            for packet in std::mem::take(&mut self.run) {
                out.push(if self.showing { shown(packet) } else { self.counted(packet) });
            }
        }
    }

    /// Whether the run's pictures are shown one after the other, though they are decoded at one time.
    fn are_shown(&self) -> bool {
        let times: Option<Vec<i64>> = self.run.iter().map(|p| p.pts).collect();
        let Some((least, most)) = times.and_then(|t| Some((*t.iter().min()?, *t.iter().max()?))) else {
            return false;
        };
        let usual = self.step.saturating_mul(i64::try_from(self.run.len()).unwrap_or(i64::MAX));
        most.saturating_sub(least) >= usual / 4
    }

    /// Without a time, so that the packet follows the one before it.
    fn counted(&self, mut packet: Packet) -> Packet {
        (packet.pts, packet.dts, packet.duration) = (None, None, self.lasts());
        packet
    }

    /// The end of a run; `next` is when time goes on.
    fn finish(&mut self, next: Option<i64>, out: &mut Vec<Packet>) {
        self.counting = false;
        self.bytes = 0;
        if self.run.is_empty() {
            return;
        }
        let are_shown = self.are_shown();
        let mut run = std::mem::take(&mut self.run);
        let pictures = run.len() + 1;
        let many = self.shared >= MANY && self.shared * 5 >= self.all * 2;
        let Some(begin) = self.begin.filter(|_| self.found.is_some() || pictures > HANDFUL || many) else {
            self.release(out);
            return out.append(&mut run);
        };
        if are_shown {
            self.release(out);
            return out.extend(run.into_iter().map(shown));
        }
        let apart = |next: i64| Some(next.checked_sub(begin)? / i64::try_from(pictures).ok()?);
        let measured = next.and_then(apart).filter(|step| APART.contains(step));
        let step = measured.or(self.found.filter(|_| next.is_none())).unwrap_or(self.lasts());
        self.found = Some(step);
        let mut time = begin;
        match self.head.take() {
            Some((head, then)) if measured.is_none() => {
                time = then;
                for mut packet in head {
                    time = time.saturating_add(step);
                    let pts = packet.pts.map(|_| time).filter(|_| !self.reorders);
                    (packet.pts, packet.dts, packet.duration) = (pts, Some(time), step);
                    out.push(packet);
                }
            }
            head => out.extend(head.into_iter().flat_map(|(head, _)| head)),
        }
        for mut packet in run {
            time = time.saturating_add(step);
            packet.dts = Some(time);
            packet.pts = (!self.reorders).then_some(time);
            packet.duration = step;
            out.push(packet);
        }
    }
}

/// Without its time of decoding.
fn shown(mut packet: Packet) -> Packet {
    packet.dts = None;
    packet
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::libav::testing::packet;

    const STEP: i64 = 100_000;

    /// Times of showing, where none is the time after the one before; and how long a picture lasts where times stand.
    fn moved(
        times: impl Iterator<Item = (Option<i64>, Option<i64>)>,
        reorder: usize,
    ) -> (Vec<Packet>, Option<i64>) {
        let mut standing = Standing::new(STEP, reorder);
        let mut out = Vec::new();
        times.for_each(|(pts, dts)| standing.push(packet(pts, dts, 0, false), &mut out));
        standing.end(&mut out);
        (out, standing.found())
    }

    fn both(times: &[i64]) -> (Vec<Option<i64>>, Option<i64>) {
        let (out, found) = moved(times.iter().map(|t| (Some(*t), Some(*t))), 0);
        (out.iter().map(|p| p.pts).collect(), found)
    }

    fn some(times: impl Iterator<Item = i64>) -> Vec<Option<i64>> {
        times.map(Some).collect()
    }

    #[test]
    fn pictures_that_share_a_second_are_spread_over_it() {
        for a_second in [2, 5, 10, 25] {
            let times: Vec<i64> = (0..20 * a_second).map(|i| i / a_second * 1_000_000).collect();
            let (found, step) = both(&times);
            assert_eq!(step, Some(1_000_000 / a_second), "{a_second}");
            let right = some((0..20 * a_second).map(|i| i * (1_000_000 / a_second)));
            let last = found.len() / 4 * 3;
            assert_eq!(found[last..], right[last..], "{a_second}");
        }
    }

    #[test]
    fn times_that_never_go_on_are_counted() {
        for n in [20, 249, 250, 251, 900] {
            for creep in [0, 1_000] {
                let times: Vec<i64> = (0..n).map(|i| 5_000_000 + i * creep).collect();
                let (found, step) = both(&times);
                assert_eq!((found.len(), step), (times.len(), Some(STEP)), "{n} {creep}");
                // None is counted by whoever takes them.
                assert!(
                    found.iter().skip(1).flatten().all(|t| (*t - 5_000_000) % STEP == 0),
                    "{n}: {found:?}"
                );
            }
        }
    }

    #[test]
    fn a_handful_of_equal_times_changes_nothing() {
        let mut times: Vec<i64> = (0..200).map(|i| i * STEP).collect();
        for at in [0, 50, 192] {
            let time = times[at];
            times[at..at + 8].fill(time);
        }
        assert_eq!(both(&times), (some(times.iter().copied()), None));
    }

    #[test]
    fn of_two_times_the_one_that_moves_counts() {
        let (out, found) = moved((0..50).map(|i| (Some(i * STEP), Some(0))), 2);
        assert!(out.iter().skip(10).all(|p| p.dts.is_none() && p.pts.is_some()) && found.is_none());
        let (out, found) = moved((0..50).map(|i| (Some(0), Some(i * STEP))), 2);
        assert!(out.iter().skip(10).all(|p| p.pts.is_none() && p.dts.is_some()) && found.is_none());
    }

    #[test]
    fn packets_without_times_are_left_alone() {
        let (out, found) = moved((0..50).map(|_| (None, None)), 0);
        assert!(out.iter().all(|p| p.pts.is_none() && p.dts.is_none()) && found.is_none());
    }
}
