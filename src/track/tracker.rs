use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{keep, stands};
use crate::{
    domain::{Detection, MediaTime, ModelName, Observation, Track, TrackState},
    geometry::BBox,
};

/// Detections at least this sure are associated first, the others with what is then left.
const CONFIDENT: f32 = 0.5;
/// Overlap with a track seen at the look before that settles the matter, whatever else stood there once.
const CLEAR_IOU: f32 = 0.5;
/// Least overlap of a confident detection with where its track should be.
const CONFIDENT_IOU: f32 = 0.2;
/// Least overlap of a weak one: what is barely seen must fit better.
const WEAK_IOU: f32 = 0.4;
/// How long a track that is not seen is kept.
const LOST_FOR: Duration = Duration::from_secs(10);
/// How far ahead a movement is extrapolated.
const PREDICT_FOR: Duration = Duration::from_secs(2);
/// Share of the newest movement in the estimate of it.
const NEWEST: f32 = 0.5;
/// Most tracks that are kept; beyond it those not seen for longest are dropped.
pub const MOST_TRACKS: usize = 256;

/// Follows what one detector finds in one camera's picture.
///
/// In the manner of ByteTrack (Zhang et al., "ByteTrack: Multi-Object Tracking by Associating Every Detection Box",
/// ECCV 2022): confident detections are associated first, weak ones with the tracks left over, both by the overlap
/// (IoU) with where a track should be by now. Three things differ, because looks are 0.07 s to 2 s apart rather
/// than frames: movement is a velocity per second instead of a Kalman filter per frame; tracks are kept by time; and
/// weak detections may begin a track, since the rules ask for evidence over time anyway. Pairs are taken greedily,
/// best overlap first, ties in the order of tracks and detections, so that the same input gives the same tracks.
#[derive(Debug)]
pub struct Tracker {
    model: Option<ModelName>,
    pub(super) next_id: u64,
    pub(super) last: Option<MediaTime>,
    pub(super) tracks: Vec<Track>,
    /// Of each track, in their order.
    pub(super) motions: Vec<Motion>,
}

/// What the tracker knows of a track beyond what it tells.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Motion {
    /// Fractions of the picture per second.
    pub velocity: (f32, f32),
    /// The box since which it stands.
    pub anchor: BBox,
    /// Confidence with which it was called its class.
    pub called: f32,
}

impl Tracker {
    /// A tracker for a detector of a rule's own, or (none) for the camera's detector.
    pub fn new(model: Option<ModelName>) -> Self {
        Self { model, next_id: 1, last: None, tracks: Vec::new(), motions: Vec::new() }
    }

    /// Takes in a look at which the detector looked, and tells every track, those not seen at this look included.
    /// A look that is not later than the one before changes nothing.
    pub fn update(&mut self, observation: &Observation) -> &[Track] {
        let at = observation.at;
        if self.last.is_some_and(|last| at <= last) {
            return &self.tracks;
        }
        self.last = Some(at);
        self.drop_lost(at);
        let kept = keep(observation, self.model.as_ref());
        let found = &observation.detections;
        let followed: Vec<bool> = self.tracks.iter().map(|track| track.detection.is_some()).collect();
        for track in &mut self.tracks {
            track.detection = None;
            track.state = TrackState::Lost;
        }
        let is_sure = |i: &usize| found.get(*i).is_some_and(|d| d.confidence >= CONFIDENT);
        let (confident, weak): (Vec<usize>, Vec<usize>) = kept.into_iter().partition(is_sure);
        // A car that moves up to where another stood is not that other, although it now fits its place best.
        let confident = self.associate(at, found, confident, CLEAR_IOU, |t| followed.get(t) == Some(&true));
        let mut left = self.associate(at, found, confident, CONFIDENT_IOU, |_| true);
        left.extend(self.associate(at, found, weak, WEAK_IOU, |_| true));
        for (i, detection) in left.into_iter().filter_map(|i| Some((i, found.get(i)?))) {
            self.begin(at, i, detection);
        }
        self.drop_surplus();
        &self.tracks
    }

