//! From records to violations: trackers, rules and the book of one camera. Live, batch and replay use the same.

use jiff::Timestamp;

use super::{Book, Watch, Watched};
use crate::{
    config::{Camera, Site},
    domain::{Attention, Gap, MediaTime, ModelName, Observation, Record, RuleId, Violation},
    rules::{Presence, Stance, Steadiness, Verdict},
    track::Tracker,
};

/// What one record led to.
#[derive(Debug, Default)]
pub struct Judgement {
    /// Wishes to look more often, by the index of the rule.
    pub attention: Vec<(usize, Attention)>,
    /// Violations that changed, or are warned about, as they now are.
    pub violations: Vec<Violation>,
    /// What rules saw in their zones, by the index of the rule.
    pub presence: Vec<(usize, Presence)>,
    /// The camera was moved at this time, and stands still since: zones may be wrong from then on. Said once.
    pub moved: Option<MediaTime>,
}

/// One detector of the camera, its tracker, and which rules use it.
struct Strand {
    detector: ModelName,
    tracker: Tracker,
    watches: Vec<usize>,
}

/// Watches one camera.
pub struct Judge {
    strands: Vec<Strand>,
    watches: Vec<Watch>,
    book: Book,
    steadiness: Steadiness,
}

impl Judge {
    /// The rules of a camera. `detector` is that of rules which name none of their own.
    pub fn new(site: &Site, camera: &Camera, detector: &ModelName) -> Self {
        let watches: Vec<Watch> = camera
            .rules
            .iter()
            .map(|rule| {
                let id = RuleId::new(&camera.id, rule.kind(), rule.name.as_deref());
                Watch::new(id, rule.clone(), detector, site.timezone.clone())
            })
            .collect();
        let mut strands: Vec<Strand> = Vec::new();
        for (index, watch) in watches.iter().enumerate() {
            let detector = watch.needs().detector;
            match strands.iter_mut().find(|strand| strand.detector == detector) {
                Some(strand) => strand.watches.push(index),
                None => {
                    let tracker = Tracker::new(watch.own_detector().cloned());
                    strands.push(Strand { detector, tracker, watches: vec![index] });
                }
            }
        }
        let book = Book::new(site.id.clone(), camera.id.clone(), camera.name.clone());
        Self { strands, watches, book, steadiness: Steadiness::default() }
    }

    /// The rules, in the order of the configuration.
    pub fn watches(&self) -> &[Watch] {
        &self.watches
    }

    /// The detectors that rules use, each with the indices of its rules.
    pub fn detectors(&self) -> impl Iterator<Item = (&ModelName, &[usize])> {
        self.strands.iter().map(|strand| (&strand.detector, strand.watches.as_slice()))
    }

    /// Whether a rule that uses a detector, by its place among [`Self::detectors`], is within its hours.
    pub fn holds(&self, detector: usize, wall: Timestamp) -> bool {
        let watches = self.strands.get(detector).map(|strand| strand.watches.as_slice()).unwrap_or_default();
        watches.iter().filter_map(|index| self.watches.get(*index)).any(|watch| watch.holds(wall))
    }

    /// Takes the next record of the camera.
    pub fn take(&mut self, record: &Record) -> Judgement {
        let mut judgement = Judgement::default();
        match record {
            Record::Epoch(epoch) => self.book.epoch(epoch),
            Record::Gap(gap) => self.take_gap(gap, &mut judgement),
            Record::Observation(observation) => self.take_observation(observation, &mut judgement),
        }
        judgement
    }

    fn take_gap(&mut self, gap: &Gap, judgement: &mut Judgement) {
        for (index, watch) in self.watches.iter_mut().enumerate() {
            let verdict = watch.gap(gap);
            note(&mut self.book, verdict, index, watch, judgement);
        }
    }

    fn take_observation(&mut self, observation: &Observation, judgement: &mut Judgement) {
        if let Stance::Moved { since } = self.steadiness.look(&observation.scene, observation.at) {
            judgement.moved = Some(since);
        }
        for strand in &mut self.strands {
            // A rule is told of looks that its detector did not take as well: its schedule may end there.
            let looked = observation.looked.contains(&strand.detector);
            let tracks = if looked { strand.tracker.update(observation) } else { &[] };
            for index in &strand.watches {
                if let Some(watch) = self.watches.get_mut(*index) {
                    let verdict = watch.look(observation, tracks);
                    note(&mut self.book, verdict, *index, watch, judgement);
                }
            }
        }
    }

    /// How much each rule could judge so far, in the order of the configuration.
    pub fn watched(&self) -> Vec<Watched> {
        self.watches.iter().map(|watch| watch.watched().clone()).collect()
    }

    /// The recording is over: what has not ended by now is told with the look that showed it last.
    pub fn stop(&mut self) -> Judgement {
        let mut judgement = Judgement::default();
        for (index, watch) in self.watches.iter_mut().enumerate() {
            let verdict = watch.stop();
            note(&mut self.book, verdict, index, watch, &mut judgement);
        }
        judgement
    }

    /// The violations as last known, sorted by start, camera and rule.
    pub fn violations(&self) -> Vec<Violation> {
        self.book.violations()
    }
}

fn note(book: &mut Book, verdict: Verdict, index: usize, watch: &Watch, judgement: &mut Judgement) {
    judgement.attention.extend(verdict.attention.map(|attention| (index, attention)));
    judgement.presence.extend(verdict.presence.map(|presence| (index, presence)));
    for finding in &verdict.findings {
        judgement.violations.push(book.record(watch.id(), watch.kind(), finding));
    }
}
