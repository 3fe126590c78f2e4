use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::truth::Spell;
use crate::domain::{CameraId, Kind, MediaTime, Moment, Violation};

/// How good the violations are, measured on the truth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// One entry for each kind that a camera watches for, or that a spell or violation is of, in the order of
    /// [`Kind::ALL`].
    pub kinds: Vec<KindTally>,
    /// All kinds together.
    pub total: Tally,
    /// The spells that were found, in the order of the truth file.
    pub matches: Vec<Match>,
    /// The spells that were not found, in the order of the truth file.
    pub missed: Vec<Spell>,
    /// The violations that lie in no spell, in the order of start, camera, kind and id.
    pub false_alarms: Vec<FalseAlarm>,
}

/// What was counted of one kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KindTally {
    /// The kind.
    pub kind: Kind,
    /// What was counted of it.
    #[serde(flatten)]
    pub tally: Tally,
}

/// What was counted.
///
/// Spells are counted for recall and violations for precision, since several violations may lie in one spell:
/// `found + missed = spells`, and `right + false_alarms = violations`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Spells of the truth.
    pub spells: usize,
    /// Spells in which a violation lies.
    pub found: usize,
    /// Spells in which none lies.
    pub missed: usize,
    /// Violations told.
    pub violations: usize,
    /// Violations that lie in a spell: those that found it, and the repeats.
    pub right: usize,
    /// Violations in a spell that another had found: right, but told again. Two vehicles that stand in a fire lane
    /// in one spell are two violations, so repeats are normal there.
    pub repeats: usize,
    /// Violations that lie in no spell.
    pub false_alarms: usize,
    /// `right / violations`, 0 to 1; none without violations.
    pub precision: Option<f64>,
    /// `found / spells`, 0 to 1; none without spells.
    pub recall: Option<f64>,
    /// Time looked at without gaps, in hours, summed over the cameras that watch for it. In the total each camera is
    /// counted once, whatever number of kinds it watches for. None where nothing was looked at.
    pub camera_hours: Option<f64>,
    /// `false_alarms / camera_hours`; none where nothing was looked at.
    pub false_alarms_per_camera_hour: Option<f64>,
    /// How far the start of a found spell was missed, early or late: seconds, 0 or more. None where none was found.
    pub start_error_s: Option<Spread>,
    /// How long after the start of a found spell the violation was raised: seconds, negative where before it. It
    /// holds the dwell or grace of the rule. None where none was found.
    pub raised_after_s: Option<Spread>,
}

/// The middle and the largest of some durations.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The median in seconds; of an even number, the mean of the two in the middle.
    pub median: f64,
    /// The largest, in seconds.
    pub worst: f64,
}

/// A spell and what found it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Match {
    /// The spell.
    #[serde(flatten)]
    pub spell: Spell,
    /// Ids of the violations that lie in it, earliest start first: the first found it, the others are repeats.
    /// Never empty.
    pub violations: Vec<Uuid>,
    /// How far the first violation's start is from the spell's, in seconds, 0 or more.
    pub start_error_s: f64,
    /// How long after the spell's start the first violation was raised, in seconds; negative where before it.
    pub raised_after_s: f64,
}

/// A violation that lies in no spell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FalseAlarm {
    /// The violation's id.
    pub id: Uuid,
    /// Its camera.
    pub camera: CameraId,
    /// Its kind.
    pub kind: Kind,
    /// Where it began.
    pub started: Moment,
}

/// How much of a camera was analysed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Analysed {
    /// The time looked at, without gaps.
    pub looked_at: Duration,
    /// Media time at which its recording ends.
    pub until: MediaTime,
}

/// A violation, and when it was raised.
#[derive(Debug, Clone, Copy)]
struct Raised<'a> {
    violation: &'a Violation,
    at: MediaTime,
}

