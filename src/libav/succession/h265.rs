//! Each picture names those that must be there, by how far they are shown from it (ITU-T H.265, 7.3.7 and 8.3.2).

use std::sync::Arc;

use super::{Follows, Read};
use crate::libav::{Sets, bits::Bits, sets::h265_profile};

/// Pictures that others name at most, before and after.
const MOST: usize = 16;

/// Pictures by how far from the one that names them they are shown, and whether it refers to them itself. Those shown before
/// come first, the nearest first in each half.
#[derive(Debug, Clone, Default)]
struct Named {
    before: Vec<(i32, bool)>,
    after: Vec<(i32, bool)>,
}

/// What parameter sets say of how pictures name others.
#[derive(Debug, Clone)]
struct Sequence {
    planes: bool,
    /// Bits of a picture's number.
    bits: usize,
    named: Vec<Named>,
    /// Of the picture parameter set: bits of a slice's header that mean nothing, and whether it says if it is shown.
    extra: usize,
    says_if_shown: bool,
}

/// The pictures that are there, by their numbers in the order of showing.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    there: Vec<i32>,
    /// The number from which the next is told, since it has a few bits only.
    near: Option<i32>,
    known: Read<Vec<(u32, Sequence)>>,
}

impl Numbers {
    /// Takes the first slice of a picture, as far as its header goes; none where that cannot be read.
    pub(super) fn take(&mut self, slice: &[u8], key: bool, sets: &Arc<Sets>) -> Option<Follows> {
        let near = self.near.take();
        let there = std::mem::take(&mut self.there);
        let (head, layer) = (slice.first()? >> 1 & 0x3f, slice.get(1)?);
        let entry = (16..=23).contains(&head);
        let mut bits = Bits::after(slice, 2);
        // Only a picture's first slice tells all, and of layers the lowest is decoded.
        if bits.number(1)? == 0 || slice.first()? & 1 != 0 || layer >> 3 != 0 {
            return None;
        }
        if entry {
            bits.skip(1);
        }
        let picture = bits.exp_golomb()?;
        let sequences = self.known.of(sets, |sets| Some(all(sets)))?;
        let (_, sequence) = sequences.iter().find(|(number, _)| *number == picture)?;
        bits.skip(sequence.extra);
        bits.exp_golomb()?;
        bits.skip(usize::from(sequence.says_if_shown) + 2 * usize::from(sequence.planes));
        if matches!(head, 19 | 20) {
            (self.near, self.there) = (Some(0), vec![0]);
            return Some(Follows::Yes);
        }
        let low = i32::try_from(bits.number(sequence.bits)?).ok()?;
        let number = match near.filter(|_| !key) {
            Some(near) => nearest(low, near, 1 << sequence.bits),
            // Decoding begins here: what it names may lie before.
            None if key && entry => {
                (self.near, self.there) = (Some(low), vec![low]);
                return Some(Follows::Yes);
            }
            None => return None,
        };
        let named = if bits.number(1)? == 0 {
            named(&mut bits, Place::Slice, &sequence.named)?
        } else {
            let count = sequence.named.len();
            let width = usize::try_from(count.max(1).next_power_of_two().trailing_zeros()).ok()?;
            sequence.named.get(usize::try_from(bits.number(width)?).ok()?)?.clone()
        };
        let wanted =
            || named.before.iter().chain(&named.after).map(|(by, own)| (number.wrapping_add(*by), *own));
        // Pictures that lead an entry point may refer to what lies before it.
        let leads = matches!(head, 8 | 9);
        let missing = !leads && wanted().any(|(other, own)| own && !there.contains(&other));
        self.there = there;
        self.there.retain(|other| wanted().any(|(named, _)| named == *other));
        self.there.push(number);
        // Of the pictures after which others are numbered: those of the lowest rate, to which others refer.
        let counts = layer & 7 == 1 && !(6..=9).contains(&head) && (head > 15 || head % 2 == 1);
        self.near = if counts { Some(number) } else { near };
        Some(if missing { Follows::No(i64::from(number)) } else { Follows::Yes })
    }
}

/// The number of these low bits that is nearest to another (8.3.1).
fn nearest(low: i32, near: i32, span: i32) -> i32 {
    let base = near - near.rem_euclid(span);
    [base - span, base, base + span]
        .map(|base| base + low)
        .into_iter()
        .min_by_key(|n| n.abs_diff(near))
        .unwrap_or(low)
}

