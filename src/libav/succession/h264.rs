//! Pictures to which others refer are counted in `frame_num` (ITU-T H.264, 7.4.3): from one to the next it grows by one. A
//! picture may have the numbers begin anew without being a key frame, which no camera's encoder is known to do.

use std::sync::Arc;

use super::{Follows, Read};
use crate::libav::{Sets, bits::Bits};

/// What a sequence parameter set says of that number.
#[derive(Debug, Clone, Copy)]
struct Sequence {
    bits: usize,
    planes: bool,
    /// Pictures may be left out on purpose.
    gaps: bool,
}

/// The number of the last picture to which others refer.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    last: Option<u32>,
    known: Read<Vec<(u32, Sequence)>>,
}

impl Numbers {
    /// Takes the first slice of a picture, as far as its header goes; none where that cannot be read.
    pub(super) fn take(&mut self, slice: &[u8], key: bool, sets: &Arc<Sets>) -> Option<Follows> {
        let before = self.last.take();
        let head = *slice.first()?;
        let mut bits = Bits::after(slice, 1);
        let (_first, _kind, picture) = (bits.exp_golomb()?, bits.exp_golomb()?, bits.exp_golomb()?);
        let sequences = self.known.of(sets, |sets| Some(all(sets)))?;
        let (_, sequence) = *sequences.iter().find(|(number, _)| *number == picture)?;
        if sequence.planes {
            bits.skip(2);
        }
        let number = bits.number(sequence.bits)?;
        let refers = head >> 5 & 3 != 0;
        self.last = if refers { Some(number) } else { before };
        // All numbers begin anew.
        if key || head & 0x1f == 5 {
            self.last = Some(number);
            return Some(Follows::Yes);
        }
        let before = before?;
        if sequence.gaps {
            return Some(Follows::Unknown);
        }
        let follows = number == before || number == (before + 1) & ((1 << sequence.bits) - 1);
        Some(if follows { Follows::Yes } else { Follows::No(i64::from(number)) })
    }
}

/// The sequence parameter set of each picture parameter set.
fn all(sets: &Sets) -> Vec<(u32, Sequence)> {
    let of = |set: &[u8]| {
        let mut bits = Bits::after(set, 1);
        let (number, sequence) = (bits.exp_golomb()?, bits.exp_golomb()?);
        Some((number, sequence_of(sets.get((7, sequence))?)?))
    };
    sets.of_kind(8).filter_map(of).collect()
}

/// Reads a sequence parameter set (7.3.2.1.1) up to where it says whether numbers may be left out.
fn sequence_of(set: &[u8]) -> Option<Sequence> {
    const WITH_CHROMA: [u32; 13] = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];
    let mut bits = Bits::after(set, 1);
    let profile = bits.number(8)?;
    bits.skip(16);
    bits.exp_golomb()?;
    let mut planes = false;
    if WITH_CHROMA.contains(&profile) {
        let chroma = bits.exp_golomb()?;
        planes = chroma == 3 && bits.number(1)? == 1;
        bits.pass(2)?;
        bits.skip(1);
        if bits.number(1)? == 1 {
            for list in 0..if chroma == 3 { 12 } else { 8 } {
                if bits.number(1)? == 1 {
                    scaling_list(&mut bits, if list < 6 { 16 } else { 64 })?;
                }
            }
        }
    }
    let number_bits = 4 + usize::try_from(bits.exp_golomb()?).ok()?;
    match bits.exp_golomb()? {
        0 => {
            bits.exp_golomb()?;
        }
        1 => {
            bits.skip(1);
            bits.pass(2)?;
            let cycle = bits.exp_golomb()?.min(255);
            bits.pass(cycle as usize)?;
        }
        _ => {}
    }
    bits.exp_golomb()?;
    let gaps = bits.number(1)? == 1;
    (number_bits <= 16).then_some(Sequence { bits: number_bits, planes, gaps })
}

/// Passes over a list of factors (7.3.2.1.1.1).
fn scaling_list(bits: &mut Bits<'_>, size: usize) -> Option<()> {
    let (mut last, mut next) = (8i32, 8i32);
    for _ in 0..size {
        if next != 0 {
            next = (last + bits.signed()? + 256).rem_euclid(256);
        }
        if next != 0 {
            last = next;
        }
    }
    Some(())
}
