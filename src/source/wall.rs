//! When a recording began, on the wall.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

/// The time in a file's name: `20240131_235959`, `2024-01-31T23-59-59`, `2024-01-31_23.59.59`, `20240131235959` and
/// the like, in the site's time zone, or in UTC where a `Z` follows.
pub fn from_file_name(name: &str, zone: &TimeZone) -> Option<Timestamp> {
    let bytes = name.as_bytes();
    (0..bytes.len())
        .filter(|&i| bytes[i].is_ascii_digit() && (i == 0 || !bytes[i - 1].is_ascii_digit()))
        .find_map(|i| at(&bytes[i..], zone))
}

/// The time in a container's metadata (RFC 3339); none where it is the unset clock of 1970 or 1904.
pub fn from_metadata(text: &str) -> Option<Timestamp> {
    let time: Timestamp = text.trim().parse().ok()?;
    (time.as_second() > 86_400 * 365).then_some(time)
}

/// A time at the beginning of `text`.
fn at(text: &[u8], zone: &TimeZone) -> Option<Timestamp> {
    let mut reader = Reader { text };
    let year = reader.number(4)?;
    let spaced = reader.skip(b"-_.");
    let month = reader.number(2)?;
    if spaced != reader.skip(b"-_.") {
        return None;
    }
    let day = reader.number(2)?;
    reader.skip(b"_-T. ");
    let hour = reader.number(2)?;
    let spaced = reader.skip(b"-_.:");
    let minute = reader.number(2)?;
    if spaced != reader.skip(b"-_.:") {
        return None;
    }
    let second = reader.number(2)?;
    // Milliseconds may follow at once, in 17 digits.
    let millis = match reader.text.iter().take_while(|b| b.is_ascii_digit()).count() {
        0 => 0,
        3 => reader.number(3)?,
        _ => return None,
    };
    if !(1990..2100).contains(&year) {
        return None;
    }
    let small = |n: i16| i8::try_from(n).ok();
    let time = DateTime::new(
        year,
        small(month)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        small(second)?,
        i32::from(millis) * 1_000_000,
    )
    .ok()?;
    let utc = matches!(reader.text, [b'Z' | b'z', rest @ ..] if !rest.first().is_some_and(u8::is_ascii_alphanumeric));
    let zone = if utc { TimeZone::UTC } else { zone.clone() };
    zone.to_timestamp(time).ok()
}

struct Reader<'a> {
    text: &'a [u8],
}

impl Reader<'_> {
    fn number(&mut self, digits: usize) -> Option<i16> {
        let (number, rest) = self.text.split_at_checked(digits)?;
        if !number.iter().all(u8::is_ascii_digit) {
            return None;
        }
        self.text = rest;
        std::str::from_utf8(number).ok()?.parse().ok()
    }

    /// Passes over one of these, if it comes next.
    fn skip(&mut self, any: &[u8]) -> bool {
        let found = self.text.first().is_some_and(|b| any.contains(b));
        if found {
            self.text = &self.text[1..];
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> Option<String> {
        let zone = TimeZone::fixed(jiff::tz::offset(8));
        from_file_name(name, &zone).map(|t| t.to_string())
    }

    #[test]
    fn file_names_carry_times() {
        for good in [
            "20240131_235959.mp4",
            "lane3-2024-01-31T23-59-59.mkv",
            "2024-01-31_23.59.59.mp4",
            "NVR_ch1_main_20240131235959_20240201000959.mp4",
            "cam 2024-01-31 23:59:59.ts",
        ] {
            assert_eq!(name(good).as_deref(), Some("2024-01-31T15:59:59Z"), "{good}");
        }
        assert_eq!(name("20240131_235959Z.mp4").as_deref(), Some("2024-01-31T23:59:59Z"));
        assert_eq!(name("20240131235959123.mp4").as_deref(), Some("2024-01-31T15:59:59.123Z"));
    }

    #[test]
    fn other_numbers_are_no_times() {
        for bad in [
            "vtest.avi",
            "20240131.mp4",
            "20241331_235959.mp4",
            "98765432109876.mp4",
            "0012024013123595.ts",
            "2024",
        ] {
            assert_eq!(name(bad), None, "{bad}");
        }
    }

    #[test]
    fn unset_clocks_are_no_times() {
        assert_eq!(from_metadata("1970-01-01T00:00:00.000000Z"), None);
        assert_eq!(from_metadata("1904-01-01T00:00:00.000000Z"), None);
        assert!(from_metadata("2018-04-19T22:46:00.000000Z").is_some());
    }
}
