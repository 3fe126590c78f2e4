//! From records to violations: trackers, rules and the book of one camera. Live, batch and replay use the same.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Standing, Watch, Watched, book::Book, digest, reach::Reach};
use crate::{
    config::{Camera, DetectorConfig, Site},
    domain::{Attention, Gap, MediaTime, ModelName, Observation, Record, RuleId, Violation, When},
    rules::{Beginning, Candidate, Eyesight, Finding, Outlook, Presence, Verdict},
    track::Tracker,
};

/// What one record led to, or the time that passed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Judgement {
    /// Wishes to look more often, by the index of the rule.
    pub attention: Vec<(usize, Attention)>,
    /// Violations that changed, or are warned about, as they now are.
    pub violations: Vec<Violation>,
    /// What led to that, a finding for each of them, by the index of the rule.
    pub findings: Vec<(usize, Finding)>,
    /// What may become a violation since now, or no more.
    pub candidates: Vec<CandidateOf>,
    /// What rules saw in their zones, by the index of the rule.
    pub presence: Vec<(usize, Presence)>,
    /// The camera was moved at this time, and stands still since: zones may be wrong from then on. Said once.
    pub moved: Option<MediaTime>,
}

/// A candidate of one of the camera's rules.
#[derive(Debug, Clone, PartialEq)]
pub struct CandidateOf {
    /// The index of the rule.
    pub rule: usize,
    /// The id of the violation that it may become.
    pub violation: Uuid,
    /// What it is.
    pub candidate: Candidate,
}

/// One detector of the camera, its tracker, and which rules use it.
pub(super) struct Strand {
    pub detector: ModelName,
    pub tracker: Tracker,
    pub watches: Vec<usize>,
}

/// Watches one camera.
pub struct Judge {
    pub(super) strands: Vec<Strand>,
    pub(super) watches: Vec<Watch>,
    pub(super) book: Book,
    pub(super) eyesight: Eyesight,
    pub(super) reach: Reach,
}

impl Judge {
    /// The rules of a camera that is watched once, such as a recording. `detector` is that of rules which name none of their
    /// own, with settings as they are where nobody sets them.
    pub fn new(site: &Site, camera: &Camera, detector: &ModelName) -> Self {
        let detector = DetectorConfig { model: detector.as_ref().to_owned(), ..DetectorConfig::default() };
        Self::begin(site, camera, &detector, Beginning::First)
    }

    /// The rules of a camera of which nothing is known. `detector` is that of rules which name none of their own.
    pub fn begin(site: &Site, camera: &Camera, detector: &DetectorConfig, beginning: Beginning) -> Self {
        let named: ModelName = detector.model.as_str().into();
        let watches: Vec<Watch> = camera
            .rules
            .iter()
            .map(|rule| {
                let id = RuleId::new(&camera.id, rule.kind(), rule.name.as_deref());
                let settings = digest(site, camera, rule, detector);
                Watch::new(id, rule.clone(), &named, site.timezone.clone(), settings, beginning)
            })
            .collect();
        let mut strands: Vec<Strand> = Vec::new();
        for (index, watch) in watches.iter().enumerate() {
            let detector = watch.detector();
            match strands.iter_mut().find(|strand| strand.detector == *detector) {
                Some(strand) => strand.watches.push(index),
                None => {
                    let tracker = Tracker::new(watch.own_detector().cloned());
                    strands.push(Strand { detector: detector.clone(), tracker, watches: vec![index] });
                }
            }
        }
        let book = Book::new(site.id.clone(), camera.id.clone(), camera.name.clone());
        Self { strands, watches, book, eyesight: Eyesight::default(), reach: Reach::default() }
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
        self.reach.take(record);
        match record {
            Record::Epoch(epoch) => {
                let needed = self.watches.iter().flat_map(Watch::moments).map(|when| when.epoch).collect();
                self.book.epoch(epoch, &needed);
            }
            Record::Gap(gap) => self.take_gap(gap, &mut judgement),
            Record::Observation(observation) => self.take_observation(observation, &mut judgement),
        }
        judgement
    }

    fn take_gap(&mut self, gap: &Gap, judgement: &mut Judgement) {
        self.eyesight.gap(gap);
        for (index, watch) in self.watches.iter_mut().enumerate() {
            let verdict = watch.gap(gap);
            note(&mut self.book, verdict, index, watch, judgement);
        }
    }

