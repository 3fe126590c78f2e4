//! One camera from its parts to its violations, looks in the order of media time.

use std::{
    collections::{BTreeMap, VecDeque},
    io::Write,
    sync::Arc,
    time::Duration,
};

use crossbeam::channel::{self, Receiver, Sender};

use super::{
    PipelineError,
    eye::{Anchors, Found, LaneSpec, Sight},
    judge::Judge,
    motion,
    plan::{self, Cadence, Lane, Lanes, Span, Wanted},
    pool::Looking,
    records::Records,
    timeline::Timeline,
    worker::{Chain, Done, Job},
};
use crate::{
    decode::DecoderState,
    domain::{
        CameraId, Detection, Epoch, Gap, GapReason, MediaTime, ModelName, Observation, Record, Violation,
    },
    geometry::BBox,
    rules::Needs,
    source::{Gop, Notice, Noticed, Part},
    vision::Signature,
};

/// How finely looks can be taken in a group that cannot be decoded twice, because it goes on from one before it.
const GRID: Duration = Duration::from_millis(200);

/// Told how far a camera has come.
pub trait Progress: Sync {
    /// The camera has been analysed up to `at`, in this file.
    fn reached(&self, camera: &CameraId, file: Option<&str>, at: MediaTime);
}

/// What became of a camera.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Its violations, as last known.
    pub violations: Vec<Violation>,
    /// The files it was read from.
    pub epochs: Vec<Epoch>,
    /// What people should be told.
    pub notices: Vec<Notice>,
    /// What could not be read or written; the rest was analysed.
    pub failures: Vec<PipelineError>,
    /// Looks taken.
    pub looks: u64,
    /// Looks that could not be taken, because what was wanted could not be decoded.
    pub missed: u64,
    /// Media time up to which it was analysed.
    pub until: MediaTime,
    /// The whole period at a glance.
    pub timeline: Timeline,
}

impl Outcome {
    /// How much was looked at: the period less its gaps.
    pub fn looked_at(&self) -> Duration {
        self.until.since(MediaTime::ZERO).saturating_sub(self.timeline.gap_time())
    }
}

/// A group in the workers' hands.
struct Flight {
    gop: Arc<Gop>,
    span: Span,
    must: Vec<Vec<MediaTime>>,
    reply: Receiver<Result<Done, PipelineError>>,
    done: Option<Done>,
}

impl Flight {
    /// Waits for the workers.
    fn land(&mut self) -> Result<&mut Done, PipelineError> {
        if self.done.is_none() {
            self.done = Some(self.reply.recv().map_err(|_| PipelineError::WorkersGone)??);
        }
        self.done.as_mut().ok_or(PipelineError::WorkersGone)
    }
}

/// What waits for its turn, in the order of the source.
enum Turn {
    Epoch(Epoch),
    Gap(Gap),
    Group(Flight),
}

pub(super) struct CameraRun<'a> {
    id: CameraId,
    judge: Judge,
    specs: Arc<[LaneSpec]>,
    /// The detector of each lane.
    names: Vec<ModelName>,
    /// For each rule its lane, and its place among that lane's rules.
    rules: Vec<(usize, usize)>,
    cadences: Vec<Cadence>,
    lanes: Vec<Lane>,
    jobs: Sender<Job>,
    records: Option<Records>,
    /// For how long detections may stand where nothing changes.
    max_age: Option<Duration>,
    /// From the last group that was sent: the anchors of the lanes.
    chain: Receiver<Anchors>,
    /// The last detections of each lane that may stand.
    standing: Vec<Vec<Detection>>,
    progress: &'a dyn Progress,
    epoch: Option<Epoch>,
    /// Width and height of the pictures, in pixels.
    size: (u32, u32),
    signature: Option<Signature>,
    last: Option<MediaTime>,
    gap: Option<Gap>,
    outcome: Outcome,
}

