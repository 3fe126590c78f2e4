use std::{
    fmt,
    ops::{Add, Sub},
    time::Duration,
};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A camera's own time, in microseconds since its first picture. Made of presentation timestamps, re-based where a
/// stream reconnects or a recording goes on in the next file, so that it never goes back. Written in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, JsonSchema)]
#[schemars(
    with = "f64",
    description = "A camera's own time, in seconds since its first picture. It never goes back."
)]
pub struct MediaTime(i64);

impl MediaTime {
    /// The first picture.
    pub const ZERO: Self = Self(0);
    /// Later than any picture.
    pub const MAX: Self = Self(i64::MAX);

    /// From microseconds.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// In microseconds.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// From seconds, rounded to the microsecond. Not-a-number is 0; what does not fit is the nearest that does.
    pub fn from_secs_f64(seconds: f64) -> Self {
        Self((seconds * 1e6).round() as i64)
    }

    /// In seconds.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// How long after `earlier` this is; zero where it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl Add<Duration> for MediaTime {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }
}

impl Sub<Duration> for MediaTime {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros(duration)))
    }
}

impl fmt::Display for MediaTime {
    /// Seconds with one decimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} s", self.as_secs_f64())
    }
}

impl Serialize for MediaTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.as_secs_f64())
    }
}

impl<'de> Deserialize<'de> for MediaTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        // Ten thousand years: beyond it, seconds no longer keep their microseconds.
        if seconds.is_finite() && seconds.abs() < 3.2e11 {
            Ok(Self::from_secs_f64(seconds))
        } else {
            Err(serde::de::Error::custom(format!("{seconds} is no media time in seconds")))
        }
    }
}

/// For `#[serde(with = "micros")]`: a time in whole microseconds, so that every one comes back as it was. In seconds, those far
/// away would not.
pub mod micros {
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes.
    ///
    /// # Errors
    /// Whatever the serializer says.
    pub fn serialize<S: Serializer>(time: &super::MediaTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(time.as_micros())
    }

    /// Reads.
    ///
    /// # Errors
    /// Where it is no whole number.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<super::MediaTime, D::Error> {
        i64::deserialize(deserializer).map(super::MediaTime::from_micros)
    }

    /// The same for a time that may be absent.
    pub mod optional {
        use serde::{Deserialize, Deserializer, Serialize, Serializer};

        /// Writes.
        ///
        /// # Errors
        /// Whatever the serializer says.
        pub fn serialize<S: Serializer>(
            time: &Option<super::super::MediaTime>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            time.map(super::super::MediaTime::as_micros).serialize(serializer)
        }

        /// Reads.
        ///
        /// # Errors
        /// Where it is neither absent nor a whole number.
        pub fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<super::super::MediaTime>, D::Error> {
            Ok(Option::<i64>::deserialize(deserializer)?.map(super::super::MediaTime::from_micros))
        }
    }
}

/// Spans of time in records, written in seconds, to the microsecond.
pub mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// Writes.
    ///
    /// # Errors
    /// Whatever the serializer says.
    pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(duration.as_micros() as f64 / 1e6)
    }

    /// Reads.
    ///
    /// # Errors
    /// What is no number, negative or longer than ten thousand years.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        if (0.0..3.2e11).contains(&seconds) {
            Ok(Duration::from_micros((seconds * 1e6).round() as u64))
        } else {
            Err(D::Error::custom(format!("{seconds} is no span of time in seconds")))
        }
    }
}

/// When something was seen: on the camera's own clock, on the wall, and in which epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct When {
    /// Media time: all durations are measured with it.
    #[serde(with = "micros")]
    pub at: MediaTime,
    /// Wall time, stamped once, at the source: for people, schedules and ids only.
    pub wall: Timestamp,
    /// The unbroken connection or file it was seen in.
    pub epoch: u32,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn earlier_is_no_time_ago() {
        assert_eq!(MediaTime::ZERO.since(MediaTime::from_micros(5)), Duration::ZERO);
        assert_eq!(MediaTime::MAX + Duration::MAX, MediaTime::MAX);
    }

    #[test]
    fn refuses_what_is_no_time() {
        assert!(serde_json::from_str::<MediaTime>("1e300").is_err());
    }

    proptest! {
        #[test]
        fn written_times_read_back_the_same(micros in 0i64..3_000_000_000_000_000) {
            let time = MediaTime::from_micros(micros);
            let text = serde_json::to_string(&time).expect("a number");
            prop_assert_eq!(serde_json::from_str::<MediaTime>(&text).expect("just written"), time);
        }
    }
}
