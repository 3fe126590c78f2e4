//! What may become a violation: told when it begins, since its first picture is gone by the time it is one.

use serde::{Deserialize, Serialize};

use super::{Finding, LONGEST_PLACE, Phase};
use crate::{
    domain::{Class, MediaTime, When},
    geometry::BBox,
};

/// Most candidates that one rule has open at a time. What begins beyond it is never told of as a candidate; it may become a
/// violation all the same, without a picture of its beginning. A lane in which 32 vehicles stand is full.
pub const MOST_CANDIDATES: usize = 32;

/// Something that may become a violation: a vehicle that may stand, a post that may be short, an e-bike that may be one.
///
/// Each that began is given up later, or the violation of the same start and place is raised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Whether it begins or is over.
    pub phase: CandidatePhase,
    /// The first look of the state: [`Finding::started`] of what it may become.
    pub started: When,
    /// Names the place: [`Finding::place`] of what it may become.
    pub place: String,
    /// What was seen when it began; none at a post.
    pub class: Option<Class>,
    /// Where it was when it began; none at a post.
    pub bbox: Option<BBox>,
}

/// A step in the life of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CandidatePhase {
    /// This look is the first that shows it.
    Began,
    /// It is nothing, or over, and never became a violation.
    GivenUp,
}

impl Candidate {
    /// Whether `finding` is of what this has become.
    pub fn is(&self, finding: &Finding) -> bool {
        self.started == finding.started && self.place == finding.place
    }

    fn is_of(&self, prospect: &Prospect) -> bool {
        self.started == prospect.started && self.place == prospect.place
    }
}

/// What a rule has that may become a violation and is not raised.
#[derive(Debug, Clone, Copy)]
pub struct Prospect<'a> {
    /// The first look of the state.
    pub started: When,
    /// Names the place.
    pub place: &'a str,
    /// What it is; none at a post.
    pub class: Option<Class>,
    /// Where it is; none at a post.
    pub bbox: Option<BBox>,
}

/// The candidates of one rule that began and are open.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Candidates(Vec<Candidate>);

impl Candidates {
    /// Whether they can have come about up to `until`.
    pub fn are_sound(&self, until: MediaTime) -> bool {
        let is_sound = |open: &Candidate| open.started.at <= until && open.place.len() <= LONGEST_PLACE;
        self.0.len() <= MOST_CANDIDATES && self.0.iter().all(is_sound)
    }

    /// What `prospects` say that was not told yet. `look` is the look they are known from, none where nothing was looked at;
    /// `findings` are what the rule found in this step.
    pub fn tell(
        &mut self,
        look: Option<When>,
        prospects: &[Prospect],
        findings: &[Finding],
    ) -> Vec<Candidate> {
        let mut told = Vec::new();
        self.0.retain(|open| {
            let goes_on = prospects.iter().any(|prospect| open.is_of(prospect));
            let is_raised = || findings.iter().any(|f| f.phase == Phase::Raised && open.is(f));
            if !goes_on && !is_raised() {
                told.push(Candidate { phase: CandidatePhase::GivenUp, ..open.clone() });
            }
            goes_on
        });
        // What began at an earlier look found no room then; a picture of now would not show its beginning.
        for prospect in prospects.iter().filter(|prospect| look == Some(prospect.started)) {
            if self.0.len() >= MOST_CANDIDATES || self.0.iter().any(|open| open.is_of(prospect)) {
                continue;
            }
            let began = Candidate {
                phase: CandidatePhase::Began,
                started: prospect.started,
                place: prospect.place.to_owned(),
                class: prospect.class,
                bbox: prospect.bbox,
            };
            told.push(began.clone());
            self.0.push(began);
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::MediaTime;

    fn when(seconds: f64) -> When {
        When { at: MediaTime::from_secs_f64(seconds), wall: jiff::Timestamp::UNIX_EPOCH, epoch: 0 }
    }

    fn prospect(started: f64, place: &str) -> Prospect<'_> {
        Prospect { started: when(started), place, class: None, bbox: None }
    }

    fn finding(phase: Phase, started: f64, place: &str) -> Finding {
        Finding {
            phase,
            started: when(started),
            at: when(started + 9.0),
            raised: None,
            class: None,
            confidence: None,
            bbox: None,
            count: None,
            place: place.to_owned(),
            last_seen: None,
            ended_unknown: false,
        }
    }

    fn phases(told: &[Candidate]) -> Vec<(&str, CandidatePhase)> {
        told.iter().map(|candidate| (candidate.place.as_str(), candidate.phase)).collect()
    }

    #[test]
    fn what_begins_is_told_once_and_given_up_unless_it_is_raised() {
        use CandidatePhase::{Began, GivenUp};
        let mut candidates = Candidates::default();
        let both = [prospect(1.0, "a"), prospect(1.0, "b")];
        assert_eq!(phases(&candidates.tell(Some(when(1.0)), &both, &[])), [("a", Began), ("b", Began)]);
        assert!(candidates.tell(Some(when(2.0)), &both, &[]).is_empty());
        let warned = [finding(Phase::Warned, 1.0, "a"), finding(Phase::Raised, 1.0, "b")];
        assert!(candidates.tell(Some(when(3.0)), &both[..1], &warned).is_empty());
        // One that ends although it was warned about never was a violation.
        let ended = [finding(Phase::Ended, 1.0, "a")];
        assert_eq!(phases(&candidates.tell(None, &[], &ended)), [("a", GivenUp)]);
        assert!(candidates.tell(None, &[], &[]).is_empty());
    }

    #[test]
    fn no_more_are_open_than_may_be_and_none_begins_late() {
        let mut candidates = Candidates::default();
        let names: Vec<String> = (0..=MOST_CANDIDATES).map(|n| format!("{n:02}")).collect();
        let all: Vec<Prospect> = names.iter().map(|name| prospect(1.0, name)).collect();
        assert_eq!(candidates.tell(Some(when(1.0)), &all, &[]).len(), MOST_CANDIDATES);
        // The first leaves; that there is room now is too late for the last.
        let told = candidates.tell(Some(when(2.0)), &all[1..], &[]);
        assert_eq!(phases(&told), [("00", CandidatePhase::GivenUp)]);
        let told =
            candidates.tell(Some(when(3.0)), &[all[1..].to_vec(), vec![prospect(3.0, "new")]].concat(), &[]);
        assert_eq!(phases(&told), [("new", CandidatePhase::Began)]);
    }
}