impl<'a> CameraRun<'a> {
    /// `detectors` are the names of the workers' detectors, in their order.
    pub fn new(
        id: CameraId,
        judge: Judge,
        detectors: &[ModelName],
        jobs: Sender<Job>,
        records: Option<Records>,
        looking: Looking,
        progress: &'a dyn Progress,
    ) -> Self {
        let (mut specs, mut names, mut cadences, mut lanes) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut rules = vec![(0, 0); judge.watches().len()];
        for (lane, (name, watches)) in judge.detectors().enumerate() {
            let needs: Vec<_> =
                watches.iter().filter_map(|index| judge.watches().get(*index)).map(|w| w.needs()).collect();
            let least =
                |of: fn(&Needs) -> Duration| needs.iter().map(of).min().unwrap_or(Duration::from_secs(2));
            let (every, quiet) = (least(|needs| needs.every), least(|needs| needs.quiet));
            let detector = detectors.iter().position(|known| known == name).unwrap_or(usize::MAX);
            specs.push(LaneSpec::new(detector, &needs, &looking));
            names.push(name.clone());
            cadences.push(Cadence::new(every, quiet));
            lanes.push(Lane::new(watches.len()));
            for (place, index) in watches.iter().enumerate() {
                rules[*index] = (lane, place);
            }
        }
        let lanes_count = lanes.len();
        Self {
            id,
            judge,
            specs: specs.into(),
            names,
            rules,
            cadences,
            lanes,
            jobs,
            records,
            max_age: looking.max_age,
            chain: unanchored(),
            standing: vec![Vec::new(); lanes_count],
            progress,
            epoch: None,
            size: (0, 0),
            signature: None,
            last: None,
            gap: None,
            outcome: Outcome::default(),
        }
    }

    /// Analyses all parts, with up to `window` groups in the workers' hands.
    ///
    /// # Errors
    /// Where a model or a worker fails. What cannot be read or written is in the outcome's failures.
    pub fn run(mut self, parts: &Receiver<Part>, window: usize) -> Result<Outcome, PipelineError> {
        let mut turns: VecDeque<Turn> = VecDeque::new();
        // The decoder of a group that comes in chunks, on its way from one chunk to the next.
        let mut state = None;
        loop {
            while turns.len() < window
                && let Some(part) = self.pull(parts)
            {
                match part {
                    Part::Epoch { epoch, .. } => {
                        self.chain = unanchored();
                        turns.push_back(Turn::Epoch(epoch));
                    }
                    Part::Gap(gap) => turns.push_back(Turn::Gap(gap)),
                    Part::Gop(gop) => {
                        let continued = gop.continued;
                        let mut flight = self.send(gop, state.take())?;
                        if continued {
                            state = flight.land()?.state.take();
                        }
                        turns.push_back(Turn::Group(flight));
                    }
                    Part::Notice(_) | Part::Failed { .. } => {}
                }
            }
            match turns.pop_front() {
                Some(Turn::Epoch(epoch)) => self.begin(epoch),
                Some(Turn::Gap(gap)) => {
                    // A gap is told when it begins and again when it ends.
                    self.close_gap(gap.from);
                    self.emit(Record::Gap(Gap { to: None, ..gap.clone() }));
                    self.emit(Record::Gap(gap));
                }
                Some(Turn::Group(flight)) => self.walk(flight)?,
                None => break,
            }
        }
        self.close_gap(self.outcome.until);
        self.finish_records();
        self.outcome.violations = self.judge.violations();
        Ok(self.outcome)
    }

    /// The next part that has a place in time. Notices and failures are kept for the outcome.
    fn pull(&mut self, parts: &Receiver<Part>) -> Option<Part> {
        loop {
            match parts.recv().ok()? {
                Part::Notice(notice) => self.outcome.notices.push(notice),
                Part::Failed { error, .. } => self.outcome.failures.push(PipelineError::Source(error)),
                part => return Some(part),
            }
        }
    }

    /// Gives a group to the workers, with the looks that must be taken and those that rules will probably ask for.
    fn send(&mut self, gop: Arc<Gop>, resume: Option<DecoderState>) -> Result<Flight, PipelineError> {
        let grid = gop.continues.then_some(GRID);
        let span = Span { start: gop.start, end: gop.end, grid };
        let must: Vec<Vec<MediaTime>> = self
            .cadences
            .iter_mut()
            .map(|cadence| cadence.looks(&span, |a, b| motion::still(&gop, a, b)))
            .collect();
        let wanted =
            if gop.continues { every_look(&span, self.lanes.len()) } else { self.expected(&span, &must) };
        let (reply, answer) = channel::bounded(1);
        if wanted.is_empty() && !gop.continued {
            // Nothing is wanted of this group, so no worker touches it.
            let done = Done { sights: BTreeMap::new(), state: None };
            return Ok(Flight { gop, span, must, reply: answer, done: Some(done) });
        }
        let chain = self.max_age.map(|max_age| {
            let (after, next) = channel::bounded(1);
            let must = together(&must);
            let mut before = std::mem::replace(&mut self.chain, next);
            // A group with several looks would keep the next one waiting through all of them.
            if must.len() > 1 {
                before = unanchored();
            }
            Chain { must, max_age, before, after }
        });
        let job = Job { gop: gop.clone(), wanted, lanes: self.specs.clone(), resume, reply, chain };
        self.jobs.send(job).map_err(|_| PipelineError::WorkersGone)?;
        Ok(Flight { gop, span, must, reply: answer, done: None })
    }

