//! The looks of each camera, day by day: what timelines are drawn from, and what thresholds are tuned by.
//!
//! ```text
//! STATE/observations/CAMERA/2026-11-30.jsonl.gz   its records, in the days of the site
//! ```
//!
//! A file is made of gzip members one after the other, which is what `zcat` and `firewarden replay` read. One is written each
//! minute, so that a program that is killed loses no more than that; what it was writing is cut off when the next one begins.
//! All is done on a thread of its own: where the disk does not follow, records are left out and counted, and looks go on.

mod day;
mod sweep;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crossbeam::channel::{self, Receiver, RecvTimeoutError, Sender};
use day::Day;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{
    clock::Clock,
    domain::{CameraId, GapReason, Record},
    judge::{Judgement, Watched},
    pulse::{self, Remedy},
    results::Outcome,
    rules::Presence,
};

/// So many records may wait to be written: a quarter of an hour of a camera, or a quarter of a minute of sixty.
const WAITING: usize = 4_096;
/// What follows from a record, or writing members, takes so long at most, also where the disk is slow.
const WRITING: Duration = Duration::from_secs(120);
/// Members are written so often.
const MEMBER: Duration = Duration::from_secs(60);
/// Old days are looked for so often.
const SWEEP: Duration = Duration::from_secs(3600);

/// Where days go, and how many of them are kept.
pub struct Settings {
    /// Their folder.
    pub folder: PathBuf,
    /// The site's time zone, whose days they are.
    pub zone: TimeZone,
    /// How long they are kept; zero for not at all: then nothing is written.
    pub keep: Duration,
    /// How many bytes they may take together; the oldest go first.
    pub budget: u64,
}

/// One camera's day at a glance, as far as it has come.
#[derive(Debug, Clone)]
pub struct DayOutcome {
    /// The camera.
    pub camera: CameraId,
    /// The day, in the site's time zone.
    pub day: Date,
    /// When it begins, on the wall.
    pub from: Timestamp,
    /// What became of the camera, in media time since then: looks, gaps, what rules saw and how much each could judge.
    pub outcome: Outcome,
    /// The oldest day that is kept.
    pub oldest: Date,
}

#[allow(clippy::large_enum_variant, reason = "most are told records, which are the large ones")]
enum Order {
    Told(Arc<CameraId>, Record, Seen),
    Missed(Arc<CameraId>, GapReason),
    Finish,
}

/// What rules made of a record.
struct Seen {
    presence: Vec<(usize, Presence)>,
    /// How much each could judge of the day so far.
    watched: Vec<Watched>,
}

/// Keeps the looks of all cameras.
pub struct Days {
    orders: Sender<Order>,
    /// None once it has ended.
    thread: Mutex<Option<JoinHandle<()>>>,
    dropped: Arc<AtomicU64>,
}

/// Where one camera's records go.
#[derive(Debug, Clone)]
pub struct DayKeeper {
    camera: Arc<CameraId>,
    orders: Sender<Order>,
    dropped: Arc<AtomicU64>,
}

impl Days {
    /// Begins to keep days. `glance` is given each camera's day every minute and at its end, and `earlier` tells what it was
    /// given of a day by a program before this.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn start(
        settings: Settings,
        clock: Arc<dyn Clock>,
        glance: impl Fn(DayOutcome) + Send + 'static,
        earlier: impl Fn(&CameraId, Date) -> Option<DayOutcome> + Send + 'static,
    ) -> std::io::Result<Self> {
        let (orders, work) = channel::bounded(WAITING);
        let keep = move || {
            let _entered = pulse::enter("looks", Remedy::Tell);
            Keeping { settings, clock, glance, earlier, days: BTreeMap::new(), failing: false }.run(&work)
        };
        let thread = thread::Builder::new().name("looks".to_owned()).spawn(keep)?;
        Ok(Self { orders, thread: Mutex::new(Some(thread)), dropped: Arc::default() })
    }

    /// For one camera.
    pub fn keeper(&self, camera: &CameraId) -> DayKeeper {
        let (orders, dropped) = (self.orders.clone(), Arc::clone(&self.dropped));
        DayKeeper { camera: Arc::new(camera.clone()), orders, dropped }
    }

    /// How many records were left out, as the disk did not follow.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Writes what is there, and ends.
    pub fn finish(&self, within: Duration) {
        let _ = self.orders.send_timeout(Order::Finish, within);
        let until = Instant::now() + within;
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            while !thread.is_finished() && Instant::now() < until {
                thread::sleep(Duration::from_millis(5));
            }
        }
    }
}

