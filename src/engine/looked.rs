//! What a camera has seen so far, as far as the next look needs it: from sights to records, and what rules make of these.

mod finds;

use super::{
    PipelineError,
    event::{Action, Actions},
    eye::{Found, Sight, Way},
    shown::{Shown, TooSmall},
};
use crate::{
    domain::{
        CameraId, Detection, Epoch, Gap, GapReason, MediaTime, ModelName, Observation, Record, RuleId, When,
    },
    geometry::BBox,
    judge::{Judge, Judgement, Watched},
    looks::plan::{Strand, Strands},
    source::{Bound, Gop, Notice, Noticed},
    vision::{Reference, Signature},
};

/// So many looks in a row at which a model fails end its camera: what fails so often will go on to.
const MOST_FAILURES: u32 = 10;

/// Why a look could not be taken.
pub(super) enum Unseen {
    /// What shows it cannot be decoded, or not be converted.
    Damaged,
    /// The models of these strands failed.
    Failed(PipelineError, Strands),
    /// There was no time.
    NoTime,
    /// There was no room for its pictures until there was time.
    NoRoom,
}

/// A strand's own last look within an epoch.
#[derive(Debug, Clone)]
enum Own {
    /// There was none.
    Never,
    /// It was the camera's last look.
    Last,
    /// Another strand has looked since.
    Before(Signature),
}

/// A camera as its looks have told so far.
pub(super) struct Looked {
    id: CameraId,
    judge: Judge,
    /// How large strands are shown what they need, by what was seen.
    pub shown: Shown,
    /// The detector of each strand.
    names: Vec<ModelName>,
    /// For each rule its strand, and its place among that strand's rules.
    rules: Vec<(usize, usize)>,
    /// The last detections of each strand that may stand.
    standing: Vec<Vec<Detection>>,
    epoch: Option<Epoch>,
    /// Width and height of the pictures, in pixels.
    size: (u32, u32),
    /// Of the last look.
    signature: Option<Signature>,
    /// Each strand's own last look.
    own: Vec<Own>,
    reference: Reference,
    last: Option<MediaTime>,
    gap: Option<Gap>,
    /// At so many looks in a row each strand's model failed.
    failures: Vec<u32>,
    /// Whether each strand's last look lay out of its rules' hours: then nothing stands that another would close.
    shut: Vec<bool>,
    reached: MediaTime,
    bound: Bound,
}

impl Looked {
    pub fn new(
        id: CameraId,
        judge: Judge,
        shown: Shown,
        names: Vec<ModelName>,
        rules: Vec<(usize, usize)>,
    ) -> Self {
        let strands = names.len();
        Self {
            id,
            judge,
            shown,
            names,
            rules,
            standing: vec![Vec::new(); strands],
            epoch: None,
            size: (0, 0),
            signature: None,
            own: vec![Own::Never; strands],
            reference: Reference::default(),
            last: None,
            gap: None,
            failures: vec![0; strands],
            shut: vec![false; strands],
            reached: MediaTime::ZERO,
            bound: Bound::default(),
        }
    }

    /// Goes on where another left off: `last` is when the picture that it told last was taken, and `shut` whether each
    /// strand's last look lay out of its rules' hours. The judge knows the rest.
    pub fn resume(&mut self, last: Option<MediaTime>, shut: Vec<bool>) {
        (self.last, self.shut) = (last, shut);
        self.gap = self.judge.gap();
        self.reached = self.judge.reached().map_or(MediaTime::ZERO, |reached| reached.at);
    }

    /// What rules make of it.
    pub fn judge(&self) -> &Judge {
        &self.judge
    }

    /// Another day begins.
    pub fn begin_day(&mut self) {
        self.judge.begin_day();
    }

    /// Up to when it has been analysed.
    pub fn reached(&self) -> MediaTime {
        self.reached
    }

    /// Whether a strand's last look lay out of its rules' hours.
    pub fn is_shut(&self, strand: usize) -> bool {
        self.shut.get(strand).copied().unwrap_or_default()
    }

    /// When the picture that was told last was taken.
    pub fn last(&self) -> Option<MediaTime> {
        self.last
    }

    /// Whether a rule of a strand is within its hours.
    pub fn holds(&self, strand: usize, wall: jiff::Timestamp) -> bool {
        self.judge.holds(strand, wall)
    }

