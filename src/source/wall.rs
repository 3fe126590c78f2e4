//! When a recording began, on the wall.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt, path::Path};

use jiff::{
    Timestamp,
    civil::DateTime,
    tz::{AmbiguousOffset, TimeZone},
};

use super::{
    folders::from_path,
    stamp::{Stamp, stamp},
};
use crate::{domain::WallOrigin, libav::Input};

/// A recorder whose clock was never set begins in one of the years before.
const SET_SINCE: i16 = 2005;

/// What a clock's reading can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// One moment.
    Once(Timestamp),
    /// When clocks are set back, one hour comes twice; when they are set forward, one does not come, and a clock that shows it was
    /// not set, or too early.
    Either {
        /// The sooner of both.
        sooner: Timestamp,
        /// The other.
        later: Timestamp,
        /// Which it is where nothing else tells.
        usual: Timestamp,
    },
}

impl Meaning {
    fn new(stamp: &Stamp, zone: &TimeZone) -> Option<Self> {
        if let Some(offset) = stamp.offset {
            return offset.to_timestamp(stamp.civil).ok().map(Self::Once);
        }
        Self::in_zone(stamp.civil, zone)
    }

    fn in_zone(civil: DateTime, zone: &TimeZone) -> Option<Self> {
        let at = |offset: jiff::tz::Offset| offset.to_timestamp(civil).ok();
        Some(match zone.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => Self::Once(at(offset)?),
            AmbiguousOffset::Fold { before, after } => {
                Self::Either { sooner: at(before)?, later: at(after)?, usual: at(before)? }
            }
            AmbiguousOffset::Gap { before, after } => {
                Self::Either { sooner: at(after)?, later: at(before)?, usual: at(before)? }
            }
        })
    }

    /// The moment, where nothing else tells.
    pub fn usual(self) -> Timestamp {
        match self {
            Self::Once(at) | Self::Either { usual: at, .. } => at,
        }
    }
}

/// When a file began, as far as it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told {
    pub meaning: Meaning,
    pub origin: WallOrigin,
    /// Whether it is a time to the second for sure.
    pub sure: bool,
    /// Whether it may be a number that counts.
    pub bare: bool,
}

/// The time in a file's name: `20240131_235959`, `2024-01-31T23-59-59.000Z`, `2024年1月31日 下午11点59分59秒`, `1706745599` and the
/// like, in the site's time zone unless the name says where its clock stands.
pub fn from_file_name(name: &str, zone: &TimeZone) -> Option<Timestamp> {
    Some(Meaning::new(&stamp(name.as_bytes())?, zone)?.usual())
}

/// The time in a container's metadata (RFC 3339); none where it is the unset clock of 1970 or 1904.
pub fn from_metadata(text: &str) -> Option<Timestamp> {
    let time: Timestamp = text.trim().parse().ok()?;
    (time.as_second() > 86_400 * 365).then_some(time)
}

/// The time that a file's name tells, or else its name and folders together.
pub(super) fn from_names(path: &Path, zone: &TimeZone) -> Option<Told> {
    let name = path.file_name().map_or(&b""[..], OsStr::as_bytes);
    let (stamp, origin, bare) = match stamp(name) {
        Some(stamp) => (stamp, WallOrigin::FileName, false),
        None => from_path(path).map(|told| (told.stamp, WallOrigin::Path, told.bare))?,
    };
    Some(Told { meaning: Meaning::new(&stamp, zone)?, origin, sure: stamp.exact && !bare, bare })
}

