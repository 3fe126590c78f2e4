use std::{
    collections::VecDeque,
    mem,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use uuid::Uuid;

use super::{
    super::{
        EvidenceError,
        plan::{self, Plan},
    },
    Kept, Shared,
    clips::{Begin, ClipJob, Growing, ends_in},
    firsts::{Footage, State},
    held::Held,
    queue::{Refused, Urgency},
    ring::Ring,
    stills::{Fate, From, Order, StillJob, Wanted},
};
use crate::{
    config::{Camera, Config, Evidence, SourceAddress},
    domain::{
        Detection, EvidenceRole, MediaTime, Moment, Phase, Record, RuleId, SiteId, Violation, WallOrigin,
        When,
    },
    judge::{CandidateOf, Judgement},
    rules::CandidatePhase,
    source::Part,
};

/// So many violations' stills may wait to be made.
pub(super) const MOST_URGENT: usize = 256;

/// So many candidates' stills may wait to be made.
pub(super) const MOST_FIRST: usize = 64;

/// What is told lies back no further than this: looks lag, and what is hidden for a while is over only after it.
const LAG: Duration = Duration::from_secs(15);

/// However long a rule waits before something is over, no more is held for it.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A look's own picture has its very time, but for what containers round.
const EXACT: Duration = Duration::from_millis(1);

/// Where looks are taken from another stream than evidence, its pictures are this near, and may come as much later.
const NEAR: Duration = Duration::from_secs(1);

/// A candidate's first still is made once it has lasted so long, or [`SOON`] of what makes it a violation.
const PATIENCE: Duration = Duration::from_secs(5);
/// As a part of the rule's own time: its first still is there by the time that a short one is told of, and nobody waits for it.
const SOON: u32 = 2;

/// A clip is closed when nothing has come for so long after it should have been complete.
const GRACE: Duration = Duration::from_secs(30);

/// Keeps the evidence of one camera: its last pictures, and what rules make of them. Called by the camera's thread, which it
/// never keeps waiting: neither the disk nor a decoder is used by it.
pub struct Keeper {
    shared: Arc<Shared>,
    plan: Plan,
    rolls: Evidence,
    site: SiteId,
    /// Tells its clips from those of others.
    number: u64,
    ring: Ring,
    /// The first picture that was ever there.
    first: Option<MediaTime>,
    /// What was found at the last looks.
    seen: VecDeque<(MediaTime, Vec<Detection>)>,
    lasts: Duration,
    /// Candidates whose first still is not made yet, and when it is to be.
    firsts: VecDeque<(MediaTime, Uuid)>,
    /// What stills hold that wait to be made.
    held: Held,
    /// Ends of the clips that are being written.
    due: Vec<MediaTime>,
    /// Bytes that wait to be written into clips.
    waiting: Arc<AtomicUsize>,
    growing: Growing,
}

impl Keeper {
    pub(super) fn new(shared: &Arc<Shared>, config: &Config, camera: &Camera) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let waits = camera.rules.iter().filter_map(|rule| rule.keys().forgets_after()).max();
        let waits = waits.unwrap_or_default().min(LONGEST_WAIT).saturating_add(LAG);
        let lasts = config.evidence.pre_roll.saturating_add(LAG).max(waits);
        Self {
            plan: Plan::new(config, camera),
            rolls: config.evidence.clone(),
            site: config.site.id.clone(),
            number: NUMBER.fetch_add(1, Relaxed),
            ring: Ring::new(lasts, shared.settings.ring),
            first: None,
            seen: VecDeque::new(),
            lasts,
            firsts: VecDeque::new(),
            held: Held::default(),
            due: Vec::new(),
            waiting: Arc::default(),
            growing: Growing::default(),
            shared: Arc::clone(shared),
        }
    }

    /// Takes the next part of the camera's stream; none may be left out.
    pub fn part(&mut self, part: &Part) {
        self.ring.push(part);
        if let Part::Growing(gop) | Part::Gop(gop) = part {
            self.first.get_or_insert(gop.start);
            *self.growing.lock().unwrap_or_else(PoisonError::into_inner) = self.ring.growing().cloned();
        }
        if self.due.is_empty() {
            return;
        }
        match part {
            Part::Growing(gop) => {
                let before = self.due.len();
                self.due.retain(|to| !ends_in(gop, *to));
                if self.due.len() < before {
                    let _ = self.send(ClipJob::Reached { keeper: self.number, gop: Arc::clone(gop) });
                }
            }
            Part::Gop(gop) => {
                if !gop.packets.is_empty() {
                    self.forward(part, gop.bytes());
                }
                // Pictures that are shown before the next key frame may come after it.
                let until = if gop.stream.reorder > 0 { gop.start } else { gop.end };
                self.due.retain(|to| *to >= until);
            }
            Part::Epoch { .. } | Part::GapClosed(_) | Part::Failed { .. } => self.forward(part, 0),
            Part::GapOpened(_) | Part::Notice(_) => {}
        }
    }

    /// Takes what rules made of the next record.
    pub fn told(&mut self, record: &Record, judgement: &Judgement) {
        if let Record::Observation(look) = record {
            self.seen.push_back((look.at, look.detections.clone()));
            let oldest = look.at - self.lasts;
            while self.seen.front().is_some_and(|(at, _)| *at < oldest) {
                self.seen.pop_front();
            }
            self.make_firsts(look.at);
        }
        self.judged(judgement);
    }

    /// Takes what rules made of the time that passed.
    pub fn judged(&mut self, judgement: &Judgement) {
        for candidate in &judgement.candidates {
            match candidate.candidate.phase {
                CandidatePhase::Began => self.began(candidate),
                CandidatePhase::GivenUp => drop(self.shared.firsts.take(candidate.violation)),
            }
        }
        // Where the watching ends nothing has happened.
        for violation in judgement.violations.iter().filter(|violation| violation.last_seen.is_none()) {
            match violation.phase {
                Phase::Warned => self.order(violation, &[(EvidenceRole::Started, &violation.started)]),
                Phase::Raised => self.raised(violation),
                Phase::Updated => {}
                Phase::Ended => {
                    if let (Some(ended), Some(_)) = (&violation.ended, &violation.raised) {
                        self.order(violation, &[(EvidenceRole::Ended, ended)]);
                    }
                }
            }
        }
    }

    /// A candidate begins: its first picture is gone by the time it is a violation.
    fn began(&mut self, of: &CandidateOf) {
        let Some(violation) = self.may_become(of) else { return };
        let id = violation.id;
        let state = match self.footage(&violation, (EvidenceRole::Started, &violation.started)) {
            From::Footage(footage) => State::Waiting(Arc::new(footage)),
            // It is asked for again when it is raised.
            _ => return,
        };
        if !self.shared.firsts.begin(id, &self.plan.camera().id, state) {
            self.shared.counts.refused.fetch_add(1, Relaxed);
            return;
        }
        let rule = self.plan.camera().rules.get(of.rule);
        let patience = rule.map_or(PATIENCE, |rule| PATIENCE.min(rule.keys().least_time() / SOON));
        let due = of.candidate.started.at + patience;
        let place = self.firsts.partition_point(|(other, _)| *other <= due);
        self.firsts.insert(place, (due, id));
    }

    /// Has the first stills made of candidates that have lasted until `at`: most are over sooner, such as cars that pass by, and
    /// a picture costs more than all the looks of some seconds. Until then its packets are held.
    fn make_firsts(&mut self, at: MediaTime) {
        while let Some((_, id)) = self.firsts.pop_front_if(|(due, _)| *due <= at) {
            let waits =
                self.shared.firsts.get(id).is_some_and(|first| matches!(first.state, State::Waiting(_)));
            if !waits {
                continue;
            }
            if let Err((_, why)) = self.shared.stills.push(StillJob::First(id), Urgency::Usual) {
                self.shared.counts.refused.fetch_add(1, Relaxed);
                let name = format!("the first still of {id}");
                let missing = self.shared.missing(EvidenceRole::Started, &refusal(why, name));
                self.shared.firsts.set(id, State::Failed(missing), None);
            }
        }
    }

    /// The violation that a candidate may become, as far as it is known. None for a rule that is not there.
    fn may_become(&self, CandidateOf { rule, violation: id, candidate }: &CandidateOf) -> Option<Violation> {
        let camera = self.plan.camera();
        let rule = camera.rules.get(*rule)?;
        let When { at, wall, .. } = candidate.started;
        Some(Violation {
            id: *id,
            site: self.site.clone(),
            camera: camera.id.clone(),
            camera_name: camera.name.clone(),
            rule: RuleId::new(&camera.id, rule.kind(), rule.name.as_deref()),
            kind: rule.kind(),
            phase: Phase::Warned,
            class: candidate.class,
            confidence: None,
            bbox: candidate.bbox,
            count: None,
            wall_origin: WallOrigin::Clock,
            started: Moment { media_s: at, wall, file: None, file_s: None },
            raised: None,
            ended: None,
            last_seen: None,
            ended_unknown: false,
            evidence: Vec::new(),
            missing: Vec::new(),
        })
    }

    fn raised(&mut self, violation: &Violation) {
        let Some(raised) = &violation.raised else { return };
        let started = (EvidenceRole::Started, &violation.started);
        self.order(violation, &[(EvidenceRole::Raised, raised), started]);
        self.clip(violation);
    }

    /// Asks for stills of a violation.
    fn order(&self, violation: &Violation, moments: &[(EvidenceRole, &Moment)]) {
        let still = |(role, moment): &(EvidenceRole, &Moment)| {
            let from = self.footage(violation, (*role, moment));
            let fate = if violation.phase == Phase::Warned { Fate::Stays } else { Fate::Goes };
            let from = match role {
                EvidenceRole::Started => From::First(fate, Box::new(from)),
                _ => from,
            };
            Wanted { role: *role, moment: (*moment).clone(), from }
        };
        let hold = self.shared.days.hold(self.shared.days.of(plan::told(violation).wall));
        let order = Order {
            violation: violation.clone(),
            hold,
            name: plan::name(violation),
            masks: self.plan.camera().mask.clone(),
            stills: moments.iter().map(still).collect(),
        };
        let job = StillJob::Order(Box::new(order));
        if let Err((_, why)) = self.shared.stills.push(job, Urgency::Urgent) {
            self.shared.counts.refused.fetch_add(moments.len() as u64, Relaxed);
            let missing = |(role, _): &(EvidenceRole, &Moment)| {
                self.shared.missing(*role, &refusal(why, file_name(violation, *role)))
            };
            let missing = moments.iter().map(missing).collect();
            self.shared.tell(Kept { violation: violation.id, entries: Vec::new(), missing });
        }
    }

    /// What a still is made of, while that is held.
    fn footage(&self, violation: &Violation, (role, moment): (EvidenceRole, &Moment)) -> From {
        let name = file_name(violation, role);
        let looks_elsewhere =
            matches!(&self.plan.camera().source, SourceAddress::Live(live) if live.substream.is_some());
        let near = if looks_elsewhere { NEAR } else { EXACT };
        // The last picture that is there, where the moment's own is still on its way.
        let is_near = |until: &MediaTime| *until <= moment.media_s && moment.media_s.since(*until) < near;
        let last = self.ring.until().filter(is_near).map(|until| until - EXACT);
        let groups = self.ring.at(moment.media_s).or_else(|| self.ring.at(last?));
        let Some(groups) = groups else {
            let is_before = self.first.is_none_or(|first| moment.media_s < first);
            return From::Nowhere(if is_before {
                EvidenceError::Unwitnessed(name)
            } else {
                EvidenceError::Passed(name)
            });
        };
        let bytes = groups.iter().map(|group| group.bytes()).sum();
        let Some(room) = self.held.room(bytes, self.shared.settings.ring) else {
            return From::Nowhere(EvidenceError::Busy(name));
        };
        let seen = self.seen.iter().rfind(|(at, _)| *at == moment.media_s);
        let found = seen.map(|(_, found)| found.as_slice()).unwrap_or_default();
        let shot = self.plan.shot(violation, (role, moment), found, name);
        From::Footage(Footage { groups, shot, near, _room: room })
    }

    /// Begins the clip of a violation with what is held.
    fn clip(&mut self, violation: &Violation) {
        let mut cut = plan::cut(&self.rolls, violation);
        cut.stem = format!("{}_{}", plan::name(violation), EvidenceRole::Clip.name());
        let (parts, origin) = self.ring.since(cut.from);
        let comes = cut.to.since(self.ring.until().unwrap_or(cut.at)).saturating_add(GRACE);
        let now = self.shared.settings.clock.monotonic();
        let (to, days) = (cut.to, &self.shared.days);
        let begin = Begin {
            keeper: self.number,
            violation: violation.id,
            hold: days.hold(days.of(plan::told(violation).wall)),
            cut,
            masks: self.plan.camera().mask.clone(),
            parts,
            origin,
            growing: Arc::clone(&self.growing),
            deadline: now.checked_add(comes).unwrap_or(now),
        };
        if let Err(why) = self.send(ClipJob::Begin(Box::new(begin))) {
            let error = refusal(why, file_name(violation, EvidenceRole::Clip));
            let missing = vec![self.shared.missing(EvidenceRole::Clip, &error)];
            self.shared.tell(Kept { violation: violation.id, entries: Vec::new(), missing });
            return;
        }
        self.due.push(to);
    }

    /// Hands a part on to the clips that are being written. Where too much waits already, they end here.
    fn forward(&mut self, part: &Part, bytes: usize) {
        let before = self.waiting.fetch_add(bytes, Relaxed);
        if before > 0 && before.saturating_add(bytes) > self.shared.settings.ring {
            self.waiting.fetch_sub(bytes, Relaxed);
            let clips = mem::take(&mut self.due).len();
            self.shared.counts.refused.fetch_add(clips as u64, Relaxed);
            tracing::warn!(
                camera = %self.plan.camera().id,
                clips,
                "clips end early: they cannot be written as fast as pictures come"
            );
            let _ = self.send(ClipJob::Over { keeper: self.number });
            return;
        }
        let waiting = Arc::clone(&self.waiting);
        let _ = self.send(ClipJob::Part { keeper: self.number, part: part.clone(), bytes, waiting });
    }

    fn send(&self, job: ClipJob) -> Result<(), Refused> {
        self.shared.clips.push(job, Urgency::Usual).map_err(|(_, why)| why)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.make_firsts(MediaTime::MAX);
        let _ = self.send(ClipJob::Over { keeper: self.number });
        self.shared.firsts.orphan(&self.plan.camera().id);
    }
}

/// What the file of a still or clip would be called, for messages.
fn file_name(violation: &Violation, role: EvidenceRole) -> String {
    format!("{}_{}", plan::name(violation), role.name())
}

fn refusal(why: Refused, name: String) -> EvidenceError {
    match why {
        Refused::Full => EvidenceError::Busy(name),
        Refused::Closed => EvidenceError::Ending(name),
    }
}
