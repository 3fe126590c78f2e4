//! What an elevator's rule was written down as.

use serde::Deserialize;

use super::{Bike, Cabin, Present};
use crate::{
    domain::{MediaTime, When},
    kinds::ebike_in_elevator::{background::Background, furniture::Furniture, rival::Rivals},
    rules::{NoState, RuleState, stopwatch::Stopwatch},
};

/// All that it knew: everything but its settings and what follows from them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Known {
    pub stopwatch: Stopwatch,
    pub furniture: Furniture,
    /// Of what was written down before there was one, the usual one.
    #[serde(default)]
    pub background: Background,
    pub rivals: Rivals,
    pub known: bool,
    pub after_gap: bool,
    pub last: Option<When>,
    pub state: Cabin,
}

impl Known {
    /// What was known at `until`.
    ///
    /// # Errors
    /// Where it cannot have come about.
    pub fn read(state: &RuleState, until: MediaTime) -> Result<Self, NoState> {
        let known: Self = state.read()?;
        let sound = known.stopwatch.is_sound(until)
            && known.furniture.is_sound()
            && known.background.is_sound()
            && known.rivals.are_sound()
            && known.last.is_none_or(|last| last.at <= until)
            && known.state.is_sound(until);
        if sound { Ok(known) } else { Err(NoState) }
    }
}

impl Cabin {
    fn is_sound(&self, until: MediaTime) -> bool {
        match self {
            Self::Absent(suspicion) => suspicion
                .as_ref()
                .is_none_or(|(suspicion, bike)| suspicion.is_sound(until) && bike.is_sound()),
            Self::Present(Present { started, raised, bike, notified, last_seen, doubt, .. }) => {
                let within = |at: MediaTime| started.at <= at && at <= until;
                [raised.at, *notified, last_seen.at].into_iter().all(within)
                    && bike.is_sound()
                    && doubt.as_ref().is_none_or(|(doubt, _)| doubt.is_sound(until))
            }
        }
    }
}

impl Bike {
    fn is_sound(&self) -> bool {
        let entered = self.entered.is_none_or(|entered| entered.is_valid());
        self.bbox.is_valid() && entered && self.confidence.is_finite()
    }
}
