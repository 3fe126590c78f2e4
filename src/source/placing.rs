//! Where a file lies on the camera's media time, beside the file before it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::HOLE;
use crate::domain::{MediaTime, WallOrigin};

/// What is known of a file's start before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Start {
    pub wall: Timestamp,
    pub origin: WallOrigin,
    /// Whether it is the time of the first picture for sure: metadata often hold the time of writing or copying,
    /// and no footage is skipped because of that.
    pub trusted: bool,
}

/// The file before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Before {
    pub from: MediaTime,
    pub wall: Timestamp,
    /// Whether `wall` is more than a guess.
    pub known: bool,
    pub trusted: bool,
    pub end: MediaTime,
    /// Where its pictures go on after the last hole in its times; its beginning where there is none.
    pub resumed: MediaTime,
    pub epoch: u32,
    /// It, or one after it, could not be read to its end: more may have been recorded than is known.
    pub broken: bool,
}

impl Before {
    fn wall_end(&self) -> Timestamp {
        let lasted = SignedDuration::from_micros(self.end.as_micros() - self.from.as_micros());
        self.wall.checked_add(lasted).unwrap_or(self.wall)
    }
}

/// Where a file lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Media time of its first picture. Before `floor` where the file overlaps the one before.
    pub from: MediaTime,
    pub wall: Timestamp,
    pub origin: WallOrigin,
    pub known: bool,
    pub trusted: bool,
    /// Nothing before this is given.
    pub floor: MediaTime,
    /// Where nothing was recorded, from the end of the file before.
    pub gap: bool,
}

impl Place {
    /// By how much the file overlaps the one before.
    pub fn overlap(&self) -> Duration {
        self.floor.since(self.from)
    }
}

/// Places a file that starts at `start`; where that is not known, right after the one before, and not before `guess`.
pub(super) fn place(
    before: Option<&Before>,
    start: Option<Start>,
    guess: Timestamp,
    origin: WallOrigin,
) -> Place {
    let known = start.is_some();
    let start = start.unwrap_or(Start { wall: guess, origin, trusted: false });
    let Start { wall, origin, trusted } = start;
    let zero = MediaTime::ZERO;
    let Some(before) = before else {
        return Place { from: zero, wall, origin, known, trusted, floor: zero, gap: false };
    };
    let follows = Place { from: before.end, wall, origin, known, trusted, floor: before.end, gap: false };
    let pushed = Place { wall: wall.max(before.wall_end()), gap: before.broken, ..follows };
    if !known || !before.known {
        return pushed;
    }
    let apart = wall.duration_since(before.wall).as_micros();
    let from = before.from.as_micros().saturating_add(i64::try_from(apart).unwrap_or(i64::MAX));
    let from = MediaTime::from_micros(from);
    let (ahead, behind) = (from.since(before.end), before.end.since(from));
    // Where the file before leapt ahead beyond the start of this one, the leap is not believed so far that footage is skipped for it.
    if behind > HOLE && from < before.resumed && before.resumed > before.from {
        return Place { gap: before.broken, ..follows };
    }
    if behind > HOLE {
        return if trusted && before.trusted { Place { from, ..follows } } else { pushed };
    }
    // File names are whole seconds: that little is no overlap.
    if behind > Duration::ZERO {
        return follows;
    }
    Place { from, floor: from, gap: ahead > HOLE, ..follows }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH: Timestamp = Timestamp::UNIX_EPOCH;

    fn seconds(s: i64) -> MediaTime {
        MediaTime::from_micros(s * 1_000_000)
    }

    fn at(s: i64, trusted: bool) -> Option<Start> {
        let wall = EPOCH + SignedDuration::from_secs(s);
        Some(Start { wall, origin: WallOrigin::FileName, trusted })
    }

    /// From 1000 s on the wall, 60 s long.
    fn placed(start: Option<Start>, guess: i64) -> Place {
        let wall = EPOCH + SignedDuration::from_secs(1000);
        let before = Before {
            from: MediaTime::ZERO,
            wall,
            known: true,
            trusted: true,
            end: seconds(60),
            resumed: MediaTime::ZERO,
            epoch: 0,
            broken: false,
        };
        place(Some(&before), start, EPOCH + SignedDuration::from_secs(guess), WallOrigin::Modified)
    }

    #[test]
    fn a_hole_is_kept_and_is_a_gap_over_two_seconds() {
        let p = placed(at(1061, true), 0);
        assert_eq!((p.from, p.floor, p.gap), (seconds(61), seconds(61), false));
        let p = placed(at(1070, true), 0);
        assert_eq!((p.from, p.floor, p.gap), (seconds(70), seconds(70), true));
    }

    #[test]
    fn an_overlap_is_skipped_unless_it_is_rounding_or_hearsay() {
        let p = placed(at(1050, true), 0);
        assert_eq!((p.from, p.floor, p.overlap()), (seconds(50), seconds(60), Duration::from_secs(10)));
        let p = placed(at(1059, true), 0);
        assert_eq!((p.from, p.overlap()), (seconds(60), Duration::ZERO));
        let p = placed(at(1000, false), 0);
        assert_eq!((p.from, p.overlap()), (seconds(60), Duration::ZERO));
        assert_eq!(p.wall, EPOCH + SignedDuration::from_secs(1060));
    }

    #[test]
    fn nothing_is_skipped_for_a_leap_of_the_file_before() {
        let wall = EPOCH + SignedDuration::from_secs(1000);
        let (from, end, resumed) = (MediaTime::ZERO, seconds(3660), seconds(3610));
        let before = Before { from, wall, known: true, trusted: true, end, resumed, epoch: 0, broken: false };
        let placed = |s| place(Some(&before), at(s, true), EPOCH, WallOrigin::Modified);
        let p = placed(1060);
        assert_eq!((p.from, p.floor, p.overlap()), (end, end, Duration::ZERO));
        assert_eq!(p.wall, EPOCH + SignedDuration::from_secs(1060));
        // What begins after the hole tells nothing against it.
        assert_eq!(placed(4650).overlap(), Duration::from_secs(10));
    }

    #[test]
    fn a_guess_follows_without_a_hole() {
        let p = placed(None, 5000);
        assert_eq!((p.from, p.gap, p.wall), (seconds(60), false, EPOCH + SignedDuration::from_secs(5000)));
        assert_eq!(placed(None, 10).wall, EPOCH + SignedDuration::from_secs(1060));
    }
}
