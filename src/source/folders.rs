//! Date and time that recorders spread over folders and the file's name.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt, path::Path};

use jiff::{civil::Date, tz::Offset};

use super::stamp::{Clock, HOUR, MINUTE, Reader, SECOND, Stamp, day_first, stem, year_first};

/// So many folders above the file are looked at.
const FOLDERS: usize = 6;

/// A time from a path.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct FromPath {
    pub stamp: Stamp,
    /// The name is a number that counts files as likely as it tells a time.
    pub bare: bool,
}

/// The time that the last parts of a path tell together:
///
/// | path | recorder |
/// |---|---|
/// | `2026-11-24/08-15-30.mp4` | motionEye |
/// | `2026-11-24/001/dav/08/08.15.30-08.20.00[M][0@0][0].dav` | cards of Dahua |
/// | `2026-11-24/08/CAMERA/58.20.mp4` | Frigate, from version 0.12 on in UTC |
/// | `2026112408/58M20S_1795507100.mp4`, `2026Y11M24D08H/58M20S.mp4` | Xiaomi, Yi |
/// | `20261124/08/58.mp4` | cards with a file for each minute |
///
/// The date may also be spread over folders: `2026/11/24`, `2026-11/24`.
pub(super) fn from_path(path: &Path) -> Option<FromPath> {
    let mut parts = path.iter().rev().map(OsStr::as_bytes);
    let name = stem(parts.next()?);
    let folders: Vec<&[u8]> = parts.take(FOLDERS).collect();
    let day = day(&folders)?;
    let told = clock(name, &day)?;
    let stamp = Stamp::new(day.date, told.clock)?;
    Some(FromPath { stamp, bare: told.bare })
}

/// The date that folders tell, and what lies within.
struct Day<'a> {
    date: Date,
    /// The hour, where the same folder tells it.
    hour: Option<i16>,
    /// The folders within, the outermost first.
    within: Vec<&'a [u8]>,
    /// Written `2026-11-24`.
    dashed: bool,
}

impl Day<'_> {
    /// The hour of which the name tells minutes: the outermost folder within the day that is one.
    fn hour(&self) -> Option<i16> {
        self.hour.or_else(|| self.within.iter().find_map(|folder| hour(folder)))
    }
}

fn day<'a>(folders: &[&'a [u8]]) -> Option<Day<'a>> {
    (0..folders.len()).find_map(|at| {
        let within = |count: usize| folders.iter().take(count).rev().copied().collect();
        let folder = *folders.get(at)?;
        if let Some((date, hour)) = whole_day(folder) {
            let dashed = hour.is_none() && folder.get(4) == Some(&b'-');
            return Some(Day { date, hour, within: within(at), dashed });
        }
        // `2026-11` with `24` in it, `2026` with `11` and `24`.
        let mut joined = folder.to_vec();
        for inner in (0..at).rev().take(2) {
            let part = *folders.get(inner)?;
            if part.len() != 2 || !part.iter().all(u8::is_ascii_digit) {
                return None;
            }
            joined.push(b'-');
            joined.extend_from_slice(part);
            let mut reader = Reader { text: &joined };
            if let Some(date) = year_first(&mut reader).filter(|_| reader.text.is_empty()) {
                return Some(Day { date, hour: None, within: within(inner), dashed: false });
            }
        }
        None
    })
}

/// A folder that is a date, or a date and an hour, and then at most a word.
fn whole_day(folder: &[u8]) -> Option<(Date, Option<i16>)> {
    let mut reader = Reader { text: folder };
    let date = year_first(&mut reader).or_else(|| {
        reader = Reader { text: folder };
        day_first(&mut reader)
    })?;
    let mut rest = reader;
    rest.skip(&[b"_", b"-", b" ", b"T"]);
    if let Some(hour) = rest.short().filter(|hour| *hour < 24 && folder.len() - rest.text.len() >= 10) {
        rest.skip(HOUR);
        if rest.text.is_empty() {
            return Some((date, Some(hour)));
        }
    }
    let word = !reader.within_word() && !reader.text.iter().any(u8::is_ascii_digit);
    (reader.text.is_empty() || word).then_some((date, None))
}

