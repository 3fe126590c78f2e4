//! A clip while it is written.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tempfile::{NamedTempFile, TempPath};

use super::{
    Clip, Cut, EvidenceError,
    clip::coding,
    masking::Masking,
    timing::{Timing, needed},
};
use crate::{
    domain::{EvidenceFile, EvidenceRole, MediaTime},
    files,
    geometry::Polygon,
    libav::{Container, LibavError, Muxer, Packet, Sets, StreamInfo},
    results::{Handling, Piece, Shortfall},
    source::Gop,
};

/// A clip that begins or ends off by no more than this is as it was to be.
const SLACK: Duration = Duration::from_millis(500);

/// A picture is shown no longer than this, in microseconds, where none follows.
const LONGEST: i64 = 2_000_000;

/// What the system says where the disk, or what one may use of it, is full.
const FULL: [&str; 2] = ["No space left on device", "Disk quota exceeded"];

/// Where a group stands in its recording.
pub(super) struct Around<'a> {
    /// The file's name.
    pub file: &'a str,
    /// Media time of the file's first picture.
    pub file_from: MediaTime,
    /// Whether it does not go on from the group before: a file begins, or there was a gap or a jump in time.
    pub broken: bool,
    /// Whether the recording begins with it.
    pub first: bool,
}

/// Whether a clip is complete.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Open,
    Complete,
}

/// A clip being written. Nothing is on the disk before its first group.
pub(super) struct Writing {
    cut: Cut,
    folder: PathBuf,
    masks: Arc<[Polygon]>,
    begun: Option<Begun>,
    /// Where streams changed.
    changes: Vec<MediaTime>,
    /// The last change is where it ended.
    changed: bool,
}

/// A clip with at least one group.
struct Begun {
    out: Out,
    /// Open in the muxer alone: a camera may have hundreds of clips at once.
    file: TempPath,
    name: String,
    stream: Arc<StreamInfo>,
    /// The parameter sets that who plays it knows by the end of what is written.
    sets: Arc<Sets>,
    timing: Timing,
    /// Media time of the first picture, which is 0 in the file, and of the end of the last.
    first: i64,
    last: i64,
    pieces: Vec<PieceFile>,
    gaps: Vec<(MediaTime, MediaTime)>,
    late: Option<Shortfall>,
    damaged: Option<MediaTime>,
    headless: bool,
}

/// A piece in media time.
struct PieceFile {
    epoch: u32,
    file_from: i64,
    file: String,
    from: i64,
    to: i64,
}

impl Writing {
    pub(super) fn new(cut: Cut, folder: &Path, masks: &Arc<[Polygon]>) -> Self {
        let (folder, masks) = (folder.to_owned(), Arc::clone(masks));
        Self { cut, folder, masks, begun: None, changes: Vec::new(), changed: false }
    }

    /// Notes that the recording does not go on as it was: a spell without pictures, where it takes any time.
    pub(super) fn gap(&mut self, from: MediaTime, to: MediaTime) {
        if let Some(begun) = &mut self.begun {
            begun.gaps.push((from, to));
        }
    }

    /// Notes that what would follow cannot be read.
    pub(super) fn breaks(&mut self) {
        if let Some(begun) = &mut self.begun {
            let at = MediaTime::from_micros(begun.last);
            begun.gaps.push((at, at));
        }
    }

    /// Takes what it needs of the next group.
    pub(super) fn take(&mut self, gop: &Gop, around: &Around<'_>) -> Result<Taken, EvidenceError> {
        if self.begun.as_ref().is_some_and(|b| !b.stream.same_file(&gop.stream)) {
            self.changes.push(gop.start);
            self.changed = self.cut.at < gop.start;
            if self.changed {
                return Ok(Taken::Complete);
            }
            self.begun = None;
        }
        let fresh = (around.broken || self.begun.is_none()) && !gop.continues();
        // Leading pictures refer to a group that is not there.
        let earliest = if fresh { gop.first().as_micros() } else { i64::MIN };
        let with_times = gop.packets.iter().filter_map(|p| Some((p, p.pts?)));
        let (mut packets, mut times): (Vec<&Packet>, Vec<i64>) =
            with_times.filter(|(_, t)| *t >= earliest).unzip();
        let Some(count) = needed(&times, self.cut.to.as_micros()) else { return Ok(Taken::Complete) };
        packets.truncate(count);
        times.truncate(count);
        let begun = match &mut self.begun {
            Some(begun) => begun,
            None => {
                let begun = Begun::new(
                    (&self.cut, &self.masks),
                    &self.folder,
                    gop,
                    &times,
                    around,
                    self.changes.is_empty(),
                )?;
                self.begun.insert(begun)
            }
        };
        begun.write(gop, &packets, &times, around).map_err(|error| self.failed(error))?;
        // Where nothing is reordered, all that follows is shown after the group.
        let last = gop.stream.reorder == 0 && gop.end > self.cut.to;
        Ok(if last { Taken::Complete } else { Taken::Open })
    }

