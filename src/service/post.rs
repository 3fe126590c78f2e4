//! One camera's thread: what its source tells and what workers answer go in, steps and evidence come out.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
    time::{Duration, Instant},
};

use crossbeam::{
    channel::{self, Receiver},
    select,
};

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    ahead::{Ahead, ahead},
    counts::Counts,
    vitals::Vitals,
};
use crate::{
    domain::{GapReason, Phase, Record},
    engine::{Action, Actions, Answer, Camera, Desk, Event, Ticket},
    evidence::live::Keeper,
    judge::{Judgement, Saved},
    ledger::{Fact, Ledger, Step, database::CameraLedger, days::DayKeeper},
    pulse::{self, Remedy},
    reactions::Reactions,
    source::{
        Source,
        live::{LiveSource, Timeline},
    },
    stop::Stop,
};

/// While no pictures come, rules are told so often that time passes.
const TICK: Duration = Duration::from_secs(1);
/// What follows from one event takes so long at most.
const WATCHING: Duration = Duration::from_secs(60);
/// Once it is to stop, so long is waited for looks that workers have at hand.
const LEAVING: Duration = Duration::from_secs(5);

/// What one camera's thread works with.
pub(super) struct Post {
    pub camera: Camera,
    pub source: LiveSource,
    pub desk: Desk,
    pub ledger: CameraLedger,
    pub reactions: Reactions,
    pub keeper: Keeper,
    pub days: DayKeeper,
    pub counts: Counts,
    pub vitals: Vitals,
    pub stop: Stop,
    /// The site's, whose days are counted.
    pub zone: TimeZone,
    /// The day of the last look before the program was started.
    pub day: Option<Date>,
    /// So many bytes of pictures may wait between its source and its thread.
    pub waiting: usize,
}

/// How the watch of a camera ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Left {
    /// It was to stop.
    Stopped,
    /// Its recording is over.
    Over,
    /// Something failed that it needs: in words.
    Failed(String),
}

impl Post {
    /// Watches until it is to stop, its source is over, or something fails that it needs. A panic of the camera's thread or its
    /// reader's is its failure; others go on.
    pub fn hold(self) -> Left {
        let Self {
            camera,
            mut source,
            desk,
            ledger,
            reactions,
            keeper,
            days,
            counts,
            vitals,
            stop,
            zone,
            day,
            waiting,
        } = self;
        let timeline = source.timeline();
        let (mut parts, ahead) = ahead(waiting);
        let name = ledger.camera().clone();
        let read = {
            let (stop, named) = (stop.clone(), format!("read {name}"));
            move || {
                let _entered = pulse::enter(named, Remedy::Restart);
                while let Some(part) = source.next(&stop) {
                    pulse::rests();
                    // A camera that gave up takes no more parts.
                    if parts.put(part).is_err() {
                        return;
                    }
                }
            }
        };
        let _entered = pulse::enter(format!("watch {name}"), Remedy::Restart);
        let failed = |panic: &(dyn std::any::Any + Send)| {
            let words = panic.downcast_ref::<&str>().map(|words| (*words).to_owned());
            let words = words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            Left::Failed(format!("the program failed while it watched: {words}. Please report this"))
        };
        thread::scope(|scope| {
            let reader = match thread::Builder::new().name(format!("read {name}")).spawn_scoped(scope, read) {
                Ok(reader) => reader,
                Err(error) => return Left::Failed(format!("a thread cannot be started: {error}")),
            };
            let mut watch =
                Watch { camera, desk, ledger, reactions, keeper, days, counts, vitals, timeline, zone, day };
            let left = catch_unwind(AssertUnwindSafe(|| watch.run(ahead, &stop)));
            stop_reading(&stop, &left);
            let left = match left {
                Ok(left) => {
                    watch.leave();
                    left
                }
                // Nobody knows what it has left behind: what was committed before is gone on from.
                Err(panic) => failed(panic.as_ref()),
            };
            // A reader that stands still is named itself.
            pulse::rests();
            match reader.join() {
                Ok(()) => left,
                Err(panic) => failed(panic.as_ref()),
            }
        })
    }
}

/// The reader of a camera that ended by itself is not waited for beyond what it has at hand.
fn stop_reading(stop: &Stop, left: &thread::Result<Left>) {
    if !matches!(left, Ok(Left::Over)) {
        stop.set(stop.signal().unwrap_or(crate::stop::Signal::Terminate));
    }
}

/// All that a camera knows, and what was told of how it does.
fn known(camera: &Camera, vitals: &Vitals) -> Saved {
    let mut saved = camera.save();
    saved.health = Some(vitals.save());
    saved
}

struct Watch {
    camera: Camera,
    desk: Desk,
    ledger: CameraLedger,
    reactions: Reactions,
    keeper: Keeper,
    days: DayKeeper,
    counts: Counts,
    vitals: Vitals,
    timeline: Timeline,
    zone: TimeZone,
    day: Option<Date>,
}

