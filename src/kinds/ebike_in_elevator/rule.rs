mod known;
mod present;
mod traces;

use std::time::Duration;

use known::Known;
use present::Present;
use serde::{Deserialize, Serialize};

use super::{
    background::Background,
    furniture::Furniture,
    rival::Rivals,
    settings::EbikeInElevator,
    suspicion::{Outcome, Says, Seen, Suspicion, weight},
};
use crate::rules::{
    Beginning, Clarity, Finding, Look, NoState, Open, Pending, Presence, Prospect, Rule, RuleState, Status,
    Verdict, doubt::Proof, is_due, stopwatch::Stopwatch,
};
use crate::{
    domain::{Attention, Class, Detection, Gap, MediaTime, Phase, Track, When},
    geometry::BBox,
};

/// Share of looks that must show the absence of the e-bike.
const SHARE: f32 = 0.6;
/// What was seen to leave by the door is gone after so long: whatever comes next is another.
const LEFT: Duration = Duration::from_secs(3);
/// Share of the picture that changes when somebody moves in an elevator.
const MOVING: f32 = 0.005;
/// How often to look while something moves.
const CLOSE_LOOKS: Duration = Duration::from_millis(200);
/// Names the place in findings: an elevator is one.
const PLACE: &str = "elevator";
/// For how long after the last movement.
const CLOSE_FOR: Duration = Duration::from_secs(3);