/// Compares violations with the truth.
///
/// A violation lies in that spell of its camera and kind with which it shares the most time, measured from `started`
/// to `ended`, or to the end of the recording; of two with which it shares the same, in the earlier. One that shares
/// time with none is a false alarm. So a violation that spans two spells finds the longer shared one alone. Of the
/// violations in a spell, the one that started first found it.
///
/// `analysed` says of each camera how much of it was looked at; a camera that is not in it was not. `watched`
/// are the kinds that each camera has rules for. The order of spells and violations does not matter.
pub fn compare(
    spells: &[Spell],
    violations: &[Violation],
    analysed: &BTreeMap<CameraId, Analysed>,
    watched: &BTreeMap<CameraId, BTreeSet<Kind>>,
) -> Evaluation {
    let mut spells: Vec<&Spell> = spells.iter().collect();
    spells.sort_by_key(|spell| (spell.line, &spell.camera, spell.kind, spell.start, spell.end));
    // What was only warned about is none.
    let mut violations: Vec<Raised> = violations
        .iter()
        .filter_map(|violation| Some(Raised { violation, at: violation.raised.as_ref()?.media_s }))
        .collect();
    violations.sort_by_key(|Raised { violation, at }| {
        (violation.started.media_s, *at, &violation.camera, violation.kind, violation.id)
    });

    let mut sums = Sums::watching(analysed, watched);
    let ends = ends(&spells, &violations, analysed);
    let mut of_camera: BTreeMap<(&CameraId, Kind), Vec<(usize, &Spell)>> = BTreeMap::new();
    for (index, &spell) in spells.iter().enumerate() {
        of_camera.entry((&spell.camera, spell.kind)).or_default().push((index, spell));
        sums.each(spell.kind, |sum| sum.spells += 1);
    }

    // By the index of the spell.
    let mut within: BTreeMap<usize, Vec<Raised>> = BTreeMap::new();
    let mut strays: Vec<&Violation> = Vec::new();
    for raised in violations {
        let violation = raised.violation;
        sums.each(violation.kind, |sum| sum.violations += 1);
        let end = ends.get(&violation.camera).copied().unwrap_or_default();
        let candidates = of_camera.get(&(&violation.camera, violation.kind)).into_iter().flatten();
        let best = candidates
            .map(|(index, spell)| (shared(spell, violation, end), spell.start, *index))
            .filter(|(time, ..)| !time.is_zero())
            .min_by_key(|(time, start, index)| (std::cmp::Reverse(*time), *start, *index));
        match best {
            Some((.., index)) => within.entry(index).or_default().push(raised),
            None => strays.push(violation),
        }
    }

    let (mut matches, mut missed) = (Vec::new(), Vec::new());
    for (index, spell) in spells.into_iter().enumerate() {
        let within = within.remove(&index).unwrap_or_default();
        let Some(first) = within.first() else {
            missed.push(spell.clone());
            continue;
        };
        let error = micros_after(spell.start, first.violation.started.media_s).saturating_abs();
        let raised = micros_after(spell.start, first.at);
        sums.each(spell.kind, |sum| {
            sum.right += within.len();
            sum.start_errors.push(error);
            sum.raised_after.push(raised);
        });
        matches.push(Match {
            spell: spell.clone(),
            violations: within.iter().map(|raised| raised.violation.id).collect(),
            start_error_s: seconds(error),
            raised_after_s: seconds(raised),
        });
    }
    strays.sort_by_key(|stray| (stray.started.wall, &stray.camera, stray.kind, stray.id));
    Evaluation {
        kinds: sums.kinds.into_iter().map(|(kind, sum)| KindTally { kind, tally: sum.tally() }).collect(),
        total: sums.total.tally(),
        matches,
        missed,
        false_alarms: strays
            .into_iter()
            .map(|stray| FalseAlarm {
                id: stray.id,
                camera: stray.camera.clone(),
                kind: stray.kind,
                started: stray.started.clone(),
            })
            .collect(),
    }
}

