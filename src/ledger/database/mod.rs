//! The database of a box: what it must not forget, in one file.
//!
//! ```text
//!  camera threads ──► queue ──► one thread writes ──► firewarden.db ──► sinks, console
//!  step by step       in memory  one commit for all    state, violations,  by connections
//!  never wait         bounded    that waits            alerts, outbox      of their own
//! ```
//!
//! All that one step of a camera leads to is in one commit: the violations as they now are, the alerts that tell them, and
//! the state that the camera goes on from after a restart. So nothing is told twice, and nothing is forgotten. Which tables
//! there are, and why it is so, is told in `docs/design/database.md`.

mod camera;
mod commit;
mod desk;
mod error;
mod facts;
mod files;
mod handle;
mod holds;
mod kept;
mod marks;
mod opening;
mod outcomes;
mod place;
mod pruning;
mod queue;
mod reading;
mod schema;
mod shared;
mod state;
#[cfg(test)]
pub(crate) mod tests;
mod told;
mod uploads;
mod urls;
mod writer;
mod written;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

pub use camera::CameraLedger;
pub use desk::{Desk, DeskError, Fate, Letter, Purged, Refused, Shown, WaitingFile};
pub use error::DatabaseError;
pub use facts::{DatabaseFacts, Depth};
pub use handle::Handle;
use jiff::tz::TimeZone;
pub use kept::Kept;
use opening::{Check, Unopened, open};
use place::Place;
use pruning::Limits;
use queue::Ending;
pub use reading::{Given, Queued, Waiting};
use shared::Shared;
pub use uploads::{Upload, UploadDepth};
pub use urls::Urls;
use writer::Writer;

use crate::{
    clock::Clock,
    config::Filter,
    domain::{OutboxId, SiteId},
    pulse::{self, Remedy},
};

/// How the database is kept.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The folder that it lies in; made where it is not there.
    pub directory: PathBuf,
    /// How many bytes it may take.
    pub budget: u64,
    /// How long alerts are kept once all sinks have them.
    pub keep_sent: Duration,
    /// How long violations that are over are kept, as their evidence is.
    pub keep_violations: Duration,
    /// For whom alerts are, by their names, and which.
    pub sinks: Vec<(String, Filter)>,
    /// Where files of evidence are put; none where they stay on the box.
    pub urls: Option<Urls>,
    /// Whose cameras these are.
    pub site: SiteId,
    /// Days are counted in it.
    pub timezone: TimeZone,
    /// How many changes wait in memory at most; none for 100,000.
    pub bound: Option<usize>,
}

/// What was there when the database was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The outbox's id.
    pub outbox: OutboxId,
    /// Where a damaged one is kept that was there before.
    pub set_aside: Option<PathBuf>,
    /// Whether it was begun just now: nothing is known of before.
    pub fresh: bool,
}

/// A database that is in use. Whoever drops it without [`Self::close`] waits for two seconds at most that it is written.
pub struct Database {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
    ended: Receiver<Result<(), DatabaseError>>,
}

/// Nobody waits longer for a database that is dropped.
const DROPPED: Duration = Duration::from_secs(2);
/// A commit that has begun when time is over is waited for so long.
const GRACE: Duration = Duration::from_millis(500);

impl Database {
    /// Opens the database, or begins one. One that is damaged is set aside, which is said.
    ///
    /// # Errors
    /// [`DatabaseError`] where its folder cannot be made or written, another program has it, or a newer one has written it.
    pub fn open(settings: Settings, clock: Arc<dyn Clock>) -> Result<(Self, Found), DatabaseError> {
        let Settings { directory, budget, keep_sent, keep_violations, sinks, urls, site, timezone, bound } =
            settings;
        let place = Place::take(&directory)?;
        let mut set_aside = None;
        let opened = match open(&place, Check::Whole, clock.wall()) {
            Ok(opened) => opened,
            Err(Unopened::Error(error)) => return Err(error),
            Err(Unopened::Damaged(why)) => {
                let path = place.set_aside(clock.wall())?;
                tracing::error!(
                    %site,
                    "the database is damaged ({why}); it is kept as {}, and another is begun. What cameras knew is lost, and so \
                     are alerts that were not delivered",
                    crate::files::shown(path.as_os_str())
                );
                set_aside = Some(path);
                match open(&place, Check::Least, clock.wall()) {
                    Ok(opened) => opened,
                    Err(Unopened::Error(error)) => return Err(error),
                    Err(Unopened::Damaged(why)) => return Err(DatabaseError::Write(why)),
                }
            }
        };
        if let Ok((waiting, _)) = reading::depths(&opened.connection) {
            let is_known = |sink: &String| sinks.iter().any(|(name, _)| name == sink);
            for (sink, depth) in waiting.iter().filter(|(sink, _)| !is_known(sink)) {
                tracing::warn!(
                    sink,
                    waiting = depth.waiting,
                    "alerts wait for a sink that is configured no more"
                );
            }
        }
        let found = Found { outbox: opened.outbox, set_aside, fresh: opened.fresh };
        let shared = Arc::new(Shared::new(clock, place, opened.outbox, sinks, urls, bound));
        let limits = Limits { budget, keep_sent, keep_violations };
        let (to, ended) = mpsc::sync_channel(1);
        let of_writer = Arc::clone(&shared);
        let write = move || {
            let _last = Last(Arc::clone(&of_writer));
            let _entered = pulse::enter("ledger", Remedy::Tell);
            let writer = Writer::new(of_writer, opened, limits, timezone);
            let _ = to.send(writer.run());
        };
        let thread = thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(write)
            .map_err(|source| DatabaseError::Place { path: directory, source })?;
        Ok((Self { handle: Handle { shared }, thread: Some(thread), ended }, found))
    }

    /// What others do with it.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Writes what waits, until `deadline` is over, and closes it.
    ///
    /// # Errors
    /// [`DatabaseError::Left`] where not all could be written.
    pub fn close(mut self, deadline: Duration) -> Result<(), DatabaseError> {
        self.end(deadline)
    }

    fn end(&mut self, deadline: Duration) -> Result<(), DatabaseError> {
        let Some(thread) = self.thread.take() else { return Ok(()) };
        let shared = &self.handle.shared;
        let now = Instant::now();
        shared.queue().ending = Ending::Until(now.checked_add(deadline).unwrap_or(now));
        shared.wake();
        match self.ended.recv_timeout(deadline.saturating_add(GRACE)) {
            Ok(done) => {
                // It has nothing left to do.
                let _ = thread.join();
                done
            }
            Err(error) => {
                let (changes, cameras) = shared.queue().waiting();
                let why = match error {
                    RecvTimeoutError::Timeout => "the disk does not answer",
                    RecvTimeoutError::Disconnected => "the thread that writes has failed",
                };
                shared.queue().ending = Ending::Over;
                Err(DatabaseError::Left { changes, cameras, why: why.to_owned() })
            }
        }
    }
}

/// Whoever waits for the thread that writes waits no more once it is gone, even where it failed.
struct Last(Arc<Shared>);

impl Drop for Last {
    fn drop(&mut self) {
        let mut queue = self.0.queue();
        queue.ending = Ending::Over;
        queue.take_orders();
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Err(error) = self.end(DROPPED) {
            tracing::error!("{error}");
        }
    }
}
