//! What a post's rule was written down as.

use std::time::Duration;

use serde::Deserialize;

use super::{Short, Staffing};
use crate::{
    domain::MediaTime,
    kinds::control_room_unattended::people::People,
    rules::{NoState, RuleState, stopwatch::Stopwatch},
};

/// All that it knew: everything but its settings and what follows from them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Known {
    pub stopwatch: Stopwatch,
    pub people: People,
    pub unproven: Duration,
    pub known: bool,
    pub after_gap: bool,
    pub state: Staffing,
}

impl Known {
    /// What was known at `until`.
    ///
    /// # Errors
    /// Where it cannot have come about.
    pub fn read(state: &RuleState, until: MediaTime) -> Result<Self, NoState> {
        let known: Self = state.read()?;
        let state = match &known.state {
            Staffing::Manned(doubt) => doubt.as_ref().is_none_or(|doubt| doubt.is_sound(until)),
            Staffing::Short(short) => short.is_sound(until),
        };
        let sound = known.stopwatch.is_sound(until) && known.people.are_sound(until) && state;
        if sound { Ok(known) } else { Err(NoState) }
    }
}

impl Short {
    fn is_sound(&self, until: MediaTime) -> bool {
        let Self { since, lasted, raised, notified, last_seen, doubt, .. } = self;
        let within = |at: MediaTime| since.at <= at && at <= until;
        [*notified, last_seen.at].into_iter().chain(raised.map(|raised| raised.at)).all(within)
            && *lasted <= until.since(since.at)
            && doubt.as_ref().is_none_or(|(doubt, _)| doubt.is_sound(until))
    }
}
