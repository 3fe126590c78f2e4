use std::{sync::Arc, time::Duration};

use super::{
    DecodeError,
    kept::{Kept, anew},
};
use crate::{
    domain::MediaTime,
    libav::{Decoder, Frame, LibavError, Packet, StreamInfo, Upright},
    source::Gop,
};

/// A frame this little before a wanted time is the one meant: containers round.
const ROUNDING: Duration = Duration::from_millis(1);

/// The state in which a group that grows, or a chunk, leaves the decoder: for what follows of it.
pub struct DecoderState {
    stream: Arc<StreamInfo>,
    decoder: Decoder,
    /// How many packets of the group it has had: 0 for the next chunk.
    fed: usize,
    damaged: Option<MediaTime>,
    /// Frames that came out and may be wanted yet.
    early: Vec<Frame>,
}

/// What came of a group.
#[derive(Default)]
pub struct Decoded {
    /// How many of the wanted times were given a frame: all of them, unless there is damage.
    pub given: usize,
    /// From when on nothing was given, because packets or pictures are damaged, up to the end of the group.
    pub damaged_from: Option<MediaTime>,
    /// For what follows of the group, or the chunk that continues it.
    pub state: Option<DecoderState>,
}

/// Decodes groups, one after the other. One per worker: it keeps a decoder for each coding it met last, whichever
/// camera that was. A group gives the same frames whatever was decoded before it: decoders that have seen other parameter
/// sets than those in force are not kept.
///
/// Frames come out upright and with square pixels, as their stream says that they are to be shown.
pub struct GroupDecoder {
    kept: Kept,
    upright: Upright,
    /// Pictures that people see are finished; what a detector sees is scaled down, which levels the edges of blocks.
    for_people: bool,
}

impl GroupDecoder {
    /// For pictures that a detector sees: those to which no other refers keep the edges of their blocks. Which these are is
    /// a matter of the stream alone, so a picture is the same however much of its group is decoded.
    pub fn for_looks() -> Self {
        Self { kept: Kept::default(), upright: Upright::default(), for_people: false }
    }

    /// For pictures that people see.
    pub fn for_stills() -> Self {
        Self { kept: Kept::default(), upright: Upright::default(), for_people: true }
    }

    /// Decodes `group` as far as needed and calls `each(i, frame, time)` for each `wanted[i]`, in order: with the
    /// first frame whose time is at or after it, or up to 1 ms before, else with the last frame of the group. Several
    /// wanted times may be given one frame. `time` is the frame's own, and never before the group's start. A time whose
    /// frame cannot be made upright and square is passed over.
    ///
    /// A chunk that continues another takes the state which that one left in `resume`; without it nothing of the
    /// chunk can be decoded, and all of it counts as damaged. A state is returned where the group is `continued`.
    ///
    /// Of a group that is `open` only times before its end can be wanted, and a state is returned where more than its key
    /// frame was decoded. With it, what is wanted next of the group goes on from there: it must not lie before what was wanted
    /// last. A wanted time whose frame has not come out of the decoder yet is not given, although it would be once
    /// the group is closed.
    ///
    /// `wanted` is sorted.
    ///
    /// # Errors
    /// [`DecodeError`] where there is no decoder. Damaged data are no error.
    pub fn decode(
        &mut self,
        group: &Gop,
        wanted: &[MediaTime],
        resume: Option<DecoderState>,
        each: impl FnMut(usize, &Frame, MediaTime),
    ) -> Result<Decoded, DecodeError> {
        self.run(group, wanted, resume, each)
            .map_err(|error| DecodeError::Decoder { camera: group.camera.clone(), error })
    }

