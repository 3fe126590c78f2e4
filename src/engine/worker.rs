//! Workers: each decodes what is wanted of one group after the other, and looks.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use crossbeam::channel::{Receiver, Sender};

use super::{
    PipelineError,
    eye::{Anchors, Ask, Eye, Sight, StrandSpec},
};
use crate::{
    decode::{DecoderState, GroupDecoder},
    detect::{DetectError, Detector},
    domain::MediaTime,
    libav::LibavError,
    looks::plan::Wanted,
    source::Gop,
    stop::Stop,
};

/// Makes the detectors of one worker, in the order of [`StrandSpec::detector`].
pub type Detectors<'d> = dyn Fn() -> Result<Vec<Box<dyn Detector + 'd>>, DetectError> + Sync + 'd;

/// What is wanted of one group.
pub(super) struct Job {
    pub gop: Arc<Gop>,
    pub wanted: Wanted,
    pub strands: Arc<[StrandSpec]>,
    /// The decoder as the chunk before left it, for a group that goes on from one.
    pub resume: Option<DecoderState>,
    pub reply: Sender<Result<Done, PipelineError>>,
    /// Where detections may stand for later looks.
    pub chain: Option<Chain>,
}

/// How the anchors of a camera's strands come to a group and go on from it, whichever workers have them: a group's own
/// decisions wait for those of the group before, so that they do not depend on timing. Groups are taken up in their
/// order, so that the one waited for is always on its way.
pub(super) struct Chain {
    /// The looks that must be taken, with their strands: only those may stand, or be stood for.
    pub must: Wanted,
    /// For how long.
    pub max_age: Duration,
    /// From the group before; none comes where that failed, or there is none.
    pub before: Receiver<Anchors>,
    /// To the next.
    pub after: Sender<Anchors>,
}

/// What came of it.
pub(super) struct Done {
    /// By the times that were wanted. One that is missing could not be decoded.
    pub sights: BTreeMap<MediaTime, Sight>,
    /// The decoder, where it was to be kept.
    pub state: Option<DecoderState>,
}

/// Works until no camera is left that could send a job.
///
/// # Errors
/// Where its detectors cannot be made. Errors of a job go to the camera that sent it.
pub(super) fn work(jobs: &Receiver<Job>, detectors: &Detectors<'_>, stop: &Stop) -> Result<(), DetectError> {
    let mut eye = Eye::new(detectors()?);
    let mut decoder = GroupDecoder::for_looks();
    for job in jobs {
        let reply = job.reply.clone();
        // A camera that gave up no longer listens; its jobs are done for nothing, which is harmless.
        let _ = reply.send(carry_out(job, &mut decoder, &mut eye, stop));
    }
    Ok(())
}

fn carry_out(
    job: Job,
    decoder: &mut GroupDecoder,
    eye: &mut Eye<'_>,
    stop: &Stop,
) -> Result<Done, PipelineError> {
    if stop.is_set() {
        return Err(PipelineError::Stopped);
    }
    let times: Vec<MediaTime> = job.wanted.keys().copied().collect();
    let mut chain = job.chain;
    // Waited for when a picture is there to be compared, not before.
    let mut anchors: Option<Anchors> = None;
    let mut sights = BTreeMap::new();
    let mut failed = None;
    let decoded = decoder.decode(&job.gop, &times, job.resume, |index, frame, at| {
        let Some((time, strands)) = times.get(index).and_then(|time| Some((*time, *job.wanted.get(time)?)))
        else {
            return;
        };
        if failed.is_some() {
            return;
        }
        if stop.is_set() {
            failed = Some(PipelineError::Stopped);
            return;
        }
        let anchored = chain.as_mut().and_then(|chain| {
            let must = chain.must.get(&time).copied().filter(|must| must & strands != 0)?;
            let anchors = anchors.get_or_insert_with(|| chain.before.recv().unwrap_or_default());
            Some((must & strands, anchors, chain.max_age))
        });
        match eye.look(frame, Ask { at, strands, specs: &job.strands, anchors: anchored }) {
            Ok(sight) => {
                sights.insert(time, sight);
            }
            // A picture that cannot be converted is one that nobody saw. The next may be another.
            Err(PipelineError::Libav(LibavError::Scale { .. })) => {}
            Err(error) => failed = Some(error),
        }
    })?;
    if let Some(chain) = chain {
        let anchors = anchors.unwrap_or_else(|| chain.before.recv().unwrap_or_default());
        // The next group may never come.
        let _ = chain.after.send(anchors);
    }
    match failed {
        Some(error) => Err(error),
        None => Ok(Done { sights, state: decoded.state }),
    }
}
