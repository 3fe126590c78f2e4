//! Workers: each decodes what is wanted of one group after the other, and looks.

use std::{collections::BTreeMap, sync::Arc};

use crossbeam::channel::{Receiver, Sender};

use super::{
    PipelineError,
    eye::{Eye, LaneSpec, Sight},
    plan::Wanted,
};
use crate::{
    decode::{DecoderState, GroupDecoder},
    detect::{DetectError, Detector},
    domain::MediaTime,
    source::Gop,
};

/// Makes the detectors of one worker, in the order of [`LaneSpec::detector`].
pub type Detectors<'d> = dyn Fn() -> Result<Vec<Box<dyn Detector + 'd>>, DetectError> + Sync + 'd;

/// What is wanted of one group.
pub(super) struct Job {
    pub gop: Arc<Gop>,
    pub wanted: Wanted,
    pub lanes: Arc<[LaneSpec]>,
    /// The decoder as the chunk before left it, for a group that goes on from one.
    pub resume: Option<DecoderState>,
    pub reply: Sender<Result<Done, PipelineError>>,
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
pub(super) fn work(jobs: &Receiver<Job>, detectors: &Detectors<'_>) -> Result<(), DetectError> {
    let mut eye = Eye::new(detectors()?);
    let mut decoder = GroupDecoder::new();
    for job in jobs {
        let reply = job.reply.clone();
        // A camera that gave up no longer listens; its jobs are done for nothing, which is harmless.
        let _ = reply.send(carry_out(job, &mut decoder, &mut eye));
    }
    Ok(())
}

fn carry_out(job: Job, decoder: &mut GroupDecoder, eye: &mut Eye<'_>) -> Result<Done, PipelineError> {
    let times: Vec<MediaTime> = job.wanted.keys().copied().collect();
    let mut sights = BTreeMap::new();
    let mut failed = None;
    let decoded = decoder.decode(&job.gop, &times, job.resume, |index, frame, at| {
        let Some((time, lanes)) = times.get(index).and_then(|time| Some((*time, *job.wanted.get(time)?)))
        else {
            return;
        };
        if failed.is_some() {
            return;
        }
        match eye.look(frame, at, lanes, &job.lanes) {
            Ok(sight) => {
                sights.insert(time, sight);
            }
            Err(error) => failed = Some(error),
        }
    })?;
    match failed {
        Some(error) => Err(error),
        None => Ok(Done { sights, state: decoded.state }),
    }
}