/// The time that a recorder wrote into every picture. FFmpeg hands on that of DHAV files as if it were UTC; it is the
/// recorder's local time. No footage is skipped because of it: it is set back and forth while the recorder runs.
pub(super) fn from_recorder(input: &mut Input, zone: &TimeZone) -> Option<Told> {
    if input.format() != "dhav" {
        return None;
    }
    let start = input.start_time()?;
    let civil = jiff::tz::Offset::UTC.to_datetime(Timestamp::from_microsecond(start).ok()?);
    let set = (SET_SINCE..2100).contains(&civil.year());
    let meaning = Meaning::in_zone(civil, zone).filter(|_| set)?;
    Some(Told { meaning, origin: WallOrigin::Recorder, sure: false, bare: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone() -> TimeZone {
        TimeZone::fixed(jiff::tz::offset(8))
    }

    fn name(name: &str) -> Option<String> {
        from_file_name(name, &zone()).map(|t| t.to_string())
    }

    fn path(path: &str) -> Option<(String, WallOrigin)> {
        from_names(Path::new(path), &zone()).map(|told| (told.meaning.usual().to_string(), told.origin))
    }

    #[test]
    fn file_names_carry_times() {
        for good in [
            "20240131_235959.mp4",
            "lane3-2024-01-31T23-59-59.mkv",
            "2024-01-31_23.59.59.mp4",
            "2024-01-31_23.59.59",
            "NVR_ch1_main_20240131235959_20240201000959.mp4",
            "cam 2024-01-31 23:59:59.ts",
            "20240131_235959.264",
            "20240131_235959_01.mp4",
            "192.168.1.64_01_20240131_235959.mp4",
            "DS-2CD2043G2-I20201231AAWRE12345678_20240131235959.mp4",
            "2024年01月31日23时59分59秒.mp4",
            "2024年1月31日 23点59分59秒.mp4",
            "2024年1月31号 下午11时59分59秒.mp4",
            "2024-01-31 下午11-59-59.mp4",
            "31-01-2024_23-59-59.mp4",
            "01-31-2024 11-59-59 PM.mp4",
            "Recording 2024-01-31 at 11.59.59\u{202F}PM.mov",
            "2024-01-31 - 23：59：59.mp4",
            "2024Y01M31D23H59M59S.mp4",
            "2024-01-31T10-59-59-05-00.mp4",
            "2024-01-31T10:59:59-05:00.mp4",
            "20240131T235959+0800.mp4",
            "20240131T235959+08.mp4",
            "20240131_155959_UTC.mp4",
            "20240131_235959 GMT+8.mp4",
            "2024-01-31T15-59-59.000Z.mp4",
            "2024-01-31T15-59-59-000Z.mp4",
            "2024-01-31T15_59_59.000Z",
            "1706716799.mp4",
            "1706716799_1706716859.mp4",
            "lane-1706716799000.mp4",
        ] {
            assert_eq!(name(good).as_deref(), Some("2024-01-31T15:59:59Z"), "{good}");
        }
        assert_eq!(name("20240131_235959Z.mp4").as_deref(), Some("2024-01-31T23:59:59Z"));
        for millis in ["20240131235959123.mp4", "20240131_235959_123.mp4", "2024-01-31T15:59:59.123Z.mp4"] {
            assert_eq!(name(millis).as_deref(), Some("2024-01-31T15:59:59.123Z"), "{millis}");
        }
        assert_eq!(name("2024-01-31 12-00-00 AM.mp4").as_deref(), Some("2024-01-30T16:00:00Z"));
        assert_eq!(name("2024-01-31 12-00-00 PM.mp4").as_deref(), Some("2024-01-31T04:00:00Z"));
        assert_eq!(name("20240131_080000-083000.mp4").as_deref(), Some("2024-01-31T00:00:00Z"));
    }

    #[test]
    fn names_in_gbk_carry_times() {
        let name =
            OsStr::from_bytes(b"\xB6\xAB 2024\xC4\xEA1\xD4\xC231\xC8\xD5 23\xCA\xB159\xB7\xD659\xC3\xEB.mp4");
        let told = from_names(Path::new(name), &zone()).expect("a time");
        assert_eq!(told.meaning.usual().to_string(), "2024-01-31T15:59:59Z");
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
            "192.168.1.100.mp4",
            "10.20.20.24.mp4",
            "13912345678.mp4",
            "+8613912345678_lane.mp4",
            "010-62345678.mp4",
            "DS-2CD2043G2-I20201231AAWRE12345678.mp4",
            "SN1706716799.mp4",
            "lane-1706716799.mp4",
            "01-02-2024_23-59-59.mp4",
            "2024-01-31 13-00-00 AM.mp4",
            "6901706716799.mp4",
        ] {
            assert_eq!(name(bad), None, "{bad}");
        }
    }

    #[test]
    fn folders_and_names_carry_times_together() {
        let local = "2026-11-24T00:58:20Z";
        for (good, wanted) in [
            ("r/2026-11-24/08-58-20.mp4", local),
            ("r/2026-11-24/001/dav/08/08.58.20-09.00.00[M][0@0][0].dav", local),
            ("r/2026-11-24/08/lane/58.20.mp4", "2026-11-24T08:58:20Z"),
            ("r/2026-11/24/08/lane/58.20.mp4", local),
            ("r/2026/11/24/lane_08-58-20.mp4", local),
            ("r/2026112408/58M20S_1795507100.mp4", local),
            ("r/2026Y11M24D08H/58M20S.mp4", local),
            ("r/2026Y11M24D08H/E158M20S60.mp4", local),
            ("r/20261124/085820.mp4", local),
            ("r/20261124/08/58.mp4", "2026-11-24T00:58:00Z"),
            ("r/2026年11月24日/8时58分20秒.mp4", local),
            ("r/2026-11-24/10.20.30.40_08-58-20.mp4", local),
        ] {
            assert_eq!(path(good), Some((wanted.to_owned(), WallOrigin::Path)), "{good}");
        }
        let named = path("r/2020-01-01/20240131_235959.mp4");
        assert_eq!(named, Some(("2024-01-31T15:59:59Z".to_owned(), WallOrigin::FileName)));
        for bad in [
            "r/2026-11-24/lane.mp4",
            "r/2026-11-24/10.20.30.40.mp4",
            "r/2026-11-24/58.20.mp4",
            "r/192.168.10.20/08-58-20.mp4",
            "r/2026-11-24/rec0123456.mp4",
            "r/08/58.20.mp4",
            "58.20.mp4",
            "",
        ] {
            assert_eq!(path(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_hour_that_comes_twice_is_not_sure() {
        let zone = TimeZone::get("America/New_York").expect("a zone");
        let told = from_names(Path::new("20261101_013000.mp4"), &zone).expect("a time");
        let at = |text: &str| text.parse().expect("a time");
        let (sooner, later) = (at("2026-11-01T05:30:00Z"), at("2026-11-01T06:30:00Z"));
        assert_eq!(told.meaning, Meaning::Either { sooner, later, usual: sooner });
        let told = from_names(Path::new("20260308_023000.mp4"), &zone).expect("a time");
        let (sooner, later) = (at("2026-03-08T06:30:00Z"), at("2026-03-08T07:30:00Z"));
        assert_eq!(told.meaning, Meaning::Either { sooner, later, usual: later });
        let told = from_names(Path::new("20261101_013000-0400.mp4"), &zone).expect("a time");
        assert_eq!(told.meaning, Meaning::Once(at("2026-11-01T05:30:00Z")));
    }

    #[test]
    fn unset_clocks_are_no_times() {
        assert_eq!(from_metadata("1970-01-01T00:00:00.000000Z"), None);
        assert_eq!(from_metadata("1904-01-01T00:00:00.000000Z"), None);
        assert!(from_metadata("2018-04-19T22:46:00.000000Z").is_some());
    }

    proptest::proptest! {
        #[test]
        fn no_name_is_too_strange(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..60)) {
            let _ = from_names(Path::new(OsStr::from_bytes(&bytes)), &zone());
        }

        #[test]
        fn nor_one_that_is_nearly_a_time(name in "[0-9TZ+年月日时分秒.:_/ -]{0,40}|2026-11-24/[0-9MSE./-]{0,20}|[0-9]{10,14}[-_.]?[0-9]{0,14}") {
            let _ = from_names(Path::new(&name), &zone());
        }
    }
}
