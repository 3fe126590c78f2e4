//! One camera from its parts to its violations, looks in the order of media time.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use crossbeam::{
    channel::{Receiver, Sender},
    select,
};

use super::{
    PipelineError,
    dispatch::{Dispatch, Flight},
    eye::{Found, Sight, StrandSpec},
    outcome::Outcome,
    pool::Looking,
    records::Records,
    worker::Job,
};
use crate::{
    domain::{CameraId, Detection, Epoch, Gap, GapReason, MediaTime, ModelName, Observation, Record},
    geometry::BBox,
    judge::{Judge, Needs},
    looks::{
        cadence::Cadence,
        plan::{self, Strand, Strands},
    },
    source::{Bound, Gop, Notice, Noticed, Part, Sent},
    stop::Stop,
    vision::{Reference, Signature},
};

/// Told how far a camera has come.
pub trait Progress: Sync {
    /// The camera has been analysed up to `at`, in this file.
    fn reached(&self, camera: &CameraId, file: Option<&str>, at: MediaTime);
}

/// What waits for its turn, in the order of the source.
enum Turn {
    Epoch(Epoch),
    Gap(Gap),
    Group(Flight),
}

/// What comes next of a camera.
enum Next {
    Part(Part),
    /// The turn of what waits longest.
    Turn,
    Over,
}

/// Waits for the next part; where parts come at a pace, for whichever is there first: it, or the workers' answer to what
/// waits longest.
fn next(parts: &Receiver<Part>, first: Option<&mut Turn>, paced: bool) -> Result<Next, PipelineError> {
    let part = match first.filter(|_| paced) {
        None => parts.recv(),
        Some(Turn::Group(flight)) => {
            if flight.landed()? {
                return Ok(Next::Turn);
            }
            select! {
                recv(parts) -> part => part,
                recv(flight.reply()) -> done => return flight.put(done).map(|()| Next::Turn),
            }
        }
        Some(_) => return Ok(Next::Turn),
    };
    Ok(part.map_or(Next::Over, Next::Part))
}

/// Bytes of groups that wait for their turn, beyond which no more are taken in: key frames may lie far apart.
const MOST_HELD: usize = 64 << 20;

impl Turn {
    fn bytes(&self) -> usize {
        if let Self::Group(flight) = self { flight.gop.bytes() } else { 0 }
    }

    fn grows(&self) -> bool {
        matches!(self, Self::Group(flight) if flight.gop.open)
    }
}