    /// Gives each of `detections` to the track it overlaps best of those `among`, and returns those that found none.
    fn associate(
        &mut self,
        at: MediaTime,
        found: &[Detection],
        detections: Vec<usize>,
        least_iou: f32,
        among: impl Fn(usize) -> bool,
    ) -> Vec<usize> {
        let mut pairs = Vec::new();
        for (t, (track, motion)) in self.tracks.iter().zip(&self.motions).enumerate() {
            if track.detection.is_some() || !among(t) {
                continue;
            }
            let expected = motion.expected(track, at);
            for (d, detection) in detections.iter().filter_map(|d| Some((*d, found.get(*d)?))) {
                if track.class.may_be(detection.class) {
                    // What stood may stand still although it seemed to move, so the last box counts as well.
                    let iou = expected.iou(&detection.bbox).max(track.bbox.iou(&detection.bbox));
                    if iou >= least_iou {
                        pairs.push((iou, t, d));
                    }
                }
            }
        }
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
        let mut left = detections;
        for (_, t, d) in pairs {
            if let (Some(track), Some(motion), Some(detection)) =
                (self.tracks.get_mut(t), self.motions.get_mut(t), found.get(d))
                && track.detection.is_none()
                && let Some(place) = left.iter().position(|x| *x == d)
            {
                left.remove(place);
                motion.follow(track, at, d, detection);
            }
        }
        left
    }

    fn begin(&mut self, at: MediaTime, index: usize, detection: &Detection) {
        self.tracks.push(Track {
            id: self.next_id,
            class: detection.class,
            confidence: detection.confidence,
            bbox: detection.bbox,
            state: TrackState::Tentative,
            first_seen: at,
            last_seen: at,
            still_since: at,
            detection: Some(index),
        });
        self.motions.push(Motion {
            velocity: (0.0, 0.0),
            anchor: detection.bbox,
            called: detection.confidence,
        });
        self.next_id += 1;
    }

    fn drop_lost(&mut self, at: MediaTime) {
        self.retain(|track| at.since(track.last_seen) <= LOST_FOR);
    }

    fn drop_surplus(&mut self) {
        let mut times: Vec<(MediaTime, u64)> = self.tracks.iter().map(|t| (t.last_seen, t.id)).collect();
        times.sort_unstable();
        let surplus = times.len().saturating_sub(MOST_TRACKS);
        if let Some(oldest_kept) = times.get(surplus).filter(|_| surplus > 0) {
            self.retain(|track| (track.last_seen, track.id) >= *oldest_kept);
        }
    }

    fn retain(&mut self, keep: impl Fn(&Track) -> bool) {
        let mut kept = self.tracks.iter().map(&keep);
        self.motions.retain(|_| kept.next().unwrap_or(false));
        self.tracks.retain(|track| keep(track));
    }
}

impl Motion {
    /// Where the track should be at `at` if it went on as it did.
    fn expected(&self, track: &Track, at: MediaTime) -> BBox {
        let ahead = at.since(track.last_seen).min(PREDICT_FOR).as_secs_f32();
        let (x, y) = (self.velocity.0 * ahead, self.velocity.1 * ahead);
        let b = &track.bbox;
        BBox::new(b.left + x, b.top + y, b.right + x, b.bottom + y)
    }

    /// Goes on with `detection`, which is the track's at this look.
    fn follow(&mut self, track: &mut Track, at: MediaTime, index: usize, detection: &Detection) {
        let passed = at.since(track.last_seen).as_secs_f32();
        if passed > 0.0 {
            let (was, is) = (track.bbox.center(), detection.bbox.center());
            let blend = |old: f32, moved: f32| {
                let new = old + NEWEST * (moved / passed - old);
                // What no number can tell moves nowhere.
                if new.is_finite() { new } else { 0.0 }
            };
            self.velocity = (blend(self.velocity.0, is.x - was.x), blend(self.velocity.1, is.y - was.y));
        }
        if !stands(&self.anchor, &detection.bbox) {
            self.anchor = detection.bbox;
            track.still_since = at;
        }
        if detection.confidence > self.called {
            self.called = detection.confidence;
            track.class = detection.class;
        }
        track.bbox = detection.bbox;
        track.confidence = detection.confidence;
        track.last_seen = at;
        track.state = TrackState::Confirmed;
        track.detection = Some(index);
    }
}
