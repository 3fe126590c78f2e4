use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
    path::Path,
};

use csv::{ReaderBuilder, Terminator, Trim};
use serde::{Deserialize, Serialize};

use super::{
    error::{BadLine, Reason, TruthError},
    form::{COLUMNS, MAX_BYTES},
};
use crate::{
    domain::{CameraId, Kind, MediaTime},
    files,
};

const CAMERA: usize = 0;
const START: usize = 2;
const END: usize = 3;

/// Ten thousand years, in seconds: beyond it, seconds no longer keep their microseconds.
const MAX_SECONDS: f64 = 3.2e11;

/// A spell in which, as a person saw it, a violation went on: one line of a truth file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spell {
    /// The camera that shows it.
    pub camera: CameraId,
    /// What kind of violation it is.
    pub kind: Kind,
    /// Where it begins, in seconds of the camera's media time, as a violation's `started.media_s`.
    #[serde(rename = "start_s")]
    pub start: MediaTime,
    /// Where it is over, in the same time and always after the start. None where it goes on to the end of the
    /// recording.
    #[serde(rename = "end_s")]
    pub end: Option<MediaTime>,
    /// Its line in the truth file, from 1.
    pub line: u64,
}

impl Spell {
    /// Where it is over; later than any picture where it goes on to the end of the recording.
    pub fn until(&self) -> MediaTime {
        self.end.unwrap_or(MediaTime::MAX)
    }
}

/// Reads a truth file: CSV in UTF-8 with the header `camera,kind,start_s,end_s`, the columns in any order.
///
/// Blank lines and lines that begin with `#` are passed over. Times are seconds, 0 or more, kept to the microsecond;
/// an empty `end_s` is the end of the recording. Spells of one camera and kind may touch and may not overlap. A file
/// with a header alone is one of a recording in which nothing is to be found. The spells come in the order of the file.
///
/// `cameras` are the configuration's cameras and the kinds for which each has a rule.
///
/// # Errors
/// [`TruthError`]: the file cannot be read, or everything that is wrong in it.
pub fn read(path: &Path, cameras: &BTreeMap<CameraId, BTreeSet<Kind>>) -> Result<Vec<Spell>, TruthError> {
    let unreadable = |source| TruthError::Unreadable { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    files::open(path)
        .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(TruthError::TooLarge { path: path.to_owned() });
    }
    parse(&bytes, cameras).map_err(|faults| TruthError::Faulty { path: path.to_owned(), faults })
}

/// Reads the bytes of a truth file, or says everything that is wrong in it, in the order of the lines.
pub(super) fn parse(
    bytes: &[u8],
    cameras: &BTreeMap<CameraId, BTreeSet<Kind>>,
) -> Result<Vec<Spell>, Vec<BadLine>> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(vec![BadLine { line: 1, reason: Reason::NotUtf8 }]); // UTF-16: every line would be a fault
    }
    let mut reading = Reading { cameras, faults: Vec::new(), spells: Vec::new() };
    reading.file(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    reading.overlaps();
    if reading.faults.is_empty() {
        Ok(reading.spells)
    } else {
        reading.faults.sort_by_key(|fault| fault.line);
        Err(reading.faults)
    }
}

/// The header: how many fields each line has, and which of them is which of [`COLUMNS`].
struct Header {
    width: usize,
    places: [Option<usize>; 4],
}

struct Reading<'c> {
    cameras: &'c BTreeMap<CameraId, BTreeSet<Kind>>,
    faults: Vec<BadLine>,
    spells: Vec<Spell>,
}

