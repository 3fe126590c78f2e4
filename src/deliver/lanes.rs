//! What waits for one sink, camera by camera: which alert may be given to it now.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use super::{Pace, backoff::Backoff};
use crate::domain::CameraId;

/// A sink that gathers alerts has so many at once.
const GATHERED: usize = 200;

/// The lanes of one sink. It knows of an alert no more than its sequence, so that a hundred thousand that wait take about a
/// megabyte.
#[derive(Debug)]
pub(super) struct Lanes {
    pace: Pace,
    lanes: BTreeMap<CameraId, Lane>,
    /// All up to this are known.
    known: u64,
    under_way: usize,
    /// Counts what the sink has taken.
    taken: u64,
}

#[derive(Debug, Default)]
struct Lane {
    waiting: BTreeSet<u64>,
    under_way: BTreeSet<u64>,
    /// None of it is given before.
    again: Option<Instant>,
    /// There since something of it was not taken, until something is.
    failing: Option<Failing>,
}

/// A lane of which something was not taken.
#[derive(Debug)]
struct Failing {
    /// How much the sink had taken by then.
    taken: u64,
    backoff: Backoff,
}

impl Lane {
    /// Whether something of it may be given now. What failed comes first, so nothing is given while others of it are under way.
    fn is_free(&self, now: Instant) -> bool {
        self.again.is_none_or(|again| again <= now) && (self.failing.is_none() || self.under_way.is_empty())
    }
}

impl Lanes {
    pub fn new(pace: Pace) -> Self {
        Self { pace, lanes: BTreeMap::new(), known: 0, under_way: 0, taken: 0 }
    }

    /// The alert up to which all are known.
    pub fn known(&self) -> u64 {
        self.known
    }

    /// Takes in alerts that wait, in their order. All up to `known` are known then.
    pub fn learn(&mut self, alerts: Vec<(u64, CameraId)>, known: u64) {
        self.known = self.known.max(known);
        for (sequence, camera) in alerts {
            let lane = self.lanes.entry(camera).or_default();
            if !lane.under_way.contains(&sequence) {
                lane.waiting.insert(sequence);
            }
        }
    }

    /// Forgets what waits, to learn it again. What is under way stays so.
    pub fn forget_waiting(&mut self) {
        self.known = 0;
        self.lanes.retain(|_, lane| {
            lane.waiting.clear();
            !lane.under_way.is_empty() || lane.failing.is_some()
        });
    }

    /// Forgets all: they are of a database that is gone.
    pub fn forget_all(&mut self) {
        *self = Self::new(self.pace);
    }

    /// What may be given now, in its order.
    pub fn due(&self, now: Instant) -> Vec<u64> {
        let free = self.lanes.values().filter(|lane| lane.is_free(now));
        let mut due: Vec<u64> = match self.pace {
            Pace::CameraByCamera => {
                let idle = free.filter(|lane| lane.under_way.is_empty());
                idle.filter_map(|lane| lane.waiting.first().copied()).collect()
            }
            Pace::Gathered => free.flat_map(|lane| lane.waiting.iter().take(GATHERED).copied()).collect(),
        };
        due.sort_unstable();
        if self.pace == Pace::Gathered {
            due.truncate(GATHERED.saturating_sub(self.under_way));
        }
        due
    }

    /// It was given.
    pub fn started(&mut self, camera: &CameraId, sequence: u64) {
        let lane = self.lanes.entry(camera.clone()).or_default();
        lane.waiting.remove(&sequence);
        self.under_way += usize::from(lane.under_way.insert(sequence));
    }

    /// It waits no longer: the sink has it, or will never take it, or somebody took it away.
    pub fn done(&mut self, sequence: u64) {
        self.taken += 1;
        let Some((camera, lane)) = self.lane_of(sequence) else { return };
        let camera = camera.clone();
        lane.waiting.remove(&sequence);
        let was_under_way = lane.under_way.remove(&sequence);
        (lane.again, lane.failing) = (None, None);
        if lane.waiting.is_empty() && lane.under_way.is_empty() {
            self.lanes.remove(&camera);
        }
        self.under_way -= usize::from(was_under_way);
    }

    /// The sink did not take it: it waits again, and what comes after it of its camera, too. Where the sink takes what others
    /// send meanwhile, the camera waits ever longer; where it takes nothing, that is for who serves it to know.
    pub fn failed(&mut self, sequence: u64, now: Instant, after: Option<Duration>) {
        let taken = self.taken;
        let Some((_, lane)) = self.lane_of(sequence) else { return };
        let was_under_way = lane.under_way.remove(&sequence);
        lane.waiting.insert(sequence);
        let mut wait = after.unwrap_or_default();
        match &mut lane.failing {
            Some(failing) if taken > failing.taken => {
                wait = wait.max(failing.backoff.next());
                failing.taken = taken;
            }
            Some(_) => {}
            None => lane.failing = Some(Failing { taken, backoff: Backoff::default() }),
        }
        let again = now + wait;
        lane.again = Some(lane.again.map_or(again, |known| known.max(again)));
        self.under_way -= usize::from(was_under_way);
    }

    /// What keeps all from being taken may be over: what failed is given again without waiting any longer.
    pub fn try_now(&mut self) {
        for lane in self.lanes.values_mut() {
            lane.again = None;
        }
    }

