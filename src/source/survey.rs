//! What files say of themselves, asked once: in which order they come, and how long they are.

use std::{
    fs, iter,
    num::NonZero,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use jiff::Timestamp;

use super::{
    Options,
    placing::Start,
    wall::{Told, from_metadata, from_recorder},
};
use crate::{
    domain::WallOrigin,
    libav::{Input, Limits},
};

/// So many files are opened at a time: opening is mostly waiting for a disk or a network.
const AT_A_TIME: usize = 8;

/// What a file says of itself. Of one that cannot be opened nothing is known.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Asked {
    pub modified: Option<Timestamp>,
    /// How long it says it lasts, in microseconds.
    pub lasts: Option<i64>,
    pub recorder: Option<Told>,
    pub made: Option<Start>,
}

impl Asked {
    /// Opens a file to ask it.
    pub(super) fn of(path: &Path, options: &Options) -> Self {
        let limits = Limits { stop: options.stop.clone(), ..options.limits.clone() };
        let unopened = Self { modified: modified(path), ..Self::default() };
        let Ok(mut input) = Input::open_file(path, &limits) else { return unopened };
        Self {
            lasts: input.duration(),
            recorder: from_recorder(&mut input, &options.zone),
            made: metadata_start(&input),
            ..unopened
        }
    }
}

/// When a file was last written.
pub(super) fn modified(path: &Path) -> Option<Timestamp> {
    let modified = fs::metadata(path).and_then(|about| about.modified()).ok()?;
    Timestamp::try_from(modified).ok()
}

/// A camera's files, each of which was opened once.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    pub(super) files: Vec<(PathBuf, Asked)>,
}

impl Survey {
    /// Opens the files of all cameras, several at a time. Once the options' stop is set, no further one is opened.
    pub fn of(cameras: &[Vec<PathBuf>], options: &Options) -> Vec<Self> {
        let all: Vec<&PathBuf> = cameras.iter().flatten().collect();
        let asked: Vec<Mutex<Asked>> = all.iter().map(|_| Mutex::default()).collect();
        let next = AtomicUsize::new(0);
        let most = thread::available_parallelism().map_or(1, NonZero::get).max(AT_A_TIME);
        thread::scope(|scope| {
            for _ in 0..all.len().min(most) {
                scope.spawn(|| {
                    while let Some((path, slot)) = {
                        let place = next.fetch_add(1, Ordering::Relaxed);
                        all.get(place).zip(asked.get(place)).filter(|_| !options.stop.is_set())
                    } {
                        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Asked::of(path, options);
                    }
                });
            }
        });
        let mut asked =
            asked.into_iter().map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner));
        let mut next = || asked.next().unwrap_or_default();
        cameras
            .iter()
            .map(|files| Self { files: files.iter().cloned().zip(iter::repeat_with(&mut next)).collect() })
            .collect()
    }

    /// How long all files together say they last.
    pub fn length(&self) -> Duration {
        let micros = self.files.iter().filter_map(|(_, asked)| u64::try_from(asked.lasts?).ok());
        micros.map(Duration::from_micros).sum()
    }
}

/// When a file says of itself that it began.
pub(super) fn metadata_start(input: &Input) -> Option<Start> {
    let wall = from_metadata(input.creation_time()?)?;
    Some(Start { wall, origin: WallOrigin::Metadata, trusted: false })
}
