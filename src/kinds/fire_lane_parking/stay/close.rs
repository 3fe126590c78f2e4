//! The last looks before a vehicle is reported.

use std::{collections::VecDeque, time::Duration};

use serde::{Deserialize, Serialize};

use super::{TRAFFIC_LOOKS, TRAFFIC_SHARE};
use crate::{
    domain::{MediaTime, micros},
    geometry::BBox,
    track::still_iou,
};

/// The last looks before a vehicle is reported are taken close together, over this time at most or half of
/// `dwell`: looks that lie further apart can show one place taken by one vehicle of a dense traffic after the other.
pub(crate) const CLOSE_FOR: Duration = Duration::from_secs(2);
/// Share of them that must show it, and how many there must be to say so.
const CLOSE_SHARE: f32 = 0.5;
const CLOSE_LOOKS: usize = 5;
/// Between two close looks a standing box keeps this many times the overlap that it must keep with its place.
const CLOSE_STILL: f32 = 1.3;

/// Most looks that are kept of that time. No camera shows more pictures in it.
const MOST_LOOKS: usize = 256;

/// The looks of the last [`CLOSE_FOR`] at which a place could be seen.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Close(VecDeque<CloseLook>);

#[derive(Debug, Serialize, Deserialize)]
struct CloseLook {
    #[serde(with = "micros")]
    at: MediaTime,
    /// The track and box that showed its vehicle; none where the place was seen without it.
    shown: Option<(u64, BBox)>,
}

impl Close {
    /// Of a stay that begins with this look.
    pub fn begun(at: MediaTime, track: u64, bbox: BBox) -> Self {
        Self(VecDeque::from([CloseLook { at, shown: Some((track, bbox)) }]))
    }

    /// Takes in a look; `shown` is none where the place was seen without its vehicle.
    pub fn note(&mut self, at: MediaTime, shown: Option<(u64, BBox)>) {
        while self.0.len() >= MOST_LOOKS || self.0.front().is_some_and(|look| at.since(look.at) > CLOSE_FOR) {
            self.0.pop_front();
        }
        self.0.push_back(CloseLook { at, shown });
    }

    /// Whether it can have come about up to `until`.
    pub fn is_sound(&self, until: MediaTime) -> bool {
        let is_sound = |look: &CloseLook| look.at <= until && look.shown.is_none_or(|(_, b)| b.is_valid());
        self.0.len() <= MOST_LOOKS && self.0.iter().all(is_sound)
    }

    /// Whether this track showed it lately.
    pub fn was_shown_by(&self, id: u64) -> bool {
        self.0.iter().any(|look| look.shown.is_some_and(|(track, _)| track == id))
    }

    /// Share of the looks that showed it, where they were taken close together.
    fn share(&self) -> Option<f32> {
        let shown = self.0.iter().filter(|look| look.shown.is_some()).count();
        (self.0.len() >= CLOSE_LOOKS).then(|| shown as f32 / self.0.len() as f32)
    }

    /// Whether enough of them showed it, or there are too few to say.
    pub fn is_shown(&self) -> bool {
        self.share().is_none_or(|share| share >= CLOSE_SHARE)
    }

    /// Whether so few of many showed it that it is traffic.
    pub fn vanishes(&self) -> bool {
        self.0.len() >= TRAFFIC_LOOKS as usize && self.share() < Some(TRAFFIC_SHARE)
    }

    /// Whether its box stays where it is from one close look to the next. Cars that follow each other through one place
    /// each move in it.
    pub fn keeps_still(&self) -> bool {
        let boxes = || self.0.iter().filter_map(|look| look.shown.map(|(_, bbox)| bbox));
        let still = boxes()
            .zip(boxes().skip(1))
            .map(|(before, now)| before.iou(&now) >= CLOSE_STILL * still_iou(&before));
        let (kept, moved): (Vec<bool>, Vec<bool>) = still.partition(|still| *still);
        kept.len() >= moved.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_looks_are_kept_than_may_be() {
        let at = MediaTime::from_micros;
        let mut close = Close::begun(at(0), 1, BBox::WHOLE);
        for n in 1..10_000 {
            close.note(at(n), None);
            assert!(close.is_sound(at(n)) && !close.is_sound(at(n - 1)));
        }
        assert_eq!(close.0.len(), MOST_LOOKS);
    }
}