impl DayKeeper {
    /// Takes a record, and what rules made of it; `watched` is how much each could judge of the day so far.
    pub fn told(&self, record: &Record, judgement: &Judgement, watched: Vec<Watched>) {
        let seen = Seen { presence: judgement.presence.clone(), watched };
        self.send(Order::Told(Arc::clone(&self.camera), record.clone(), seen));
    }

    /// Takes a look that could not be taken.
    pub fn missed(&self, reason: GapReason) {
        self.send(Order::Missed(Arc::clone(&self.camera), reason));
    }

    fn send(&self, order: Order) {
        if self.orders.try_send(order).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

struct Keeping<F, E> {
    settings: Settings,
    clock: Arc<dyn Clock>,
    glance: F,
    earlier: E,
    days: BTreeMap<CameraId, Day>,
    failing: bool,
}

impl<F: Fn(DayOutcome), E: Fn(&CameraId, Date) -> Option<DayOutcome>> Keeping<F, E> {
    fn run(mut self, orders: &Receiver<Order>) {
        self.sweep();
        let now = self.clock.monotonic();
        let (mut written, mut swept) = (now, now);
        loop {
            pulse::rests();
            let order = orders.recv_timeout(Duration::from_secs(1));
            pulse::does("keeping the looks of the day", WRITING);
            match order {
                Ok(Order::Told(camera, record, seen)) => self.take(&camera, &record, seen),
                Ok(Order::Missed(camera, reason)) => {
                    self.days.get_mut(&*camera).into_iter().for_each(|day| day.miss(reason));
                }
                Ok(Order::Finish) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            let now = self.clock.monotonic();
            if now.saturating_duration_since(written) >= MEMBER {
                written = now;
                self.write();
                self.days.values().for_each(|day| self.show(day));
            }
            if now.saturating_duration_since(swept) >= SWEEP {
                swept = now;
                self.sweep();
            }
        }
        self.write();
        self.days.values().for_each(|day| self.show(day));
    }

    fn take(&mut self, camera: &CameraId, record: &Record, seen: Seen) {
        if self.settings.keep.is_zero() {
            return;
        }
        let wall = match record {
            Record::Epoch(epoch) => epoch.wall,
            Record::Observation(observation) => observation.wall,
            Record::Gap(_) => self.days.get(camera).map_or_else(|| self.clock.wall(), Day::reached),
        };
        let date = self.settings.zone.to_datetime(wall).date();
        let goes_on = self.days.get(camera).is_some_and(|day| day.date >= date);
        if !goes_on {
            let before = self.days.remove(camera);
            let epoch = before.and_then(|mut before| {
                let written = before.write();
                self.tell(written);
                self.show(&before);
                before.epoch
            });
            let mut day = Day::new(&self.settings.folder, camera.clone(), date, epoch);
            if let Some(earlier) = (self.earlier)(camera, date) {
                day.go_on(earlier);
            }
            self.days.insert(camera.clone(), day);
        }
        if let Some(day) = self.days.get_mut(camera) {
            day.take(record, wall, seen);
            if day.is_full() {
                let written = day.write();
                self.tell(written);
            }
        }
    }

    fn write(&mut self) {
        let written: Vec<std::io::Result<()>> = self.days.values_mut().map(Day::write).collect();
        written.into_iter().for_each(|written| self.tell(written));
    }

    fn show(&self, day: &Day) {
        let oldest = sweep::oldest(&self.settings, self.clock.wall());
        if let Some(glance) = day.glance(oldest) {
            (self.glance)(glance);
        }
    }

    /// Says once that days cannot be written, and once that they can be again.
    fn tell(&mut self, written: std::io::Result<()>) {
        match (written, self.failing) {
            (Err(error), false) => {
                self.failing = true;
                let reason = crate::files::reason(&error);
                tracing::error!("looks cannot be kept in {}: {reason}", self.settings.folder.display());
            }
            (Ok(()), true) => {
                self.failing = false;
                tracing::warn!("looks are kept again");
            }
            _ => {}
        }
    }

    fn sweep(&self) {
        sweep::sweep(&self.settings, self.clock.wall());
    }
}