impl Reading<'_> {
    fn fault(&mut self, line: u64, reason: Reason) {
        self.faults.push(BadLine { line, reason });
    }

    /// Lines are parted here rather than by the CSV reader, which would take a quotation mark left open for a field
    /// that goes on to the end of the file, and would count blank lines to the record after them.
    fn file(&mut self, bytes: &[u8]) {
        let mut header = None;
        for (line, bytes) in (1u64..).zip(bytes.split(|byte| *byte == b'\n')) {
            let text = std::str::from_utf8(bytes).map(str::trim);
            if text.is_ok_and(|text| text.is_empty() || text.starts_with('#')) {
                continue;
            }
            let fields =
                text.map_err(|_| Reason::NotUtf8).and_then(|text| fields(text).ok_or(Reason::UnclosedQuote));
            match (fields, &header) {
                (Ok(fields), Some(header)) => self.row(line, header, &fields),
                (Ok(fields), None) => match self.header(line, &fields) {
                    Some(found) => header = Some(found),
                    None => return,
                },
                (Err(reason), Some(_)) => self.fault(line, reason),
                (Err(reason), None) => return self.fault(line, reason),
            }
        }
        if header.is_none() {
            self.fault(1, Reason::Empty);
        }
    }

    /// None where no column is known, so that the lines below say nothing either.
    fn header(&mut self, line: u64, fields: &[String]) -> Option<Header> {
        let mut places = [None; 4];
        let mut strange = Vec::new();
        for (place, field) in fields.iter().enumerate() {
            match COLUMNS.into_iter().zip(&mut places).find(|(column, _)| column == field) {
                Some((column, Some(_))) => self.fault(line, Reason::DoubledColumn { column }),
                Some((_, known)) => *known = Some(place),
                None => strange.push(field),
            }
        }
        if places.iter().all(Option::is_none) {
            let text = fields.join(",");
            let separator =
                [';', '\t'].into_iter().find(|separator| fields.len() == 1 && text.contains(*separator));
            self.fault(
                line,
                match separator {
                    Some(found) => Reason::Separator { found },
                    None => Reason::NoHeader { found: clipped(&text) },
                },
            );
            return None;
        }
        for field in strange {
            let nearest = nearest(field, COLUMNS).map_or(COLUMNS[CAMERA], |(_, column)| column);
            self.fault(line, Reason::UnknownColumn { column: clipped(field), nearest });
        }
        for (column, _) in COLUMNS.into_iter().zip(places).filter(|(_, place)| place.is_none()) {
            self.fault(line, Reason::MissingColumn { column });
        }
        Some(Header { width: fields.len(), places })
    }

    /// Every field is looked at, also where another is wrong. A field whose column is missing says nothing.
    fn row(&mut self, line: u64, header: &Header, fields: &[String]) {
        if fields.len() != header.width {
            let (found, expected) = (fields.len(), header.width);
            return self.fault(line, Reason::FieldCount { found, expected });
        }
        let [camera, kind, start, end] = header.places.map(|place| fields.get(place?));
        let camera = camera.and_then(|text| self.camera(line, text));
        let kind = kind.and_then(|text| self.kind(line, text));
        let start = start.and_then(|text| self.time(line, COLUMNS[START], text));
        let end = end.and_then(|text| match text.as_str() {
            "" => Some(None),
            text => self.time(line, COLUMNS[END], text).map(Some),
        });
        if let (Some((camera, has)), Some(kind)) = (&camera, kind)
            && !has.contains(&kind)
        {
            let has = has.iter().copied().collect();
            self.fault(line, Reason::NoRule { camera: (*camera).clone(), kind, has });
        }
        if let (Some(start), Some(Some(end))) = (start, end)
            && end <= start
        {
            return self.fault(line, Reason::EndNotAfterStart { start, end });
        }
        if let (Some((camera, _)), Some(kind), Some(start), Some(end)) = (camera, kind, start, end) {
            self.spells.push(Spell { camera: camera.clone(), kind, start, end, line });
        }
    }

    fn kind(&mut self, line: u64, text: &str) -> Option<Kind> {
        let known = Kind::ALL.into_iter().find(|kind| kind.name() == text);
        if known.is_none() {
            let likest = |kind: &Kind| strsim::damerau_levenshtein(&clipped(text), kind.name());
            let nearest = Kind::ALL.into_iter().min_by_key(likest).unwrap_or(Kind::ALL[0]);
            self.fault(line, Reason::UnknownKind { kind: clipped(text), nearest });
        }
        known
    }

    fn time(&mut self, line: u64, column: &'static str, text: &str) -> Option<MediaTime> {
        let reason = match text.parse::<f64>() {
            Ok(seconds) if (0.0..MAX_SECONDS).contains(&seconds) => {
                return Some(MediaTime::from_secs_f64(seconds));
            }
            Ok(seconds) if !seconds.is_finite() => Reason::NotFinite { column, text: clipped(text) },
            Ok(_) => Reason::OutOfRange { column, text: clipped(text) },
            Err(_) => Reason::NoNumber { column, text: clipped(text) },
        };
        self.fault(line, reason);
        None
    }

    /// Each spell that begins before an earlier begun one of its camera and kind is over.
    fn overlaps(&mut self) {
        let mut sorted: Vec<&Spell> = self.spells.iter().collect();
        sorted.sort_by_key(|spell| (&spell.camera, spell.kind, spell.start, spell.line));
        let mut longest: Option<&Spell> = None;
        let mut found = Vec::new();
        for spell in sorted {
            let before =
                longest.filter(|before| (&before.camera, before.kind) == (&spell.camera, spell.kind));
            if let Some(before) = before
                && spell.start < before.until()
            {
                let (camera, kind) = (spell.camera.clone(), spell.kind);
                let (line, other) = (spell.line.max(before.line), spell.line.min(before.line));
                found.push(BadLine { line, reason: Reason::Overlap { other, camera, kind } });
            }
            if before.is_none_or(|before| spell.until() > before.until()) {
                longest = Some(spell);
            }
        }
        self.faults.extend(found);
    }
}

impl<'c> Reading<'c> {
    fn camera(&mut self, line: u64, text: &str) -> Option<(&'c CameraId, &'c BTreeSet<Kind>)> {
        let known = self.cameras.iter().find(|(id, _)| id.as_str() == text);
        if known.is_none() {
            let nearest = nearest(text, self.cameras.keys().map(CameraId::as_str))
                .filter(|(distance, name)| *distance <= name.len() / 2)
                .and_then(|(_, name)| self.cameras.keys().find(|id| id.as_str() == name).cloned());
            let known = self.cameras.keys().cloned().collect();
            self.fault(line, Reason::UnknownCamera { camera: clipped(text), nearest, known });
        }
        known
    }
}

/// The fields of one line, without the blanks around them. None where a quotation mark is not closed: within a closed
/// field they come in pairs.
fn fields(line: &str) -> Option<Vec<String>> {
    if line.matches('"').count() % 2 == 1 {
        return None;
    }
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .terminator(Terminator::Any(b'\n'))
        .trim(Trim::All)
        .buffer_capacity(line.len())
        .from_reader(line.as_bytes());
    let record = reader.records().next().and_then(Result::ok).unwrap_or_default();
    Some(record.iter().map(str::to_owned).collect())
}

/// The name that a text most resembles, and how many letters apart they are.
fn nearest<'n>(text: &str, names: impl IntoIterator<Item = &'n str>) -> Option<(usize, &'n str)> {
    let text = clipped(text);
    names.into_iter().map(|name| (strsim::damerau_levenshtein(&text, name), name)).min()
}

/// A text as it can stand in a message.
fn clipped(text: &str) -> String {
    text.chars().take(80).collect()
}
