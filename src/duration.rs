//! Spans of time as people write them: `"500ms"`, `"60s"`, `"3m"`, `"12h"`, `"90d"`, or parts together: `"1h 30m"`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serializer};
use thiserror::Error;

/// A text that is no duration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is no duration: write a number and ms, s, m, h or d, such as \"60s\" or \"1h 30m\"")]
pub struct DurationError(String);

/// Longest span that is accepted: a century, so that sums of times cannot overflow.
const LONGEST: Duration = Duration::from_secs(100 * 366 * 86_400);

/// A duration as it is written: a number and `ms`, `s`, `m`, `h` or `d`, such as `60s` or `1h 30m`. It stands for the
/// text in schemas, and is never made.
#[derive(JsonSchema)]
#[schemars(
    with = "String",
    inline,
    extend("pattern" = r"^\s*(([0-9]+\.?[0-9]*|\.[0-9]+)\s*(ms|s|min|m|h|d)\s*)+$")
)]
pub enum Written {}

/// Reads a duration.
///
/// # Errors
/// [`DurationError`] where the text is none, or is longer than a century.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    let error = || DurationError(text.chars().take(40).collect());
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(error());
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).ok_or_else(error)?;
        let (number, tail) = rest.split_at(digits);
        let tail = tail.trim_start();
        let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let unit_s = match unit {
            "ms" => 1e-3,
            "s" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3_600.0,
            "d" => 86_400.0,
            _ => return Err(error()),
        };
        let seconds = number.parse::<f64>().map_err(|_| error())? * unit_s;
        let part = Duration::try_from_secs_f64(seconds).map_err(|_| error())?;
        total = total.checked_add(part).filter(|sum| *sum <= LONGEST).ok_or_else(error)?;
        rest = tail.trim_start();
    }
    Ok(total)
}

/// Writes a duration in the largest unit that divides it.
pub fn format(duration: Duration) -> String {
    let ms = duration.as_millis();
    for (unit_ms, unit) in [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")] {
        if ms > 0 && ms.is_multiple_of(unit_ms) {
            return format!("{}{unit}", ms / unit_ms);
        }
    }
    if ms == 0 { "0s".to_owned() } else { format!("{ms}ms") }
}

/// For `#[serde(with = "duration")]`: writes.
///
/// # Errors
/// Whatever the serializer says.
pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format(*duration))
}

/// For `#[serde(with = "duration")]`: reads.
///
/// # Errors
/// A message that names the text and the way to write it.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

/// The same for a duration that may be absent.
pub mod optional {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes.
    ///
    /// # Errors
    /// Whatever the serializer says.
    pub fn serialize<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => super::serialize(duration, serializer),
            None => serializer.serialize_none(),
        }
    }

    /// Reads; null is none.
    ///
    /// # Errors
    /// As [`super::deserialize`].
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| super::parse(&text)).transpose().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, ms) in [
            ("500ms", 500),
            ("60s", 60_000),
            ("4.4s", 4_400),
            ("3m", 180_000),
            ("1h 30m", 5_400_000),
            ("90d", 7_776_000_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(ms)), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_none() {
        for text in ["", "60", "s", "-3s", "1.2.3s", "3 weeks", "1e9s", "99999999d", "３s"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn writes_what_it_reads() {
        for text in ["500ms", "60ms", "1m", "90d", "5400ms", "0s"] {
            assert_eq!(parse(text).map(format).as_deref(), Ok(text));
        }
    }
}
