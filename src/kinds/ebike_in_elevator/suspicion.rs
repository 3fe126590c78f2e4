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
/// What a trace counts at most: so many times as little as a clear view.
const MOST_OF_TRACE: f64 = 0.5;
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
    /// The same where traces count, too: never less.
    #[serde(default)]
    traced: f64,
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
    let neutral = neutral(asked);
    let sure = log_odds(asked) + SURE;
    f64::from((log_odds(confidence) - neutral) / (sure - neutral)).clamp(UNSEEN, 1.0)
}

/// How much a look says at which no more than a trace was seen, with `confidence`: from −0.35 against to a half for. `turn` are the
/// log-odds from which on it speaks for it.
pub(crate) fn weight_of_trace(confidence: f32, turn: f32, asked: f32) -> f64 {
    let (neutral, sure) = (neutral(asked), log_odds(asked) + SURE);
    f64::from((log_odds(confidence) - turn) / (sure - neutral)).clamp(UNSEEN, MOST_OF_TRACE)
}

/// The log-odds from which on any look speaks for it.
pub(crate) fn neutral(asked: f32) -> f32 {
    log_odds(asked * NEUTRAL)
}

/// ln(p / (1 - p)); 0 and 1 are taken for almost so.
pub(crate) fn log_odds(probability: f32) -> f32 {
    let p = probability.clamp(1e-4, 1.0 - 1e-4);
    (p / (1.0 - p)).ln()
}

impl Suspicion {
    /// A first look that spoke for it.
    pub fn open(since: When, says: Says) -> Self {
        let grounds = FIRST * says.clearly.max(0.0);
        Self { since, grounds, traced: grounds.max(FIRST * says.with_traces), passed: 0.0 }
    }

    /// Whether it can have come about up to `until`.
    pub fn is_sound(&self, until: MediaTime) -> bool {
        // Sums of many short times round.
        let most = until.since(self.since.at).as_secs_f64() + 1e-3;
        let is_sound = |grounds: f64| grounds <= FIRST + most;
        self.since.at <= until
            && (0.0..=most).contains(&self.passed)
            && is_sound(self.grounds)
            && is_sound(self.traced)
    }

    /// For how long it would have had to be seen clearly to say as much.
    pub fn seen_for(&self) -> Duration {
        Duration::try_from_secs_f64(self.traced.max(self.grounds).max(0.0)).unwrap_or_default()
    }

    /// Takes back time that turned out not to count.
    pub fn take_back(&mut self, span: Duration) {
        for grounds in [&mut self.grounds, &mut self.traced] {
            *grounds = (*grounds - span.as_secs_f64()).max(0.0);
        }
        self.passed = (self.passed - span.as_secs_f64()).max(0.0);
    }

    /// Weighs a look `passed` after the one before. Confirmed by a look that speaks for it, on grounds worth being seen clearly for
    /// `confirm`, and never sooner. Traces are grounds where it was `seen` once as clearly as is asked for.
    pub fn weigh(&mut self, says: Says, seen: Seen, passed: Duration, confirm: Duration) -> Outcome {
        let Says { clearly, with_traces } = says;
        let with_traces = with_traces.max(clearly);
        // What traces carry over a time in which nothing is seen clearly begins anew there.
        self.grounds = (self.grounds + clearly * passed.as_secs_f64()).max(0.0);
        self.traced = (self.traced + with_traces * passed.as_secs_f64()).max(self.grounds);
        self.passed += passed.as_secs_f64();
        if with_traces > 0.0 {
            // Sums of many short times round.
            let least = confirm.as_secs_f64() - 1e-6;
            let grounds = match seen {
                Seen::Clearly => self.traced,
                Seen::Faintly => self.grounds,
            };
            if grounds >= least && self.passed >= least {
                return Outcome::Confirmed;
            }
        } else if self.traced <= 0.0 {
            return Outcome::Dropped;
        }
        Outcome::Open
    }
}

/// What a look says, from −0.35 against to 1 for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Says {
    /// By what is seen clearly enough to be told.
    pub clearly: f64,
    /// By traces as well.
    pub with_traces: f64,
}

/// How well it was seen at best since the first look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Never as surely as is asked for.
    Faintly,
    /// As surely as is asked for.
    Clearly,
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
        let says = |confidence: Option<f32>| {
            let weight = weight(confidence, ASKED);
            Says { clearly: weight, with_traces: weight }
        };
        let mut suspicion = Suspicion::open(since, says(first));
        let mut looks = 0;
        for confidence in confidences {
            looks += 1;
            match suspicion.weigh(says(confidence), Seen::Faintly, LOOK, CONFIRM) {
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

    /// After how many looks a suspicion is confirmed or dropped that begins with a clear view, or does not, and goes on with traces.
    fn traced(clear: bool, traces: impl IntoIterator<Item = f32>) -> (usize, Outcome) {
        let since = When { at: MediaTime::ZERO, wall: jiff::Timestamp::UNIX_EPOCH, epoch: 0 };
        let turn = log_odds(0.0135);
        let says = |confidence: f32| Says {
            clearly: weight(Some(confidence), 0.5),
            with_traces: weight_of_trace(confidence, turn, 0.5),
        };
        let first = Says { clearly: weight(Some(0.68), 0.5), with_traces: 0.0 };
        let mut suspicion = Suspicion::open(since, if clear { first } else { says(0.06) });
        let seen = if clear { Seen::Clearly } else { Seen::Faintly };
        let mut looks = 0;
        for confidence in traces {
            looks += 1;
            match suspicion.weigh(says(confidence), seen, LOOK, CONFIRM) {
                Outcome::Open => {}
                outcome => return (looks, outcome),
            }
        }
        (looks, Outcome::Open)
    }

    #[test]
    fn traces_make_up_for_what_one_clear_view_lacks_and_never_for_all_of_it() {
        let faint = [0.02, 0.06, 0.04, 0.03, 0.05];
        let (looks, outcome) = traced(true, faint.into_iter().cycle().take(15));
        assert!(outcome == Outcome::Confirmed && looks > 7, "{looks}");
        assert_eq!(traced(true, [0.0; 15]).1, Outcome::Dropped);
        assert_eq!(traced(true, [0.012; 30]).1, Outcome::Dropped);
        assert_eq!(traced(false, [0.06; 10_000]).1, Outcome::Open, "nobody ever saw it");
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