    fn lane_of(&mut self, sequence: u64) -> Option<(&CameraId, &mut Lane)> {
        self.lanes
            .iter_mut()
            .find(|(_, lane)| lane.under_way.contains(&sequence) || lane.waiting.contains(&sequence))
    }

    /// When something may be given that may not be now.
    pub fn next(&self, now: Instant) -> Option<Instant> {
        let waiting = self.lanes.values().filter(|lane| !lane.waiting.is_empty());
        waiting.filter_map(|lane| lane.again).filter(|again| *again > now).min()
    }

    /// Whether nothing waits and nothing is under way.
    pub fn is_empty(&self) -> bool {
        self.lanes.values().all(|lane| lane.waiting.is_empty() && lane.under_way.is_empty())
    }

    /// How many wait or are under way.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.lanes.values().map(|lane| lane.waiting.len() + lane.under_way.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera(number: u64) -> CameraId {
        CameraId::new(&format!("c{number}")).expect("an id")
    }

    /// Alerts of cameras that take turns.
    fn alerts(sequences: std::ops::RangeInclusive<u64>, cameras: u64) -> Vec<(u64, CameraId)> {
        sequences.map(|sequence| (sequence, camera(sequence % cameras))).collect()
    }

    fn start(lanes: &mut Lanes, cameras: u64, due: &[u64]) {
        for sequence in due {
            lanes.started(&camera(sequence % cameras), *sequence);
        }
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn each_camera_has_one_under_way_and_the_next_follows_it() {
        let now = Instant::now();
        let mut lanes = Lanes::new(Pace::CameraByCamera);
        lanes.learn(alerts(1..=6, 2), 6);
        assert_eq!((lanes.due(now), lanes.known()), (vec![1, 2], 6));
        start(&mut lanes, 2, &[1, 2]);
        assert!(lanes.due(now).is_empty());
        lanes.done(2);
        assert_eq!(lanes.due(now), [4]);
        lanes.done(4);
        assert_eq!(lanes.due(now), [6]);
        for sequence in [1, 3, 5, 6] {
            lanes.done(sequence);
        }
        assert!(lanes.is_empty());
    }

    #[test]
    fn what_failed_comes_first_and_other_cameras_do_not_wait_for_it() {
        let now = Instant::now();
        let mut lanes = Lanes::new(Pace::CameraByCamera);
        lanes.learn(alerts(1..=4, 2), 4);
        start(&mut lanes, 2, &[1, 2]);
        lanes.failed(1, now, Some(30 * SECOND));
        lanes.done(2);
        assert_eq!(lanes.due(now), [4]);
        assert_eq!(lanes.next(now), Some(now + 30 * SECOND));
        assert_eq!(lanes.due(now + 30 * SECOND), [1, 4]);
    }

    #[test]
    fn a_camera_that_alone_fails_waits_ever_longer() {
        let now = Instant::now();
        let mut lanes = Lanes::new(Pace::CameraByCamera);
        lanes.learn(alerts(1..=200, 2), 200);
        let mut longest = Duration::ZERO;
        for sequence in (2..=40).step_by(2) {
            start(&mut lanes, 2, &[1, sequence]);
            lanes.failed(1, now, None);
            longest = longest.max(lanes.next(now).map_or(Duration::ZERO, |again| again - now));
            lanes.done(sequence);
        }
        assert!(longest > 2 * SECOND, "{longest:?}");
        // One that fails with all others does not.
        let mut lanes = Lanes::new(Pace::CameraByCamera);
        lanes.learn(alerts(1..=2, 2), 2);
        for _ in 0..40 {
            start(&mut lanes, 2, &[1, 2]);
            lanes.failed(1, now, None);
            lanes.failed(2, now, None);
        }
        assert_eq!(lanes.due(now), [1, 2]);
    }

    #[test]
    fn gathered_are_all_in_order_but_never_past_one_that_failed() {
        let now = Instant::now();
        let mut lanes = Lanes::new(Pace::Gathered);
        lanes.learn(alerts(1..=500, 3), 500);
        let due = lanes.due(now);
        assert_eq!(due, (1..=200).collect::<Vec<_>>());
        start(&mut lanes, 3, &due);
        assert!(lanes.due(now).is_empty());
        lanes.failed(1, now, None);
        let later = now + 120 * SECOND;
        assert!(
            lanes.due(later).iter().all(|sequence| sequence % 3 != 1),
            "others of its camera are under way"
        );
        for sequence in 2..=200 {
            match sequence % 3 {
                1 => lanes.failed(sequence, now, None),
                _ => lanes.done(sequence),
            }
        }
        assert_eq!(lanes.due(now + 200 * SECOND).first(), Some(&1));
    }

    #[test]
    fn what_is_learned_again_is_there_once() {
        let now = Instant::now();
        let mut lanes = Lanes::new(Pace::CameraByCamera);
        lanes.learn(alerts(1..=4, 2), 4);
        start(&mut lanes, 2, &[1]);
        lanes.forget_waiting();
        assert_eq!(lanes.known(), 0);
        lanes.learn(alerts(1..=4, 2), 4);
        assert_eq!((lanes.len(), lanes.due(now)), (4, vec![2]));
        lanes.done(1);
        assert_eq!(lanes.due(now), [2, 3]);
    }
}