impl Watch {
    fn run(&mut self, ahead: Receiver<Ahead>, stop: &Stop) -> Left {
        let mut actions = Actions::new();
        let (mut leave_by, mut failure) = (None, None);
        let answers = self.desk.answers().clone();
        while !self.camera.is_done() {
            if stop.is_set() {
                let by = *leave_by.get_or_insert_with(|| Instant::now() + LEAVING);
                if Instant::now() >= by {
                    break;
                }
            }
            pulse::does("watching", WATCHING);
            let event = self.next(&ahead, &answers);
            let told = self.vitals.pass(self.timeline.now(), Instant::now());
            self.keep(told);
            let Some(event) = event else { continue };
            self.camera.take(event, &mut actions);
            failure = self.act(&mut actions).or(failure);
        }
        match failure {
            _ if stop.is_set() => Left::Stopped,
            Some(words) => Left::Failed(words),
            None => Left::Over,
        }
    }

    /// Keeps what the camera knows; clips that were begun are completed without what would have followed.
    fn leave(self) {
        let Self { camera, vitals, ledger, keeper, .. } = self;
        ledger.leave(known(&camera, &vitals));
        drop(keeper);
    }

    /// What happens next; none where nothing did that matters.
    fn next(&mut self, ahead: &Receiver<Ahead>, answers: &Receiver<(Ticket, Answer)>) -> Option<Event> {
        let never = channel::never();
        let parts = if self.camera.wants_part() { ahead } else { &never };
        select! {
            recv(parts) -> part => Some(match part {
                Ok(part) => {
                    let part = part.take();
                    self.keeper.part(&part);
                    Event::Part(part)
                }
                Err(_) => Event::Over,
            }),
            recv(answers) -> answer => answer.ok().map(|(ticket, answer)| {
                if let Ok(done) = &answer {
                    self.counts.took(done.took);
                }
                Event::Looked(ticket, answer)
            }),
            default(TICK) => self.is_out().then(|| Event::Tick(self.timeline.now())),
        }
    }

    /// Whether no pictures come, and all that came was judged: then time may pass, as no look of before it will come any more.
    fn is_out(&self) -> bool {
        let gap = self.camera.judge().gap();
        let is_out = gap.is_some_and(|gap| matches!(gap.reason, GapReason::Offline | GapReason::BoxOff));
        is_out && self.camera.is_idle()
    }

    /// Does what an event led to. What failed that the camera needs, in words.
    fn act(&mut self, actions: &mut Actions) -> Option<String> {
        let (mut facts, mut failure) = (Vec::new(), None);
        for action in actions.drain(..) {
            facts.push(match action {
                Action::Look(ticket, job) => {
                    self.counts.want(job.wanted.len());
                    self.desk.hand_in(ticket, job);
                    continue;
                }
                Action::Failed(error) => {
                    failure = Some(error.to_string());
                    continue;
                }
                Action::Tell(record, judgement) => Fact::Told(record, judgement),
                Action::Judged(judgement) => Fact::Judged(judgement),
                Action::Missed(reason) => {
                    self.counts.drop(reason);
                    Fact::Missed(reason)
                }
                Action::Notice(notice) => {
                    tracing::warn!("{notice}");
                    Fact::Notice(notice)
                }
                Action::Reached(_, at) => Fact::Reached(at),
            });
        }
        let outlook = self.camera.judge().sees();
        facts.extend(self.vitals.follow(&facts, outlook));
        self.keep(facts);
        failure
    }

    /// Keeps what came of one step, and what follows from it.
    fn keep(&mut self, facts: Vec<Fact>) {
        if facts.is_empty() {
            return;
        }
        // What is done on the spot waits for no disk.
        for (violation, explanation, time) in self.ledger.changes(&facts) {
            if let Some(explanation) = explanation {
                self.reactions.told(violation, explanation, time);
            }
        }
        let Self { camera, vitals, ledger, .. } = self;
        let state = || Some(known(camera, vitals));
        let step = Step { camera: &ledger.camera().clone(), facts: &facts, state: &state };
        if let Err(error) = ledger.commit(&step) {
            tracing::error!("{error}");
        }
        for fact in &facts {
            self.follow(fact);
        }
    }

    /// What evidence and counts learn of it.
    fn follow(&mut self, fact: &Fact) {
        match fact {
            Fact::Told(record, judgement) => {
                if let Record::Observation(observation) = record {
                    self.counts.take(self.timeline.now().at.since(observation.at));
                    tracing::debug!("camera {}: looked at {}", observation.camera, observation.at);
                }
                self.keeper.told(record, judgement);
                self.days.told(record, judgement, self.camera.judge().watched_today());
                if let Record::Observation(observation) = record {
                    self.turn_day(observation.wall);
                }
            }
            Fact::Judged(judgement) => self.keeper.judged(judgement),
            Fact::Missed(reason) => self.days.missed(*reason),
            Fact::Reached(_) | Fact::Notice(_) | Fact::Health(..) | Fact::Ended(_) => {}
        }
        if let Some(judgement) = fact.judgement() {
            self.say(judgement);
        }
    }

    /// Notes that another day has begun, by the wall time of a look.
    fn turn_day(&mut self, wall: Timestamp) {
        let day = self.zone.to_datetime(wall).date();
        if self.day.replace(day).is_some_and(|before| before != day) {
            self.camera.begin_day();
        }
    }

    fn say(&mut self, judgement: &Judgement) {
        for violation in &judgement.violations {
            if violation.phase == Phase::Raised {
                self.counts.raise();
            }
            let class = violation.class.map_or_else(String::new, |class| format!(" {}", class.name()));
            tracing::info!(
                "{} {}:{class} since {}, id {}",
                violation.rule,
                violation.phase.name(),
                violation.started.wall,
                violation.id
            );
        }
    }
}
