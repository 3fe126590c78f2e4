use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

use super::{
    HOLE, LongGroups, Notice, Noticed, Options, Part, Sent, Source, SourceError, Survey, Trail,
    pace::Pacer,
    placing::Before,
    planning::{Plan, Planned, own_start, plan, plan_surveyed},
    reading::{Growth, Reading, Step},
};
use crate::{
    domain::{CameraId, MediaTime, WallOrigin},
    libav::{Decoder, Input, LibavError},
    stop::Stop,
};

/// The recordings of one camera, read one after the other.
pub struct Recording {
    camera: CameraId,
    options: Options,
    files: VecDeque<Planned>,
    before: Option<Before>,
    current: Option<Reading>,
    ready: VecDeque<Part>,
    pacer: Option<Pacer>,
    trail: Trail,
}

impl Recording {
    /// Plans the order of the files: by their start on the wall; where that is not known, by path after the one before.
    ///
    /// A file that cannot be read comes as [`Part::Failed`] in its turn, and so does the lack of any.
    pub fn open(camera: CameraId, files: Vec<PathBuf>, options: Options) -> Self {
        let plan = plan(files, &options);
        Self::of(camera, plan, options)
    }

    /// The same for files that were asked already what they are.
    pub fn surveyed(camera: CameraId, survey: Survey, options: Options) -> Self {
        let plan = plan_surveyed(survey, &options);
        Self::of(camera, plan, options)
    }

    fn of(camera: CameraId, plan: Plan, mut options: Options) -> Self {
        options.limits.stop = options.stop.clone();
        let none = plan.files.is_empty().then(|| Part::Failed {
            file: String::new(),
            error: SourceError::NoFiles { camera: camera.clone(), sought: options.sought.clone() },
        });
        let doubt = plan.doubtful.map(|file| {
            let (camera, at) = (camera.clone(), MediaTime::ZERO);
            Part::Notice(Notice { camera, file, at, what: Noticed::OrderGuessed })
        });
        Self {
            camera,
            files: plan.files.into(),
            before: None,
            current: None,
            ready: none.into_iter().chain(doubt).collect(),
            trail: Trail::default(),
            pacer: options.pace.map(|pace| Pacer::new(pace, Arc::clone(&options.clock))),
            options,
        }
    }

    /// What is noted of its files while they are read.
    pub fn trail(&self) -> Trail {
        self.trail.clone()
    }

    /// Reads only files that hold something of these spells, from one media time to another, as `trail` was noted when all of
    /// them were read. What is read is as it was then.
    #[must_use]
    pub fn within(mut self, spells: &[(MediaTime, MediaTime)], trail: &Trail) -> Self {
        self.files = trail.needed(self.files.into(), spells).into();
        self
    }

    /// When its pictures are sent, where it is read at a pace.
    pub fn sent(&self) -> Option<Sent> {
        self.pacer.as_ref().map(|pacer| pacer.sent)
    }

    fn growth(&self) -> Option<Growth> {
        match self.pacer {
            Some(_) => Some(Growth::AT_ONCE),
            None => match self.options.long_groups {
                LongGroups::AtOnce => None,
                LongGroups::Growing => Some(Growth::LONG),
            },
        }
    }

    /// Opens the next file. One that cannot be opened is a failed part.
    fn begin(&mut self, planned: Planned) {
        let Planned { path, label: name, start, ask, .. } = planned;
        // A header that the decoder refuses is the file's fault, not that of what is analysed after it.
        let opened = Input::open_file(&path, &self.options.limits)
            .and_then(|input| Decoder::new(input.stream()).map(|_| input));
        let mut input = match opened {
            Ok(input) => input,
            Err(error) => return self.fail(name, error),
        };
        if let Some(aspect) = self.options.pixel_aspect {
            input.set_pixel_aspect(aspect);
        }
        let start = start.or_else(|| if ask { own_start(&mut input, &self.options) } else { None });
        // Where the first file could not be read, the next begins when that was said to.
        let guess = match self.options.start {
            Some(given) => (given, WallOrigin::Given),
            None => (modified_start(&path, &input), WallOrigin::Modified),
        };
        match Reading::new(
            self.camera.clone(),
            name.clone(),
            Box::new(input),
            start,
            guess,
            self.before,
            self.options.rate,
        ) {
            Ok(reading) => self.current = Some(reading.growing(self.growth())),
            Err(error) => self.fail(name, error),
        }
    }

    /// A file that cannot be opened is a failed part; where the next begins nothing tells how much was lost with it.
    fn fail(&mut self, file: String, error: LibavError) {
        // Nothing is wrong with the file.
        if matches!(error, LibavError::Stopped { .. }) {
            return;
        }
        self.before = self.before.map(|before| Before { broken: true, ..before });
        let error = SourceError::Open { camera: self.camera.clone(), error };
        self.ready.push_back(Part::Failed { file, error });
    }
}

impl Source for Recording {
    fn next(&mut self, stop: &Stop) -> Option<Part> {
        loop {
            if let Some(part) = self.ready.pop_front() {
                return Some(part);
            }
            if stop.is_set() {
                return None;
            }
            match &mut self.current {
                Some(reading) => {
                    let step = reading.step(&mut self.ready);
                    if let (Some(pacer), Some(at)) = (&mut self.pacer, reading.position()) {
                        pacer.wait(at, stop);
                    }
                    if step == Step::Done {
                        self.before = reading.before();
                        let late = self.pacer.as_ref().map_or(Duration::ZERO, Pacer::late);
                        if late > HOLE {
                            self.ready.push_back(Part::Notice(reading.late(late)));
                        }
                        self.current = None;
                    }
                }
                None => {
                    let planned = self.files.pop_front()?;
                    self.before = planned.before.unwrap_or(self.before);
                    self.trail.note(self.before);
                    self.begin(planned);
                }
            }
        }
    }
}

/// Reads it to its end, or until the stop of its options is set.
impl Iterator for Recording {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        let stop = self.options.stop.clone();
        Source::next(self, &stop)
    }
}

/// When a file was last written, less how long it says it lasts.
fn modified_start(path: &Path, input: &Input) -> Timestamp {
    let modified = std::fs::metadata(path).and_then(|m| m.modified()).ok();
    let modified = modified.and_then(|m| Timestamp::try_from(m).ok()).unwrap_or(Timestamp::UNIX_EPOCH);
    let lasts = SignedDuration::from_micros(input.duration().unwrap_or(0));
    modified.checked_sub(lasts).unwrap_or(modified)
}
