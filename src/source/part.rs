use std::{collections::VecDeque, sync::Arc};

use super::{Gop, Notice, SourceError};
use crate::{
    domain::{Epoch, Gap},
    libav::StreamInfo,
    stop::Stop,
};

/// Where a camera's packets come from: recordings, or what a test has written down.
pub trait Source: Send {
    /// What it tells next; it may wait for that. None where nothing follows, or once `stop` is set.
    fn next(&mut self, stop: &Stop) -> Option<Part>;
}

/// What a source tells, in the order of media time.
#[derive(Debug, Clone)]
pub enum Part {
    /// A file begins. Its `from` and `wall` are those of its first picture, even where that is skipped because the
    /// file overlaps the one before: then `from` lies before the end of that one.
    Epoch {
        /// What its looks have in common.
        epoch: Epoch,
        /// What decoders must know.
        stream: Arc<StreamInfo>,
    },
    /// A group of pictures.
    Gop(Arc<Gop>),
    /// A group of pictures as far as it is known, which is `open`: told of again and again while it grows, before it comes as
    /// [`Part::Gop`]. Only where [`Options`] say so.
    Growing(Arc<Gop>),
    /// A spell without pictures begins; it has no end yet.
    GapOpened(Gap),
    /// The spell that was told last is over, or it is a break in time where `from` and `to` are the same.
    GapClosed(Gap),
    /// Something people should be told.
    Notice(Notice),
    /// A file, or the rest of it, could not be read. The next files follow.
    Failed {
        /// Its name, with as many folders as tell it from the camera's others.
        file: String,
        /// Why.
        error: SourceError,
    },
}

/// A source that tells what was written down for it.
#[derive(Debug, Default)]
pub struct Scripted(VecDeque<Part>);

impl Scripted {
    /// Tells these parts, one after the other.
    pub fn new(parts: impl IntoIterator<Item = Part>) -> Self {
        Self(parts.into_iter().collect())
    }
}

impl Source for Scripted {
    fn next(&mut self, stop: &Stop) -> Option<Part> {
        if stop.is_set() { None } else { self.0.pop_front() }
    }
}