    /// Whether a look of a strand at `wall` is of no use: its rules are out of their hours, and a look there has closed them.
    pub fn is_idle(&self, strand: usize, wall: jiff::Timestamp) -> bool {
        self.is_shut(strand) && !self.holds(strand, wall)
    }

    /// A connection or file begins; `parts` are what the strands' detectors are shown of its pictures.
    pub fn begin(
        &mut self,
        mut epoch: Epoch,
        parts: impl Iterator<Item = BBox>,
        strands: &mut [Strand],
        out: &mut Actions,
    ) {
        let parts = self.names.iter().cloned().zip(parts);
        epoch.regions = parts.filter(|(_, region)| *region != BBox::WHOLE).collect();
        self.close_gap(epoch.from, strands, out);
        self.tell_more(out);
        self.signature = None;
        self.own.fill(Own::Never);
        self.size = (epoch.width, epoch.height);
        self.epoch = Some(epoch.clone());
        self.emit(Record::Epoch(epoch), strands, out);
    }

    /// A gap begins or ends.
    pub fn gap(&mut self, gap: Gap, strands: &mut [Strand], out: &mut Actions) {
        if gap.to.is_none() {
            self.close_gap(gap.from, strands, out);
        }
        self.emit(Record::Gap(gap), strands, out);
    }

    /// Strands saw a picture, each in its way.
    pub fn saw(
        &mut self,
        mut sight: Sight,
        ways: &[(usize, Way)],
        gop: &Gop,
        strands: &mut [Strand],
        out: &mut Actions,
    ) {
        self.settle(&sight);
        let mut small = Vec::new();
        for find in sight.finds.iter().filter(|find| ways.contains(&(find.strand, find.way))) {
            if let Found::New(detections) = &find.found {
                let said = self.shown.note(gop.start, find.strand, detections, find.rows);
                small.extend(said.into_iter().map(|(place, small)| ((find.strand, place), small)));
            }
        }
        for (rule, TooSmall { rows, wanted }) in small {
            if let Some(rule) = self.rule(rule) {
                self.tell(sight.at, Noticed::TooSmall { rule, rows, wanted }, out);
            }
        }
        let found = self.found(&mut sight, ways);
        self.close_gap(sight.at, strands, out);
        self.last = Some(sight.at);
        self.check_size(&sight, out);
        if let Some(before) = &self.signature {
            sight.signature.compare(before, &mut sight.scene);
        }
        self.reference.look(&sight.signature, self.signature.as_ref(), sight.at, &mut sight.scene);
        let changes = self.changes(&sight, ways);
        let looked = found.iter().filter_map(|(strand, _)| self.names.get(*strand).cloned()).collect();
        let (detections, faint) = self.apart(found);
        let (at, scene) = (sight.at, sight.scene);
        self.reached = self.reached.max(at);
        self.remember(sight.signature, ways);
        let (camera, wall) = (self.id.clone(), gop.wall(at));
        for (strand, _) in ways {
            let shut = !self.holds(*strand, wall);
            if let (Some(known), Some(failures)) =
                (self.shut.get_mut(*strand), self.failures.get_mut(*strand))
            {
                (*known, *failures) = (shut, 0);
            }
        }
        let observation =
            Observation { camera, epoch: gop.epoch, at, wall, looked, detections, faint, scene, changes };
        self.emit(Record::Observation(observation), strands, out);
    }

    /// Keeps what may stand for later looks.
    pub fn settle(&mut self, sight: &Sight) {
        for find in sight.finds.iter().filter(|find| find.way == Way::Due) {
            if let (Some(standing), Found::New(detections)) =
                (self.standing.get_mut(find.strand), &find.found)
            {
                standing.clone_from(detections);
            }
        }
    }