    fn run(
        &mut self,
        group: &Gop,
        wanted: &[MediaTime],
        resume: Option<DecoderState>,
        each: impl FnMut(usize, &Frame, MediaTime),
    ) -> Result<Decoded, LibavError> {
        let resume = resume.filter(|r| {
            let same = if r.fed == 0 { group.continues() } else { r.fed <= group.packets.len() };
            same && Arc::ptr_eq(&r.stream, &group.stream)
        });
        if group.continues() && resume.is_none() {
            return Ok(Decoded { damaged_from: Some(group.start), ..Decoded::default() });
        }
        if wanted.is_empty() && !group.continued() {
            return Ok(Decoded { state: resume.filter(|_| group.grows()), ..Decoded::default() });
        }
        let from_key = resume.is_none();
        let (mut decoder, mut fed, damaged, early) = match resume {
            Some(state) => (state.decoder, state.fed, state.damaged, state.early),
            None => match self.kept.decoder(&group.stream) {
                Ok(decoder) => (decoder, 0, None, Vec::new()),
                // A header that came midway and makes no sense is damage like any other.
                Err(LibavError::NoDecoder { .. }) => {
                    return Ok(Decoded { damaged_from: Some(group.start), ..Decoded::default() });
                }
                Err(error) => return Err(error),
            },
        };
        decoder.smooth_only_references(!self.for_people);
        let mut choice = Choice::new(group, wanted, &mut self.upright, each);
        if let Some(from) = damaged {
            choice.damage(from);
        }
        for frame in early {
            choice.take(frame);
        }
        let key_only =
            from_key && !group.continued() && wanted.iter().all(|&w| w <= group.first() + ROUNDING);
        if key_only && group.first() >= group.start {
            // The decoder would keep the picture back until it has seen some more.
            if let Some(key) = group.packets.first() {
                choice.send(&mut decoder, key)?;
                decoder.drain();
                choice.receive(&mut decoder)?;
                decoder = anew(decoder, &group.stream, self.for_people)?;
            }
            if choice.unsure() {
                choice.restart();
            } else if group.grows() {
                self.kept.keep(&group.stream, decoder);
                return Ok(Decoded { given: choice.given(), damaged_from: choice.damaged, state: None });
            }
        }
        let chunk = group.continues() || group.continued();
        let mut shown = if chunk { Vec::new() } else { shown(group, wanted, fed) };
        for packet in group.packets.iter().skip(fed) {
            if choice.done() && !group.continued() {
                break;
            }
            if !chunk {
                // Once the last picture that is wanted has gone in, draining brings it out.
                if shown.is_empty() && !group.grows() {
                    break;
                }
                let place = packet.pts.and_then(|pts| shown.iter().position(|time| *time == pts));
                let later = group.grows() && choice.may_be_wanted_yet(packet);
                decoder.only_references(place.is_none() && !later);
                if let Some(place) = place {
                    shown.swap_remove(place);
                }
            }
            choice.send(&mut decoder, packet)?;
            choice.receive(&mut decoder)?;
            fed += 1;
        }
        decoder.only_references(false);
        if group.continued() || group.grows() {
            if group.continued() {
                choice.finish();
            }
            let given = choice.given();
            let Choice { damaged, last, early, .. } = choice;
            let (fed, last) = if group.grows() { (fed, last) } else { (0, None) };
            // The frame that was given last is given again where what is wanted next lies before the one that follows it.
            let early = last.into_iter().map(|(frame, _)| frame).chain(early).collect();
            let state = DecoderState { stream: Arc::clone(&group.stream), decoder, fed, damaged, early };
            return Ok(Decoded { given, damaged_from: damaged, state: Some(state) });
        }
        if !choice.done() {
            decoder.drain();
            choice.receive(&mut decoder)?;
            // Where a stream refreshes little by little, a picture is whole only some pictures after its recovery point.
            if choice.incomplete && !chunk && choice.unsure() {
                decoder = anew(decoder, &group.stream, self.for_people)?;
                choice.restart();
                for packet in &group.packets {
                    if choice.done() {
                        break;
                    }
                    choice.send(&mut decoder, packet)?;
                    choice.receive(&mut decoder)?;
                }
                if !choice.done() {
                    decoder.drain();
                    choice.receive(&mut decoder)?;
                }
            }
            choice.finish();
        }
        self.kept.keep(&group.stream, decoder);
        Ok(Decoded { given: choice.given(), damaged_from: choice.damaged, state: None })
    }
}

/// When the pictures are shown that the wanted times are given: each the first at or after its time, else the last. Without
/// those of the packets that the decoder has had.
fn shown(group: &Gop, wanted: &[MediaTime], fed: usize) -> Vec<i64> {
    let times = || group.packets.iter().filter_map(|p| p.pts).filter(|t| *t >= group.start.as_micros());
    let Some(last) = times().max() else { return group.packets.iter().filter_map(|p| p.pts).collect() };
    let mut shown: Vec<i64> = wanted
        .iter()
        .map(|w| (*w).as_micros() - ROUNDING.as_micros() as i64)
        .map(|w| times().filter(|t| *t >= w).min().unwrap_or(last))
        .collect();
    shown.dedup();
    let had: Vec<i64> = group.packets.iter().take(fed).filter_map(|p| p.pts).collect();
    shown.retain(|time| !had.contains(time));
    shown
}

/// Which of the frames that come out are given.
struct Choice<'a, F> {
    group: &'a Gop,
    wanted: &'a [MediaTime],
    upright: &'a mut Upright,
    each: F,
    /// How many of the wanted times had their turn, and how many of them had a frame that could not be given.
    next: usize,
    refused: usize,
    last: Option<(Frame, MediaTime)>,
    damaged: Option<MediaTime>,
    early: Vec<Frame>,
    /// A picture came out that had not recovered yet.
    incomplete: bool,
}

