use serde::{Deserialize, Serialize};

use super::suspicion::log_odds;

/// Of a hundred looks at which something moves, so many say no more than what is usual.
const SHARE: f32 = 0.9;
/// How far a look moves it, in log-odds, as a share: an e-bike that is seen faintly for three seconds raises it by a seventh of one, a
/// camera that sees traces at every look by one in some twenty seconds of movement.
const STEP: f32 = 0.01;
/// What lifts without an e-bike say: nothing, or next to it (models/README.md).
const BEGINNING: f32 = 0.005;
/// How far above what is usual a trace must be to say anything, in log-odds.
const ABOVE: f32 = 1.0;
/// No fainter trace says anything, however quiet the camera.
const FAINTEST: f32 = 0.012;

/// How sure the network is at this camera that it sees an e-bike while something moves and none is there: a quantile that follows
/// slowly what looks say (Robbins and Monro, "A Stochastic Approximation Method", 1951).
///
/// Example: lifts say 0.00 as a rule. A trace of 0.04 then says something. Where a poster makes the network say 0.05 at most looks, it
/// says nothing.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Background(f32);

impl Default for Background {
    fn default() -> Self {
        Self(log_odds(BEGINNING))
    }
}

impl Background {
    /// Whether looks can have told it.
    pub fn is_sound(&self) -> bool {
        (log_odds(0.0)..=log_odds(1.0)).contains(&self.0)
    }

    /// Something moved at a look at which an e-bike was seen with `confidence`, 0 for not at all, and none is known to be there.
    pub fn look(&mut self, confidence: f32) {
        let odds = log_odds(confidence);
        let step = if odds > self.0 { SHARE } else { SHARE - 1.0 };
        self.0 = (self.0 + STEP * step).clamp(log_odds(0.0), log_odds(1.0));
    }

    /// The log-odds from which on a trace speaks for an e-bike: no more than `neutral`, from which on any look does.
    pub fn turn(&self, neutral: f32) -> f32 {
        (self.0 + ABOVE).max(log_odds(FAINTEST)).min(neutral)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(looks: impl IntoIterator<Item = f32>) -> f32 {
        let mut background = Background::default();
        looks.into_iter().for_each(|confidence| background.look(confidence));
        assert!(background.is_sound());
        background.turn(log_odds(0.3))
    }

    #[test]
    fn a_few_traces_change_little_and_what_is_usual_says_nothing_in_the_end() {
        let before = after([]);
        assert!(before < log_odds(0.015), "a quiet camera's traces count");
        let some = after([0.05; 15]);
        assert!(some > before && some - before < 0.2, "three seconds of them: {some}");
        assert!(after([0.05; 160]) > log_odds(0.05), "half a minute of them");
        let seldom = (0..100_000).map(|n| if n % 20 == 0 { 0.05 } else { 0.0 });
        assert!(after(seldom) < log_odds(0.015), "one in twenty is not usual");
        let often = (0..100_000).map(|n| if n % 5 == 0 { 0.05 } else { 0.0 });
        assert!(after(often) > log_odds(0.05), "one in five is");
    }

    #[test]
    fn it_stays_within_bounds_whatever_looks_say() {
        assert!(after([1.0; 10_000]) <= log_odds(0.3));
        assert!(after([0.0; 10_000]) >= log_odds(FAINTEST));
    }
}
