use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{
    HOLE, Notice, Noticed, Pace, Part, Sent, Source, SourceError,
    pace::Pacer,
    placing::Before,
    planning::{Planned, own_start, plan},
    reading::{Growth, Reading, Step},
};
use crate::{
    domain::{CameraId, MediaTime, WallOrigin},
    libav::{Decoder, Input, Limits, PixelAspect},
    stop::Stop,
};

/// What is known beyond the files themselves.
#[derive(Debug, Clone)]
pub struct Options {
    /// When the first file began (`--start`). The others keep their distance from it where that is known.
    pub start: Option<Timestamp>,
    /// The time zone of times in file names.
    pub zone: TimeZone,
    /// How many pictures a second recordings hold that do not say it themselves.
    pub rate: Option<f64>,
    /// What a file may cost.
    pub limits: Limits,
    /// How wide pixels are to be shown, whatever files say; none to believe them.
    pub pixel_aspect: Option<PixelAspect>,
    /// What the files were looked for by, for the message where there are none.
    pub sought: Option<String>,
    /// At what pace it is read; none for as fast as possible.
    pub pace: Option<Pace>,
    /// Long groups are told of while they grow even where it is not read at a pace: they cost less then, but one after the
    /// other.
    pub long_groups_grow: bool,
    /// Once it is set nothing is opened and no packet is read any more.
    pub stop: Stop,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            start: None,
            zone: TimeZone::UTC,
            rate: None,
            limits: Limits::default(),
            pixel_aspect: None,
            sought: None,
            pace: None,
            long_groups_grow: false,
            stop: Stop::default(),
        }
    }
}

/// The recordings of one camera, read one after the other.
pub struct Recording {
    camera: CameraId,
    options: Options,
    files: VecDeque<Planned>,
    before: Option<Before>,
    current: Option<Reading>,
    ready: VecDeque<Part>,
    pacer: Option<Pacer>,
}

impl Recording {
    /// Plans the order of the files: by their start on the wall; where that is not known, by path after the one before.
    ///
    /// A file that cannot be read comes as [`Part::Failed`] in its turn, and so does the lack of any.
    pub fn open(camera: CameraId, files: Vec<PathBuf>, options: Options) -> Self {
        let none = files.is_empty().then(|| Part::Failed {
            file: String::new(),
            error: SourceError::NoFiles { camera: camera.clone(), sought: options.sought.clone() },
        });
        let plan = plan(files, &options);
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
            pacer: options.pace.map(Pacer::new),
            options,
        }
    }

    /// When its pictures are sent, where it is read at a pace.
    pub fn sent(&self) -> Option<Sent> {
        self.pacer.as_ref().map(|pacer| pacer.sent)
    }

    fn growth(&self) -> Option<Growth> {
        match self.pacer {
            Some(_) => Some(Growth::AT_ONCE),
            None => self.options.long_groups_grow.then_some(Growth::LONG),
        }
    }

    /// Opens the next file. One that cannot be opened is a failed part.
    fn begin(&mut self, planned: Planned) {
        let Planned { path, label: name, start, ask, .. } = planned;
        let camera = self.camera.clone();
        let fail = |error| Part::Failed {
            file: name.clone(),
            error: SourceError::Open { camera: camera.clone(), error },
        };
        // A header that the decoder refuses is the file's fault, not that of what is analysed after it.
        let opened = Input::open_file(&path, &self.options.limits)
            .and_then(|input| Decoder::new(input.stream()).map(|_| input));
        let mut input = match opened {
            Ok(mut input) => {
                if let Some(aspect) = self.options.pixel_aspect {
                    input.set_pixel_aspect(aspect);
                }
                input
            }
            Err(error) => {
                self.before = self.before.map(|before| Before { broken: true, ..before });
                return self.ready.push_back(fail(error));
            }
        };
        let start = start.or_else(|| if ask { own_start(&mut input, &self.options) } else { None });
        // Where the first file could not be read, the next begins when that was said to.
        let guess = match self.options.start {
            Some(given) => (given, WallOrigin::Given),
            None => (modified_start(&path, &input), WallOrigin::Modified),
        };
        match Reading::new(
            self.camera.clone(),
            name.clone(),
            input,
            start,
            guess,
            self.before,
            self.options.rate,
        ) {
            Ok(reading) => self.current = Some(reading.growing(self.growth())),
            Err(error) => self.ready.push_back(fail(error)),
        }
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