    /// What will be looked at in a group, if rules go on asking for what they ask for now.
    fn expected(&self, span: &Span, must: &[Vec<MediaTime>]) -> Wanted {
        let mut wanted = Wanted::new();
        for (index, (lane, must)) in self.lanes.iter().zip(must).enumerate() {
            for (place, time) in must.iter().enumerate() {
                let mut lane = lane.renewed(span.end);
                lane.enter(Vec::new());
                lane.looked(*time);
                *wanted.entry(*time).or_default() |= 1 << index;
                let end = must.get(place + 1).copied().unwrap_or(span.end);
                for (time, _) in plan::foresee(&[lane], &Span { end, ..*span }) {
                    *wanted.entry(time).or_default() |= 1 << index;
                }
            }
        }
        wanted
    }

    /// Walks through a group in the order of media time.
    fn walk(&mut self, mut flight: Flight) -> Result<(), PipelineError> {
        let mut sights = std::mem::take(&mut flight.land()?.sights);
        let Flight { gop, span, must, .. } = flight;
        for (lane, must) in self.lanes.iter_mut().zip(must) {
            lane.enter(must);
        }
        let mut asked: BTreeMap<MediaTime, Lanes> = BTreeMap::new();
        while let Some((time, due)) = plan::next(&self.lanes, &span) {
            let missing = due & !seen(sights.get(&time)) & !asked.get(&time).copied().unwrap_or(0);
            if missing != 0 && !gop.continues {
                let mut wanted = plan::foresee(&self.lanes, &span);
                wanted.retain(|time, lanes| {
                    *lanes &= !seen(sights.get(time)) & !asked.get(time).copied().unwrap_or(0);
                    *lanes != 0
                });
                for (time, lanes) in &wanted {
                    *asked.entry(*time).or_default() |= lanes;
                }
                for (time, sight) in self.look_again(&gop, wanted)? {
                    match sights.get_mut(&time) {
                        Some(known) => known.found.extend(sight.found),
                        None => {
                            sights.insert(time, sight);
                        }
                    }
                }
            }
            for (index, lane) in self.lanes.iter_mut().enumerate() {
                if due & 1 << index != 0 {
                    lane.looked(time);
                }
            }
            match sights.remove(&time).filter(|sight| due & !seen(Some(sight)) == 0) {
                Some(sight) => self.saw(sight, due, &gop),
                None => self.missed(time, &gop),
            }
        }
        self.outcome.until = self.outcome.until.max(gop.end);
        let file = self.epoch.as_ref().and_then(|epoch| epoch.file.as_deref());
        self.progress.reached(&self.id, file, gop.end);
        Ok(())
    }

    fn look_again(
        &self,
        gop: &Arc<Gop>,
        wanted: Wanted,
    ) -> Result<BTreeMap<MediaTime, Sight>, PipelineError> {
        let (reply, answer) = channel::bounded(1);
        let job =
            Job { gop: gop.clone(), wanted, lanes: self.specs.clone(), resume: None, reply, chain: None };
        self.jobs.send(job).map_err(|_| PipelineError::WorkersGone)?;
        Ok(answer.recv().map_err(|_| PipelineError::WorkersGone)??.sights)
    }

    fn begin(&mut self, mut epoch: Epoch) {
        let parts =
            self.names.iter().zip(self.specs.iter()).map(|(name, spec)| (name.clone(), spec.view.region));
        epoch.regions = parts.filter(|(_, region)| *region != BBox::WHOLE).collect();
        self.close_gap(epoch.from);
        self.signature = None;
        self.size = (epoch.width, epoch.height);
        self.outcome.epochs.push(epoch.clone());
        self.epoch = Some(epoch.clone());
        self.emit(Record::Epoch(epoch));
    }