/// A two-wheeler on an elevator's floor, seen for `confirm`, until it is gone for `rearm`.
///
/// Whether it is there is not decided by one threshold: what each look says adds up, by how sure the network was.
///
/// The place is the elevator, not the bike: its image in a mirror or a metal door makes no second violation.
#[derive(Debug, Serialize)]
pub struct Elevator {
    #[serde(skip)]
    keys: EbikeInElevator,
    #[serde(skip)]
    to_absent: Proof,
    #[serde(skip)]
    to_have_left: Proof,
    stopwatch: Stopwatch,
    furniture: Furniture,
    background: Background,
    rivals: Rivals,
    /// Whether the last look told anything: only then does the time after it count.
    known: bool,
    /// No look since the last gap told anything.
    after_gap: bool,
    /// The last look that told anything.
    last: Option<When>,
    state: Cabin,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Cabin {
    /// Nothing there; perhaps something is, with the best view of it.
    Absent(Option<(Suspicion, Bike)>),
    Present(Present),
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Bike {
    class: Class,
    confidence: f32,
    bbox: BBox,
    /// Where it was at the first look that showed it; none at that look.
    #[serde(default)]
    entered: Option<BBox>,
}

impl Bike {
    /// As a look shows it.
    fn seen(detection: &Detection) -> Self {
        let Detection { class, confidence, bbox, .. } = *detection;
        Self { class, confidence, bbox, entered: None }
    }

    /// This view, with the class of the more confident one.
    fn after(self, earlier: &Self) -> Self {
        let entered = earlier.entered.or(Some(earlier.bbox));
        if earlier.confidence > self.confidence {
            Self { class: earlier.class, confidence: earlier.confidence, entered, ..self }
        } else {
            Self { entered, ..self }
        }
    }
}

impl Elevator {
    /// An elevator in which nothing has been seen.
    pub fn new(keys: EbikeInElevator, beginning: Beginning) -> Self {
        let gone = |time| Proof { share: SHARE, time, contrary: keys.confirm };
        Self {
            to_absent: gone(keys.rearm),
            to_have_left: gone(keys.rearm.min(LEFT)),
            keys,
            stopwatch: Stopwatch::default(),
            furniture: Furniture::new(beginning),
            background: Background::default(),
            rivals: Rivals::default(),
            known: false,
            after_gap: false,
            last: None,
            state: Cabin::Absent(None),
        }
    }

    /// What a gap that goes up to `now` ends: after one as long as `rearm` whoever is there may have gone and come again, so what stood is over,
    /// nobody knows when, and what is seen now is seen anew.
    fn unattended(&mut self, now: When, findings: &mut Vec<Finding>) {
        let Some(last) = self.last.filter(|last| now.at.since(last.at) >= self.keys.rearm) else { return };
        if let Cabin::Present(present) = std::mem::replace(&mut self.state, Cabin::Absent(None)) {
            findings.push(present.finding(Phase::Ended, last, true));
        }
    }

    /// The two-wheeler on the floor that does not belong to the elevator and says most, and how much the look says by it that
    /// one is there.
    fn bike(&mut self, look: &Look, passed: Duration) -> (Option<Bike>, f64) {
        let on_floor: Vec<(&Track, &Detection)> =
            look.seen().filter(|(_, d)| self.keys.floor.contains(d.bbox.anchor())).collect();
        let watched = |d: &Detection| self.keys.classes.contains(&d.class);
        let boxes: Vec<BBox> = on_floor.iter().filter(|(_, d)| watched(d)).map(|(_, d)| d.bbox).collect();
        let person = look.seen().any(|(_, d)| d.class == Class::Person);
        self.furniture.look(&boxes, person, self.moving(look), passed);
        self.rivals.keep(look.tracks, look.observation.at);
        let mut best: (Option<Bike>, f64) = (None, weight(None, self.keys.confidence));
        for (track, d) in on_floor.into_iter().filter(|(_, d)| d.class.is_two_wheeler()) {
            let weight = weight(Some(d.confidence), self.keys.confidence);
            if !watched(d) {
                self.rivals.against(track.id, weight, passed);
                continue;
            }
            if self.furniture.contains(&d.bbox) {
                continue;
            }
            let weight = self.rivals.left(track.id, weight, passed);
            if best.0.is_none_or(|bike| (weight, d.confidence) > (best.1, bike.confidence)) {
                best = (Some(Bike::seen(d)), weight);
            }
        }
        best
    }

    fn after_absent(
        &self,
        suspicion: Option<(Suspicion, Bike)>,
        (bike, says): (Option<Bike>, Says),
        passed: Duration,
        now: When,
        findings: &mut Vec<Finding>,
    ) -> Cabin {
        let Some((mut suspicion, best)) = suspicion else {
            return Cabin::Absent(bike.map(|bike| (Suspicion::open(now, says), bike)));
        };
        let best = bike.map_or(best, |bike| bike.after(&best));
        let seen = if best.confidence >= self.keys.confidence { Seen::Clearly } else { Seen::Faintly };
        match suspicion.weigh(says, seen, passed, self.keys.confirm) {
            Outcome::Open => Cabin::Absent(Some((suspicion, best))),
            Outcome::Dropped => Cabin::Absent(None),
            Outcome::Confirmed => {
                let present = Present::raised(suspicion.since, now, best);
                findings.push(present.finding(Phase::Raised, now, false));
                Cabin::Present(present)
            }
        }
    }

    /// Time that passed while nothing could be told belongs to no state but to the doubt that was open before it; it is no
    /// ground for a suspicion.
    fn pass(&mut self, passed: Duration) {
        if let Cabin::Present(Present { doubt: Some((doubt, _)), .. }) = &mut self.state {
            doubt.pass(passed);
        }
    }

    fn take_back(&mut self, span: Duration) {
        match &mut self.state {
            Cabin::Absent(Some((suspicion, _))) => suspicion.take_back(span),
            Cabin::Present(Present { doubt: Some((doubt, _)), .. }) => doubt.take_back(span),
            _ => {}
        }
    }

    /// Whether something moves on the floor.
    fn moving(&self, look: &Look) -> bool {
        let scene = &look.scene;
        let (mut left, mut top, mut right, mut bottom) = (1.0f32, 1.0f32, 0.0f32, 0.0f32);
        for p in self.keys.floor.points() {
            (left, top) = (left.min(p.x), top.min(p.y));
            (right, bottom) = (right.max(p.x), bottom.max(p.y));
        }
        let floor = BBox::new(left, top, right, bottom);
        scene.changed.is_some_and(|share| share >= MOVING)
            && scene.changed_in.is_none_or(|changed| changed.intersection(&floor) > 0.0)
    }

    fn attention(&self, look: &Look, bike: bool) -> Option<Attention> {
        let moving = self.moving(look);
        let undecided = match &self.state {
            Cabin::Absent(suspicion) => suspicion.is_some() || bike,
            Cabin::Present(_) => false,
        };
        (moving || undecided)
            .then(|| Attention { every: CLOSE_LOOKS, until: look.observation.at + CLOSE_FOR })
    }
}

impl Rule for Elevator {
    fn look(&mut self, look: &Look) -> Verdict {
        let now = look.when();
        let Some(lap) = self.stopwatch.look(now.at) else { return Verdict::default() };
        self.after_gap |= lap.after_gap;
        let clarity = look.seeing.clarity;
        let passed = if self.known { lap.passed } else { Duration::ZERO };
        // Between two files, too, nobody looked.
        if lap.after_gap || (!lap.passed.is_zero() && look.scene.changed.is_none()) {
            self.furniture.interrupted();
        }
        let unseen = weight(None, self.keys.confidence);
        let (best, weight) = if clarity.is_frozen() { (None, unseen) } else { self.bike(look, passed) };
        let trace = if clarity.is_clear() { self.trace(look) } else { None };
        let says = self.says(best, weight, trace);
        let seen = |bike: &Bike| self::weight(Some(bike.confidence), self.keys.confidence) > 0.0;
        let bike = best.filter(seen);
        self.known = bike.is_some() || clarity.is_clear();
        let mut findings = Vec::new();
        if self.known {
            if self.after_gap {
                self.unattended(now, &mut findings);
            }
            self.state = match std::mem::replace(&mut self.state, Cabin::Absent(None)) {
                Cabin::Absent(suspicion) => {
                    let counts = bike.filter(|_| weight > 0.0);
                    let counts = counts.or(best.or(trace).filter(|_| says.with_traces > 0.0));
                    if clarity.is_clear() && self.moving(look) {
                        self.background.look(self.surest(look, best));
                    }
                    self.after_absent(suspicion, (counts, says), passed, now, &mut findings)
                }
                Cabin::Present(present) => self.after_present(present, bike, passed, now, &mut findings),
            };
            self.after_gap = false;
            self.last = Some(now);
        } else {
            self.pass(passed);
        }
        if let Clarity::Frozen { recognised: Some(span) } = clarity {
            self.take_back(span);
        }
        let presence =
            Some(if self.known { Presence::Seen(u32::from(bike.is_some())) } else { Presence::Unknown });
        let attention = self.attention(look, bike.is_some());
        Verdict { findings, attention, presence, ..Verdict::default() }
    }

    fn gap(&mut self, gap: &Gap) -> Verdict {
        self.stopwatch.gap(gap);
        Verdict::default()
    }

    fn tick(&mut self, now: When) -> Verdict {
        let mut findings = Vec::new();
        if self.stopwatch.is_in_gap() {
            self.unattended(now, &mut findings);
        }
        if let Cabin::Present(present) = &mut self.state
            && is_due(self.keys.update_every, present.notified, now)
        {
            present.notified = now.at;
            findings.push(present.finding(Phase::Updated, now, false));
        }
        findings.into()
    }

    fn stop(&mut self) -> Verdict {
        let Cabin::Present(present) = &self.state else { return Verdict::default() };
        let last = present.last_seen;
        let finding = present.finding(Phase::Raised, last, false);
        vec![Finding { last_seen: Some(last), ..finding }].into()
    }

    fn close(&mut self, when: When, unknown: bool) -> Verdict {
        let findings = match &self.state {
            Cabin::Present(present) => vec![present.finding(Phase::Ended, when, unknown)],
            Cabin::Absent(_) => Vec::new(),
        };
        // Hours begin as the first ever did.
        *self = Self::new(self.keys.clone(), Beginning::First);
        findings.into()
    }

    fn prospects(&self) -> Vec<Prospect<'_>> {
        let Cabin::Absent(Some((suspicion, bike))) = &self.state else { return Vec::new() };
        let (class, bbox) = (Some(bike.class), Some(bike.bbox));
        vec![Prospect { started: suspicion.since, place: PLACE, class, bbox }]
    }

    fn status(&self) -> Status {
        let (pending, open) = match &self.state {
            Cabin::Absent(None) => (None, None),
            Cabin::Absent(Some((suspicion, _))) => {
                let (since, lasted) = (suspicion.since, suspicion.seen_for());
                (Some(Pending { since, lasted, allowed: self.keys.confirm }), None)
            }
            Cabin::Present(present) => (None, Some(Open { number: 1, since: present.raised })),
        };
        Status { required: None, pending, open }
    }

    fn moments(&self) -> Vec<When> {
        let mut moments = Vec::from_iter(self.last);
        match &self.state {
            Cabin::Absent(suspicion) => {
                moments.extend(suspicion.iter().map(|(suspicion, _)| suspicion.since));
            }
            Cabin::Present(Present { started, raised, last_seen, doubt, .. }) => {
                moments.extend([*started, *raised, *last_seen]);
                moments.extend(doubt.iter().map(|(doubt, _)| doubt.since));
            }
        }
        moments
    }

    fn save(&self) -> RuleState {
        RuleState::of(self)
    }

    fn restore(&mut self, state: &RuleState, until: MediaTime) -> Result<(), NoState> {
        let Known { stopwatch, furniture, background, rivals, known, after_gap, last, state } =
            Known::read(state, until)?;
        let new = Self::new(self.keys.clone(), Beginning::Again);
        *self = Self { stopwatch, furniture, background, rivals, known, after_gap, last, state, ..new };
        Ok(())
    }
}
