//! What of a camera's looks goes on from one connection to the next, and over a restart.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::{MediaTime, ModelName, RuleId, micros};

/// What a rule asks for goes on over a restart for so long at most.
pub const LONGEST_WISH: Duration = Duration::from_secs(3600);
/// No camera has more rules than this.
const MOST_WISHES: usize = 1024;

/// What goes on of the looks of a camera.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedLooks {
    /// When the picture that was told last was taken.
    #[serde(with = "micros::optional")]
    pub last: Option<MediaTime>,
    /// Of each detector.
    pub strands: Vec<SavedStrand>,
}

/// What goes on of a strand.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedStrand {
    /// Its detector.
    pub detector: ModelName,
    /// The last look that had to be taken.
    #[serde(with = "micros::optional")]
    pub due: Option<MediaTime>,
    /// The last look that was taken or tried.
    #[serde(with = "micros::optional")]
    pub last: Option<MediaTime>,
    /// Whether its rules were out of their hours at the last look that was foreseen.
    pub closing: bool,
    /// Whether its last look lay out of its rules' hours.
    pub shut: bool,
    /// What rules ask for.
    pub wishes: Vec<SavedWish>,
}

/// What a rule asks for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedWish {
    /// The rule.
    pub rule: RuleId,
    /// What it is.
    pub wish: Wish,
}

/// More looks, as a rule has asked for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    /// At least this often.
    pub every: Duration,
    /// Until when.
    #[serde(with = "micros")]
    pub until: MediaTime,
    /// Since when the rule has asked again each time before its wish ended.
    #[serde(with = "micros")]
    pub since: MediaTime,
}

impl SavedLooks {
    /// Whether they can have come about up to `until`. They are none of a camera with more than `most` detectors.
    pub fn is_sound(&self, until: MediaTime, most: usize) -> bool {
        self.last.is_none_or(|last| last <= until)
            && self.strands.len() <= most
            && self.strands.iter().all(|strand| strand.is_sound(until))
    }

    /// Forgets what other rules than these ask for.
    pub fn keep(&mut self, is_kept: impl Fn(&RuleId) -> bool) {
        self.strands.iter_mut().for_each(|strand| strand.wishes.retain(|wish| is_kept(&wish.rule)));
    }
}

impl SavedStrand {
    fn is_sound(&self, until: MediaTime) -> bool {
        let may_be = |SavedWish { wish, .. }: &SavedWish| {
            wish.since <= until && wish.until.since(until) <= LONGEST_WISH
        };
        [self.due, self.last].into_iter().flatten().all(|at| at <= until)
            && self.wishes.len() <= MOST_WISHES
            && self.wishes.iter().all(may_be)
    }
}
