mod known;

use std::time::Duration;

use known::Known;
use serde::{Deserialize, Serialize};

use super::{
    occupants::{Memory, Missed},
    people::{Counted, People},
    settings::ControlRoomUnattended,
};
use crate::domain::{Attention, Count, Gap, MediaTime, Phase, When, micros};
use crate::rules::{
    Clarity, Finding, Look, NoState, Open, Pending, Presence, Prospect, Rule, RuleState, Status, Verdict,
    doubt::{Doubt, Proof, Ruling},
    is_due,
    stopwatch::Stopwatch,
};

/// Longest time over which a change of state is weighed; a quarter of `grace` where that is shorter.
const WEIGHED_FOR: Duration = Duration::from_secs(2);
/// Share of looks that must miss somebody before the post counts as short. More than for the way back: a detector
/// misses people who are there more often than it sees people who are not.
const SHARE_SHORT: f32 = 0.7;
/// Share of looks that must show enough people before it counts as manned again.
const SHARE_MANNED: f32 = 0.5;
/// Share of the picture that changes when somebody walks.
const MOVING: f32 = 0.005;
/// Grace is measured to this part of itself, while it matters.
const FINENESS: u32 = 40;
/// Names the place in findings: a rule has one post.
const PLACE: &str = "post";
/// No rule asks for looks closer together than this.
const CLOSEST: Duration = Duration::from_millis(200);

/// Fewer people at a post than required, for longer than `grace`.
///
/// The post is manned, short, or unknown. Unknown (a gap, a dark, covered or frozen picture, a change of light
/// everywhere) stops the clock and never raises; people who are seen are believed even in a dark picture. Somebody who sat
/// there and was not seen to leave is there for some seconds more (`Memory`); where he is not seen again, he is
/// dated away back to the first look that missed him. While
/// somebody walks at a post that is only just manned, and while it is short, the rule asks for looks often enough
/// to measure `grace` to a fortieth: for long times that is no more than it always looks.
#[derive(Debug, Serialize)]
pub struct ControlRoom {
    #[serde(skip)]
    keys: ControlRoomUnattended,
    #[serde(skip)]
    every: Duration,
    #[serde(skip)]
    to_short: Proof,
    #[serde(skip)]
    to_manned: Proof,
    #[serde(skip)]
    memory: Memory,
    stopwatch: Stopwatch,
    people: People,
    /// For how long nothing has shown that the picture is live, at the last look.
    unproven: Duration,
    /// Whether the last look told anything: only then does the time after it count.
    known: bool,
    /// No look since the last gap told anything.
    after_gap: bool,
    state: Staffing,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Staffing {
    Manned(Option<Doubt>),
    Short(Short),
}

#[derive(Debug, Serialize, Deserialize)]
struct Short {
    since: When,
    /// How long, unknown time left out.
    lasted: Duration,
    warned: bool,
    raised: Option<When>,
    #[serde(with = "micros")]
    notified: MediaTime,
    /// The last look that showed it short.
    last_seen: When,
    seen: u32,
    /// Whether it is over, and whether nobody could look when it may have ended.
    doubt: Option<(Doubt, bool)>,
}

/// What one look says of the post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Post {
    Manned,
    Short,
    Unknown,
}

impl ControlRoom {
    /// A post that is looked at `every` so often.
    pub fn new(keys: ControlRoomUnattended, every: Duration) -> Self {
        let time = WEIGHED_FOR.min(keys.grace / 4);
        let proof = |share| Proof { share, time, contrary: time };
        let memory = Memory::new(keys.warn_after.unwrap_or(keys.grace).min(keys.grace), time);
        Self {
            keys,
            every,
            memory,
            to_short: proof(SHARE_SHORT),
            to_manned: proof(SHARE_MANNED),
            stopwatch: Stopwatch::default(),
            people: People::default(),
            unproven: Duration::ZERO,
            known: false,
            after_gap: false,
            state: Staffing::Manned(None),
        }
    }

    /// Goes on from a manned post.
    fn after_manned(
        &self,
        doubt: Option<Doubt>,
        post: Post,
        short_since: Option<Missed>,
        passed: Duration,
        now: When,
    ) -> Staffing {
        match (doubt, post) {
            (Some(mut doubt), Post::Unknown) => {
                doubt.pass(passed);
                Staffing::Manned(Some(doubt))
            }
            (Some(mut doubt), _) => match doubt.weigh(post == Post::Short, passed, &self.to_short) {
                Ruling::Open => Staffing::Manned(Some(doubt)),
                Ruling::Dropped => Staffing::Manned(None),
                Ruling::Confirmed => Staffing::Short(Short {
                    since: doubt.since,
                    lasted: doubt.passed,
                    warned: false,
                    raised: None,
                    notified: now.at,
                    last_seen: if post == Post::Short { now } else { doubt.since },
                    seen: 0,
                    doubt: None,
                }),
            },
            (None, Post::Short) => {
                let mut doubt = Doubt::open(short_since.map_or(now, |missed| missed.since));
                doubt.pass(short_since.map_or(Duration::ZERO, |missed| missed.passed));
                Staffing::Manned(Some(doubt))
            }
            (None, _) => Staffing::Manned(None),
        }
    }

