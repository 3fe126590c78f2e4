//! Parameter sets: what a decoder of H.264, H.265 or MPEG-4 keeps from one picture to the next, and no flush makes it
//! forget. They are followed here as packets are read, so that a group is decoded with those in force where it lies,
//! whatever the decoder saw before.

use std::sync::Arc;

use super::{
    bits::{Bits, Bytes},
    codec::CodecId,
    turn::{Shown, Turn},
};

/// Which sets there are, and what tells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    H264,
    H265,
    Mpeg4,
}

/// How the units of a packet lie one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// Each after 00 00 01.
    StartCodes,
    /// Each after its length, of so many bytes.
    Lengths(usize),
}

/// Bytes of a set. Usual ones have under a hundred.
const LONGEST: usize = 16 << 10;

/// A set's kind, in the order in which they refer to each other, and its number.
type Key = (u8, u32);

/// What a unit is.
enum Unit {
    /// A parameter set.
    Set(Key),
    /// Supplemental enhancement information: the bytes before its first message.
    Message(usize),
    Other,
}

/// The sets that are in force, by kind and number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sets(Vec<(Key, Arc<[u8]>)>);

impl Sets {
    pub(super) fn get(&self, key: Key) -> Option<&[u8]> {
        self.0.binary_search_by_key(&key, |set| set.0).ok().and_then(|at| Some(&*self.0.get(at)?.1))
    }

    fn put(&mut self, key: Key, set: &[u8]) {
        match self.0.binary_search_by_key(&key, |set| set.0) {
            Ok(at) => {
                if let Some(place) = self.0.get_mut(at) {
                    place.1 = set.into();
                }
            }
            Err(at) => self.0.insert(at, (key, set.into())),
        }
    }

    /// Those of a kind, in the order of their numbers.
    pub(super) fn of_kind(&self, kind: u8) -> impl Iterator<Item = &[u8]> {
        self.0.iter().filter(move |((other, _), _)| *other == kind).map(|(_, set)| &**set)
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What a packet tells beside its picture.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The sets in force from it on, where they are others than before.
    pub sets: Option<Sets>,
    /// How its picture is to be turned, where it says so.
    pub shown: Option<Shown>,
}

/// Finds parameter sets in a stream's header and packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Syntax {
    coding: Coding,
    framing: Framing,
}

impl Syntax {
    /// Of a stream with this codec and header; none for codecs that have no such sets.
    pub(super) fn of(codec: CodecId, header: &[u8]) -> Option<Self> {
        let coding = match codec {
            CodecId::H264 => Coding::H264,
            CodecId::H265 => Coding::H265,
            CodecId::MPEG4 => Coding::Mpeg4,
            _ => return None,
        };
        // As FFmpeg tells them apart: ISO/IEC 14496-15, 5.3.3.1 (`avcC`) and 8.3.3.1 (`hvcC`), or start codes.
        let length = match (coding, header) {
            (Coding::H264, [1, _, _, _, size, ..]) => Some(size),
            (Coding::H265, [a, b, c, ..]) if *a != 0 || *b != 0 || *c > 1 => header.get(21),
            _ => None,
        };
        let framing = length.map_or(Framing::StartCodes, |size| Framing::Lengths(usize::from(size & 3) + 1));
        Some(Self { coding, framing })
    }

    /// The sets in a stream's header.
    pub(super) fn header(self, header: &[u8]) -> Sets {
        let mut sets = Sets::default();
        let mut put = |unit: &[u8]| {
            if let Unit::Set(key) = self.unit(unit) {
                sets.put(key, trimmed(unit));
            }
        };
        match (self.framing, self.coding) {
            (Framing::StartCodes, _) => self.units(header, put),
            (Framing::Lengths(_), Coding::H265) => {
                let mut rest = Bytes(header.get(22..).unwrap_or_default());
                for _ in 0..rest.number(1).unwrap_or(0) {
                    let count = rest.number(1).and_then(|_kind| rest.number(2)).unwrap_or(0);
                    (0..count).map_while(|_| rest.counted(2)).for_each(&mut put);
                }
            }
            (Framing::Lengths(_), _) => {
                let mut rest = Bytes(header.get(5..).unwrap_or_default());
                for mask in [0x1f, 0xff] {
                    let count = rest.number(1).unwrap_or(0) & mask;
                    (0..count).map_while(|_| rest.counted(2)).for_each(&mut put);
                }
            }
        }
        sets
    }

