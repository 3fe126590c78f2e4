//! `kind = "file"`: alerts as lines of JSON in a file, which others follow.
//!
//! A line is written out to the disk before it counts as delivered. What is given at once is written at once. From a size on
//! another file is begun: the one before it is then called `NAME.1`, the one before that `NAME.2`, and the oldest goes.

mod lines;
mod writing;

use std::{
    collections::BTreeMap,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Sender},
    },
    time::{Duration, Instant},
};

use tokio::sync::oneshot;
use writing::Writing;

use super::{Beat, Pace, Refusal, Sink};
use crate::{config::AlertFile, domain::CameraId, files, ledger::database::Queued};

/// Adds alerts to a file.
pub(super) struct FileSink {
    settings: AlertFile,
    to: Sender<Given>,
    /// Whether it was said that it cannot be written, when a sign of life came.
    is_said: AtomicBool,
}

/// What the thread of a file is given.
enum Given {
    Line(Line),
    /// Whether the file can be written.
    Look(oneshot::Sender<Result<(), Refusal>>),
}

/// A line that is to be written, and who waits for it.
struct Line {
    camera: CameraId,
    sequence: u64,
    text: String,
    done: oneshot::Sender<Result<(), Refusal>>,
}

impl FileSink {
    pub fn new(settings: AlertFile) -> Self {
        let (to, from) = mpsc::channel::<Given>();
        let mut work = Work { writing: Writing::new(settings.clone()), refused: BTreeMap::new() };
        let work = move || {
            // All that came while the disk worked is written together.
            while let Ok(first) = from.recv() {
                work.write(std::iter::once(first).chain(from.try_iter()).collect());
            }
        };
        // Where there is no thread, nobody hears, and each alert is refused below.
        let _ = std::thread::Builder::new().name("alert file".to_owned()).spawn(work);
        Self { settings, to, is_said: AtomicBool::new(false) }
    }

    /// Whether it can be written. The file is made where there is none.
    async fn look(&self) -> Result<(), Refusal> {
        let (done, told) = oneshot::channel();
        self.to.send(Given::Look(done)).map_err(|_| self.unheard())?;
        told.await.unwrap_or_else(|_| Err(self.unheard()))
    }

    fn unheard(&self) -> Refusal {
        let path = files::shown(self.settings.path.as_os_str());
        Refusal::transient(format!("{path} is not written: its thread has ended"))
    }
}

impl Sink for FileSink {
    fn pace(&self) -> Pace {
        Pace::Gathered
    }

    async fn deliver(&self, alert: &Queued) -> Result<(), Refusal> {
        let (done, told) = oneshot::channel();
        let line =
            Line { camera: alert.camera.clone(), sequence: alert.sequence, text: alert.body.clone(), done };
        self.to.send(Given::Line(line)).map_err(|_| self.unheard())?;
        told.await.unwrap_or_else(|_| Err(self.unheard()))
    }

    /// Nothing is written. A file that cannot be is told of before there is an alert for it: at the start, and after a reload.
    async fn heartbeat(&self, _: &Beat) -> Result<(), Refusal> {
        let done = self.look().await;
        match &done {
            Ok(()) => self.is_said.store(false, Ordering::Relaxed),
            Err(refusal) if !self.is_said.swap(true, Ordering::Relaxed) => {
                tracing::error!("{refusal}. Alerts for it wait in the database");
            }
            Err(_) => {}
        }
        done
    }

    async fn test(&self, _: &Beat) -> Result<(), Refusal> {
        self.look().await?;
        match files::free(&self.settings.path) {
            Some(free) if free < ROOM => {
                let path = files::shown(self.settings.path.as_os_str());
                Err(Refusal::transient(format!(
                    "{path} cannot be written: its disk is full ({free} bytes are free)"
                )))
            }
            _ => Ok(()),
        }
    }
}

/// An alert has this much at most, in bytes.
const ROOM: u64 = 20_000;

/// What was given just when something of its camera was refused is refused as well, for so long: it would come before that.
const BEHIND: Duration = Duration::from_secs(5);

/// What the thread of a file does.
struct Work {
    writing: Writing,
    /// The first alert of a camera that was refused and has not come again, and when that was.
    refused: BTreeMap<CameraId, (u64, Instant)>,
}

impl Work {
    fn write(&mut self, given: Vec<Given>) {
        let (mut block, mut looks) = (Vec::new(), Vec::new());
        for given in given {
            let line = match given {
                Given::Line(line) => line,
                Given::Look(done) => {
                    looks.push(done);
                    continue;
                }
            };
            match self.refused.get(&line.camera) {
                Some((first, since)) if line.sequence > *first && since.elapsed() < BEHIND => {
                    let _ = line.done.send(Err(Refusal::transient("one before it was not taken")));
                }
                _ => {
                    self.refused.remove(&line.camera);
                    block.push(line);
                }
            }
        }
        let done = self.writing.write(block.iter().map(|line| line.text.as_str()));
        for line in block {
            if done.is_err() {
                self.refused.entry(line.camera).or_insert((line.sequence, Instant::now()));
            }
            let _ = line.done.send(done.clone());
        }
        for look in looks {
            let _ = look.send(done.clone());
        }
    }
}

#[cfg(test)]
mod tests;
