use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::{
    domain::{CameraId, MediaTime},
    libav::{Packet, StreamInfo},
};

/// How much of a group of pictures is told of at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Portion {
    /// All of it.
    Whole,
    /// The first chunk of one that is too long to be told of at once: the next needs the state in which it leaves the decoder.
    First,
    /// A chunk that goes on from the one before, and is gone on from.
    Middle,
    /// The last chunk, which goes on from the one before.
    Last,
    /// A group as far as it is known: more of it may follow, and then all of it.
    Growing,
    /// A chunk as far as it is known, which goes on from the one before.
    GrowingChunk,
}

impl Portion {
    /// A group that `continues` the chunk before, or is `continued` in the next.
    pub fn of_chunk(continues: bool, continued: bool) -> Self {
        match (continues, continued) {
            (false, false) => Self::Whole,
            (false, true) => Self::First,
            (true, true) => Self::Middle,
            (true, false) => Self::Last,
        }
    }

    /// The same, as far as it is known.
    pub fn growing(continues: bool) -> Self {
        if continues { Self::GrowingChunk } else { Self::Growing }
    }
}

/// A group of pictures: a key frame's packet and those up to the next, in the order of decoding. A group over 32 MiB
/// or 3,000 packets comes in chunks.
#[derive(Debug, Clone)]
pub struct Gop {
    /// Whose pictures.
    pub camera: CameraId,
    /// The file they come from.
    pub epoch: u32,
    /// What a decoder must know beforehand: what is in force at its key frame. Streams may change it from group to group.
    pub stream: Arc<StreamInfo>,
    /// At least one, but where there was no room for them. Their `pts` is always there, and is media time in microseconds; so is `dts`, where there is one.
    pub packets: Vec<Packet>,
    /// The first media time that is looked at in this group: its key frame's, but for chunks, and for files that
    /// overlap the one before.
    pub start: MediaTime,
    /// Where the next group starts, or the end of its last picture where none follows without a break. Of a group that
    /// is still growing: every picture before it is there.
    pub end: MediaTime,
    /// How much of a group it is.
    pub portion: Portion,
    /// What the wall's clock showed at one media time: the clock of a camera's media time may drift against it, so each group
    /// has its own.
    pub clock: (MediaTime, Timestamp),
}

impl Gop {
    /// Whether more of it may follow: a camera's group while it is read.
    pub fn grows(&self) -> bool {
        matches!(self.portion, Portion::Growing | Portion::GrowingChunk)
    }

    /// Whether decoding needs the state in which the chunk before left the decoder.
    pub fn continues(&self) -> bool {
        matches!(self.portion, Portion::Middle | Portion::Last | Portion::GrowingChunk)
    }

    /// Whether the chunk after it needs that state.
    pub fn continued(&self) -> bool {
        matches!(self.portion, Portion::First | Portion::Middle)
    }

    /// The same group as if no more of it could follow.
    #[must_use]
    pub fn closed(&self) -> Self {
        Self { portion: Portion::of_chunk(self.continues(), self.continued()), ..self.clone() }
    }

    /// The wall time of a media time in this group, which is at most some minutes long: over that time both clocks run alike.
    pub fn wall(&self, at: MediaTime) -> Timestamp {
        let (media, wall) = self.clock;
        let since = SignedDuration::from_micros(at.as_micros().saturating_sub(media.as_micros()));
        wall.saturating_add(since).unwrap_or(wall)
    }

    /// The same without its packets, where there is no room for them: when it was is still told.
    #[must_use]
    pub fn bare(&self) -> Self {
        Self { camera: self.camera.clone(), stream: Arc::clone(&self.stream), packets: Vec::new(), ..*self }
    }

    /// How many bytes its packets hold.
    pub fn bytes(&self) -> usize {
        self.packets.iter().map(|p| p.data().len()).sum()
    }

    /// The media time of its first packet's picture.
    pub fn first(&self) -> MediaTime {
        MediaTime::from_micros(self.packets.first().and_then(|p| p.pts).unwrap_or(0))
    }
}