    /// What a packet tells, where these sets are in force before it.
    pub(super) fn packet(self, data: &[u8], key: bool, known: &Sets) -> Told {
        let mut told = Told::default();
        self.units(data, |unit| match self.unit(unit) {
            Unit::Set(key) => {
                let set = trimmed(unit);
                if told.sets.as_ref().unwrap_or(known).get(key) != Some(set) {
                    told.sets.get_or_insert_with(|| known.clone()).put(key, set);
                }
            }
            Unit::Message(head) if key => {
                told.shown = told.shown.or_else(|| display_orientation(unit.get(head..)?));
            }
            Unit::Message(_) | Unit::Other => {}
        });
        told
    }

    /// Whether sets that are in force would change nothing for the packet: it brings each of them itself.
    pub(super) fn brings_all(self, data: &[u8], sets: &Sets) -> bool {
        let mut brought = Sets::default();
        self.units(data, |unit| {
            if let Unit::Set(key) = self.unit(unit) {
                brought.put(key, trimmed(unit));
            }
        });
        sets.0.iter().all(|(key, _)| brought.get(*key).is_some())
    }

    /// The sets as they would stand at the beginning of a packet.
    pub(super) fn framed(self, sets: &Sets) -> Vec<u8> {
        let mut framed = Vec::new();
        for (_, set) in &sets.0 {
            match self.framing {
                Framing::StartCodes => framed.extend([0, 0, 0, 1]),
                Framing::Lengths(bytes) => {
                    let length = u32::try_from(set.len()).unwrap_or(u32::MAX).to_be_bytes();
                    framed.extend(length.get(4 - bytes.min(4)..).unwrap_or_default());
                }
            }
            framed.extend(&**set);
        }
        framed
    }

    /// Calls `each` for the units of a packet; after start codes for those before its picture alone, since all that the
    /// picture needs lies there, and nothing would tell where it ends but to read all of it.
    fn units(self, data: &[u8], mut each: impl FnMut(&[u8])) {
        match self.framing {
            Framing::StartCodes => {
                let next = |from: usize| {
                    let code = data.get(from..)?.windows(3).position(|bytes| bytes == [0, 0, 1])?;
                    Some(from + code + 3)
                };
                let mut at = next(0);
                while let Some(begin) = at {
                    if data.get(begin).is_none_or(|first| self.is_picture(*first)) {
                        return;
                    }
                    at = next(begin);
                    let end = at.map_or(data.len(), |after| after - 3);
                    each(data.get(begin..end).unwrap_or_default());
                }
            }
            Framing::Lengths(bytes) => {
                let mut rest = Bytes(data);
                while let Some(unit) = rest.counted(bytes) {
                    each(unit);
                }
            }
        }
    }

    /// The first unit of a packet's picture, which may be followed by others.
    pub(super) fn picture(self, data: &[u8]) -> Option<&[u8]> {
        let first = |unit: &[u8]| unit.first().is_some_and(|first| self.is_picture(*first));
        match self.framing {
            Framing::StartCodes => {
                let mut rest = data;
                loop {
                    let code = rest.windows(3).position(|bytes| bytes == [0, 0, 1])?;
                    rest = rest.get(code + 3..)?;
                    if first(rest) {
                        return Some(rest);
                    }
                }
            }
            Framing::Lengths(bytes) => {
                let mut rest = Bytes(data);
                std::iter::from_fn(|| rest.counted(bytes)).find(|unit| first(unit))
            }
        }
    }

    /// Whether a unit that begins with this byte is part of a picture.
    fn is_picture(self, first: u8) -> bool {
        match self.coding {
            Coding::H264 => matches!(first & 0x1f, 1..=5),
            Coding::H265 => first >> 1 & 0x3f < 32,
            Coding::Mpeg4 => first == 0xb6,
        }
    }