    /// Completes the file, which has no name yet.
    pub(super) fn seal(mut self) -> Result<Sealed, EvidenceError> {
        let Some(begun) = self.begun.take().filter(|b| b.last > b.first) else {
            return Err(EvidenceError::NotFound(self.cut.stem));
        };
        let Begun { out, file, name, stream, first, last, pieces, gaps, late, damaged, headless, .. } = begun;
        let path = self.folder.join(&name);
        let handling = out.handling();
        let encoded = out.finish().map_err(|error| failed(&path, error))?;
        let coding = coding(encoded.as_ref().unwrap_or(&stream));
        let hash = || Ok((files::sha256_of(&file)?, fs::metadata(&file)?.len()));
        let (sha256, bytes) = hash().map_err(|error| unwritten(&path, error))?;
        let (first, last) = (MediaTime::from_micros(first), MediaTime::from_micros(last));
        let mut shortfalls: Vec<Shortfall> = late.into_iter().collect();
        shortfalls.extend(headless.then_some(Shortfall::NoKeyFrame));
        // What follows the last picture is no gap in the clip.
        let within = gaps.into_iter().filter(|(_, to)| *to < last);
        shortfalls.extend(within.map(|(from, to)| {
            if from < to { Shortfall::Gap { from, to } } else { Shortfall::Breaks { at: from } }
        }));
        // A file that breaks off is one, and so is the gap that stands for what it may have lost.
        shortfalls.dedup();
        shortfalls.extend(damaged.map(|at| Shortfall::Damaged { at }));
        shortfalls.extend(self.changes.iter().map(|&at| Shortfall::StreamChanges { at }));
        let missing = self.cut.to.since(last);
        if missing > SLACK && !self.changed {
            shortfalls.push(Shortfall::EndsEarly { by: missing });
        }
        let of_file = EvidenceFile { name, role: EvidenceRole::Clip, sha256, bytes, url: None };
        let pieces = pieces.into_iter().map(PieceFile::piece).collect();
        let clip = Clip { file: of_file, first, last, pieces, shortfalls, coding, handling };
        Ok(Sealed { clip, file, path })
    }

    fn failed(&self, error: LibavError) -> EvidenceError {
        let name = self.begun.as_ref().map_or(&self.cut.stem, |b| &b.name);
        failed(&self.folder.join(name), error)
    }
}

/// A clip that is complete, in a file that has no name yet.
pub(super) struct Sealed {
    /// What it is.
    pub clip: Clip,
    file: TempPath,
    path: PathBuf,
}

impl Sealed {
    /// Gives the file its name.
    pub(super) fn place(self) -> Result<Clip, EvidenceError> {
        let Self { clip, file, path } = self;
        let keep = || files::persist(NamedTempFile::from_parts(File::open(&file)?, file), &path);
        keep().map_err(|error| unwritten(&path, error))?;
        Ok(clip)
    }
}

/// What becomes of packets.
enum Out {
    /// They are copied.
    Copied(Box<Muxer>),
    /// They are decoded, and parts of their pictures blackened.
    Masked(Box<Masking>),
}

impl Out {
    fn write(&mut self, packet: &Packet, stream: &Arc<StreamInfo>) -> Result<(), LibavError> {
        match self {
            Self::Copied(muxer) => muxer.write(packet),
            Self::Masked(masking) => masking.write(packet, stream),
        }
    }

    fn handling(&self) -> Handling {
        match self {
            Self::Copied(_) => Handling::AsRecorded,
            Self::Masked(_) => Handling::Masked,
        }
    }

    /// Completes the file. What is in it, where that is not what was recorded.
    fn finish(self) -> Result<Option<StreamInfo>, LibavError> {
        match self {
            Self::Copied(muxer) => muxer.finish().map(|()| None),
            Self::Masked(masking) => masking.finish().map(Some),
        }
    }
}