/// Where each camera's recording ends, as far as is known: no earlier than all that is told of it. An open violation
/// has to end somewhere, else it would share more time with a last open spell than with any other.
fn ends<'a>(
    spells: &[&'a Spell],
    violations: &[Raised<'a>],
    analysed: &'a BTreeMap<CameraId, Analysed>,
) -> BTreeMap<&'a CameraId, MediaTime> {
    let looked = analysed.iter().map(|(camera, analysed)| (camera, analysed.until));
    let spelled = spells.iter().map(|spell| (&spell.camera, spell.end.unwrap_or(spell.start)));
    let told = violations.iter().map(|Raised { violation, at }| {
        (&violation.camera, violation.ended.as_ref().map_or(*at, |ended| ended.media_s))
    });
    let mut ends: BTreeMap<&CameraId, MediaTime> = BTreeMap::new();
    for (camera, at) in looked.chain(spelled).chain(told) {
        let end = ends.entry(camera).or_default();
        *end = at.max(*end);
    }
    ends
}

/// The time that a violation shares with a spell. A violation of a single look, over as soon as it began, lasts one
/// microsecond, so that it lies in the spell around it.
fn shared(spell: &Spell, violation: &Violation, end_of_recording: MediaTime) -> Duration {
    const INSTANT: Duration = Duration::from_micros(1);
    let started = violation.started.media_s;
    let ended = match &violation.ended {
        Some(ended) => ended.media_s.max(started + INSTANT),
        None => end_of_recording.max(started) + INSTANT,
    };
    spell.until().min(ended).since(spell.start.max(started))
}

/// Microseconds from one time to another; negative where it is before.
fn micros_after(from: MediaTime, to: MediaTime) -> i64 {
    to.as_micros().saturating_sub(from.as_micros())
}

fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}

/// What is being counted, per kind and in all.
#[derive(Default)]
struct Sums {
    kinds: BTreeMap<Kind, Sum>,
    total: Sum,
}

#[derive(Default)]
struct Sum {
    spells: usize,
    violations: usize,
    right: usize,
    analysed: Duration,
    /// In microseconds, one for each found spell.
    start_errors: Vec<i64>,
    /// Likewise.
    raised_after: Vec<i64>,
}

impl Sums {
    fn watching(
        analysed: &BTreeMap<CameraId, Analysed>,
        watched: &BTreeMap<CameraId, BTreeSet<Kind>>,
    ) -> Self {
        let mut sums = Self::default();
        for (camera, kinds) in watched.iter().filter(|(_, kinds)| !kinds.is_empty()) {
            let time = analysed.get(camera).copied().unwrap_or_default().looked_at;
            for kind in kinds {
                let sum = sums.kinds.entry(*kind).or_default();
                sum.analysed = sum.analysed.saturating_add(time);
            }
            sums.total.analysed = sums.total.analysed.saturating_add(time);
        }
        sums
    }

    /// Counts for a kind and in all.
    fn each(&mut self, kind: Kind, mut count: impl FnMut(&mut Sum)) {
        count(self.kinds.entry(kind).or_default());
        count(&mut self.total);
    }
}

impl Sum {
    fn tally(self) -> Tally {
        let found = self.start_errors.len();
        let camera_hours = self.analysed.as_secs_f64() / 3600.0;
        let false_alarms = self.violations - self.right;
        Tally {
            spells: self.spells,
            found,
            missed: self.spells - found,
            violations: self.violations,
            right: self.right,
            repeats: self.right - found,
            false_alarms,
            precision: share(self.right, self.violations),
            recall: share(found, self.spells),
            camera_hours: (camera_hours > 0.0).then_some(camera_hours),
            false_alarms_per_camera_hour: (camera_hours > 0.0).then(|| false_alarms as f64 / camera_hours),
            start_error_s: spread(self.start_errors),
            raised_after_s: spread(self.raised_after),
        }
    }
}

fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Of durations in microseconds.
fn spread(mut micros: Vec<i64>) -> Option<Spread> {
    micros.sort_unstable();
    let worst = *micros.last()?;
    let upper = *micros.get(micros.len() / 2)?;
    let lower = *micros.get((micros.len() - 1) / 2)?;
    Some(Spread { median: (seconds(lower) + seconds(upper)) / 2.0, worst: seconds(worst) })
}
