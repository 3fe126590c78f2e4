//! Date and time as recorders, cameras and people write them into a name.

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::Offset,
};

/// A date and a time of day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stamp {
    /// What the clock showed.
    pub civil: DateTime,
    /// Where that clock stands, where the name says so.
    pub offset: Option<Offset>,
    /// Whether it is told to the second.
    pub exact: bool,
}

/// A time of day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Clock {
    pub hour: i8,
    pub minute: i8,
    pub second: i8,
    pub nanos: i32,
    pub offset: Option<Offset>,
    pub exact: bool,
}

impl Stamp {
    pub fn new(date: Date, clock: Clock) -> Option<Self> {
        let Clock { hour, minute, second, nanos, offset, exact } = clock;
        let civil = DateTime::new(date.year(), date.month(), date.day(), hour, minute, second, nanos).ok()?;
        Some(Self { civil, offset, exact })
    }
}

/// Marks behind numbers, in UTF-8 and in GBK, in which names from Windows are.
const YEAR: &[&[u8]] = &["年".as_bytes(), b"\xC4\xEA", b"Y"];
const MONTH: &[&[u8]] = &["月".as_bytes(), b"\xD4\xC2", b"M"];
const DAY: &[&[u8]] = &["日".as_bytes(), b"\xC8\xD5", "号".as_bytes(), b"\xBA\xC5", b"D"];
pub(super) const HOUR: &[&[u8]] = &[
    "时".as_bytes(),
    b"\xCA\xB1",
    "點".as_bytes(),
    "点".as_bytes(),
    b"\xB5\xE3",
    "時".as_bytes(),
    b"H",
    b"h",
];
pub(super) const MINUTE: &[&[u8]] = &["分".as_bytes(), b"\xB7\xD6", b"M", b"m"];
pub(super) const SECOND: &[&[u8]] = &["秒".as_bytes(), b"\xC3\xEB", b"S", b"s"];
const MORNING: &[&[u8]] = &[
    "上午".as_bytes(),
    b"\xC9\xCF\xCE\xE7",
    "凌晨".as_bytes(),
    "早上".as_bytes(),
    b"AM",
    b"am",
    b"A.M.",
    b"a.m.",
];
const AFTERNOON: &[&[u8]] =
    &["下午".as_bytes(), b"\xCF\xC2\xCE\xE7", "晚上".as_bytes(), b"PM", b"pm", b"P.M.", b"p.m."];
const DATE_MARKS: &[&[u8]] = &[b"-", b"_", b"."];
const TIME_MARKS: &[&[u8]] =
    &[b"-", b"_", b".", b":", "：".as_bytes(), "∶".as_bytes(), "\u{A789}".as_bytes(), b"%3A", b"%3a"];
const BLANKS: &[&[u8]] = &[b" ", "\u{A0}".as_bytes(), "\u{202F}".as_bytes(), "\u{3000}".as_bytes(), b"%20"];

/// The first date and time in a name, else the time that it is a number of seconds or milliseconds since 1970.
pub(super) fn stamp(name: &[u8]) -> Option<Stamp> {
    let stem = stem(name);
    let within =
        |text| first(text, year_first).or_else(|| first(text, day_first)).or_else(|| since_1970(text));
    within(stem).or_else(|| within(name).filter(|_| stem.len() < name.len()))
}

/// A name without its extension. What could be the end of a time is none.
pub(super) fn stem(name: &[u8]) -> &[u8] {
    let Some(dot) = name.iter().rposition(|byte| *byte == b'.').filter(|dot| *dot > 0) else { return name };
    let kind = name.get(dot + 1..).unwrap_or_default();
    let zulu = kind.first().is_some_and(u8::is_ascii_digit) && kind.ends_with(b"Z");
    let is_kind = (1..=5).contains(&kind.len()) && kind.iter().all(u8::is_ascii_alphanumeric) && !zulu;
    if is_kind { name.get(..dot).unwrap_or(name) } else { name }
}

