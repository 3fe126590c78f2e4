//! What a lane's rule was written down as.

use std::{collections::VecDeque, time::Duration};

use serde::Deserialize;

use super::{Ended, MOST_ENDED, MOST_STAYS};
use crate::{
    domain::{MediaTime, micros},
    kinds::fire_lane_parking::stay::Stay,
    rules::{NoState, RuleState, stopwatch::Stopwatch},
};

/// All that it knew: everything but its settings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Known {
    pub stopwatch: Stopwatch,
    pub unproven: Duration,
    #[serde(with = "micros::optional")]
    pub moved: Option<MediaTime>,
    pub stays: Vec<Stay>,
    pub ended: VecDeque<Ended>,
}

impl Known {
    /// What was known at `until`.
    ///
    /// # Errors
    /// Where it cannot have come about.
    pub fn read(state: &RuleState, until: MediaTime) -> Result<Self, NoState> {
        let known: Self = state.read()?;
        let sound = known.stopwatch.is_sound(until)
            && known.moved.is_none_or(|moved| moved <= until)
            // Those that ended may all have been taken up again.
            && known.stays.len() <= MOST_STAYS + MOST_ENDED
            && known.ended.len() <= MOST_ENDED
            && known.stays.iter().all(|stay| stay.is_sound(until))
            && known.ended.iter().all(|ended| ended.stay.is_sound(until) && ended.said <= until);
        if sound { Ok(known) } else { Err(NoState) }
    }
}