impl<'a, F: FnMut(usize, &Frame, MediaTime)> Choice<'a, F> {
    fn new(group: &'a Gop, wanted: &'a [MediaTime], upright: &'a mut Upright, each: F) -> Self {
        Self {
            group,
            wanted,
            upright,
            each,
            next: 0,
            refused: 0,
            last: None,
            damaged: None,
            early: Vec::new(),
            incomplete: false,
        }
    }

    /// Whether nothing is left to give: every wanted time has its frame, or lies in the damaged part.
    fn done(&self) -> bool {
        match self.wanted.get(self.next) {
            None => true,
            Some(&next) => self.lost(next),
        }
    }

    /// Whether damage has taken the frame of this time.
    fn lost(&self, wanted: MediaTime) -> bool {
        self.damaged.is_some_and(|d| wanted + ROUNDING >= d)
    }

    /// Whether the key frame alone did not give what it should.
    fn unsure(&self) -> bool {
        self.next < self.wanted.len()
    }

    /// Whether a picture comes after all that is wanted now, so that it may be wanted once more of the group is known.
    fn may_be_wanted_yet(&self, packet: &Packet) -> bool {
        let after =
            |pts| self.wanted.last().is_none_or(|last| MediaTime::from_micros(pts) + ROUNDING > *last);
        packet.pts.is_none_or(after)
    }

    /// Forgets what the key frame alone seemed to tell.
    fn restart(&mut self) {
        (self.last, self.damaged) = (None, None);
    }

    fn damage(&mut self, from: MediaTime) {
        self.damaged = Some(self.damaged.map_or(from, |d| d.min(from)).max(self.group.start));
    }

    fn send(&mut self, decoder: &mut Decoder, packet: &Packet) -> Result<(), LibavError> {
        let time = packet.pts.map(MediaTime::from_micros);
        // Leading pictures of open groups refer to the group before: that they make no sense is no damage.
        let ours = time.is_none_or(|t| t >= self.group.first());
        match decoder.send(packet) {
            Ok(()) if !packet.corrupt => Ok(()),
            Err(LibavError::Memory) => Err(LibavError::Memory),
            _ => {
                if ours {
                    self.damage(time.unwrap_or(self.group.start));
                }
                Ok(())
            }
        }
    }

    /// Takes what has come out of the decoder.
    fn receive(&mut self, decoder: &mut Decoder) -> Result<(), LibavError> {
        loop {
            match decoder.receive() {
                Ok(Some(frame)) => self.take(frame),
                Ok(None) => return Ok(()),
                Err(LibavError::Memory) => return Err(LibavError::Memory),
                Err(_) => {
                    let after = self.last.as_ref().map(|(_, t)| *t);
                    self.damage(after.unwrap_or(self.group.start));
                }
            }
        }
    }

    fn take(&mut self, frame: Frame) {
        let Some(time) = frame.time().map(MediaTime::from_micros) else { return };
        if time < self.group.start || self.last.as_ref().is_some_and(|(_, t)| time < *t) {
            return;
        }
        let all_given = self.group.grows() && self.next == self.wanted.len();
        if all_given || (self.group.continued() && time >= self.group.end) {
            self.early.push(frame);
            return;
        }
        if frame.damaged() {
            self.damage(time);
        }
        // Incomplete pictures, before a stream that refreshes little by little has done so, are no damage.
        self.incomplete |= frame.incomplete();
        if frame.incomplete() || self.damaged.is_some_and(|d| time >= d) {
            return;
        }
        let due = self.wanted.iter().skip(self.next).take_while(|w| **w <= time + ROUNDING).count();
        self.give(&frame, time, due);
        self.last = Some((frame, time));
    }

    /// No frame follows: what is still wanted, and not lost to damage, is given the last one.
    fn finish(&mut self) {
        let Some((frame, time)) = self.last.take() else {
            if !self.done() {
                self.damage(self.group.start);
            }
            return;
        };
        let due = self.wanted.iter().skip(self.next).take_while(|w| !self.lost(**w)).count();
        self.give(&frame, time, due);
    }

    /// Gives a frame to the next so many wanted times, as it is to be shown.
    fn give(&mut self, frame: &Frame, time: MediaTime, due: usize) {
        if due == 0 {
            return;
        }
        let turns = self.next..self.next + due;
        self.next = turns.end;
        match self.upright.of(frame, &self.group.stream) {
            Ok(upright) => {
                let frame = upright.as_ref().unwrap_or(frame);
                turns.for_each(|index| (self.each)(index, frame, time));
            }
            Err(_) => self.refused += due,
        }
    }

    /// How many of the wanted times were given a frame.
    fn given(&self) -> usize {
        self.next - self.refused
    }
}
