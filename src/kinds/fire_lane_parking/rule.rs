mod known;

use std::{collections::VecDeque, time::Duration};

use known::Known;
use serde::{Deserialize, Serialize};

use super::{
    ground::is_in,
    moved_camera::{KNOWN_FOR, camera_moved, go_on_as},
    settings::FireLaneParking,
    stay::{Stay, Unseen},
    vehicle::Vehicle,
};
use crate::rules::{
    Clarity, Finding, Look, NoState, Open, Pending, Presence, Prospect, Rule, RuleState, Stance, Status,
    Verdict, is_due, stopwatch::Stopwatch,
};
use crate::{
    domain::{Attention, Gap, MediaTime, Phase, When, micros},
    geometry::BBox,
};

/// Share of a place that must lie behind something for it to be hidden.
const HIDDEN_SHARE: f32 = 0.6;
/// How many times `occlusion` a vehicle may be hidden behind something that is seen.
const COVERED_TIMES: u32 = 6;
/// For how long after its end a stay may be taken up again. Blinding light passes within that.
const TAKEN_UP_FOR: Duration = Duration::from_secs(90);
/// Most ended stays that are remembered for that.
const MOST_ENDED: usize = 32;
/// Most stays that are kept; beyond it, the one not seen for longest gives way.
const MOST_STAYS: usize = 128;
/// How close together the last looks are taken before a vehicle is reported, and how long each asks for more of them.
const CLOSE_EVERY: Duration = Duration::from_millis(200);
const CLOSE_UNTIL: Duration = Duration::from_secs(1);

/// A vehicle stands in a fire lane for `dwell`.
///
/// Stays belong to places: a vehicle that stands in the zone ([`is_in`]) begins one, and whatever then overlaps its
/// place and looks like it goes on with it, under whatever track and class. While a place is seen without its
/// vehicle for less than `occlusion` the stay goes on; after that it ended at the first look without it. A passer-by
/// who covers the place puts that off. While the place was never seen without its vehicle, no look at it can make it
/// another; once it was, it must look the same again, and more so where it drove up. What does not look the same
/// begins a stay of its own in the same place, and the two are told apart by which is seen from then on. Traffic that
/// happens to be boxed in one place look after look is told from a standing vehicle by not looking alike.
#[derive(Debug, Serialize)]
pub struct FireLane {
    #[serde(skip)]
    keys: FireLaneParking,
    stopwatch: Stopwatch,
    /// For how long nothing has shown that the picture is live, at the last look.
    unproven: Duration,
    /// When it was known last that the camera had been moved.
    #[serde(with = "micros::optional")]
    moved: Option<MediaTime>,
    stays: Vec<Stay>,
    /// Stays that ended lately.
    ended: VecDeque<Ended>,
}

/// A stay that ended lately.
#[derive(Debug, Serialize, Deserialize)]
struct Ended {
    stay: Stay,
    /// When that was said.
    #[serde(with = "micros")]
    said: MediaTime,
}

impl FireLane {
    /// An empty lane.
    pub fn new(keys: FireLaneParking) -> Self {
        Self {
            keys,
            stopwatch: Stopwatch::default(),
            unproven: Duration::ZERO,
            moved: None,
            stays: Vec::new(),
            ended: VecDeque::new(),
        }
    }