    fn saw(&mut self, mut sight: Sight, due: Lanes, gop: &Gop) {
        let found = self.found(&mut sight, due);
        // Two times that were wanted may be shown by one frame; rules see it once.
        if self.last.is_some_and(|last| sight.at <= last) {
            return;
        }
        self.close_gap(sight.at);
        self.last = Some(sight.at);
        self.check_size(&sight);
        if let Some(before) = &self.signature {
            sight.signature.compare(before, &mut sight.scene);
        }
        self.signature = Some(sight.signature);
        let looked = found.iter().filter_map(|(lane, _)| self.names.get(*lane).cloned()).collect();
        let mut detections: Vec<_> = found.into_iter().flat_map(|(_, found)| found).collect();
        detections.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        let observation = Observation {
            camera: self.id.clone(),
            epoch: gop.epoch,
            at: sight.at,
            wall: gop.wall(sight.at),
            looked,
            detections,
            scene: sight.scene,
        };
        self.outcome.looks += 1;
        self.emit(Record::Observation(observation));
    }

    /// Says so where pictures change their size within a file.
    fn check_size(&mut self, sight: &Sight) {
        let from = std::mem::replace(&mut self.size, sight.size);
        if from == sight.size || from == (0, 0) {
            return;
        }
        let file = self.epoch.as_ref().and_then(|epoch| epoch.file.as_deref()).unwrap_or_default();
        self.outcome.notices.push(Notice {
            camera: self.id.clone(),
            file: file.to_owned(),
            at: sight.at,
            what: Noticed::Resized { from, to: sight.size },
        });
    }

    /// What the lanes that were due found, or what stands for it, in the order of the lanes.
    fn found(&mut self, sight: &mut Sight, due: Lanes) -> Vec<(usize, Vec<Detection>)> {
        let mut found = Vec::new();
        for (lane, new) in sight.found.drain(..).filter(|(lane, _)| due & 1 << lane != 0) {
            let Some(standing) = self.standing.get_mut(lane) else { continue };
            match new {
                Found::New(detections) => {
                    if sight.anchored & 1 << lane != 0 {
                        standing.clone_from(&detections);
                    }
                    found.push((lane, detections));
                }
                Found::Same => found.push((lane, standing.clone())),
            }
        }
        found.sort_by_key(|(lane, _)| *lane);
        found
    }

    fn missed(&mut self, time: MediaTime, gop: &Gop) {
        self.outcome.missed += 1;
        if self.gap.is_none() {
            let from = self.last.map_or(time, |last| last.max(time));
            let gap =
                Gap { camera: self.id.clone(), epoch: gop.epoch, from, to: None, reason: GapReason::Damaged };
            self.gap = Some(gap.clone());
            self.emit(Record::Gap(gap));
        }
    }

    fn close_gap(&mut self, to: MediaTime) {
        if let Some(gap) = self.gap.take() {
            let to = Some(to.max(gap.from));
            self.emit(Record::Gap(Gap { to, ..gap }));
        }
    }

    /// Writes a record and lets the rules judge it.
    fn emit(&mut self, record: Record) {
        if let Some(records) = &mut self.records
            && let Err(source) = records.write(&record)
        {
            let path = records.path.clone();
            self.outcome.failures.push(PipelineError::Write { path, source });
            self.records = None;
        }
        let judgement = self.judge.take(&record);
        self.outcome.timeline.take(&record, &judgement.presence);
        for (rule, attention) in judgement.attention {
            if let Some((lane, place)) = self.rules.get(rule)
                && let Some(lane) = self.lanes.get_mut(*lane)
            {
                lane.ask(*place, attention);
            }
        }
    }

    fn finish_records(&mut self) {
        if let Some(mut records) = self.records.take()
            && let Err(source) = records.out.flush()
        {
            self.outcome.failures.push(PipelineError::Write { path: records.path, source });
        }
    }
}

/// The start of a chain.
fn unanchored() -> Receiver<Anchors> {
    channel::bounded(0).1
}

/// The looks of all lanes, by time.
fn together(must: &[Vec<MediaTime>]) -> Wanted {
    let mut all = Wanted::new();
    for (lane, times) in must.iter().enumerate() {
        for time in times {
            *all.entry(*time).or_default() |= 1 << lane;
        }
    }
    all
}

/// The lanes that looked.
fn seen(sight: Option<&Sight>) -> Lanes {
    sight.map_or(0, |sight| sight.found.iter().fold(0, |lanes, (lane, _)| lanes | 1 << lane))
}

/// Every look that could be taken in a group that cannot be decoded twice.
fn every_look(span: &Span, lanes: usize) -> Wanted {
    let all = (0..lanes).fold(0, |all, lane| all | 1 << lane);
    let mut wanted = Wanted::new();
    let mut time = span.start;
    while time < span.end {
        wanted.insert(time, all);
        time = time + GRID;
    }
    wanted
}