    fn take_observation(&mut self, observation: &Observation, judgement: &mut Judgement) {
        judgement.moved = self.eyesight.glance(observation);
        self.close_eyes(observation.wall);
        for strand in &mut self.strands {
            // A rule is told of looks that its detector did not take as well: its schedule may end there.
            let looked = observation.looked.contains(&strand.detector);
            let tracks = if looked { strand.tracker.update(observation) } else { &[] };
            let mut watches = strand.watches.iter().filter_map(|index| self.watches.get(*index));
            let is_in_force = watches.any(|watch| watch.holds(observation.wall));
            let seeing = (looked && is_in_force).then(|| self.eyesight.look(&strand.detector, observation));
            for index in &strand.watches {
                if let Some(watch) = self.watches.get_mut(*index) {
                    let verdict = watch.look(observation, tracks, seeing);
                    note(&mut self.book, verdict, *index, watch, judgement);
                }
            }
        }
    }

    /// Closes the eyesight of each detector none of whose rules is in force since its last look.
    fn close_eyes(&mut self, wall: Timestamp) {
        for strand in &self.strands {
            let mut watches = strand.watches.iter().filter_map(|index| self.watches.get(*index));
            if !watches.any(|watch| watch.goes_on(wall)) {
                self.eyesight.close(&strand.detector);
            }
        }
    }

    /// Time passes, whether or not anything is looked at: what is open is notified again when that is due, and rules whose
    /// hours are over are closed.
    pub fn tick(&mut self, now: When) -> Judgement {
        let mut judgement = Judgement::default();
        self.reach.come(now);
        self.close_eyes(now.wall);
        for (index, watch) in self.watches.iter_mut().enumerate() {
            let verdict = watch.tick(now);
            note(&mut self.book, verdict, index, watch, &mut judgement);
        }
        judgement
    }

    /// The latest time that was told of.
    pub fn reached(&self) -> Option<When> {
        self.reach.to()
    }

    /// The gap that is open.
    pub fn gap(&self) -> Option<Gap> {
        self.reach.gap(self.book.camera())
    }

    /// How well the camera sees; none while none of its rules is to look.
    pub fn sees(&self) -> Option<Outlook> {
        self.eyesight.sees()
    }

    /// Where each rule stands at `wall`, in the order of the configuration.
    pub fn status(&self, wall: Timestamp) -> Vec<Standing> {
        let standing = |watch: &Watch| watch.status(wall, self.eyesight.outlook(watch.detector()));
        self.watches.iter().map(standing).collect()
    }

    /// How much each rule could judge so far, in the order of the configuration.
    pub fn watched(&self) -> Vec<Watched> {
        self.watches.iter().map(|watch| watch.watched().clone()).collect()
    }

    /// How much each rule could judge since the day began, in the order of the configuration.
    pub fn watched_today(&self) -> Vec<Watched> {
        self.watches.iter().map(|watch| watch.watched_today().clone()).collect()
    }

    /// Another day begins, in the site's time zone.
    pub fn begin_day(&mut self) {
        self.watches.iter_mut().for_each(Watch::begin_day);
    }

    /// The recording is over: what has not ended by now is told as it was last known, with the look that showed it last.
    pub fn stop(&mut self) -> Judgement {
        let mut judgement = Judgement::default();
        for (index, watch) in self.watches.iter_mut().enumerate() {
            let verdict = watch.stop();
            note(&mut self.book, verdict, index, watch, &mut judgement);
        }
        judgement
    }
}

fn note(book: &mut Book, verdict: Verdict, index: usize, watch: &Watch, judgement: &mut Judgement) {
    judgement.attention.extend(verdict.attention.map(|attention| (index, attention)));
    judgement.presence.extend(verdict.presence.map(|presence| (index, presence)));
    for candidate in verdict.candidates {
        let violation = book.id(watch.id(), candidate.started, &candidate.place);
        judgement.candidates.push(CandidateOf { rule: index, violation, candidate });
    }
    for finding in verdict.findings {
        judgement.violations.push(book.record(watch.id(), watch.kind(), &finding));
        judgement.findings.push((index, finding));
    }
}