    /// The vehicles of this look that may continue a stay.
    fn vehicles<'a>(&self, look: &Look<'a>) -> Vec<Vehicle<'a>> {
        look.seen()
            .filter(|(_, d)| self.keys.classes.iter().any(|class| class.may_be(d.class)))
            .map(|(track, detection)| Vehicle { track, detection })
            .collect()
    }

    /// Gives each vehicle to the stay it fits best; those left over are returned.
    fn continue_stays<'a>(&mut self, vehicles: &[Vehicle<'a>], now: When) -> (Vec<bool>, Vec<Vehicle<'a>>) {
        let mut pairs = Vec::new();
        for (s, stay) in self.stays.iter().enumerate() {
            for (v, vehicle) in vehicles.iter().enumerate() {
                if let Some(fit) = stay.fits(*vehicle, now.at) {
                    pairs.push((fit, s, v));
                }
            }
        }
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
        let (mut continued, mut taken) = (vec![false; self.stays.len()], vec![false; vehicles.len()]);
        for (_, s, v) in pairs {
            if let (Some(stay), Some(vehicle)) = (self.stays.get_mut(s), vehicles.get(v))
                && let (Some(continued @ false), Some(taken @ false)) =
                    (continued.get_mut(s), taken.get_mut(v))
            {
                (*continued, *taken) = (true, true);
                let inside = is_in(&self.keys.zone, &vehicle.detection.bbox);
                stay.seen(*vehicle, inside, now);
            }
        }
        let mut left: Vec<Vehicle> =
            vehicles.iter().zip(taken).filter(|(_, taken)| !taken).map(|(v, _)| *v).collect();
        left.sort_by(|a, b| b.detection.confidence.total_cmp(&a.detection.confidence));
        left.retain(|vehicle| !self.is_another_box(*vehicle, &mut continued, now));
        (continued, left)
    }

    /// Whether `vehicle` is one of the stays' vehicles in another box; then its stay goes on.
    fn is_another_box(&mut self, vehicle: Vehicle, continued: &mut [bool], now: When) -> bool {
        let inside = is_in(&self.keys.zone, &vehicle.detection.bbox);
        let mut stays = self.stays.iter_mut().zip(continued);
        let Some((stay, continued)) = stays.find(|(stay, continued)| {
            if **continued { stay.is_boxed_by(&vehicle) } else { stay.goes_on_as(&vehicle, now.at) }
        }) else {
            return false;
        };
        if !*continued {
            stay.seen(vehicle, inside, now);
            *continued = true;
        }
        true
    }

    /// Says of each stay that was not continued why its vehicle is not seen.
    fn miss_stays(&mut self, continued: &[bool], vehicles: &[Vehicle], look: &Look, clear: bool) {
        let covered_most = self.keys.occlusion.saturating_mul(COVERED_TIMES);
        for (stay, _) in self.stays.iter_mut().zip(continued).filter(|(_, continued)| !**continued) {
            stay.watch_for(vehicles, look.tracks, look.observation.at);
            let covers = |b: &BBox| stay.place.share_within(b) >= HIDDEN_SHARE;
            let why = if !clear || stay.is_adrift() {
                Unseen::Unknown
            } else if look.seen().any(|(track, d)| !stay.is_track(track) && covers(&d.bbox)) {
                Unseen::Covered
            } else {
                Unseen::Empty
            };
            stay.unseen(why, look.when(), covered_most);
        }
    }

    /// Ends what is over and forgets what was nothing.
    fn end_stays(&mut self, now: MediaTime, findings: &mut Vec<Finding>) {
        let over: Vec<Option<(When, bool)>> = self
            .stays
            .iter()
            .map(|stay| {
                stay.ended(self.keys.occlusion)
                    .or_else(|| self.stays.iter().find_map(|other| stay.replaced_by(other)))
            })
            .collect();
        let stays = std::mem::take(&mut self.stays);
        let double: Vec<bool> = (0..stays.len()).map(|s| is_double(&stays, s)).collect();
        for ((stay, end), double) in stays.into_iter().zip(over).zip(double) {
            match end {
                Some((when, unknown)) => {
                    if stay.is_notified() {
                        findings.push(stay.finding(Phase::Ended, when, unknown));
                    }
                    if stay.has_settled() {
                        self.ended.push_back(Ended { stay, said: now });
                    }
                }
                None if double || stay.is_traffic() || stay.has_crept_off(now, self.keys.occlusion) => {}
                None => self.stays.push(stay),
            }
        }
        while self.ended.len() > MOST_ENDED
            || self.ended.front().is_some_and(|ended| now.since(ended.said) > TAKEN_UP_FOR)
        {
            self.ended.pop_front();
        }
    }

    /// Takes up a stay that ended although its vehicle, which this is, never left. Its end is then withdrawn.
    fn take_up(&mut self, vehicle: Vehicle, inside: bool, now: When, findings: &mut Vec<Finding>) -> bool {
        let Some(at) = self.ended.iter().rposition(|ended| ended.stay.is_taken_up_by(vehicle)) else {
            return false;
        };
        let Some(Ended { mut stay, .. }) = self.ended.remove(at) else { return false };
        stay.seen(vehicle, inside, now);
        if stay.is_notified() {
            stay.notified = now.at;
            findings.push(stay.finding(Phase::Updated, now, false));
        }
        self.stays.push(stay);
        true
    }

    fn begin_stays(&mut self, left: &[Vehicle], now: When, findings: &mut Vec<Finding>) {
        for vehicle in left {
            let inside = is_in(&self.keys.zone, &vehicle.detection.bbox);
            let is_known = |stay: &Stay| stay.last_seen == now && stay.is_boxed_by(vehicle);
            if self.stays.iter().any(is_known) || self.take_up(*vehicle, inside, now, findings) {
                continue;
            }
            let mut new = Stay::new(*vehicle, inside, now);
            if self.moved.is_some_and(|moved| now.at.since(moved) <= KNOWN_FOR) {
                // Only by its looks: what passes is seen near the old place, too.
                if vehicle.detection.appearance.is_some() && go_on_as(&mut self.stays, &new, now) {
                    continue;
                }
                if vehicle.track.still_since == vehicle.track.first_seen {
                    new.bar();
                }
            }
            if !inside || !self.keys.classes.contains(&vehicle.track.class) {
                continue;
            }
            if self.stays.len() >= MOST_STAYS {
                let quiet = self.stays.iter().enumerate().filter(|(_, stay)| !stay.is_notified());
                match quiet.min_by_key(|(_, stay)| stay.last_seen.at).map(|(s, _)| s) {
                    Some(s) => drop(self.stays.remove(s)),
                    None => continue,
                }
            }
            self.stays.push(new);
        }
    }

    /// Warns, raises and notifies again, at a look that shows the vehicle; where that is said, only of what was known before.
    fn notify(&mut self, now: When, known_before: Option<MediaTime>, findings: &mut Vec<Finding>) {
        for s in 0..self.stays.len() {
            let Some(stay) = self.stays.get(s) else { break };
            if !stay.is_evident() || known_before.is_some_and(|since| stay.started.at >= since) {
                continue;
            }
            let stood = stay.stood.saturating_sub(self.unproven);
            let phase = if stay.raised.is_some() {
                is_due(self.keys.update_every, stay.notified, now).then_some(Phase::Updated)
            } else if stood >= self.keys.dwell {
                Some(Phase::Raised)
            } else {
                let due = |after| stood >= after;
                (!stay.warned && self.keys.warn_after.is_some_and(due)).then_some(Phase::Warned)
            };
            let known = |other: &Stay| other.is_notified() && other.may_be(stay, now.at, self.keys.occlusion);
            let Some(phase) = phase.filter(|p| *p == Phase::Updated || !self.stays.iter().any(known)) else {
                continue;
            };
            let Some(stay) = self.stays.get_mut(s) else { break };
            stay.notified = now.at;
            match phase {
                Phase::Warned => stay.warned = true,
                Phase::Raised => stay.raised = Some(now),
                Phase::Updated | Phase::Ended => {}
            }
            findings.push(stay.finding(phase, now, false));
        }
    }
}