    /// Goes on from a short post.
    fn after_short(
        &mut self,
        mut short: Short,
        post: Post,
        passed: Duration,
        now: When,
        findings: &mut Vec<Finding>,
    ) -> Staffing {
        short.lasted = short.lasted.saturating_add(passed);
        if post == Post::Short {
            short.last_seen = now;
        }
        let Some((doubt, unknown)) = &mut short.doubt else {
            if post == Post::Manned {
                short.doubt = Some((Doubt::open(now), self.after_gap));
            }
            return Staffing::Short(short);
        };
        if post == Post::Unknown {
            doubt.pass(passed);
            return Staffing::Short(short);
        }
        match doubt.weigh(post == Post::Manned, passed, &self.to_manned) {
            Ruling::Open => {}
            Ruling::Dropped => short.doubt = None,
            Ruling::Confirmed => {
                // It may have been raised while that was in doubt.
                let since = doubt.since;
                let told = short.raised.or(short.warned.then_some(short.last_seen));
                let ended =
                    told.filter(|told| short.notified > since.at && told.at > since.at).unwrap_or(since);
                let unknown = *unknown;
                self.people.occupants_mut().manned_since(ended, now);
                if short.warned || short.raised.is_some() {
                    findings.push(short.finding(self.keys.required, Phase::Ended, ended, unknown));
                }
                return Staffing::Manned(None);
            }
        }
        Staffing::Short(short)
    }

    /// What a short post gives rise to at a look that shows it short.
    fn notify(&mut self, seen: u32, now: When, findings: &mut Vec<Finding>) {
        let Staffing::Short(short) = &mut self.state else { return };
        let lasted = short.counts(self.unproven);
        let phase = if short.raised.is_some() {
            is_due(self.keys.update_every, short.notified, now).then_some(Phase::Updated)
        } else if lasted >= self.keys.grace {
            (short.raised, short.seen) = (Some(now), seen);
            Some(Phase::Raised)
        } else {
            let due = |after| lasted >= after;
            let warns = !short.warned && self.keys.warn_after.is_some_and(due);
            if warns {
                (short.warned, short.seen) = (true, seen);
            }
            warns.then_some(Phase::Warned)
        };
        if let Some(phase) = phase {
            short.notified = now.at;
            findings.push(short.finding(self.keys.required, phase, now, false));
        }
    }

    fn attention(&self, look: &Look, seen: u32) -> Option<Attention> {
        let every = (self.keys.grace / FINENESS).max(CLOSEST);
        let matters = match &self.state {
            Staffing::Manned(Some(_)) => true,
            Staffing::Manned(None) => {
                let moves = look.scene.changed.is_some_and(|share| share >= MOVING);
                seen < self.keys.required || (seen == self.keys.required && moves)
            }
            Staffing::Short(short) => short.raised.is_none() || short.doubt.is_some(),
        };
        (matters && every < self.every)
            .then(|| Attention { every, until: look.observation.at + self.every.saturating_mul(2) })
    }

    fn take_back(&mut self, span: Duration) {
        self.people.occupants_mut().take_back(span);
        match &mut self.state {
            Staffing::Manned(Some(doubt)) => doubt.take_back(span),
            Staffing::Manned(None) => {}
            Staffing::Short(short) => {
                short.lasted = short.lasted.saturating_sub(span);
                if let Some((doubt, _)) = &mut short.doubt {
                    doubt.take_back(span);
                }
            }
        }
    }
}

impl Short {
    /// How much of the time counts towards grace.
    fn counts(&self, unproven: Duration) -> Duration {
        // Since somebody seemed to be back, perhaps they are: that time counts once they are known not to be.
        let doubted = self.doubt.as_ref().map_or(Duration::ZERO, |(doubt, _)| doubt.passed);
        self.lasted.saturating_sub(doubted).saturating_sub(unproven)
    }

    fn finding(&self, required: u32, phase: Phase, at: When, ended_unknown: bool) -> Finding {
        Finding {
            phase,
            started: self.since,
            at,
            raised: self.raised,
            class: None,
            confidence: None,
            bbox: None,
            count: Some(Count { seen: self.seen, required }),
            place: PLACE.to_owned(),
            last_seen: None,
            ended_unknown,
        }
    }
}

