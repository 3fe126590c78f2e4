//! Stills: the pictures of moments, decoded from the groups that were held.

use std::{
    path::Path,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use jiff::civil::Date;
use uuid::Uuid;

use super::{
    super::{
        EvidenceError, plan,
        still::{Colours, entry},
    },
    Kept, Shared,
    days::{Days, Hold},
    firsts::{First, Footage, State},
    queue::Next,
};
use crate::{
    decode::{DecoderState, GroupDecoder},
    domain::{CameraId, EvidenceFile, EvidenceRole, MediaTime, MissingEvidence, Moment, Violation},
    files,
    geometry::Polygon,
    libav::Scaler,
    pulse,
    results::Entry,
    source::Gop,
};

/// How long the thread waits for work; nothing depends on it.
const IDLE: Duration = Duration::from_secs(60);

/// Something for the thread that makes stills.
pub(super) enum StillJob {
    /// The first still of a candidate.
    First(Uuid),
    /// Stills of a violation.
    Order(Box<Order>),
}

/// Stills of one violation, to be written.
pub(super) struct Order {
    pub violation: Violation,
    /// The day in whose folder they go.
    pub hold: Hold,
    /// What their names begin with.
    pub name: String,
    pub masks: Vec<Polygon>,
    pub stills: Vec<Wanted>,
}

/// A still of a violation.
pub(super) struct Wanted {
    pub role: EvidenceRole,
    pub moment: Moment,
    pub from: From,
}

/// Where a still comes from.
pub(super) enum From {
    /// From what was held.
    Footage(Footage),
    /// It was kept since it was a candidate; else this is to serve.
    First(Fate, Box<From>),
    /// It cannot be had.
    Nowhere(EvidenceError),
}

/// What becomes of a first still that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It may be written again, in the day on which the violation is raised.
    Stays,
    /// It is forgotten.
    Goes,
}

/// A still takes so long at most, also where the disk is slow.
const MAKING: Duration = Duration::from_secs(120);

/// Makes stills until the queue is closed and empty.
pub(super) fn work(shared: &Arc<Shared>) {
    let mut maker =
        Maker { decoder: GroupDecoder::for_stills(), scaler: Scaler::new(), last: None, under_way: None };
    loop {
        pulse::rests();
        let next = shared.stills.pop(IDLE);
        pulse::does("making a still", MAKING);
        match next {
            Next::Job(StillJob::First(id)) => first(shared, &mut maker, id),
            Next::Job(StillJob::Order(order)) => fill(shared, &mut maker, *order),
            Next::Idle => (maker.last, maker.under_way) = (None, None),
            Next::Closed => return,
        }
    }
}

/// Makes the first still of a candidate, unless that was given up or made meanwhile.
fn first(shared: &Shared, maker: &mut Maker, id: Uuid) {
    let Some(First { state: State::Waiting(footage), .. }) = shared.firsts.get(id) else { return };
    let state = maker.first(shared, &footage);
    shared.firsts.set(id, state, None);
}

/// Makes what was ordered, and tells of it.
fn fill(shared: &Shared, maker: &mut Maker, order: Order) {
    let Order { violation, hold, name, masks, stills } = order;
    let mut kept = Kept { violation: violation.id, entries: Vec::new(), missing: Vec::new() };
    for Wanted { role, moment, from } in stills {
        let jpeg = match from {
            From::First(fate, otherwise) => match first_of(shared, maker, &violation, fate, hold.day) {
                Found::Still(jpeg) => jpeg,
                Found::Written => continue,
                Found::Nothing => maker.from(shared, role, *otherwise),
            },
            from => maker.from(shared, role, from),
        };
        let entry = jpeg.and_then(|jpeg| {
            let file = described(shared, hold.day, &name, role, &jpeg);
            let entry = entry(file, violation.id, &moment, &masks);
            shared.days.keep(hold.day, &entry, &jpeg).map_err(|error| shared.missing(role, &error))?;
            Ok(Entry { name: Days::name(hold.day, &entry.name), ..entry })
        });
        match entry {
            Ok(entry) => kept.entries.push(entry),
            Err(missing) => kept.missing.push(missing),
        }
    }
    shared.days.touch(hold.day);
    drop(hold);
    shared.tell(kept);
}

/// What is there of a violation's first still.
enum Found {
    /// It, or why it could not be made.
    Still(Result<Arc<[u8]>, MissingEvidence>),
    /// It lies in the day's folder.
    Written,
    /// None was kept.
    Nothing,
}