pub(super) struct CameraRun<'a> {
    id: CameraId,
    judge: Judge,
    dispatch: Dispatch,
    /// The detector of each strand.
    names: Vec<ModelName>,
    /// For each rule its strand, and its place among that strand's rules.
    rules: Vec<(usize, usize)>,
    strands: Vec<Strand>,
    records: Option<Records>,
    /// The last detections of each strand that may stand.
    standing: Vec<Vec<Detection>>,
    progress: &'a dyn Progress,
    epoch: Option<Epoch>,
    /// Width and height of the pictures, in pixels.
    size: (u32, u32),
    signature: Option<Signature>,
    reference: Reference,
    last: Option<MediaTime>,
    gap: Option<Gap>,
    sent: Option<Sent>,
    bound: Bound,
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
        let (mut specs, mut names, mut cadences, mut strands) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut rules = vec![(0, 0); judge.watches().len()];
        for (strand, (name, watches)) in judge.detectors().enumerate() {
            let needs: Vec<_> =
                watches.iter().filter_map(|index| judge.watches().get(*index)).map(|w| w.needs()).collect();
            let least =
                |of: fn(&Needs) -> Duration| needs.iter().map(of).min().unwrap_or(Duration::from_secs(2));
            let (every, quiet) = (least(|needs| needs.every), least(|needs| needs.quiet));
            let detector = detectors.iter().position(|known| known == name).unwrap_or(usize::MAX);
            specs.push(StrandSpec::new(detector, &needs, &looking));
            names.push(name.clone());
            cadences.push(Cadence::new(every, quiet));
            strands.push(Strand::new(watches.len()));
            for (place, index) in watches.iter().enumerate() {
                rules[*index] = (strand, place);
            }
        }
        let strands_count = strands.len();
        Self {
            id,
            judge,
            dispatch: Dispatch::new(specs.into(), cadences, jobs, looking.max_age),
            names,
            rules,
            strands,
            records,
            standing: vec![Vec::new(); strands_count],
            progress,
            epoch: None,
            size: (0, 0),
            signature: None,
            reference: Reference::default(),
            last: None,
            gap: None,
            sent: None,
            bound: Bound::default(),
            outcome: Outcome::default(),
        }
    }

    /// Analyses all parts, with up to `window` groups in the workers' hands. Where parts are `sent` at a pace, what is
    /// done is walked through at once; otherwise the next groups are handed to the workers first, so that they have
    /// something to do meanwhile.
    ///
    /// What cannot be read or written is in the outcome's failures, and so is a model or a worker that fails: nothing is
    /// analysed after that, and what was found before stands. The same holds once `stop` is set.
    pub fn run(mut self, parts: &Receiver<Part>, window: usize, sent: Option<Sent>, stop: &Stop) -> Outcome {
        self.open_records();
        match self.walk_all(parts, window, sent, stop) {
            // Whatever else it is, it ended because it was to stop.
            _ if stop.is_set() => self.outcome.failures.push(PipelineError::Stopped),
            Ok(()) => {}
            Err(error) => self.outcome.failures.push(error),
        }
        self.close_gap(self.outcome.until);
        self.tell_more();
        self.finish_records();
        self.judge.stop();
        self.outcome.violations = self.judge.violations();
        self.outcome.watched = self.judge.watched();
        self.outcome
    }

    fn walk_all(
        &mut self,
        parts: &Receiver<Part>,
        window: usize,
        sent: Option<Sent>,
        stop: &Stop,
    ) -> Result<(), PipelineError> {
        let mut turns: VecDeque<Turn> = VecDeque::new();
        let mut over = false;
        self.sent = sent;
        while !stop.is_set() {
            // What follows of a group that grows goes on from what rules have made of it, and from its decoder.
            let growing = sent.is_none() && turns.back().is_some_and(Turn::grows);
            let held: usize = turns.iter().map(Turn::bytes).sum();
            if !over && turns.len() < window && held < MOST_HELD && !growing {
                match next(parts, turns.front_mut(), sent.is_some())? {
                    Next::Part(part) => {
                        self.take(part, &mut turns)?;
                        continue;
                    }
                    Next::Over => {
                        over = true;
                        continue;
                    }
                    Next::Turn => {}
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
                None => return Ok(()),
            }
        }
        Ok(())
    }

    /// Takes a part in. Notices and failures are kept for the outcome; what has a place in time waits for its turn.
    fn take(&mut self, part: Part, turns: &mut VecDeque<Turn>) -> Result<(), PipelineError> {
        match part {
            Part::Epoch { epoch, .. } => {
                self.dispatch.begin();
                turns.push_back(Turn::Epoch(epoch));
            }
            Part::Gap(gap) => turns.push_back(Turn::Gap(gap)),
            Part::Gop(gop) | Part::Growing(gop) => {
                // A break in time may lie between a group's chunks.
                let before = turns
                    .iter_mut()
                    .rev()
                    .take_while(|turn| !matches!(turn, Turn::Epoch(_)))
                    .find_map(|turn| if let Turn::Group(flight) = turn { Some(flight) } else { None });
                let flight = self.dispatch.send(gop, before, &self.strands)?;
                turns.extend(flight.map(Turn::Group));
            }
            Part::Notice(notice) => self.outcome.notices.push(notice),
            Part::Failed { error, .. } => self.outcome.failures.push(PipelineError::Source(error)),
        }
        Ok(())
    }

    /// Walks through what is known of a group in the order of media time.
    fn walk(&mut self, mut flight: Flight) -> Result<(), PipelineError> {
        self.dispatch.take_state(&mut flight)?;
        let mut sights = std::mem::take(&mut flight.land()?.sights);
        let Flight { gop, span, must, .. } = flight;
        for (strand, must) in self.strands.iter_mut().zip(must) {
            strand.enter(must);
        }
        let mut asked: BTreeMap<MediaTime, Strands> = BTreeMap::new();
        while let Some((time, due)) = plan::next(&self.strands, &span) {
            let missing = due & !seen(sights.get(&time)) & !asked.get(&time).copied().unwrap_or(0);
            if missing != 0 && !gop.continues {
                let mut wanted = plan::foresee(&self.strands, &span);
                wanted.retain(|time, strands| {
                    *strands &= !seen(sights.get(time)) & !asked.get(time).copied().unwrap_or(0);
                    *strands != 0
                });
                for (time, strands) in &wanted {
                    *asked.entry(*time).or_default() |= strands;
                }
                for (time, sight) in self.dispatch.look_again(&gop, wanted)? {
                    match sights.get_mut(&time) {
                        Some(known) => known.found.extend(sight.found),
                        None => {
                            sights.insert(time, sight);
                        }
                    }
                }
            }
            for (index, strand) in self.strands.iter_mut().enumerate() {
                if due & 1 << index != 0 {
                    strand.looked(time);
                }
            }
            match sights.remove(&time).filter(|sight| due & !seen(Some(sight)) == 0) {
                Some(sight) => self.saw(sight, due, &gop),
                None => self.missed(time, &gop),
            }
        }
        self.outcome.reach(span.end);
        let file = self.epoch.as_ref().and_then(|epoch| epoch.file.as_deref());
        self.progress.reached(&self.id, file, span.end);
        Ok(())
    }

    fn begin(&mut self, mut epoch: Epoch) {
        let parts =
            self.names.iter().zip(self.dispatch.specs()).map(|(name, spec)| (name.clone(), spec.view.region));
        epoch.regions = parts.filter(|(_, region)| *region != BBox::WHOLE).collect();
        self.close_gap(epoch.from);
        self.tell_more();
        self.signature = None;
        self.size = (epoch.width, epoch.height);
        self.epoch = Some(epoch.clone());
        self.emit(Record::Epoch(epoch));
    }

    fn saw(&mut self, mut sight: Sight, due: Strands, gop: &Gop) {
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
        self.reference.look(&sight.signature, self.signature.as_ref(), sight.at, &mut sight.scene);
        self.signature = Some(sight.signature);
        let looked = found.iter().filter_map(|(strand, _)| self.names.get(*strand).cloned()).collect();
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
        self.emit(Record::Observation(observation));
        if let Some(due) = self.sent.and_then(|sent| sent.time(sight.at)) {
            self.outcome.behind.get_or_insert_default().take(Instant::now().saturating_duration_since(due));
        }
    }

    /// Says so where pictures change their size within a file.
    fn check_size(&mut self, sight: &Sight) {
        let from = std::mem::replace(&mut self.size, sight.size);
        if from == sight.size || from == (0, 0) {
            return;
        }
        self.notice(sight.at, Noticed::Resized { from, to: sight.size });
    }

    /// Tells of something in the file that is read, unless it was told too often.
    fn notice(&mut self, at: MediaTime, what: Noticed) {
        if self.bound.admits(at, &what) {
            self.tell(at, what);
        }
    }

    fn tell(&mut self, at: MediaTime, what: Noticed) {
        let file = self.epoch.as_ref().and_then(|epoch| epoch.file.clone()).unwrap_or_default();
        self.outcome.notices.push(Notice { camera: self.id.clone(), file, at, what });
    }

    /// Tells how many notices of the file that ends were kept back.
    fn tell_more(&mut self) {
        for (at, what) in self.bound.more() {
            self.tell(at, what);
        }
    }

    /// What the strands that were due found, or what stands for it, in the order of the strands.
    fn found(&mut self, sight: &mut Sight, due: Strands) -> Vec<(usize, Vec<Detection>)> {
        let mut found = Vec::new();
        for (strand, new) in sight.found.drain(..).filter(|(strand, _)| due & 1 << strand != 0) {
            let Some(standing) = self.standing.get_mut(strand) else { continue };
            match new {
                Found::New(detections) => {
                    if sight.anchored & 1 << strand != 0 {
                        standing.clone_from(&detections);
                    }
                    found.push((strand, detections));
                }
                Found::Same => found.push((strand, standing.clone())),
            }
        }
        found.sort_by_key(|(strand, _)| *strand);
        found
    }

    fn missed(&mut self, time: MediaTime, gop: &Gop) {
        self.outcome.miss();
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
            self.no_records(source);
        }
        let judgement = self.judge.take(&record);
        self.outcome.take(&record, &judgement.presence);
        if let Some(at) = judgement.moved {
            self.notice(at, Noticed::Moved);
        }
        for (rule, attention) in judgement.attention {
            if let Some((strand, place)) = self.rules.get(rule)
                && let Some(strand) = self.strands.get_mut(*strand)
            {
                strand.ask(*place, attention);
            }
        }
    }

    /// Makes the file of records, now that it is this camera's turn.
    fn open_records(&mut self) {
        if let Some(Err(source)) = self.records.as_mut().map(Records::open) {
            self.no_records(source);
        }
    }

    fn finish_records(&mut self) {
        if let Some(records) = self.records.take() {
            let path = records.path().to_owned();
            if let Err(source) = records.finish() {
                self.outcome.failures.push(PipelineError::Write { path, source });
            }
        }
    }

    /// Goes on without records, which cannot be written: rules judge all the same.
    fn no_records(&mut self, source: std::io::Error) {
        if let Some(records) = self.records.take() {
            let path = records.path().to_owned();
            self.outcome.failures.push(PipelineError::Write { path, source });
        }
    }
}

/// The strands that looked.
fn seen(sight: Option<&Sight>) -> Strands {
    sight.map_or(0, |sight| sight.found.iter().fold(0, |strands, (strand, _)| strands | 1 << strand))
}
