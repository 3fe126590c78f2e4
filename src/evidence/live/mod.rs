//! Evidence of live cameras: nothing can be read a second time, so the last pictures are held in memory until it is known what
//! they show.
//!
//! ```text
//! camera's thread                              threads "evidence"
//! part ─► ring ──┐
//! told ─► shots ─┴► stills (urgent | first) ─► one: decode, draw, JPEG ──┐
//!                 └► clips (parts as they come) ─► one: copy or mask ────┴► days ─► sink
//! ```
//!
//! A [`Keeper`] stands beside each camera and never waits: what finds no room in a queue is told as missing, and the camera goes
//! on. Stills of violations have a queue of their own, ahead of those of candidates.
//!
//! A file is called `evidence/YYYY-MM-DD/CAMERA_KIND_TIME_ID_ROLE.EXT` wherever it is spoken of, where `evidence` stands for
//! `[evidence] directory`, and the day is the site's, of the moment the violation was raised. In the folder of a day all names
//! are those within it, so that it can be handed on: see [`days`].

#[cfg(test)]
mod clip_tests;
mod clips;
mod days;
mod export;
mod facts;
mod firsts;
mod held;
mod keeper;
mod lines;
mod queue;
mod ring;
mod settings;
mod stills;
mod sweep;

use std::{
    collections::BTreeMap,
    io,
    panic::{self, AssertUnwindSafe},
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use uuid::Uuid;

use self::{clips::ClipJob, days::Days, facts::Counts, firsts::Firsts, queue::Queue, stills::StillJob};
pub use self::{
    facts::{EvidenceFacts, EvidenceGauge},
    keeper::Keeper,
    settings::{Asked, Settings, bare_summary},
};
use super::EvidenceError;
use crate::{
    config::{Camera, Config},
    domain::{EvidenceRole, MissingEvidence},
    pulse::{self, Remedy},
    results::Entry,
};

/// What has come of the evidence of a violation: told for its stills as soon as they are on the disk, and again for its clip.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// The violation.
    pub violation: Uuid,
    /// Files that are on the disk and listed, by their names in alerts.
    pub entries: Vec<Entry>,
    /// Files that could not be had.
    pub missing: Vec<MissingEvidence>,
}

/// What all parts of it share.
struct Shared {
    settings: Settings,
    sink: Box<dyn Fn(Kept) + Send + Sync>,
    days: Days,
    firsts: Firsts,
    stills: Queue<StillJob>,
    clips: Queue<ClipJob>,
    counts: Counts,
}

impl Shared {
    /// Tells what came of a violation's evidence, unless nothing did.
    fn tell(&self, kept: Kept) {
        for missing in &kept.missing {
            tracing::warn!(violation = %kept.violation, role = %missing.role, "{}", missing.reason);
        }
        self.counts.told(&kept);
        if !(kept.entries.is_empty() && kept.missing.is_empty()) {
            (self.sink)(kept);
        }
    }

    /// A file that could not be had.
    fn missing(&self, role: EvidenceRole, error: &EvidenceError) -> MissingEvidence {
        // Where the folder lies is nothing to whoever is told.
        let folder = format!("{}/", self.settings.directory.display());
        MissingEvidence { role, cause: error.cause(), reason: error.to_string().replace(&folder, "") }
    }
}

/// Makes evidence for all cameras of a box, on two threads of its own.
pub struct Evidence {
    shared: Arc<Shared>,
    /// Closed by each thread when it ends.
    threads: Vec<mpsc::Receiver<()>>,
}

impl Evidence {
    /// Begins. What a run before has left unfinished is put right first. `sink` is called from several threads, and is not to
    /// wait.
    ///
    /// A folder that cannot be written is no error: each file then is told as missing.
    ///
    /// # Errors
    /// Where the system has no thread left.
    pub fn start(settings: Settings, sink: impl Fn(Kept) + Send + Sync + 'static) -> io::Result<Self> {
        let days = Days::new(&settings.directory, settings.timezone.clone(), Arc::clone(&settings.clock));
        days.recover();
        let shared = Arc::new(Shared {
            days,
            sink: Box::new(sink),
            firsts: Firsts::default(),
            stills: Queue::new(keeper::MOST_URGENT, keeper::MOST_FIRST),
            clips: Queue::new(usize::MAX, usize::MAX),
            counts: Counts::default(),
            settings,
        });
        let works: [fn(&Arc<Shared>); 2] = [stills::work, clips::work];
        let threads = works.into_iter().map(|work| spawn(work, &shared)).collect::<io::Result<_>>()?;
        Ok(Self { shared, threads })
    }

    /// Keeps evidence of a camera. A camera that is watched anew, with another configuration or after it was given up, gets
    /// another keeper once the one before is dropped.
    pub fn keeper(&self, config: &Config, camera: &Camera) -> Keeper {
        Keeper::new(&self.shared, config, camera)
    }

    /// What tells how it does, also while it ends.
    pub fn gauge(&self) -> EvidenceGauge {
        EvidenceGauge(Arc::clone(&self.shared))
    }

    /// How much was made, is waiting and takes room.
    pub fn facts(&self) -> EvidenceFacts {
        self.gauge().facts()
    }

    /// What lies in the folders of days that are not closed, as it would have been told: a run that lost its power may have told
    /// it to nobody who remembers. Reads the disk; to be called before cameras are watched.
    pub fn unclosed(&self) -> Vec<Kept> {
        let days = &self.shared.days;
        let mut kept: BTreeMap<Uuid, Vec<Entry>> = BTreeMap::new();
        for day in days.unclosed() {
            let (entries, removed) = days.listed(day).unwrap_or_default();
            for entry in entries.into_iter().filter(|entry| !removed.contains(&entry.name)) {
                let name = Days::name(day, &entry.name);
                kept.entry(entry.violation).or_default().push(Entry { name, ..entry });
            }
        }
        let kept = kept.into_iter();
        kept.map(|(violation, entries)| Kept { violation, entries, missing: Vec::new() }).collect()
    }

    /// Completes what was begun, clips as far as they are, for no longer than `deadline`. Whether all of it was: what was not
    /// is put right at the next start. Keepers that are still there keep nothing more.
    pub fn finish(self, deadline: Duration) -> bool {
        self.close();
        let until = Instant::now().checked_add(deadline);
        self.threads.iter().all(|ended| {
            let left = until.map_or(deadline, |until| until.saturating_duration_since(Instant::now()));
            matches!(ended.recv_timeout(left), Err(RecvTimeoutError::Disconnected))
        })
    }

    fn close(&self) {
        self.shared.stills.close();
        self.shared.clips.close();
    }
}

impl Drop for Evidence {
    fn drop(&mut self) {
        self.close();
    }
}

fn spawn(work: fn(&Arc<Shared>), shared: &Arc<Shared>) -> io::Result<mpsc::Receiver<()>> {
    let (ends, ended) = mpsc::sync_channel(0);
    let shared = Arc::clone(shared);
    let run = move || {
        let _entered = pulse::enter("evidence", Remedy::Tell);
        // One file less is better than none from then on.
        while panic::catch_unwind(AssertUnwindSafe(|| work(&shared))).is_err() {
            tracing::error!(
                "evidence that was being made is lost: an error of this program, which should be told to whoever keeps it"
            );
        }
        drop::<mpsc::SyncSender<()>>(ends);
    };
    thread::Builder::new().name("evidence".to_owned()).spawn(run)?;
    Ok(ended)
}
