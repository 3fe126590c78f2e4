//! Groups on their way through the workers' hands.

use std::sync::Arc;

use super::{
    asks::Asked,
    eye::Anchors,
    job::{Decoded, Done, Ticket},
    shown::Shows,
};
use crate::{
    decode::DecoderState,
    looks::plan::Wanted,
    source::{Gop, Portion},
};

/// Something that one job leaves for a later one.
pub(super) enum Held<T> {
    Here(T),
    /// It comes with the answer to this job.
    With(Ticket),
}

/// A group, or what has become known of it since it was given last, with its looks on their way.
pub(super) struct Flight {
    pub gop: Arc<Gop>,
    pub asked: Asked,
    /// Its looks that are the first due in their block.
    pub first: Wanted,
    /// How its looks are shown, once that is decided.
    pub shows: Option<Shows>,
    pub stage: Stage,
}

pub(super) enum Stage {
    /// Its job has not left yet: something it needs is on its way, or others are before it.
    Waits(Ticket, Held<Anchors>, Held<Option<DecoderState>>),
    /// Workers decode it, by the job of the second ticket, while the anchors for its looks are on their way.
    Decodes(Ticket, Held<Anchors>, Ticket),
    /// What was decoded waits for the anchors.
    Decoded(Ticket, Held<Anchors>, Vec<Decoded>),
    Out(Ticket),
    Landed(Done),
    /// It was given up: its packets are gone.
    Shed(Lack),
}

/// What there was too little of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lack {
    Time,
    Room,
}

impl Flight {
    /// Whether what is wanted of it can wait as pictures: it is no part of a group, and its pictures take little room.
    pub fn is_light(&self) -> bool {
        let (width, height) = self.gop.stream.size();
        let picture = width as usize * height as usize * 3 / 2;
        let is_whole = self.gop.portion == Portion::Whole;
        is_whole && picture.saturating_mul(self.asked.wanted.len()) <= MOST_DECODED
    }
}

/// Bytes of pictures of one group that may wait to be looked at.
const MOST_DECODED: usize = 48 << 20;
