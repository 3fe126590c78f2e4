//! Clips: written as the groups come, so that nothing is gathered in memory however long they are.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use uuid::Uuid;

use super::{
    super::{Clip, Cut, Cutter, EvidenceError, Origin, timing::needed, writing::Sealed},
    Kept, Shared,
    days::{Days, Hold},
    export,
    queue::Next,
    sweep::{Swept, sweep},
};
use crate::{
    domain::{EvidenceRole, MediaTime},
    geometry::Polygon,
    pulse,
    results::Entry,
    source::{Gop, Part},
};

/// How often the thread looks after what is due, at least.
const ROUND: Duration = Duration::from_millis(500);

/// How often evidence that is too old or too much is looked for.
const SWEEP: Duration = Duration::from_secs(3600);

/// The group of a camera that grows, for clips that end in it.
pub(super) type Growing = Arc<Mutex<Option<Arc<Gop>>>>;

/// Something for the thread that writes clips.
pub(super) enum ClipJob {
    /// A clip begins.
    Begin(Box<Begin>),
    /// Its camera's next part, which takes so many bytes of what may be waiting.
    Part { keeper: u64, part: Part, bytes: usize, waiting: Arc<AtomicUsize> },
    /// A group that grows has come so far that clips end in it.
    Reached { keeper: u64, gop: Arc<Gop> },
    /// Nothing follows of this camera's clips, or not all of it.
    Over { keeper: u64 },
}

/// A clip that is to be written.
pub(super) struct Begin {
    pub keeper: u64,
    pub violation: Uuid,
    pub hold: Hold,
    pub cut: Cut,
    pub masks: Vec<Polygon>,
    /// What is there of it, and what the first of that stands for.
    pub parts: Vec<Part>,
    pub origin: Origin,
    pub growing: Growing,
    /// It is closed at this time, whatever has come.
    pub deadline: Instant,
}

/// A clip that is being written.
struct Open {
    keeper: u64,
    violation: Uuid,
    hold: Hold,
    cutter: Cutter,
    to: MediaTime,
    growing: Growing,
    deadline: Instant,
}

/// Writes clips until the queue is closed and empty, and looks after the days meanwhile.
/// A part of a clip, or what is looked for once an hour, takes so long at most, also where the disk is slow.
const WRITING: Duration = Duration::from_secs(300);

pub(super) fn work(shared: &Arc<Shared>) {
    let mut clips = Clips { shared: Arc::clone(shared), open: Vec::new() };
    let clock = &shared.settings.clock;
    let (mut looked, mut swept) = (Instant::now(), None::<Swept>);
    loop {
        pulse::rests();
        let next = shared.clips.pop(ROUND);
        pulse::does("writing clips", WRITING);
        match next {
            Next::Job(job) => {
                clips.take(job);
                if looked.elapsed() < ROUND {
                    continue;
                }
            }
            // Only now has all come that was sent.
            Next::Idle => clips.close(|open| open.deadline <= clock.monotonic()),
            Next::Closed => {
                clips.close(|_| true);
                export::due(shared, shared.days.unexported());
                return;
            }
        }
        looked = Instant::now();
        export::due(shared, shared.days.due());
        let now = clock.monotonic();
        if swept.is_none_or(|before| now.saturating_duration_since(before.at) >= SWEEP) {
            sweep(shared, &mut swept);
        }
    }
}

struct Clips {
    shared: Arc<Shared>,
    open: Vec<Open>,
}

impl Clips {
    fn take(&mut self, job: ClipJob) {
        match job {
            ClipJob::Begin(begin) => self.begin(*begin),
            ClipJob::Part { keeper, part, bytes, waiting } => {
                self.open
                    .iter_mut()
                    .filter(|open| open.keeper == keeper)
                    .for_each(|open| open.cutter.take(&part));
                waiting.fetch_sub(bytes, Relaxed);
                self.close(|open| open.cutter.done());
            }
            ClipJob::Reached { keeper, gop } => {
                let ends = |open: &Open| open.keeper == keeper && ends_in(&gop, open.to);
                let part = Part::Gop(Arc::new(gop.closed()));
                self.open.iter_mut().filter(|open| ends(open)).for_each(|open| open.cutter.take(&part));
                let over = self.open.extract_if(.., |open| ends(open)).collect();
                self.finish(over);
            }
            ClipJob::Over { keeper } => self.close(|open| open.keeper == keeper),
        }
    }

    fn begin(&mut self, begin: Begin) {
        let Begin { keeper, violation, hold, cut, masks, parts, origin, growing, deadline } = begin;
        let (shared, day) = (Arc::clone(&self.shared), hold.day);
        let folder = shared.days.folder(day);
        // Where it cannot be made, the clip's file cannot either.
        let _ = shared.days.make(day);
        let to = cut.to;
        let place =
            move |sealed: Sealed| shared.days.list(day, &listed(&sealed.clip, violation), || sealed.place());
        let cutter = Cutter::new(vec![cut], &folder).masked(&masks).live(origin, Box::new(place));
        let mut open = Open { keeper, violation, hold, cutter, to, growing, deadline };
        parts.iter().for_each(|part| open.cutter.take(part));
        self.open.push(open);
        self.count();
        self.close(|open| open.cutter.done());
    }

    /// Completes the clips that are over. One that is not complete gets what is known of the group that grows.
    fn close(&mut self, is_over: impl Fn(&Open) -> bool) {
        let mut over: Vec<Open> = self.open.extract_if(.., |open| is_over(open)).collect();
        for open in over.iter_mut().filter(|open| !open.cutter.done()) {
            let growing = open.growing.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(gop) = growing {
                open.cutter.take(&Part::Gop(Arc::new(gop.closed())));
            }
        }
        self.finish(over);
    }

    fn finish(&self, over: Vec<Open>) {
        if over.is_empty() {
            return;
        }
        self.count();
        for Open { violation, hold, cutter, .. } in over {
            let mut kept = Kept { violation, entries: Vec::new(), missing: Vec::new() };
            for clip in cutter.finish() {
                match clip {
                    Ok(clip) => {
                        let entry = listed(&clip, violation);
                        kept.entries.push(Entry { name: Days::name(hold.day, &entry.name), ..entry });
                    }
                    Err(error) => {
                        let error = match error {
                            EvidenceError::NotFound(name) => EvidenceError::Passed(name),
                            error => error,
                        };
                        kept.missing.push(self.shared.missing(EvidenceRole::Clip, &error));
                    }
                }
            }
            self.shared.days.touch(hold.day);
            drop(hold);
            self.shared.tell(kept);
        }
    }

    fn count(&self) {
        self.shared.counts.open_clips.store(self.open.len(), Relaxed);
    }
}

/// Whether a clip that goes up to `to` ends in what is known of a group that grows: with all pictures that are shown before the
/// last of those it needs.
pub(super) fn ends_in(gop: &Gop, to: MediaTime) -> bool {
    let times: Vec<i64> = gop.packets.iter().filter_map(|packet| packet.pts).collect();
    let last = || needed(&times, to.as_micros()).and_then(|count| times.iter().take(count).max());
    to < gop.end && last().is_none_or(|last| *last < gop.end.as_micros())
}

/// A clip's line in the day's manifest. What comes from no file is of no file.
fn listed(clip: &Clip, violation: Uuid) -> Entry {
    let mut entry = clip.clone().entry(violation);
    entry.source.retain(|piece| !piece.file.is_empty());
    entry
}