    fn unit(self, unit: &[u8]) -> Unit {
        let Some(&first) = unit.first() else { return Unit::Other };
        // What is longer, or has a higher number, is no set but damage.
        let set = |kind, number: Option<u32>, last| match number {
            Some(number) if number <= last && unit.len() <= LONGEST => Unit::Set((kind, number)),
            _ => Unit::Other,
        };
        match self.coding {
            // ITU-T H.264, 7.3.1, 7.3.2.1.1 and 7.3.2.2.
            Coding::H264 => match first & 0x1f {
                7 => set(7, Bits::after(unit, 4).exp_golomb(), 31),
                8 => set(8, Bits::after(unit, 1).exp_golomb(), 255),
                6 => Unit::Message(1),
                _ => Unit::Other,
            },
            // ITU-T H.265, 7.3.1.2 and 7.3.2.
            Coding::H265 => match first >> 1 & 0x3f {
                32 => set(32, Bits::after(unit, 2).number(4), 15),
                33 => set(33, h265_sps_number(unit), 15),
                34 => set(34, Bits::after(unit, 2).exp_golomb(), 63),
                39 => Unit::Message(2),
                _ => Unit::Other,
            },
            // ISO/IEC 14496-2, 6.2.1: profile, visual object, video object layer.
            Coding::Mpeg4 => match first {
                0xb0 => set(0, Some(0), 0),
                0xb5 => set(1, Some(0), 0),
                0x20..=0x2f => set(2, Some(u32::from(first)), 0x2f),
                _ => Unit::Other,
            },
        }
    }
}

/// A unit without the zeros that may follow it.
fn trimmed(unit: &[u8]) -> &[u8] {
    let end = unit.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
    unit.get(..end).unwrap_or(unit)
}

/// The number of an H.265 sequence parameter set: behind the profiles and levels of its layers (7.3.2.2 and 7.3.3).
fn h265_sps_number(unit: &[u8]) -> Option<u32> {
    h265_profile(unit)?.0.exp_golomb()
}

/// What comes behind the profiles and levels of an H.265 sequence parameter set, and how many layers there are above the lowest.
pub(super) fn h265_profile(unit: &[u8]) -> Option<(Bits<'_>, u32)> {
    let mut bits = Bits::after(unit, 2);
    bits.number(4)?;
    let layers = bits.number(3)?;
    bits.skip(1 + 88 + 8);
    let present: Option<Vec<(u32, u32)>> =
        (0..layers).map(|_| Some((bits.number(1)?, bits.number(1)?))).collect();
    if layers > 0 {
        bits.skip(2 * (8 - layers as usize));
    }
    for (profile, level) in present? {
        bits.skip(88 * profile as usize + 8 * level as usize);
    }
    Some((bits, layers))
}

