use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::{MediaTime, When};

/// Below this share of the confidence that is asked for, a look speaks against rather than for.
const NEUTRAL: f32 = 0.6;
/// This far above the confidence that is asked for, in log-odds, a look counts in full.
const SURE: f32 = 1.0;
/// What a look counts at which nothing was found. An e-bike is seen best while it comes through the door and is
/// often hidden by people afterwards, so absence weighs less than presence.
const UNSEEN: f64 = -0.35;
/// Seconds that the first look stands for.
const FIRST: f64 = 0.2;
/// That something may be there: grounds that add up over looks, each weighed by how sure the network was and by the
/// time it stands for. A sequential test in the manner of Wald ("Sequential Tests of Statistical Hypotheses", 1945),
/// with weights cut off at both ends, since looks that follow each other are not independent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Suspicion {
    /// The first look that spoke for it.
    pub since: When,
    /// Seconds for which it would have had to be seen clearly to say as much.
    grounds: f64,
    /// Seconds since the first look.
    passed: f64,
}

/// What became of a suspicion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Not yet known.
    Open,
    /// It is there.
    Confirmed,
    /// Nothing is left of it.
    Dropped,
}

/// How much a look at which the best was seen with `confidence` (none: nothing was) says, from −0.35 against to 1 for.
/// `asked` is the confidence that is asked for.
pub(crate) fn weight(confidence: Option<f32>, asked: f32) -> f64 {
    let Some(confidence) = confidence else { return UNSEEN };
    let neutral = log_odds(asked * NEUTRAL);
    let sure = log_odds(asked) + SURE;
    f64::from((log_odds(confidence) - neutral) / (sure - neutral)).clamp(UNSEEN, 1.0)
}

fn log_odds(probability: f32) -> f32 {
    let p = probability.clamp(1e-4, 1.0 - 1e-4);
    (p / (1.0 - p)).ln()
}

impl Suspicion {
    /// A first look that spoke for it.
    pub fn open(since: When, weight: f64) -> Self {
        Self { since, grounds: FIRST * weight, passed: 0.0 }
    }

    /// Whether it can have come about up to `until`.
    pub fn is_sound(&self, until: MediaTime) -> bool {
        // Sums of many short times round.
        let most = until.since(self.since.at).as_secs_f64() + 1e-3;
        self.since.at <= until && (0.0..=most).contains(&self.passed) && self.grounds <= FIRST + most
    }

    /// For how long it would have had to be seen clearly to say as much.
    pub fn seen_for(&self) -> Duration {
        Duration::try_from_secs_f64(self.grounds.max(0.0)).unwrap_or_default()
    }

    /// Takes back time that turned out not to count.
    pub fn take_back(&mut self, span: Duration) {
        self.grounds = (self.grounds - span.as_secs_f64()).max(0.0);
        self.passed = (self.passed - span.as_secs_f64()).max(0.0);
    }

    /// Weighs a look `passed` after the one before. Confirmed by a look that speaks for it, on grounds
    /// worth being seen clearly for `confirm`, and never sooner.
    pub fn weigh(&mut self, weight: f64, passed: Duration, confirm: Duration) -> Outcome {
        self.grounds += weight * passed.as_secs_f64();
        self.passed += passed.as_secs_f64();
        if weight > 0.0 {
            // Sums of many short times round.
            let least = confirm.as_secs_f64() - 1e-6;
            if self.grounds >= least && self.passed >= least {
                return Outcome::Confirmed;
            }
        } else if self.grounds <= 0.0 {
            return Outcome::Dropped;
        }
        Outcome::Open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: f32 = 0.35;
    const LOOK: Duration = Duration::from_millis(200);
    const CONFIRM: Duration = Duration::from_secs(1);

    /// After how many looks, five a second, a suspicion is confirmed or dropped.
    fn after(confidences: impl IntoIterator<Item = Option<f32>>) -> (usize, Outcome) {
        let since = When { at: MediaTime::ZERO, wall: jiff::Timestamp::UNIX_EPOCH, epoch: 0 };
        let mut confidences = confidences.into_iter();
        let first = confidences.next().unwrap_or_default();
        let mut suspicion = Suspicion::open(since, weight(first, ASKED));
        let mut looks = 0;
        for confidence in confidences {
            looks += 1;
            match suspicion.weigh(weight(confidence, ASKED), LOOK, CONFIRM) {
                Outcome::Open => {}
                outcome => return (looks, outcome),
            }
        }
        (looks, Outcome::Open)
    }

    #[test]
    fn what_is_seen_clearly_is_confirmed_in_time_and_what_is_seen_well_soon() {
        assert_eq!(after([Some(0.9); 50]), (5, Outcome::Confirmed), "a second after the first");
        let (looks, outcome) = after([Some(ASKED); 50]);
        assert!(outcome == Outcome::Confirmed && (6..=15).contains(&looks), "{looks}");
    }

    #[test]
    fn what_is_hardly_seen_is_never_confirmed_however_long() {
        assert_eq!(after([Some(ASKED * 0.5); 10_000]), (1, Outcome::Dropped));
        assert_eq!(after([None; 10_000]), (1, Outcome::Dropped));
    }

    #[test]
    fn a_clear_view_through_the_door_survives_being_hidden_for_a_while() {
        let mut looks = vec![Some(0.8); 4];
        looks.extend([None; 5]);
        looks.extend([Some(0.7); 10]);
        assert_eq!(after(looks).1, Outcome::Confirmed);
        let mut glimpse = vec![Some(0.8); 2];
        glimpse.extend([None; 10]);
        assert_eq!(after(glimpse).1, Outcome::Dropped);
    }

    #[test]
    fn no_weight_goes_beyond_its_bounds() {
        for confidence in [0.0, 1e-9, 0.1, 0.5, 1.0] {
            for asked in [0.01, 0.35, 0.99] {
                let weight = weight(Some(confidence), asked);
                assert!((UNSEEN..=1.0).contains(&weight), "{confidence} {asked}: {weight}");
            }
        }
    }
}