impl FireLane {
    /// How many vehicles have settled in the lane. One that cannot be seen in the dark may be there all the same.
    fn presence(&self, clarity: Clarity) -> Presence {
        let standing = self.stays.iter().filter(|stay| stay.has_settled()).count();
        if standing == 0 && !clarity.is_clear() {
            return Presence::Unknown;
        }
        Presence::Seen(u32::try_from(standing).unwrap_or(u32::MAX))
    }

    /// Looks taken close together before a vehicle is reported.
    fn attention(&self, now: When) -> Option<Attention> {
        let due = |stay: &Stay| {
            stay.raised.is_none()
                && (stay.is_due(self.keys.dwell)
                    || (!stay.warned && self.keys.warn_after.is_some_and(|after| stay.is_due(after))))
        };
        self.stays.iter().any(due).then(|| Attention { every: CLOSE_EVERY, until: now.at + CLOSE_UNTIL })
    }
}

impl Rule for FireLane {
    fn look(&mut self, look: &Look) -> Verdict {
        let now = look.when();
        let Some(lap) = self.stopwatch.look(now.at) else { return Verdict::default() };
        let (clarity, stance) = (look.seeing.clarity, look.seeing.stance);
        self.unproven = look.seeing.unproven;
        for stay in &mut self.stays {
            stay.pass(lap.passed, lap.after_gap);
        }
        if let Clarity::Frozen { recognised } = clarity {
            for stay in &mut self.stays {
                stay.freeze(recognised.unwrap_or_default());
            }
            return Verdict { presence: Some(Presence::Unknown), ..Verdict::default() };
        }
        let mut findings = Vec::new();
        let vehicles = self.vehicles(look);
        for stay in &mut self.stays {
            stay.follow(&vehicles, now.at);
        }
        let (continued, left) = self.continue_stays(&vehicles, now);
        self.miss_stays(&continued, &vehicles, look, clarity.is_clear() && stance == Stance::Steady);
        if stance != Stance::Steady {
            self.stays.iter_mut().for_each(Stay::picture_shifted);
        }
        if let Stance::Moved { since } = stance {
            self.moved = Some(now.at);
            camera_moved(&mut self.stays, since);
        }
        self.end_stays(now.at, &mut findings);
        self.begin_stays(&left, now, &mut findings);
        // While the picture is shifted, what was not in the zone before may have stood beside it.
        let known_before = match stance {
            Stance::Steady => None,
            Stance::Doubtful { since } | Stance::Moved { since } => Some(since),
        };
        self.notify(now, known_before, &mut findings);
        let presence = Some(self.presence(clarity));
        Verdict { findings, attention: self.attention(now), presence, ..Verdict::default() }
    }

