//! What the rules of all kinds share: what a run of looks means.
//!
//! A rule is a pure state machine over observations: no input or output, no clock, no chance, state that is bounded
//! however long it runs. Each lies in the folder of its kind, [`crate::kinds`].
//!
//! What all rules share: durations are media time between looks, and a gap or an unusable picture neither adds to
//! them nor resets them (`stopwatch`, `eyesight`). A change of state is believed when a share of the looks within a
//! span of time agrees (`doubt`), or when what each look says adds up to enough (`suspicion`, in an elevator), and is then dated
//! back to the first look that showed it: smoothing moves no time.

mod appearance;
pub(crate) mod candidate;
pub(crate) mod doubt;
mod eyesight;
mod state;
mod status;
mod steadiness;
pub(crate) mod stopwatch;
mod visibility;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use appearance::similarity;
pub use candidate::{Candidate, CandidatePhase, MOST_CANDIDATES, Prospect};
pub use eyesight::{Eyesight, Outlook, Seeing};
pub use state::{NoState, RuleState};
pub use status::{Open, Pending, Status};
pub use steadiness::Stance;
pub use visibility::Clarity;

use crate::{
    domain::{
        Attention, Class, Count, Detection, Gap, MediaTime, ModelName, Observation, Phase, Scene, Track, When,
    },
    geometry::BBox,
};

/// One look, as a rule sees it.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// What was looked at.
    pub observation: &'a Observation,
    /// What the tracker made of it, for the rule's own detector.
    pub tracks: &'a [Track],
    /// The rule's own detector, if it has one.
    pub own: Option<&'a ModelName>,
    /// The state of the picture, as the rule's own detector sees it change.
    pub scene: Scene,
    /// What the picture is good for.
    pub seeing: Seeing,
}

impl<'a> Look<'a> {
    /// When it was.
    pub fn when(&self) -> When {
        self.observation.when()
    }

    /// The tracks seen at this look, each with its detection.
    pub fn seen(&self) -> impl Iterator<Item = (&'a Track, &'a Detection)> + use<'a> {
        let observation = self.observation;
        self.tracks.iter().filter_map(move |track| {
            let detection = observation.detections.get(track.detection?)?;
            (detection.bbox.is_valid() && detection.confidence.is_finite()).then_some((track, detection))
        })
    }

    /// What the rule's own detector saw a trace of at this look, most confident first.
    pub fn faint(&self) -> impl Iterator<Item = &'a Detection> + use<'a> {
        let own = self.own;
        self.observation.faint.iter().filter(move |d| {
            own.is_some() && d.model.as_ref() == own && d.bbox.is_valid() && d.confidence.is_finite()
        })
    }
}

/// No place has a longer name: four numbers, none of which is longer than the largest that a box can have.
pub(crate) const LONGEST_PLACE: usize = 4 * 48;

/// Whether a camera is watched for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// It was never watched before.
    First,
    /// It was, whatever is still known of that: what is seen first may have come while nobody looked.
    Again,
}

/// A state machine that decides when a violation begins and ends. A look whose time is not later than that of the
/// look before is passed over.
pub trait Rule: Send {
    /// Takes in a look.
    fn look(&mut self, look: &Look) -> Verdict;

    /// Takes in a gap: `to` is none when it begins and set when it ends.
    fn gap(&mut self, gap: &Gap) -> Verdict;

    /// Time passes, whether or not anything is looked at. A violation that is open is notified again when that is due: in an
    /// outage, too. Nothing else counts as seen for it: neither dwell nor grace goes on.
    fn tick(&mut self, now: When) -> Verdict;

    /// The recording is over: what is raised and has not ended is told once more, with the look that showed it last. What was
    /// only warned about ends, nobody knows when.
    fn stop(&mut self) -> Verdict;

    /// The schedule's hours are over: what stands ends at `when`, or nobody knows when where that is `unknown`, and all
    /// state is dropped.
    fn close(&mut self, when: When, unknown: bool) -> Verdict;

    /// What may yet become a violation and is not raised.
    fn prospects(&self) -> Vec<Prospect<'_>>;

    /// The numbers that decide.
    fn status(&self) -> Status;

    /// Every moment that it may yet tell.
    fn moments(&self) -> Vec<When>;

    /// All from which what it says next follows, but for its settings.
    fn save(&self) -> RuleState;

    /// Goes on from what a rule with the same settings knew at `until`.
    ///
    /// # Errors
    /// Where no such rule can have come to know that. Nothing is changed then.
    fn restore(&mut self, state: &RuleState, until: MediaTime) -> Result<(), NoState>;
}

/// Whether a violation told of last at `notified` is to be told of again.
pub(crate) fn is_due(update_every: Option<Duration>, notified: MediaTime, now: When) -> bool {
    update_every.is_some_and(|every| now.at.since(notified) >= every)
}

/// What a rule says after a look or a gap, or as time passes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Verdict {
    /// What changed, in the order found.
    pub findings: Vec<Finding>,
    /// The wish to look more often for a while.
    pub attention: Option<Attention>,
    /// What the rule saw in its zone at this look; none for a gap, and outside its schedule.
    pub presence: Option<Presence>,
    /// What may become a violation since this step, or no more; told by the watch that holds the rule.
    pub candidates: Vec<Candidate>,
}

impl From<Vec<Finding>> for Verdict {
    fn from(findings: Vec<Finding>) -> Self {
        Self { findings, ..Self::default() }
    }
}

/// What a look told of a rule's zone, for the timeline of a report. Nothing is decided from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// So many people at the post, vehicles standing in the lane, or two-wheelers in the elevator (none or one).
    Seen(u32),
    /// The picture could not tell: dark, covered, frozen, or the light changed everywhere.
    Unknown,
}

/// One step in the life of a violation. Those of one violation share `started` and `place`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Which step. Where the recording stopped before it ended, the step told last stays.
    pub phase: Phase,
    /// The first look of the state.
    pub started: When,
    /// The look of this step: at which it was warned about, raised or notified again, or the first look of the next
    /// state where it ended. Where nobody looked, the time of the step itself.
    pub at: When,
    /// The look at which it became a violation; none where it was only warned about.
    pub raised: Option<When>,
    /// What was seen; none for an unattended post.
    pub class: Option<Class>,
    /// The highest confidence seen up to the moment it was raised, 0 to 1.
    pub confidence: Option<f32>,
    /// Where it was when it was raised, or warned about before that.
    pub bbox: Option<BBox>,
    /// People seen and required, for an unattended post only.
    pub count: Option<Count>,
    /// Names the place, the same for every step of one violation; part of its id.
    pub place: String,
    /// Where the recording stopped before it ended: the last look that showed it.
    pub last_seen: Option<When>,
    /// It ended while nobody could look, so nobody knows when.
    pub ended_unknown: bool,
}
