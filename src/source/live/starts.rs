use std::collections::VecDeque;

use crate::libav::Packet;

/// Gives times to a connection's first packets, which FFmpeg leaves without: of RTP it knows a packet's time from the one after it,
/// and the order of decoding once it has seen some pictures.
#[derive(Debug, Default)]
pub(super) struct Starts {
    held: Vec<Packet>,
    over: bool,
}

/// So many packets are held at most until their times are known.
const MOST: usize = 16;

impl Starts {
    /// Takes a packet, and adds those to `out` of which no more will be known.
    pub fn take(&mut self, packet: Packet, out: &mut VecDeque<Packet>) {
        if self.over {
            out.push_back(packet);
            return;
        }
        let is_known = packet.pts.is_some() && packet.dts.is_some();
        self.held.push(packet);
        // Two times tell how far pictures lie apart.
        let is_enough =
            self.held.iter().filter(|packet| packet.pts.is_some()).count() >= 2.min(self.held.len());
        if (is_known && is_enough) || self.held.len() >= MOST {
            self.over = true;
            self.fill();
            out.extend(self.held.drain(..));
        }
    }

    /// What is held where nothing follows.
    pub fn end(&mut self, out: &mut VecDeque<Packet>) {
        self.over = true;
        self.fill();
        out.extend(self.held.drain(..));
    }

    fn fill(&mut self) {
        let mut times: Vec<i64> = self.held.iter().filter_map(|packet| packet.pts).collect();
        times.sort_unstable();
        let steps = times.windows(2).filter_map(|pair| match pair {
            [earlier, later] if later > earlier => Some(later - earlier),
            _ => None,
        });
        let lasts = self.held.iter().map(|packet| packet.duration).find(|lasts| *lasts > 0);
        let Some(step) = steps.min().or(lasts) else { return };
        // Pictures without a time come first: a key frame is shown before all that refers to it.
        let mut earliest = times.first().copied();
        for packet in self.held.iter_mut().rev().filter(|packet| packet.pts.is_none()) {
            earliest = earliest.map(|time| time.saturating_sub(step));
            packet.pts = earliest;
        }
        let mut next = None;
        for packet in self.held.iter_mut().rev() {
            packet.dts = packet.dts.or_else(|| next.map(|next: i64| next.saturating_sub(step)));
            next = packet.dts;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::libav::testing::packet;

    fn filled(packets: &[(Option<i64>, Option<i64>)]) -> Vec<(Option<i64>, Option<i64>)> {
        let (mut starts, mut out) = (Starts::default(), VecDeque::new());
        for (index, (pts, dts)) in packets.iter().enumerate() {
            starts.take(packet(*pts, *dts, 0, index == 0), &mut out);
        }
        starts.end(&mut out);
        out.iter().map(|packet| (packet.pts, packet.dts)).collect()
    }

    #[test]
    fn the_first_picture_comes_before_those_that_refer_to_it() {
        // As FFmpeg gives a stream with B pictures, five a second.
        let given = [
            (None, None),
            (Some(800), None),
            (Some(400), None),
            (Some(200), Some(200)),
            (Some(600), Some(400)),
        ];
        let times = filled(&given);
        let expected = [(0, -400), (800, -200), (400, 0), (200, 200), (600, 400)];
        assert_eq!(times, expected.map(|(pts, dts)| (Some(pts), Some(dts))));
    }

    #[test]
    fn one_without_b_pictures_loses_nothing() {
        let times = filled(&[(None, None), (Some(40), Some(40)), (Some(80), Some(80))]);
        assert_eq!(times, [(Some(0), Some(0)), (Some(40), Some(40)), (Some(80), Some(80))]);
    }

    #[test]
    fn what_has_no_times_at_all_is_handed_on() {
        assert_eq!(filled(&[(None, None); 20]), vec![(None, None); 20]);
        assert_eq!(filled(&[(Some(5), None)]), [(Some(5), None)]);
    }
}
