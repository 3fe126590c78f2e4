//! Whether packets are missing between those that are there. A decoder that lacks a picture to which others refer makes up
//! something in its place, and often says nothing of it. H.264 and H.265 number their pictures, so that the lack is known.
//!
//! A spell without pictures says nothing: a camera that lowers its rate leaves none out. Neither is a picture missed to which
//! no other refers.

mod h264;
mod h265;

use std::sync::Arc;

use super::{Packet, Sets, StreamInfo, codec::CodecId, sets::Syntax};

/// So many pictures in a row must follow each other before the numbers of a stream are believed: not every encoder keeps to
/// the rules.
const BELIEVED: u32 = 8;

/// Where pictures are missing at one and the same place in so many groups after each other, it is the encoder's way to count.
const HABIT: u32 = 3;

/// What the number of one picture says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Follows {
    /// Every picture is there that it may refer to.
    Yes,
    /// One is missing before this picture, whose number is this.
    No(i64),
    /// It cannot be told.
    Unknown,
}

/// Follows the packets of a stream in the order of decoding.
#[derive(Debug)]
pub struct Succession {
    syntax: Option<Syntax>,
    numbers: Numbers,
    /// Packets since the last key frame.
    since: u64,
    /// Something is missing since the last key frame.
    lost: bool,
    /// Pictures in a row that followed each other, up to those that it takes.
    streak: u32,
    /// Where in its group, and at which number, the last one was found missing, and in how many groups after each other.
    before: Option<(u64, i64)>,
    times: u32,
    /// The numbers of this stream are worth nothing.
    useless: bool,
}

#[derive(Debug)]
enum Numbers {
    H264(h264::Numbers),
    H265(h265::Numbers),
    None,
}

impl Succession {
    /// Of a stream.
    pub fn new(stream: &StreamInfo) -> Self {
        let numbers = match stream.codec_id() {
            CodecId::H264 => Numbers::H264(h264::Numbers::default()),
            CodecId::H265 => Numbers::H265(h265::Numbers::default()),
            _ => Numbers::None,
        };
        let syntax = Syntax::of(stream.codec_id(), stream.header());
        Self { syntax, numbers, since: 0, lost: false, streak: 0, before: None, times: 0, useless: false }
    }

    /// Whether anything is known to be missing or damaged from the last key frame to this packet: then its picture is not
    /// what was recorded.
    pub fn is_broken_at(&mut self, packet: &Packet) -> bool {
        if packet.key {
            (self.since, self.lost) = (0, false);
        }
        let follows = self.follows(packet);
        match follows {
            Follows::Yes => self.streak = (self.streak + 1).min(BELIEVED),
            Follows::No(number) if !self.useless => {
                // What is lost on the way is lost anywhere.
                if !self.lost {
                    let here = Some((self.since, number));
                    self.times = if self.before == here { self.times + 1 } else { 1 };
                    self.before = here;
                    self.useless = self.times >= HABIT;
                }
                self.lost |= self.streak >= BELIEVED && !self.useless;
                self.streak = if self.lost { self.streak } else { 0 };
            }
            Follows::No(_) | Follows::Unknown => {}
        }
        self.since += 1;
        self.lost |= packet.corrupt;
        self.lost
    }

    fn follows(&mut self, packet: &Packet) -> Follows {
        let sets = packet.leaves().unwrap_or(packet.stream().sets());
        let picture = self.syntax.and_then(|syntax| syntax.picture(packet.data()));
        let Some(picture) = picture else { return Follows::Unknown };
        let follows = match &mut self.numbers {
            Numbers::H264(numbers) => numbers.take(picture, packet.key, sets),
            Numbers::H265(numbers) => numbers.take(picture, packet.key, sets),
            Numbers::None => None,
        };
        follows.unwrap_or(Follows::Unknown)
    }
}

/// What was read of the parameter sets in force, until others are.
#[derive(Debug)]
struct Read<T> {
    sets: Option<Arc<Sets>>,
    read: Option<T>,
}

impl<T> Default for Read<T> {
    fn default() -> Self {
        Self { sets: None, read: None }
    }
}

impl<T> Read<T> {
    /// What `read` makes of these sets for the picture set of this number.
    fn of(&mut self, sets: &Arc<Sets>, read: impl FnOnce(&Sets) -> Option<T>) -> Option<&T> {
        if !self.sets.as_ref().is_some_and(|known| Arc::ptr_eq(known, sets)) {
            self.read = read(sets);
            self.sets = Some(Arc::clone(sets));
        }
        self.read.as_ref()
    }
}

#[cfg(test)]
mod clip_tests;
