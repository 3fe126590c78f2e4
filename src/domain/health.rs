//! How cameras and boxes do: what is told of them beside violations.

use std::{collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CameraId, SiteId};

/// Why nothing comes from a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OfflineReason {
    /// Nobody answers at its address.
    Unreachable,
    /// Its address answers and takes no connection: the service is off, or has too many viewers.
    Refused,
    /// It does not know the user name or the password.
    Unauthorized,
    /// It has locked the box out, as cameras do after some wrong passwords.
    LockedOut,
    /// It has no stream of this name.
    NoSuchStream,
    /// What it sends holds no video.
    NoVideo,
    /// Its video cannot be decoded.
    Undecodable,
    /// It is connected, and no pictures come.
    Stalled,
}

/// Why a camera sees nothing although pictures come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ObstructedReason {
    /// It is too dark.
    Dark,
    /// Light blinds it.
    Blinded,
    /// Something is before the lens.
    Covered,
    /// The picture stands still.
    Frozen,
    /// The picture is blurred.
    Unsharp,
}

/// What was wrong with a camera and is no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Impairment {
    /// It saw nothing.
    Obstructed,
    /// It looked somewhere else.
    Moved,
    /// Its clock was off.
    Clock,
    /// Its key frames were too far apart.
    Keyframes,
}

/// What is told of a camera's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CameraFact {
    /// Nothing comes from it: nothing is watched.
    Offline(OfflineReason),
    /// Pictures come again.
    Online,
    /// It sees nothing.
    Obstructed(ObstructedReason),
    /// It looks somewhere else: its zones no longer lie where they were drawn.
    Moved,
    /// Its clock is ahead of the box's by so much; behind it where that is negative.
    Clock(SignedDuration),
    /// So much time lies between its key frames, which is too far apart.
    Keyframes(Duration),
    /// This is over.
    Restored(Impairment),
}

/// Whose health, and since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CameraHealth {
    /// The site's id.
    pub site: SiteId,
    /// The camera's id.
    pub camera: CameraId,
    /// The camera's name, for people.
    pub camera_name: String,
    /// The user's own labels of the camera, such as its number on a platform.
    pub camera_labels: BTreeMap<String, String>,
    /// Since when it has been so, on the wall.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub since: Timestamp,
}

/// A camera from which nothing comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Offline {
    /// Whose, and since when.
    #[serde(flatten)]
    pub health: CameraHealth,
    /// Why.
    pub reason: OfflineReason,
}

/// A camera that sees nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Obstructed {
    /// Whose, and since when.
    #[serde(flatten)]
    pub health: CameraHealth,
    /// Why.
    pub reason: ObstructedReason,
}

/// A camera whose clock is off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClockOff {
    /// Whose, and since when.
    #[serde(flatten)]
    pub health: CameraHealth,
    /// By how many seconds its clock is ahead of the box's; negative where it is behind.
    #[serde(rename = "off_by_s", with = "signed_seconds")]
    #[schemars(with = "f64")]
    pub off_by: SignedDuration,
}

/// A camera whose key frames are too far apart to look as often as its rules ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Keyframes {
    /// Whose, and since when.
    #[serde(flatten)]
    pub health: CameraHealth,
    /// Seconds from one key frame to the next.
    #[serde(rename = "interval_s", with = "seconds")]
    #[schemars(with = "f64", range(min = 0))]
    pub interval: Duration,
}

/// A camera that does again what it did not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Restored {
    /// Whose, and since when.
    #[serde(flatten)]
    pub health: CameraHealth,
    /// What is over.
    pub was: Impairment,
}

/// How a box does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BoxHealth {
    /// The site's id.
    pub site: SiteId,
    /// The box's id.
    pub r#box: String,
    /// The version of Firewarden that runs on it.
    pub version: String,
    /// Since when it has been running, on the wall.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub since: Timestamp,
    /// How many cameras are configured.
    pub cameras: u32,
    /// How many of them are seen at present.
    pub cameras_online: u32,
    /// How many of them are not, by the reason. Those that are in neither are just being connected to.
    pub cameras_offline: BTreeMap<OfflineReason, u32>,
    /// How many processor cores the program may use.
    pub cores: u32,
    /// The memory that it takes, in bytes; null where the system does not tell.
    pub memory_bytes: Option<u64>,
    /// What is free on the disk that evidence is kept on, in bytes; null where the system does not tell.
    pub disk_free_bytes: Option<u64>,
    /// Alerts that a sink does not have yet, counted once for each sink.
    pub alerts_waiting: u64,
    /// For how many seconds the oldest of these has been waiting; 0 where none is.
    pub oldest_waiting_s: u64,
    /// Alerts that a sink refuses for good, counted once for each sink.
    pub dead_letters: u64,
    /// Files of evidence that wait to be put where `[evidence] upload` says.
    pub uploads_waiting: u64,
}

macro_rules! names {
    ($type:ident { $($variant:ident => $name:literal,)* }) => {
        impl $type {
            /// Every one there is, in the order of the documentation.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant),*];

            /// The name as written in alerts.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

names!(OfflineReason {
    Unreachable => "unreachable",
    Refused => "refused",
    Unauthorized => "unauthorized",
    LockedOut => "locked_out",
    NoSuchStream => "no_such_stream",
    NoVideo => "no_video",
    Undecodable => "undecodable",
    Stalled => "stalled",
});

names!(ObstructedReason {
    Dark => "dark",
    Blinded => "blinded",
    Covered => "covered",
    Frozen => "frozen",
    Unsharp => "unsharp",
});

names!(Impairment {
    Obstructed => "obstructed",
    Moved => "moved",
    Clock => "clock",
    Keyframes => "keyframes",
});

/// A time in seconds, to the millisecond.
mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(time.as_millis() as f64 / 1e3)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        Duration::try_from_secs_f64(f64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// The same of a time that may be negative.
mod signed_seconds {
    use jiff::SignedDuration;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(time: &SignedDuration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(time.as_millis() as f64 / 1e3)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SignedDuration, D::Error> {
        SignedDuration::try_from_secs_f64(f64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_as_written() {
        for reason in OfflineReason::ALL {
            assert_eq!(json!(reason), reason.name());
        }
        for reason in ObstructedReason::ALL {
            assert_eq!(json!(reason), reason.name());
        }
        for was in Impairment::ALL {
            assert_eq!(json!(was), was.name());
        }
    }
}