impl Rule for ControlRoom {
    fn look(&mut self, look: &Look) -> Verdict {
        let now = look.when();
        let Some(lap) = self.stopwatch.look(now.at) else { return Verdict::default() };
        self.after_gap |= lap.after_gap;
        let clarity = look.seeing.clarity;
        self.unproven = look.seeing.unproven;
        let passed = if self.known { lap.passed } else { Duration::ZERO };
        let Counted { seen, there, short_since } = self.people.count(look, &self.keys, passed, &self.memory);
        let post = match clarity {
            _ if clarity.is_frozen() => Post::Unknown,
            _ if seen >= self.keys.required => Post::Manned,
            Clarity::Clear if there >= self.keys.required => Post::Manned,
            Clarity::Clear => Post::Short,
            _ => Post::Unknown,
        };
        self.known = post != Post::Unknown;
        let mut findings = Vec::new();
        self.state = match std::mem::replace(&mut self.state, Staffing::Manned(None)) {
            Staffing::Manned(doubt) => self.after_manned(doubt, post, short_since, passed, now),
            Staffing::Short(short) => self.after_short(short, post, passed, now, &mut findings),
        };
        if let Clarity::Frozen { recognised: Some(span) } = clarity {
            self.take_back(span);
        }
        if post == Post::Short {
            self.notify(there, now, &mut findings);
        }
        if self.known {
            self.after_gap = false;
        }
        let presence = Some(if self.known { Presence::Seen(there) } else { Presence::Unknown });
        Verdict { findings, attention: self.attention(look, seen), presence, ..Verdict::default() }
    }

    fn gap(&mut self, gap: &Gap) -> Verdict {
        self.stopwatch.gap(gap);
        Verdict::default()
    }

    fn tick(&mut self, now: When) -> Verdict {
        let Staffing::Short(short) = &mut self.state else { return Verdict::default() };
        if short.raised.is_none() || !is_due(self.keys.update_every, short.notified, now) {
            return Verdict::default();
        }
        short.notified = now.at;
        vec![short.finding(self.keys.required, Phase::Updated, now, false)].into()
    }

    fn stop(&mut self) -> Verdict {
        let Staffing::Short(short) = &self.state else { return Verdict::default() };
        let last = short.last_seen;
        let findings = if short.raised.is_some() {
            let finding = short.finding(self.keys.required, Phase::Raised, last, false);
            vec![Finding { last_seen: Some(last), ..finding }]
        } else if short.warned {
            vec![short.finding(self.keys.required, Phase::Ended, last, true)]
        } else {
            Vec::new()
        };
        findings.into()
    }

    fn close(&mut self, when: When, unknown: bool) -> Verdict {
        let findings = match &self.state {
            Staffing::Short(short) if short.warned || short.raised.is_some() => {
                vec![short.finding(self.keys.required, Phase::Ended, when, unknown)]
            }
            _ => Vec::new(),
        };
        *self = Self::new(self.keys.clone(), self.every);
        findings.into()
    }

    fn prospects(&self) -> Vec<Prospect<'_>> {
        let started = match &self.state {
            Staffing::Manned(doubt) => doubt.as_ref().map(|doubt| doubt.since),
            Staffing::Short(short) => short.raised.is_none().then_some(short.since),
        };
        started
            .into_iter()
            .chain(self.people.occupants().doubted())
            .map(|started| Prospect { started, place: PLACE, class: None, bbox: None })
            .collect()
    }

    fn status(&self) -> Status {
        let pending = |since, lasted| Some(Pending { since, lasted, allowed: self.keys.grace });
        let (pending, open) = match &self.state {
            Staffing::Manned(None) => (None, None),
            Staffing::Manned(Some(doubt)) => {
                (pending(doubt.since, doubt.passed.saturating_sub(self.unproven)), None)
            }
            Staffing::Short(short) => match short.raised {
                Some(since) => (None, Some(Open { number: 1, since })),
                None => (pending(short.since, short.counts(self.unproven)), None),
            },
        };
        Status { required: Some(self.keys.required), pending, open }
    }

    fn moments(&self) -> Vec<When> {
        let missed = self.people.occupants().missed().map(|missed| missed.since);
        match &self.state {
            Staffing::Manned(doubt) => doubt.iter().map(|doubt| doubt.since).chain(missed).collect(),
            Staffing::Short(Short { since, raised, last_seen, doubt, .. }) => {
                let back = doubt.as_ref().map(|(doubt, _)| doubt.since);
                [*since, *last_seen].into_iter().chain(*raised).chain(back).chain(missed).collect()
            }
        }
    }

    fn save(&self) -> RuleState {
        RuleState::of(self)
    }

    fn restore(&mut self, state: &RuleState, until: MediaTime) -> Result<(), NoState> {
        let Known { stopwatch, people, unproven, known, after_gap, state } = Known::read(state, until)?;
        let new = Self::new(self.keys.clone(), self.every);
        *self = Self { stopwatch, people, unproven, known, after_gap, state, ..new };
        Ok(())
    }
}