    /// A look at `time` could not be taken: a gap begins, if there is none.
    ///
    /// # Errors
    /// The failure of a model that has failed too often in a row.
    pub fn missed(
        &mut self,
        time: MediaTime,
        gop: &Gop,
        unseen: Unseen,
        strands: &mut [Strand],
        out: &mut Actions,
    ) -> Result<(), PipelineError> {
        let reason = match &unseen {
            Unseen::Damaged => GapReason::Damaged,
            Unseen::Failed(..) => GapReason::NotLooked,
            Unseen::NoTime => GapReason::Overload,
            Unseen::NoRoom => GapReason::Memory,
        };
        out.push(Action::Missed(reason));
        if self.gap.is_none() {
            let from = self.last.map_or(time, |last| last.max(time));
            let gap = Gap { camera: self.id.clone(), epoch: gop.epoch, from, to: None, reason };
            self.gap = Some(gap.clone());
            self.emit(Record::Gap(gap), strands, out);
        }
        let Unseen::Failed(error, failed) = unseen else { return Ok(()) };
        self.note(time, Noticed::NotLooked(error.to_string()), out);
        let counts = self.failures.iter_mut().enumerate().filter(|(index, _)| failed.contains(*index));
        let most = counts.map(|(_, count)| {
            *count = count.saturating_add(1);
            *count
        });
        if most.max() >= Some(MOST_FAILURES) { Err(error) } else { Ok(()) }
    }

    /// It has been analysed up to `end`.
    pub fn reach(&mut self, end: MediaTime, out: &mut Actions) {
        self.reached = self.reached.max(end);
        let file = self.epoch.as_ref().and_then(|epoch| epoch.file.clone());
        out.push(Action::Reached(file, end));
    }

    /// Time passes.
    pub fn tick(&mut self, now: When, strands: &mut [Strand], out: &mut Actions) {
        if self.last.is_some_and(|last| now.at < last) {
            return;
        }
        let judgement = self.judge.tick(now);
        self.heed(&judgement, strands);
        out.push(Action::Judged(judgement));
    }

    /// Nothing follows: what is open is told as it was last known.
    pub fn finish(&mut self, strands: &mut [Strand], out: &mut Actions) -> Vec<Watched> {
        self.close_gap(self.reached, strands, out);
        self.tell_more(out);
        out.push(Action::Judged(self.judge.stop()));
        self.judge.watched()
    }

    /// Says so where pictures change their size within a file.
    fn check_size(&mut self, sight: &Sight, out: &mut Actions) {
        let from = std::mem::replace(&mut self.size, sight.size);
        if from != sight.size && from != (0, 0) {
            self.note(sight.at, Noticed::Resized { from, to: sight.size }, out);
        }
    }

    /// Tells of something in the file that is walked through, unless it was told too often.
    fn note(&mut self, at: MediaTime, what: Noticed, out: &mut Actions) {
        if self.bound.admits(at, &what) {
            self.tell(at, what, out);
        }
    }

    /// The rule at a strand and a place among its rules.
    fn rule(&self, at: (usize, usize)) -> Option<RuleId> {
        let index = self.rules.iter().position(|rule| *rule == at)?;
        self.judge.watches().get(index).map(|watch| watch.id().clone())
    }

    fn tell(&self, at: MediaTime, what: Noticed, out: &mut Actions) {
        let file = self.epoch.as_ref().and_then(|epoch| epoch.file.clone()).unwrap_or_default();
        out.push(Action::Notice(Notice { camera: self.id.clone(), file, at, what }));
    }

    /// Tells how many notices of the file that ends were kept back.
    fn tell_more(&mut self, out: &mut Actions) {
        for (at, what) in self.bound.more() {
            self.tell(at, what, out);
        }
    }

    fn close_gap(&mut self, to: MediaTime, strands: &mut [Strand], out: &mut Actions) {
        if let Some(gap) = self.gap.take() {
            let to = Some(to.max(gap.from));
            self.emit(Record::Gap(Gap { to, ..gap }), strands, out);
        }
    }

    /// Lets the rules judge a record, and tells both.
    fn emit(&mut self, record: Record, strands: &mut [Strand], out: &mut Actions) {
        let judgement = self.judge.take(&record);
        self.heed(&judgement, strands);
        let moved = judgement.moved;
        out.push(Action::Tell(record, judgement));
        if let Some(at) = moved {
            self.note(at, Noticed::Moved, out);
        }
    }

    /// Gives the strands what rules ask for.
    fn heed(&self, judgement: &Judgement, strands: &mut [Strand]) {
        for (rule, attention) in &judgement.attention {
            if let Some((strand, place)) = self.rules.get(*rule)
                && let Some(strand) = strands.get_mut(*strand)
            {
                strand.ask(*place, *attention);
            }
        }
    }
}
