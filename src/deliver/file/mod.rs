//! `kind = "file"`: alerts as lines of JSON in a file, which others follow.
//!
//! A line is written out to the disk before it counts as delivered. What is given at once is written at once. From a size on
//! another file is begun: the one before it is then called `NAME.1`, the one before that `NAME.2`, and the oldest goes.

mod lines;
mod writing;

use std::sync::mpsc::{self, Sender};

use tokio::sync::oneshot;
use writing::Writing;

use super::{Beat, Pace, Refusal, Sink};
use crate::{config::AlertFile, files, ledger::database::Queued};

/// Adds alerts to a file.
pub(super) struct FileSink {
    settings: AlertFile,
    to: Sender<Line>,
}

/// A line that is to be written, and who waits for it.
struct Line {
    text: String,
    done: oneshot::Sender<Result<(), Refusal>>,
}

impl FileSink {
    pub fn new(settings: AlertFile) -> Self {
        let (to, from) = mpsc::channel::<Line>();
        let mut writing = Writing::new(settings.clone());
        let work = move || {
            // All that came while the disk worked is written together.
            while let Ok(first) = from.recv() {
                let lines: Vec<Line> = std::iter::once(first).chain(from.try_iter()).collect();
                let done = writing.write(lines.iter().map(|line| line.text.as_str()));
                for line in lines {
                    let _ = line.done.send(done.clone());
                }
            }
        };
        // Where there is no thread, nobody hears, and each alert is refused below.
        let _ = std::thread::Builder::new().name("alert file".to_owned()).spawn(work);
        Self { settings, to }
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
        self.to.send(Line { text: alert.body.clone(), done }).map_err(|_| self.unheard())?;
        told.await.unwrap_or_else(|_| Err(self.unheard()))
    }

    async fn test(&self, _: &Beat) -> Result<(), Refusal> {
        let mut writing = Writing::new(self.settings.clone());
        let done = tokio::task::spawn_blocking(move || writing.write(std::iter::empty())).await;
        done.unwrap_or_else(|_| Err(self.unheard()))
    }
}

#[cfg(test)]
mod tests;