/// A folder that is an hour.
fn hour(folder: &[u8]) -> Option<i16> {
    let mut reader = Reader { text: folder };
    let two = reader.digits() == 2;
    let hour = reader.short()?;
    let marked = reader.skip(HOUR);
    (reader.text.is_empty() && (two || marked) && hour < 24).then_some(hour)
}

struct Told {
    clock: Clock,
    bare: bool,
}

fn clock(name: &[u8], day: &Day<'_>) -> Option<Told> {
    if let Some((clock, bare)) = whole_clock(name) {
        return Some(Told { clock, bare });
    }
    let (minute, second, mark) = minutes(name)?;
    let hour = day.hour()?;
    // Frigate writes UTC on purpose; nobody else puts the camera between hour and file.
    let frigate = mark == Some(b'.')
        && day.dashed
        && day.within.len() == 2
        && day.within.first().is_some_and(|f| self::hour(f).is_some());
    let small = |number: i16| i8::try_from(number).ok();
    let clock = Clock {
        hour: small(hour)?,
        minute: small(minute)?,
        second: small(second.unwrap_or(0))?,
        nanos: 0,
        offset: frigate.then_some(Offset::UTC),
        exact: second.is_some(),
    };
    Some(Told { clock, bare: false })
}

/// Hour, minute and second in a name: `08-15-30`, `lane_08.15.30-08.20.00[M]`, `081530`; whether it is digits alone.
fn whole_clock(name: &[u8]) -> Option<(Clock, bool)> {
    super::stamp::numbers(name).find_map(|mut reader| {
        let at = name.len() - reader.text.len();
        let before = at.checked_sub(1).and_then(|before| name.get(before));
        // Not the middle of an address or another long number.
        let mut ahead = name.get(..at).unwrap_or_default().iter().rev();
        let joined =
            matches!(ahead.next(), Some(b'.' | b':')) && ahead.next().is_some_and(u8::is_ascii_digit);
        let bare = reader.digits() == 6;
        if joined || before.is_some_and(u8::is_ascii_alphabetic) || !bare && reader.digits() > 2 {
            return None;
        }
        let mark = reader.text.get(2).copied();
        let whole = reader.text;
        let clock = reader.clock()?;
        let dotted = !bare && mark == Some(b'.');
        let goes_on = matches!(reader.text, [b'.' | b':', next, ..] if next.is_ascii_digit());
        if reader.within_word()
            || dotted && (goes_on || clock.nanos != 0)
            || !bare && whole.get(2).is_some_and(u8::is_ascii_digit)
        {
            return None;
        }
        Some((clock, bare))
    })
}

/// Minute and second of a name that has no more: `58.20`, `58M20S`, `E158M20S60`; the minute alone: `58`. And what parts them.
fn minutes(name: &[u8]) -> Option<(i16, Option<i16>, Option<u8>)> {
    // Yi marks what moved.
    let name = match name {
        [b'E', digit, rest @ ..] if digit.is_ascii_digit() => rest,
        name => name,
    };
    let mut reader = Reader { text: name };
    let two = |reader: &mut Reader<'_>| match reader.digits() {
        2 => reader.number(2).filter(|number| *number < 60),
        _ => None,
    };
    let minute = two(&mut reader)?;
    let mark = reader.text.first().copied();
    if reader.skip(MINUTE) {
        let second = two(&mut reader)?;
        return reader.skip(SECOND).then_some((minute, Some(second), mark));
    }
    if reader.text.is_empty() {
        return Some((minute, None, None));
    }
    reader.skip(&[b".", b"-", b"_"]).then_some(())?;
    let second = two(&mut reader)?;
    reader.text.is_empty().then_some((minute, Some(second), mark))
}