/// How a picture is to be shown, from the messages of a unit (ITU-T H.264, D.1.27; H.265, D.2.17).
fn display_orientation(messages: &[u8]) -> Option<Shown> {
    const DISPLAY_ORIENTATION: usize = 47;
    let mut rest = Bytes(messages);
    loop {
        let mut long = || {
            let mut sum = 0usize;
            loop {
                let byte = rest.number(1)?;
                sum += byte;
                if byte != 0xff {
                    return Some(sum);
                }
            }
        };
        let (kind, size) = (long()?, long()?);
        let message = rest.take(size)?;
        if kind == DISPLAY_ORIENTATION {
            let mut bits = Bits::after(message, 0);
            let cancelled = bits.number(1)? == 1;
            if cancelled {
                return Some(Shown::Turned(Turn::Upright));
            }
            let flips = (bits.number(1)? == 1, bits.number(1)? == 1);
            return Some(Shown::from_message(flips, bits.number(16)?));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SPS: [u8; 6] = [0x67, 66, 0, 30, 0b1010_0000, 0x80];
    const PPS: [u8; 3] = [0x68, 0b1100_0000, 0x80];
    const PPS_ONE: [u8; 3] = [0x68, 0b0101_0000, 0x80];

    fn avcc() -> Vec<u8> {
        let mut header = vec![1, 66, 0, 30, 0xff, 0xe1, 0, 6];
        header.extend(SPS);
        header.extend([1, 0, 3]);
        header.extend(PPS);
        header
    }

    #[test]
    fn headers_of_both_kinds_hold_the_same_sets() {
        let lengths = Syntax::of(CodecId::H264, &avcc()).expect("known");
        let sets = lengths.header(&avcc());
        let codes = [&[0, 0, 0, 1][..], &SPS, &[0, 0, 1], &PPS].concat();
        let starts = Syntax::of(CodecId::H264, &codes).expect("known");
        assert_ne!(lengths, starts);
        assert_eq!(starts.header(&codes), sets);
        assert_eq!(starts.header(&starts.framed(&sets)), sets);
        assert_eq!(sets.0.len(), 2);
    }

    #[test]
    fn a_packet_tells_what_it_changes_and_nothing_else() {
        let starts = Syntax::of(CodecId::H264, &[]).expect("known");
        let sets = Syntax::of(CodecId::H264, &avcc()).expect("known").header(&avcc());
        let packet = |units: &[&[u8]]| -> Vec<u8> {
            units.iter().flat_map(|unit| [&[0, 0, 0, 1][..], unit].concat()).collect()
        };
        let picture: &[u8] = &[0x65, 1, 2, 3];
        let same = packet(&[&[9, 0x10], &SPS, &PPS, picture]);
        assert!(starts.packet(&same, true, &sets).sets.is_none());
        assert!(starts.brings_all(&same, &sets));
        let more = packet(&[&PPS_ONE, picture, &PPS]);
        let told = starts.packet(&more, true, &sets).sets.expect("another");
        assert_eq!(told.0.len(), 3);
        assert!(!starts.brings_all(&more, &sets));
        let changed = packet(&[&[0x68, 0b1000_0000, 0x80], picture]);
        let told = starts.packet(&changed, false, &sets).sets.expect("another");
        assert_eq!(told.0.len(), 2);
        assert_ne!(told, sets);
    }

    #[test]
    fn what_no_set_is_like_is_damage() {
        let starts = Syntax::of(CodecId::H264, &[]).expect("known");
        let long = [&[0, 0, 1][..], &PPS, &[7; LONGEST]].concat();
        assert!(starts.packet(&long, true, &Sets::default()).sets.is_none());
        // Number 256.
        let high = [0, 0, 1, 0x68, 0, 0b1000_0000, 0b1100_0000];
        assert!(starts.packet(&high, true, &Sets::default()).sets.is_none());
    }

    #[test]
    fn a_message_tells_how_a_picture_is_shown() {
        let starts = Syntax::of(CodecId::H264, &[]).expect("known");
        // A message of another kind before it; not cancelled, no flips, 270° against the clock, until changed.
        let unit = [0, 0, 1, 6, 5, 2, 7, 7, 47, 3, 0b0001_1000, 0, 0b0001_0000, 0x80];
        let told = starts.packet(&unit, true, &Sets::default());
        assert_eq!(told.shown, Some(Shown::Turned(Turn::Right)));
        assert_eq!(starts.packet(&unit, false, &Sets::default()).shown, None);
        // H.265 has it in messages before the picture.
        let starts = Syntax::of(CodecId::H265, &[]).expect("known");
        let unit = [0, 0, 1, 39 << 1, 1, 47, 1, 0b1000_0000, 0x80];
        assert_eq!(
            starts.packet(&unit, true, &Sets::default()).shown,
            Some(Shown::Turned(Turn::Upright)),
            "cancelled"
        );
    }

    #[test]
    fn mpeg4_has_its_headers_followed() {
        let starts = Syntax::of(CodecId::MPEG4, &[]).expect("known");
        let one = [0, 0, 1, 0xb0, 1, 0, 0, 1, 0x20, 5, 5, 0, 0, 1, 0xb6, 0, 0, 1, 0x20, 9];
        let sets = starts.packet(&one, true, &Sets::default()).sets.expect("two");
        assert_eq!(sets.0.len(), 2);
        assert!(starts.packet(&one, true, &sets).sets.is_none());
        assert_eq!(starts.framed(&sets), [0, 0, 0, 1, 0xb0, 1, 0, 0, 0, 1, 0x20, 5, 5]);
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_within_its_bounds(
            header in prop::collection::vec(any::<u8>(), 0..60),
            data in prop::collection::vec(prop_oneof![Just(0), Just(1), Just(0x67), Just(0x42), any::<u8>()], 0..120),
        ) {
            for codec in [CodecId::H264, CodecId::H265, CodecId::MPEG4] {
                let syntax = Syntax::of(codec, &header).expect("known");
                let sets = syntax.header(&header);
                let told = syntax.packet(&data, true, &sets);
                if let Some(changed) = told.sets {
                    prop_assert!(changed != sets);
                    prop_assert!(syntax.packet(&syntax.framed(&changed), true, &changed).sets.is_none());
                }
            }
        }
    }
}
