//! What happens to a camera, and what it says is to be done.

use super::{
    PipelineError,
    job::{Answer, Job, Ticket},
};
use crate::{
    domain::{GapReason, MediaTime, Record, When},
    judge::Judgement,
    source::{Notice, Part},
};

/// What a camera does with a group that comes while there is no time for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenFull {
    /// Takes no more parts until there is: a recording waits.
    Block,
    /// Takes it in place of the one that waits, and says that it could not look there: a camera goes on sending.
    Newest,
}

/// What happens to a camera.
pub enum Event {
    /// Its source tells something.
    Part(Part),
    /// Its source has no more to tell.
    Over,
    /// Workers have answered a job.
    Looked(Ticket, Answer),
    /// Time passes, whatever else happens.
    Tick(When),
}

/// What is to be done, in this order.
pub enum Action {
    /// Workers are to carry this out, and their answer is to come back.
    Look(Ticket, Job),
    /// A record was made, and judged.
    Tell(Record, Judgement),
    /// Rules were told that time has passed.
    Judged(Judgement),
    /// A look could not be taken, and why.
    Missed(GapReason),
    /// It has been analysed up to this time, in this file.
    Reached(Option<String>, MediaTime),
    /// People should be told.
    Notice(Notice),
    /// Something could not be read or looked at.
    Failed(PipelineError),
}

/// What follows from events.
pub type Actions = Vec<Action>;
