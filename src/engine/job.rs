//! What a camera asks of the workers, and what they answer.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{
    PipelineError,
    eye::{Anchors, Sight, StrandSpec},
};
use crate::{decode::DecoderState, domain::MediaTime, libav::Frame, looks::plan::Wanted, source::Gop};

/// Names a job among those of one camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub(super) u64);

/// How far a job goes.
pub enum Work {
    /// Decode, and look.
    All,
    /// Decode alone: the anchors that its looks are compared with are still on their way.
    Decode,
    /// Look at what was decoded before.
    Look(Vec<Decoded>),
}

/// A picture that shows a wanted time.
pub struct Decoded {
    /// The wanted time.
    pub time: MediaTime,
    /// When the picture was taken.
    pub at: MediaTime,
    /// The picture.
    pub frame: Frame,
}

/// The looks that are wanted of one group. It holds all that they need: whoever carries it out waits for nobody.
pub struct Job {
    /// The packets.
    pub gop: Arc<Gop>,
    /// The looks.
    pub wanted: Wanted,
    /// How far it goes.
    pub work: Work,
    /// What each strand of the camera does.
    pub strands: Arc<[StrandSpec]>,
    /// The looks at which strands are shown what they need as large as can be.
    pub largest: Wanted,
    /// The decoder as an earlier job left it, for a group that goes on from there.
    pub resume: Option<DecoderState>,
    /// Where detections may stand for later looks; none where every look is taken.
    pub standing: Option<Standing>,
}

/// Which detections may stand for later looks, and what they are compared with.
pub struct Standing {
    /// The looks that must be taken, with their strands: only those may stand, or be stood for.
    pub must: Wanted,
    /// For how long.
    pub max_age: Duration,
    /// The anchor of each strand, as the job before left it.
    pub anchors: Anchors,
}

/// What came of a job.
#[derive(Default)]
pub struct Done {
    /// What was seen, by the times of the pictures.
    pub sights: BTreeMap<MediaTime, Sight>,
    /// For each wanted time, that of the picture which shows it. A time that is missing could not be decoded.
    pub shown: BTreeMap<MediaTime, MediaTime>,
    /// Looks at which a model failed, by the times of the pictures.
    pub failed: BTreeMap<MediaTime, PipelineError>,
    /// What was decoded, where it was not to be looked at yet.
    pub decoded: Vec<Decoded>,
    /// The decoder, where a later job goes on from it.
    pub state: Option<DecoderState>,
    /// The anchors as it leaves them, where detections may stand.
    pub anchors: Anchors,
    /// How long it took.
    pub took: Took,
}

/// How long a job took, by what was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Took {
    /// Decoding.
    pub decoding: Duration,
    /// Looking: what detectors took, with all that is learnt of a picture beside them.
    pub looking: Duration,
    /// At so many pictures.
    pub looks: u32,
}

impl Done {
    /// The picture that shows a wanted time, and what was seen in it.
    pub(super) fn at(&self, time: MediaTime) -> Option<(MediaTime, Option<&Sight>)> {
        let at = *self.shown.get(&time)?;
        Some((at, self.sights.get(&at)))
    }

    /// Adds what came of another job for the same group. A failure counts for strands that have not seen the picture since.
    pub(super) fn add(&mut self, other: Self) {
        self.shown.extend(other.shown);
        for (at, sight) in other.sights {
            match self.sights.get_mut(&at) {
                Some(known) => known.add(sight),
                None => {
                    self.sights.insert(at, sight);
                }
            }
        }
        self.failed.extend(other.failed);
    }
}

/// The answer to a job.
pub type Answer = Result<Done, PipelineError>;