/// What is known for each picture parameter set (7.3.2.3.1).
fn all(sets: &Sets) -> Vec<(u32, Sequence)> {
    let of = |set: &[u8]| {
        let mut bits = Bits::after(set, 2);
        let (number, sequence) = (bits.exp_golomb()?, bits.exp_golomb()?);
        bits.skip(1);
        let (says_if_shown, extra) = (bits.number(1)? == 1, usize::try_from(bits.number(3)?).ok()?);
        Some((number, sequence_of(sets.get((33, sequence))?, extra, says_if_shown)?))
    };
    sets.of_kind(34).filter_map(of).collect()
}

/// Reads a sequence parameter set (7.3.2.2.1) up to the pictures that others name.
fn sequence_of(set: &[u8], extra: usize, says_if_shown: bool) -> Option<Sequence> {
    let (mut bits, layers) = h265_profile(set)?;
    bits.exp_golomb()?;
    let planes = bits.exp_golomb()? == 3 && bits.number(1)? == 1;
    bits.pass(2)?;
    if bits.number(1)? == 1 {
        bits.pass(4)?;
    }
    bits.pass(2)?;
    let number_bits = 4 + usize::try_from(bits.exp_golomb()?).ok()?;
    let told = if bits.number(1)? == 1 { layers + 1 } else { 1 };
    bits.pass(3 * told as usize + 6)?;
    if bits.number(1)? == 1 && bits.number(1)? == 1 {
        scaling_lists(&mut bits)?;
    }
    bits.skip(2);
    if bits.number(1)? == 1 {
        bits.skip(8);
        bits.pass(2)?;
        bits.skip(1);
    }
    let count = usize::try_from(bits.exp_golomb()?).ok().filter(|count| *count <= 64)?;
    let mut all = Vec::with_capacity(count);
    for _ in 0..count {
        let one = named(&mut bits, Place::Set, &all)?;
        all.push(one);
    }
    (number_bits <= 16).then_some(Sequence { planes, bits: number_bits, named: all, extra, says_if_shown })
}

/// Where it is told which pictures are named.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In a sequence parameter set, for many pictures.
    Set,
    /// In a slice's header, for its picture.
    Slice,
}

/// Reads which pictures are named (7.3.7), after `others` were told of in the sequence parameter set.
fn named(bits: &mut Bits<'_>, place: Place, others: &[Named]) -> Option<Named> {
    if others.is_empty() || bits.number(1)? == 0 {
        let (before, after) = (bits.exp_golomb()? as usize, bits.exp_golomb()? as usize);
        if before > MOST || after > MOST {
            return None;
        }
        let mut half = |count: usize, sign: i32| {
            let mut at = 0i32;
            (0..count)
                .map(|_| {
                    at += sign * (i32::try_from(bits.exp_golomb()?).ok()? + 1);
                    Some((at, bits.number(1)? == 1))
                })
                .collect::<Option<Vec<_>>>()
        };
        return Some(Named { before: half(before, -1)?, after: half(after, 1)? });
    }
    // Told by what another set names. Which one is told in a slice's header alone; else it is the one before.
    let back = if place == Place::Slice { bits.exp_golomb()? as usize + 1 } else { 1 };
    let other = others.get(others.len().checked_sub(back)?)?;
    let sign = if bits.number(1)? == 1 { -1 } else { 1 };
    let by = sign * (i32::try_from(bits.exp_golomb()?).ok()? + 1);
    let all: Vec<i32> = other.before.iter().chain(&other.after).map(|(at, _)| *at).chain([0]).collect();
    let mut moved = Vec::with_capacity(all.len());
    for at in all {
        let own = bits.number(1)? == 1;
        if own || bits.number(1)? == 1 {
            moved.push((at + by, own));
        }
    }
    let half = |keep: fn(i32) -> bool| {
        let mut half: Vec<_> = moved.iter().copied().filter(|(at, _)| keep(*at)).collect();
        half.sort_by_key(|(at, _)| at.abs());
        half
    };
    let (before, after) = (half(|at| at < 0), half(|at| at > 0));
    (before.len() <= MOST && after.len() <= MOST).then_some(Named { before, after })
}

/// Passes over lists of factors (7.3.4).
fn scaling_lists(bits: &mut Bits<'_>) -> Option<()> {
    for size in 0..4 {
        for _ in 0..if size == 3 { 2 } else { 6 } {
            if bits.number(1)? == 0 {
                bits.exp_golomb()?;
                continue;
            }
            let factors = 1 << (4 + 2 * size).min(6);
            if size > 1 {
                bits.exp_golomb()?;
            }
            bits.pass(factors)?;
        }
    }
    Some(())
}