    fn gap(&mut self, gap: &Gap) -> Verdict {
        self.stopwatch.gap(gap);
        Verdict::default()
    }

    fn tick(&mut self, now: When) -> Verdict {
        let mut findings = Vec::new();
        for stay in self.stays.iter_mut().filter(|stay| stay.raised.is_some()) {
            if is_due(self.keys.update_every, stay.notified, now) {
                stay.notified = now.at;
                findings.push(stay.finding(Phase::Updated, now, false));
            }
        }
        findings.into()
    }

    fn stop(&mut self) -> Verdict {
        let notified = self.stays.iter().filter(|stay| stay.is_notified());
        let findings: Vec<Finding> = notified.map(Stay::unfinished).collect();
        findings.into()
    }

    fn close(&mut self, when: When, unknown: bool) -> Verdict {
        let notified = self.stays.iter().filter(|stay| stay.is_notified());
        let findings: Vec<Finding> = notified.map(|stay| stay.finding(Phase::Ended, when, unknown)).collect();
        *self = Self::new(self.keys.clone());
        findings.into()
    }

    /// Stays that ended lately are among them: they may be taken up again.
    fn prospects(&self) -> Vec<Prospect<'_>> {
        let ended = self.ended.iter().map(|ended| &ended.stay);
        self.stays.iter().chain(ended).filter_map(Stay::prospect).collect()
    }

    fn status(&self) -> Status {
        let standing = self.stays.iter().filter(|stay| stay.has_settled() && stay.prospect().is_some());
        let pending = standing.max_by_key(|stay| stay.stood).map(|stay| Pending {
            since: stay.started,
            lasted: stay.stood.saturating_sub(self.unproven),
            allowed: self.keys.dwell,
        });
        let raised = || self.stays.iter().filter_map(|stay| stay.raised);
        let number = u32::try_from(raised().count()).unwrap_or(u32::MAX);
        let open = raised().min_by_key(|when| when.at).map(|since| Open { number, since });
        Status { required: None, pending, open }
    }

    fn moments(&self) -> Vec<When> {
        let ended = self.ended.iter().map(|ended| &ended.stay);
        self.stays.iter().chain(ended).flat_map(Stay::moments).collect()
    }

    fn save(&self) -> RuleState {
        RuleState::of(self)
    }

    fn restore(&mut self, state: &RuleState, until: MediaTime) -> Result<(), NoState> {
        let Known { stopwatch, unproven, moved, stays, ended } = Known::read(state, until)?;
        *self = Self { keys: self.keys.clone(), stopwatch, unproven, moved, stays, ended };
        Ok(())
    }
}

/// Whether the stay at this index is another, told before or begun earlier, once more. What was told stays.
fn is_double(stays: &[Stay], index: usize) -> bool {
    let Some(stay) = stays.get(index).filter(|stay| !stay.is_notified()) else { return false };
    let first =
        |other: &Stay, at: usize| other.is_notified() || (other.started.at, at) < (stay.started.at, index);
    stays.iter().enumerate().any(|(at, other)| at != index && first(other, at) && other.is_double(stay))
}