/// The first place in a text where a number begins and `read` finds a date, with the time behind it.
fn first(text: &[u8], read: fn(&mut Reader<'_>) -> Option<Date>) -> Option<Stamp> {
    numbers(text).find_map(|mut reader| {
        let date = read(&mut reader)?;
        reader.between();
        Stamp::new(date, reader.clock()?)
    })
}

/// A reader at every place where a number begins.
pub(super) fn numbers(text: &[u8]) -> impl Iterator<Item = Reader<'_>> {
    let begins = |at: &usize| {
        let digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
        digit(*at) && !at.checked_sub(1).is_some_and(digit)
    };
    (0..text.len()).filter(begins).filter_map(|at| Some(Reader { text: text.get(at..)? }))
}

/// `20240131`, `2024-01-31`, `2024年1月31日`, `2024Y01M31D`.
pub(super) fn year_first(reader: &mut Reader<'_>) -> Option<Date> {
    let year = reader.number(4)?;
    if reader.skip(YEAR) {
        reader.blanks();
        let month = reader.short()?;
        reader.skip(MONTH).then_some(())?;
        reader.blanks();
        let day = reader.short()?;
        reader.skip(DAY).then_some(())?;
        return date(year, month, day);
    }
    let spaced = reader.skip(DATE_MARKS);
    let month = reader.number(2)?;
    if spaced != reader.skip(DATE_MARKS) {
        return None;
    }
    date(year, month, reader.number(2)?)
}

/// `24-11-2026` and `11-24-2026`, where only one of the two can be the month.
pub(super) fn day_first(reader: &mut Reader<'_>) -> Option<Date> {
    let first = reader.number(2)?;
    let mark = *DATE_MARKS.iter().find(|mark| reader.text.starts_with(mark))?;
    reader.skip(&[mark]);
    let second = reader.number(2)?;
    reader.skip(&[mark]).then_some(())?;
    let year = reader.number(4)?;
    match (first > 12, second > 12) {
        (true, false) => date(year, second, first),
        (false, true) => date(year, first, second),
        _ if first == second => date(year, first, second),
        _ => None,
    }
}

fn date(year: i16, month: i16, day: i16) -> Option<Date> {
    let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    (1990..2100).contains(&year).then_some(date)
}

/// A number of seconds or milliseconds since 1970 that is all there is of a name, but for when it ends; or one that could hardly
/// be anything else: with so many digits, or with parts of a second. A telephone or serial number is no time.
fn since_1970(stem: &[u8]) -> Option<Stamp> {
    let alone = |text: &[u8]| -> Option<Timestamp> {
        let (whole, part) = match text.iter().position(|byte| *byte == b'.') {
            Some(dot) => (text.get(..dot)?, text.get(dot + 1..)?),
            None => (text, &b""[..]),
        };
        let digits = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
        if !digits(whole) || !digits(part) || part.len() > 9 {
            return None;
        }
        let number: i64 = std::str::from_utf8(whole).ok()?.parse().ok()?;
        let millis = match whole.len() {
            10 => number.checked_mul(1000)?,
            13 if part.is_empty() => number,
            _ => return None,
        };
        // From 2010 to 2035.
        (1_262_304_000_000..2_051_222_400_000)
            .contains(&millis)
            .then(|| Timestamp::from_millisecond(millis).ok())?
    };
    let mut pieces = stem.split(|byte| matches!(byte, b'-' | b'_' | b' '));
    let (one, two, three) = (pieces.next(), pieces.next(), pieces.next());
    let whole = match (one.and_then(alone), two, three) {
        (Some(from), None, _) => Some(from),
        (Some(from), Some(to), None) => {
            let to = alone(to)?;
            let lasts = to.as_second().checked_sub(from.as_second())?;
            (0..=86_400).contains(&lasts).then_some(from)
        }
        _ => None,
    };
    let telling = |piece: &&[u8]| {
        piece.len() == 13 && !piece.contains(&b'.') || piece.len() >= 14 && piece.get(10) == Some(&b'.')
    };
    let named = || stem.split(|byte| matches!(byte, b'-' | b'_' | b' ')).filter(telling).find_map(alone);
    let at = whole.or_else(named)?;
    Some(Stamp { civil: Offset::UTC.to_datetime(at), offset: Some(Offset::UTC), exact: true })
}

