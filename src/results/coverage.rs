//! How much of each file could be looked at.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::{Epoch, Gap, GapReason, MediaTime, seconds};

/// How much of one file, or one connection, could be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// The epoch's number.
    pub epoch: u32,
    /// The recording's name; none for live cameras.
    pub file: Option<String>,
    /// Media time of its first picture.
    #[serde(rename = "from_s")]
    pub from: MediaTime,
    /// Media time up to which it was walked through.
    #[serde(rename = "until_s")]
    pub until: MediaTime,
    /// Looks taken.
    pub looks: u64,
    /// Looks that could not be taken, because what was wanted could not be decoded.
    pub missed: u64,
    /// Time within gaps in which pictures are damaged or cannot be decoded. Holes in which nothing was recorded are not in
    /// it: nothing is hidden there.
    #[serde(rename = "damaged_s", with = "seconds")]
    pub damaged: Duration,
}

/// Whether what was found in a file says anything of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Most of it could be looked at. What could not is a gap.
    Seen,
    /// Most of it could not be looked at.
    MostlyUnseen,
    /// Not one picture could be looked at.
    Unseen,
}

impl Coverage {
    pub(super) fn new(epoch: &Epoch) -> Self {
        Self {
            epoch: epoch.epoch,
            file: epoch.file.clone(),
            from: epoch.from,
            until: epoch.from,
            looks: 0,
            missed: 0,
            damaged: Duration::ZERO,
        }
    }

    /// Notes a gap that has ended.
    pub(super) fn gap(&mut self, gap: &Gap) {
        let Some(to) = gap.to else { return };
        if gap.reason == GapReason::Damaged {
            self.damaged = self.damaged.saturating_add(to.since(gap.from.max(self.from)));
            self.until = self.until.max(to);
        }
    }

    /// How much of it could be looked at: most of it could not where more than half of its looks were missed, or damage
    /// takes up more than half of its time.
    pub fn extent(&self) -> Extent {
        let lasts = self.until.since(self.from);
        let all_damaged = !lasts.is_zero() && self.damaged >= lasts;
        if self.looks == 0 && (self.missed > 0 || all_damaged) {
            Extent::Unseen
        } else if self.missed > self.looks || self.damaged > lasts / 2 {
            Extent::MostlyUnseen
        } else {
            Extent::Seen
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::{CameraId, WallOrigin};

    fn at(seconds: u32) -> MediaTime {
        MediaTime::from_secs_f64(f64::from(seconds))
    }

    fn coverage(until: u32, looks: u64, missed: u64) -> Coverage {
        let epoch = Epoch {
            camera: CameraId::new("c").expect("an id"),
            epoch: 3,
            from: at(100),
            zero: None,
            wall: jiff::Timestamp::UNIX_EPOCH,
            wall_origin: WallOrigin::FileName,
            file: Some("a.mp4".to_owned()),
            codec: "h264".to_owned(),
            width: 320,
            height: 240,
            regions: BTreeMap::new(),
        };
        Coverage { until: at(100 + until), looks, missed, ..Coverage::new(&epoch) }
    }

    fn with_gap(mut coverage: Coverage, from: u32, to: u32, reason: GapReason) -> Extent {
        let camera = CameraId::new("c").expect("an id");
        coverage.gap(&Gap { camera, epoch: 3, from: at(100 + from), to: Some(at(100 + to)), reason });
        coverage.extent()
    }

    #[test]
    fn a_file_of_which_more_than_half_was_missed_is_mostly_unseen() {
        assert_eq!(coverage(60, 30, 0).extent(), Extent::Seen);
        assert_eq!(coverage(60, 15, 15).extent(), Extent::Seen);
        assert_eq!(coverage(60, 14, 16).extent(), Extent::MostlyUnseen);
        assert_eq!(coverage(60, 0, 30).extent(), Extent::Unseen);
        // Within another file's looks, nothing may have been due.
        assert_eq!(coverage(1, 0, 0).extent(), Extent::Seen);
    }

    #[test]
    fn damage_counts_by_time_and_holes_do_not() {
        let seen = || coverage(60, 20, 5);
        assert_eq!(with_gap(seen(), 10, 25, GapReason::Damaged), Extent::Seen);
        assert_eq!(with_gap(seen(), 0, 31, GapReason::Damaged), Extent::MostlyUnseen);
        assert_eq!(with_gap(seen(), 0, 50, GapReason::Timestamps), Extent::Seen);
        assert_eq!(with_gap(seen(), 0, 50, GapReason::Offline), Extent::Seen);
        assert_eq!(with_gap(coverage(60, 0, 0), 0, 60, GapReason::Damaged), Extent::Unseen);
    }
}
