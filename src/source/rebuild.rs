//! Presentation times where the container gives none. AVI knows only the order of decoding, a raw stream nothing at
//! all. The order of showing is read from picture headers; which times are dealt out in that order is known from dts.

use crate::libav::{LibavError, Packet, Parser, PictureKind, StreamInfo};

/// Works out missing presentation times, group by group.
pub(super) struct Rebuild {
    parser: Option<Parser>,
    reorder: usize,
}

impl Rebuild {
    pub(super) fn new(stream: &StreamInfo) -> Result<Self, LibavError> {
        Ok(Self { parser: Parser::new(stream)?, reorder: stream.reorder })
    }

    /// Gives every packet of a group a `pts`. All have a `dts` that does not go back; `next` is that of the packet
    /// after the group.
    pub(super) fn fill(&mut self, packets: &mut [Packet], next: i64) -> Result<(), LibavError> {
        let kinds = match &mut self.parser {
            Some(parser) => packets.iter().map(|p| parser.parse(p)).collect::<Result<Vec<_>, _>>()?,
            None => vec![PictureKind::Reference; packets.len()],
        };
        let slots: Vec<i64> = packets.iter().map(|p| p.dts.unwrap_or(0)).collect();
        let times = order(&kinds, &slots, next, self.reorder);
        // Where enough packets say when they are shown, the others follow them.
        let mut shifts: Vec<i64> =
            packets.iter().zip(&times).filter_map(|(p, t)| p.pts.map(|pts| pts - t)).collect();
        shifts.sort_unstable();
        let middle = shifts.get(shifts.len() / 2).copied();
        let shift = middle.filter(|_| shifts.len() * 2 >= packets.len()).unwrap_or(0);
        for (packet, time) in packets.iter_mut().zip(times) {
            packet.pts = Some(time + shift);
        }
        Ok(())
    }
}

/// The time at which each packet is shown.
fn order(kinds: &[PictureKind], slots: &[i64], next: i64, reorder: usize) -> Vec<i64> {
    if reorder == 0 && !kinds.contains(&PictureKind::Between) {
        return slots.to_vec();
    }
    let mut times = slots.to_vec();
    if kinds.iter().all(|k| matches!(k, PictureKind::Numbered(_))) {
        let mut shown: Vec<(&PictureKind, &mut i64)> = kinds.iter().zip(&mut times).collect();
        shown.sort_by_key(|(kind, _)| match kind {
            PictureKind::Numbered(n) => *n,
            PictureKind::Between | PictureKind::Reference => 0,
        });
        for ((_, time), slot) in shown.into_iter().zip(slots) {
            *time = *slot;
        }
        return times;
    }
    // One picture of delay: a B picture is shown when decoded, a reference when the next one is decoded.
    let mut held: Option<&mut i64> = None;
    for ((kind, slot), time) in kinds.iter().zip(slots).zip(&mut times) {
        if *kind != PictureKind::Between
            && let Some(before) = held.replace(time)
        {
            *before = *slot;
        }
    }
    if let Some(last) = held {
        *last = next;
    }
    times
}

#[cfg(test)]
mod tests {
    use super::{PictureKind::*, *};

    #[test]
    fn a_reference_is_shown_when_the_next_is_decoded() {
        let kinds = [Reference, Reference, Between, Between, Reference, Between];
        assert_eq!(order(&kinds, &[0, 10, 20, 30, 40, 50], 60, 1), [10, 40, 20, 30, 60, 50]);
    }

    #[test]
    fn numbered_pictures_are_shown_in_their_order() {
        // An open group: two leading pictures before the key frame.
        let kinds = [Numbered(8), Numbered(4), Numbered(6), Numbered(12), Numbered(10)];
        assert_eq!(order(&kinds, &[0, 1, 2, 3, 4], 5, 2), [2, 0, 1, 4, 3]);
    }

    #[test]
    fn without_reordering_dts_is_the_time() {
        assert_eq!(order(&[Reference; 3], &[0, 5, 9], 12, 0), [0, 5, 9]);
    }
}