impl Begun {
    /// Begins with a group of which these times are needed. `alone` tells that nothing was cut off before it.
    fn new(
        (cut, masks): (&Cut, &Arc<[Polygon]>),
        folder: &Path,
        gop: &Gop,
        times: &[i64],
        around: &Around<'_>,
        alone: bool,
    ) -> Result<Self, EvidenceError> {
        let container = if masks.is_empty() { Container::for_stream(&gop.stream) } else { Container::Mp4 };
        let name = format!("{}.{}", cut.stem, container.extension());
        let path = folder.join(&name);
        let parent = path.parent().unwrap_or(folder);
        let file = fs::create_dir_all(parent).and_then(|()| files::temporary(parent)).map_err(files::plain);
        let file =
            file.map_err(|source| EvidenceError::Write { path: path.clone(), source })?.into_temp_path();
        let out = if masks.is_empty() {
            Muxer::create(&file, &gop.stream, container).map(|muxer| Out::Copied(Box::new(muxer)))
        } else {
            Masking::new(&file, &gop.stream, masks).map(|masking| Out::Masked(Box::new(masking)))
        };
        let out = out.map_err(|e| failed(&path, e))?;
        let first = times.iter().copied().min().unwrap_or(0);
        let by = MediaTime::from_micros(first).since(cut.from);
        let late = (alone && by > SLACK).then_some(if around.first {
            Shortfall::RecordingBegins { by }
        } else {
            Shortfall::BeginsLate { by }
        });
        Ok(Self {
            out,
            file,
            name,
            stream: Arc::clone(&gop.stream),
            sets: Arc::clone(gop.stream.header_sets()),
            timing: Timing::new(times, gop.stream.reorder),
            first,
            last: first,
            pieces: Vec::new(),
            gaps: Vec::new(),
            late,
            damaged: None,
            headless: gop.continues(),
        })
    }

    fn write(
        &mut self,
        gop: &Gop,
        packets: &[&Packet],
        times: &[i64],
        around: &Around<'_>,
    ) -> Result<(), LibavError> {
        let placed = self.timing.place(times, gop.continues());
        for (index, (packet, times)) in packets.iter().zip(placed).enumerate() {
            let mut packet = (*packet).clone();
            // What came between, or before the clip, may have brought others than this group is to be decoded with.
            if index == 0 && !gop.continues() && !gop.stream.same_sets(&self.sets) {
                packet = packet.with_sets_of(&gop.stream)?;
                self.sets = Arc::clone(gop.stream.sets());
            }
            if let Some(sets) = packet.leaves() {
                self.sets = Arc::clone(sets);
            }
            let duration = if packet.duration > 0 { packet.duration } else { self.timing.step };
            let duration = duration.min(LONGEST.max(self.timing.step));
            packet.pts = Some(times.pts - self.first);
            packet.dts = Some(times.dts - self.first);
            packet.duration = duration;
            let written = self.out.write(&packet, &gop.stream);
            if packet.corrupt || matches!(written, Err(LibavError::Damaged { .. })) {
                self.damaged.get_or_insert(MediaTime::from_micros(times.pts));
            }
            match written {
                Ok(()) => self.last = self.last.max(times.pts + duration),
                Err(LibavError::Damaged { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        match self.pieces.last_mut() {
            Some(piece) if piece.epoch == gop.epoch => piece.to = self.last,
            _ => {
                let own = times.iter().copied().min().unwrap_or(self.first);
                let overlapped = if self.pieces.is_empty() { own } else { gop.start.as_micros() };
                self.pieces.push(PieceFile {
                    epoch: gop.epoch,
                    file_from: around.file_from.as_micros(),
                    file: around.file.to_owned(),
                    from: own.max(overlapped),
                    to: self.last,
                });
            }
        }
        Ok(())
    }
}

impl PieceFile {
    fn piece(self) -> Piece {
        let seconds = |at: i64| MediaTime::from_micros(at - self.file_from);
        Piece { from_s: seconds(self.from), to_s: seconds(self.to), file: self.file }
    }
}

fn unwritten(path: &Path, error: io::Error) -> EvidenceError {
    EvidenceError::Write { path: path.to_owned(), source: files::plain(error) }
}

/// What went wrong with the clip that was to be `path`; the temporary file's name says nothing.
fn failed(path: &Path, error: LibavError) -> EvidenceError {
    let path = path.to_owned();
    match error {
        LibavError::Unwritable { detail, .. } => {
            // FFmpeg hands on the system's words alone.
            let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded].into_iter().zip(FULL);
            let source = match full.into_iter().find(|(_, words)| detail.contains(words)) {
                Some((kind, _)) => io::Error::from(kind),
                None => io::Error::other(detail),
            };
            EvidenceError::Write { path, source }
        }
        source => EvidenceError::Clip { path, source },
    }
}
