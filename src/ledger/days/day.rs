use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufReader, Read, Seek, SeekFrom, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use flate2::{Compression, bufread::GzDecoder, write::GzEncoder};
use jiff::{Timestamp, civil::Date};

use super::{DayOutcome, Seen};
use crate::{
    domain::{CameraId, Epoch, Gap, GapReason, MediaTime, Record},
    results::Outcome,
};

/// A member is written at the latest once so many bytes wait for it.
const MEMBER: usize = 1 << 20;
/// So many connections of a day are told one by one.
const MOST_EPOCHS: usize = 1_000;
/// No more is held where it cannot be written.
const MOST: usize = 8 << 20;

/// One camera's day, as far as it has come.
pub(super) struct Day {
    pub camera: CameraId,
    pub date: Date,
    /// The connection at hand: the next day's file begins with it.
    pub epoch: Option<Epoch>,
    path: PathBuf,
    /// Lines that wait to be written.
    lines: Vec<u8>,
    /// Whether what another program left in the file was looked at.
    mended: bool,
    outcome: Outcome,
    /// Where it begins: in media time, and on the wall.
    from: Option<(MediaTime, Timestamp)>,
    /// When they begin in what another program has left.
    began: Option<Timestamp>,
    reached: Option<Timestamp>,
}

impl Day {
    /// A day; `epoch` is the connection that goes on from the day before.
    pub fn new(folder: &Path, camera: CameraId, date: Date, epoch: Option<Epoch>) -> Self {
        let path = folder.join(camera.as_str()).join(format!("{date}.jsonl.gz"));
        let mut day = Self {
            camera,
            date,
            epoch: None,
            path,
            lines: Vec::new(),
            mended: false,
            outcome: Outcome::default(),
            from: None,
            began: None,
            reached: None,
        };
        if let Some(epoch) = epoch {
            day.put(&Record::Epoch(epoch.clone()));
            day.epoch = Some(epoch);
        }
        day
    }

    /// The wall time of the last record that has one.
    pub fn reached(&self) -> Timestamp {
        self.reached.unwrap_or_default()
    }

    pub fn is_full(&self) -> bool {
        self.lines.len() >= MEMBER
    }

    /// Takes a record of `wall`.
    pub fn take(&mut self, record: &Record, wall: Timestamp, seen: Seen) {
        self.put(record);
        self.reached = Some(wall);
        if let Record::Epoch(epoch) = record {
            self.epoch = Some(epoch.clone());
        }
        let at = match record {
            Record::Epoch(epoch) => epoch.from,
            Record::Observation(observation) => observation.at,
            Record::Gap(gap) => gap.from,
        };
        let began = self.began;
        let (zero, _) = *self.from.get_or_insert_with(|| match began {
            // Media time has gone on by the wall's clock while the program was not there.
            Some(began) => {
                let since = wall.duration_since(began).as_micros();
                let since = i64::try_from(since).unwrap_or(0).max(0);
                (MediaTime::from_micros(at.as_micros().saturating_sub(since)), began)
            }
            None => (at, wall),
        });
        let since = |at: MediaTime| MediaTime::ZERO + at.since(zero);
        let Seen { presence, watched } = seen;
        self.outcome.watched = watched;
        let own = match record {
            // A camera that comes and goes all day long is told of by its gaps.
            Record::Epoch(_) if self.outcome.epochs.len() >= MOST_EPOCHS => return,
            Record::Epoch(epoch) => {
                let (from, zero) = (since(epoch.from), epoch.zero.map(since));
                Record::Epoch(Epoch { from, zero, ..epoch.clone() })
            }
            Record::Gap(gap) => {
                let (from, to) = (since(gap.from), gap.to.map(since));
                Record::Gap(Gap { from, to, ..gap.clone() })
            }
            Record::Observation(observation) => {
                let mut observation = observation.clone();
                observation.at = since(observation.at);
                Record::Observation(observation)
            }
        };
        self.outcome.take(&own, &presence);
    }

    /// A look could not be taken.
    pub fn miss(&mut self, reason: GapReason) {
        self.outcome.miss(reason);
    }

    /// The day at a glance; none before its first record.
    pub fn glance(&self, oldest: Date) -> Option<DayOutcome> {
        let (_, from) = self.from?;
        let (camera, day, outcome) = (self.camera.clone(), self.date, self.outcome.clone());
        Some(DayOutcome { camera, day, from, outcome, oldest })
    }

    /// Goes on from what was known of the day before the program was started.
    pub fn go_on(&mut self, earlier: DayOutcome) {
        self.outcome = earlier.outcome;
        self.began = Some(earlier.from);
    }

    fn put(&mut self, record: &Record) {
        if self.lines.len() >= MOST {
            return;
        }
        // Writing to memory does not fail, and every record can be written as JSON.
        let _ = serde_json::to_writer(&mut self.lines, record);
        self.lines.push(b'\n');
    }

    /// Writes what waits as one member. Where that fails it goes on waiting.
    pub fn write(&mut self) -> io::Result<()> {
        if self.lines.is_empty() {
            return Ok(());
        }
        if let Some(folder) = self.path.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).mode(0o640).open(&self.path)?;
        if !self.mended {
            mend(&mut file)?;
            self.mended = true;
        }
        let before = file.metadata()?.len();
        let mut member = GzEncoder::new(Vec::new(), Compression::fast());
        member.write_all(&self.lines)?;
        let member = member.finish()?;
        if let Err(error) = file.write_all(&member) {
            // Half a member would hide all that follows.
            let _ = file.set_len(before);
            return Err(error);
        }
        self.lines.clear();
        Ok(())
    }
}

/// Cuts off what a program that was killed had begun to write: what is appended to half a member cannot be read.
fn mend(file: &mut File) -> io::Result<()> {
    let length = file.metadata()?.len();
    let mut sound = 0;
    while sound < length {
        file.seek(SeekFrom::Start(sound))?;
        let mut member = GzDecoder::new(BufReader::new(&mut *file));
        if io::copy(&mut member.by_ref(), &mut io::sink()).is_err() {
            break;
        }
        let mut rest = member.into_inner();
        let at = rest.stream_position()?;
        if at <= sound {
            break;
        }
        sound = at;
    }
    if sound < length { file.set_len(sound) } else { Ok(()) }
}