fn first_of(shared: &Shared, maker: &mut Maker, violation: &Violation, fate: Fate, day: Date) -> Found {
    let id = violation.id;
    let kept = match fate {
        Fate::Stays => shared.firsts.get(id),
        Fate::Goes => shared.firsts.take(id),
    };
    let Some(First { state, written, .. }) = kept else {
        // A run before this one may have written it, when it warned.
        let warned = Violation { raised: None, ..violation.clone() };
        let file = format!("{}_{}.jpg", plan::name(&warned), EvidenceRole::Started.name());
        let is_there = shared.days.has(shared.days.of(warned.started.wall), &file);
        return if is_there { Found::Written } else { Found::Nothing };
    };
    if written == Some(day) {
        return Found::Written;
    }
    let state = match state {
        State::Waiting(footage) => maker.first(shared, &footage),
        made => made,
    };
    shared.firsts.set(id, state.clone(), Some(day));
    match state {
        State::Made(jpeg) => Found::Still(Ok(jpeg)),
        State::Failed(missing) => Found::Still(Err(missing)),
        State::Waiting(_) => Found::Nothing,
    }
}

/// The file that these bytes are to be.
fn described(shared: &Shared, day: Date, name: &str, role: EvidenceRole, jpeg: &[u8]) -> EvidenceFile {
    EvidenceFile {
        name: shared.days.free(day, name, &format!("{}.jpg", role.name())),
        role,
        sha256: files::sha256(jpeg),
        bytes: jpeg.len() as u64,
        url: None,
    }
}

/// Makes pictures, and remembers the last: many violations may be raised by one look.
struct Maker {
    decoder: GroupDecoder,
    scaler: Scaler,
    last: Option<(CameraId, u32, MediaTime, Colours)>,
    under_way: Option<UnderWay>,
}

/// A group that had not come to its end when a still was made of it: the next one of it goes on from there.
struct UnderWay {
    camera: CameraId,
    epoch: u32,
    start: MediaTime,
    /// The moment that was decoded last; what lies before it is decoded anew.
    at: MediaTime,
    state: DecoderState,
}

impl UnderWay {
    /// Whether the picture of a moment of these groups can be decoded from here.
    fn leads_to(&self, groups: &[Arc<Gop>], at: MediaTime) -> bool {
        matches!(groups, [group] if group.camera == self.camera && group.epoch == self.epoch && group.start == self.start)
            && self.at <= at
    }
}

impl Maker {
    fn first(&mut self, shared: &Shared, footage: &Footage) -> State {
        match self.jpeg(footage) {
            Ok(jpeg) => State::Made(jpeg),
            Err(error) => State::Failed(shared.missing(footage.shot.role, &error)),
        }
    }

    fn from(
        &mut self,
        shared: &Shared,
        role: EvidenceRole,
        from: From,
    ) -> Result<Arc<[u8]>, MissingEvidence> {
        let made = match from {
            From::Footage(footage) => self.jpeg(&footage),
            From::Nowhere(error) => {
                if matches!(error, EvidenceError::Busy(_)) {
                    shared.counts.refused.fetch_add(1, Relaxed);
                }
                Err(error)
            }
            From::First(_, otherwise) => return self.from(shared, role, *otherwise),
        };
        made.map_err(|error| shared.missing(role, &error))
    }

    fn jpeg(&mut self, Footage { groups, shot, near, .. }: &Footage) -> Result<Arc<[u8]>, EvidenceError> {
        let not_found = || EvidenceError::NotFound(shot.name.clone());
        let own = groups.last().ok_or_else(not_found)?;
        let is_it = |(camera, epoch, at, _): &&(CameraId, u32, MediaTime, Colours)| {
            *camera == own.camera && *epoch == own.epoch && *at == shot.at
        };
        let picture = match self.last.as_ref().filter(is_it) {
            Some((.., picture)) => picture.clone(),
            None => {
                let picture = self.picture(groups, shot.at, *near)?;
                let picture = picture.ok_or_else(|| EvidenceError::Damaged(shot.name.clone()))?;
                self.last = Some((own.camera.clone(), own.epoch, shot.at, picture.clone()));
                picture
            }
        };
        picture.jpeg(shot, Path::new(&shot.name)).map(Arc::from)
    }

    /// The picture of a moment; none where it is damaged.
    fn picture(
        &mut self,
        groups: &[Arc<Gop>],
        at: MediaTime,
        near: Duration,
    ) -> Result<Option<Colours>, EvidenceError> {
        let before = self.under_way.take_if(|way| way.leads_to(groups, at));
        let (mut state, mut found) = (before.map(|way| way.state), None);
        for (place, group) in groups.iter().enumerate() {
            let wanted: &[MediaTime] = if place + 1 == groups.len() { &[at] } else { &[] };
            let scaler = &mut self.scaler;
            let decoded = self.decoder.decode(group, wanted, state.take(), |_, frame, time| {
                if time.since(at).max(at.since(time)) <= near {
                    found = Some(Colours::of(frame, scaler));
                }
            })?;
            state = decoded.state;
        }
        if let ([group], Some(state)) = (groups, state)
            && group.grows()
        {
            let (camera, epoch, start) = (group.camera.clone(), group.epoch, group.start);
            self.under_way = Some(UnderWay { camera, epoch, start, at, state });
        }
        found.transpose()
    }
}