/// Reads a text from its beginning.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub text: &'a [u8],
}

impl Reader<'_> {
    /// A number of exactly so many digits, of those that come next.
    pub fn number(&mut self, digits: usize) -> Option<i16> {
        let (number, rest) = self.text.split_at_checked(digits)?;
        if !number.iter().all(u8::is_ascii_digit) {
            return None;
        }
        self.text = rest;
        std::str::from_utf8(number).ok()?.parse().ok()
    }

    /// A number of one or two digits, and no more.
    pub fn short(&mut self) -> Option<i16> {
        match self.digits() {
            digits @ 1..=2 => self.number(digits),
            _ => None,
        }
    }

    /// How many digits come next.
    pub fn digits(&self) -> usize {
        self.text.iter().take_while(|byte| byte.is_ascii_digit()).count()
    }

    /// Passes over one of these, if it comes next.
    pub fn skip(&mut self, any: &[&[u8]]) -> bool {
        let rest = any.iter().find_map(|one| self.text.strip_prefix(*one));
        self.text = rest.unwrap_or(self.text);
        rest.is_some()
    }

    fn blanks(&mut self) {
        while self.skip(BLANKS) {}
    }

    /// Whether what comes next is part of the same word.
    pub fn within_word(&self) -> bool {
        self.text.first().is_some_and(u8::is_ascii_alphanumeric)
    }

    /// What parts a time from its date.
    fn between(&mut self) {
        for _ in 0..3 {
            if !self.skip(&[b"_", b"-", b"T", b"t", b".", b",", b"@", b"+"]) && !self.skip(BLANKS) {
                break;
            }
        }
        if self.skip(&[b"at "]) {
            self.blanks();
        }
    }

    /// A time of day to the second, with what follows of parts of a second, half of the day and place of the clock.
    pub fn clock(&mut self) -> Option<Clock> {
        let mut half = self.half();
        let (hour, minute, second, exact, short) = self.hour_to_second()?;
        let nanos = self.fraction()?;
        let (before, found) = (*self, half.is_none());
        if found {
            self.blanks();
            self.skip(&[b"_", b"-"]);
            half = self.half().filter(|_| !self.within_word());
            if half.is_none() {
                *self = before;
            }
        }
        let hour = match half {
            // One digit alone could be anything.
            None if short => return None,
            None => hour,
            Some(Half::Morning) => match hour {
                12 => 0,
                0..=11 => hour,
                _ => return None,
            },
            Some(Half::Afternoon) => match hour {
                1..=11 => hour + 12,
                12..=23 => hour,
                _ => return None,
            },
        };
        let offset = self.offset();
        let small = |number: i16| i8::try_from(number).ok();
        let in_range = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second);
        in_range.then_some(Clock {
            hour: small(hour)?,
            minute: small(minute)?,
            second: small(second)?,
            nanos,
            offset,
            exact,
        })
    }

    /// Hour, minute, second; whether the second is told; whether the hour has one digit without a mark.
    fn hour_to_second(&mut self) -> Option<(i16, i16, i16, bool, bool)> {
        let mut marked = *self;
        if let Some(hour) = marked.short()
            && marked.skip(HOUR)
        {
            marked.blanks();
            let minute = marked.short()?;
            let told = marked.skip(MINUTE);
            marked.blanks();
            let mut second = marked;
            let (second, exact) = match second.short() {
                Some(number) if told => {
                    second.skip(SECOND);
                    marked = second;
                    (number, true)
                }
                _ if told => (0, false),
                _ => return None,
            };
            *self = marked;
            return Some((hour, minute, second, exact, false));
        }
        let short = self.digits() == 1;
        let hour = self.number(if short { 1 } else { 2 })?;
        let spaced = self.skip(TIME_MARKS);
        let minute = self.number(2)?;
        if spaced != self.skip(TIME_MARKS) || short && !spaced {
            return None;
        }
        Some((hour, minute, self.number(2)?, true, short))
    }

    fn half(&mut self) -> Option<Half> {
        let half = if self.skip(MORNING) {
            Half::Morning
        } else if self.skip(AFTERNOON) {
            Half::Afternoon
        } else {
            return None;
        };
        self.blanks();
        Some(half)
    }

    /// Parts of a second, in nanoseconds; none where the number goes on, so that it was no second.
    fn fraction(&mut self) -> Option<i32> {
        // Milliseconds may follow at once, in 17 digits.
        match self.digits() {
            0 => {}
            3 => return Some(i32::from(self.number(3)?) * 1_000_000),
            _ => return None,
        }
        let mut after = *self;
        let many = after.skip(&[b".", b","]);
        if !many && !after.skip(&[b"_", b"-"]) {
            return Some(0);
        }
        let digits = after.digits();
        // Behind a dash or underscore other numbers follow, too: three digits are milliseconds.
        if !(if many { (1..=9).contains(&digits) } else { digits == 3 }) {
            return Some(0);
        }
        let (number, rest) = after.text.split_at_checked(digits)?;
        let end = Reader { text: rest };
        let zulu =
            matches!(rest, [b'Z' | b'z', more @ ..] if !more.first().is_some_and(u8::is_ascii_alphanumeric));
        if end.within_word() && !zulu {
            return Some(0);
        }
        let number: i32 = std::str::from_utf8(number).ok()?.parse().ok()?;
        *self = end;
        Some((0..9_usize.saturating_sub(digits)).fold(number, |nanos, _| nanos * 10))
    }

    /// Where the clock stands: `Z`, `UTC`, `GMT+8`, `+08:00`, `+0800`, `-05-00`.
    fn offset(&mut self) -> Option<Offset> {
        let mut reader = *self;
        if matches!(reader.text, [b'Z' | b'z', rest @ ..] if !rest.first().is_some_and(u8::is_ascii_alphanumeric))
        {
            return Some(Offset::UTC);
        }
        let mut named = reader;
        named.skip(BLANKS);
        named.skip(&[b"_", b"-"]);
        if named.skip(&[b"UTC", b"GMT", b"utc", b"gmt"])
            && !named.text.first().is_some_and(u8::is_ascii_alphabetic)
        {
            return named.signed(true).or_else(|| (!named.within_word()).then_some(Offset::UTC));
        }
        reader.skip(BLANKS);
        reader.signed(false)
    }

    /// A sign, hours and minutes that a clock somewhere on Earth is ahead or behind.
    fn signed(&mut self, hours_alone: bool) -> Option<Offset> {
        let ahead = self.skip(&[b"+", b"%2B", b"%2b"]);
        if !ahead {
            self.skip(&[b"-", "−".as_bytes()]).then_some(())?;
        }
        let digits = self.digits();
        let (hours, minutes) = match digits {
            4 => (self.number(2)?, self.number(2)?),
            1..=2 => {
                let hours = self.number(digits)?;
                let mut more = *self;
                if more.skip(TIME_MARKS) && more.digits() == 2 {
                    let minutes = more.number(2)?;
                    *self = more;
                    (hours, minutes)
                } else if ahead || hours_alone {
                    (hours, 0)
                } else {
                    return None;
                }
            }
            _ => return None,
        };
        // Else it is a number of its own, or the end of a span: `08.15.30-08.20.00`.
        let mut more = *self;
        if self.within_word() || more.skip(TIME_MARKS) && more.digits() > 0 {
            return None;
        }
        let real = match (ahead, minutes) {
            (true, 0) => hours <= 14,
            (true, 30) => matches!(hours, 3..=6 | 9 | 10),
            (true, 45) => matches!(hours, 5 | 8 | 12),
            (false, 0) => hours <= 12,
            (false, 30) => matches!(hours, 2 | 3 | 9),
            _ => false,
        };
        let seconds = i32::from(hours) * 3600 + i32::from(minutes) * 60;
        real.then(|| Offset::from_seconds(if ahead { seconds } else { -seconds }).ok())?
    }
}

#[derive(Debug, Clone, Copy)]
enum Half {
    Morning,
    Afternoon,
}
