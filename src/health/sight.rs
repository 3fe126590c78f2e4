use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{LIGHT_AFTER, MOVES_AFTER, News, OBSTRUCTED_AFTER, SEES_AFTER, focus::Focus};
use crate::{
    domain::{CameraFact, Gap, GapReason, Impairment, Observation, ObstructedReason},
    rules::{Clarity, Outlook, stopwatch::Stopwatch},
};

/// Whether the camera sees anything.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Sight {
    told: Option<Obstructed>,
    focus: Focus,
    #[serde(skip)]
    stopwatch: Stopwatch,
    /// Looks in a row that say other than was told.
    #[serde(skip)]
    run: Option<Run>,
}

/// What was told.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Obstructed {
    reason: ObstructedReason,
    since: Timestamp,
}

#[derive(Debug, Clone)]
struct Run {
    since: Timestamp,
    /// For how long, gaps left out; of what shows nothing, by its reason.
    lasted: Duration,
    by: Vec<(ObstructedReason, Duration)>,
}

/// What a look says of it.
enum View {
    Sees,
    Nothing(ObstructedReason),
    /// The light has just changed: this one says nothing.
    Unknown,
}

impl Sight {
    /// So was it told last.
    pub fn set(&mut self, told: Option<(ObstructedReason, Timestamp)>) {
        self.told = told.map(|(reason, since)| Obstructed { reason, since });
    }

    pub fn is_sound(&self) -> bool {
        self.focus.is_sound()
    }

    pub fn gap(&mut self, gap: &Gap) {
        self.stopwatch.gap(gap);
        // Of a picture that stood still nothing is known anew after each connection until it has been watched for long enough.
        if gap.reason == GapReason::Offline
            && self.told.is_some_and(|told| told.reason == ObstructedReason::Frozen)
        {
            self.run = None;
        }
    }

    pub fn look(&mut self, observation: &Observation, outlook: Option<Outlook>) -> Option<News> {
        let Some(outlook) = outlook else {
            // No rule is to look. What was seen before is not in a row with what will be.
            (self.stopwatch, self.run) = (Stopwatch::default(), None);
            return None;
        };
        let passed = self.stopwatch.look(observation.at)?.passed;
        match (self.view(observation, outlook.clarity, passed), self.told) {
            (View::Unknown, _) => None,
            (View::Nothing(_), Some(_)) | (View::Sees, None) => {
                self.run = None;
                None
            }
            (View::Nothing(ObstructedReason::Frozen), None) => {
                self.obstruct(ObstructedReason::Frozen, outlook.since.wall)
            }
            (View::Nothing(reason), None) => {
                let run = self.go_on(observation.wall, passed, Some(reason));
                if run.lasted < OBSTRUCTED_AFTER {
                    return None;
                }
                let (since, reason) = (run.since, run.most().unwrap_or(reason));
                self.obstruct(reason, since)
            }
            (View::Sees, Some(told)) => {
                let enough = match told.reason {
                    ObstructedReason::Dark => LIGHT_AFTER,
                    ObstructedReason::Frozen => MOVES_AFTER,
                    _ => SEES_AFTER,
                };
                let run = self.go_on(observation.wall, passed, None);
                if run.lasted < enough {
                    return None;
                }
                let since = run.since;
                (self.told, self.run) = (None, None);
                Some(News { since, fact: CameraFact::Restored(Impairment::Obstructed) })
            }
        }
    }

    fn obstruct(&mut self, reason: ObstructedReason, since: Timestamp) -> Option<News> {
        (self.told, self.run) = (Some(Obstructed { reason, since }), None);
        Some(News { since, fact: CameraFact::Obstructed(reason) })
    }

    fn view(&mut self, observation: &Observation, clarity: Clarity, passed: Duration) -> View {
        match clarity {
            Clarity::Frozen { .. } => View::Nothing(ObstructedReason::Frozen),
            Clarity::Dark => View::Nothing(ObstructedReason::Dark),
            Clarity::Covered => View::Nothing(ObstructedReason::Covered),
            Clarity::Blinded => View::Nothing(ObstructedReason::Blinded),
            Clarity::LightChange => View::Unknown,
            // Rules distrust whatever has less detail than usual. To people only a lens that is out of focus is told.
            Clarity::Clear | Clarity::Blurred if self.focus.look(&observation.scene, passed) => {
                View::Nothing(ObstructedReason::Unsharp)
            }
            Clarity::Clear | Clarity::Blurred => View::Sees,
        }
    }

    /// The run goes on, or begins with this look.
    fn go_on(&mut self, wall: Timestamp, passed: Duration, reason: Option<ObstructedReason>) -> &Run {
        let is_first = self.run.is_none();
        let run = self.run.get_or_insert_with(|| Run { since: wall, lasted: Duration::ZERO, by: Vec::new() });
        let passed = if is_first { Duration::ZERO } else { passed };
        run.lasted = run.lasted.saturating_add(passed);
        if let Some(reason) = reason {
            match run.by.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, lasted)) => *lasted = lasted.saturating_add(passed),
                None => run.by.push((reason, passed)),
            }
        }
        run
    }
}

impl Run {
    /// The reason that lasted longest.
    fn most(&self) -> Option<ObstructedReason> {
        self.by.iter().max_by_key(|(_, lasted)| *lasted).map(|(reason, _)| *reason)
    }
}
