//! The thread of one reaction.

use std::{
    fmt, io,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    Limits,
    call::Call,
    command::Run,
    failure::Failure,
    message::Message,
    queue::{Put, Queue, Waiting},
    record::{ReactionFacts, Record},
    trusted,
};
use crate::{
    config::{Deed, Reaction},
    domain::Violation,
    files,
    pulse::{self, Remedy},
};

/// A call or a program has bounds of its own, which are shorter.
const REACTING: Duration = Duration::from_secs(120);

/// A reaction at work. Where it is let go of, it ends: what waits is still done, and what runs is killed.
pub(super) struct Worker {
    reaction: Reaction,
    shared: Arc<Shared>,
    ended: Receiver<()>,
}

/// What the thread and others have in common.
struct Shared {
    state: Mutex<State>,
    news: Condvar,
    /// What runs is to be given up.
    is_abandoned: AtomicBool,
}

struct State {
    queue: Queue,
    record: Record,
    is_ending: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Worker {
    pub fn start(reaction: Reaction, limits: Limits) -> io::Result<Self> {
        let (queue, record) = (Queue::new(limits.waiting), Record::new(what(&reaction.deed)));
        let state = State { queue, record, is_ending: false };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            news: Condvar::new(),
            is_abandoned: AtomicBool::new(false),
        });
        let (to, ended) = mpsc::sync_channel(1);
        let (work, deed) = (Arc::clone(&shared), reaction.deed.clone());
        let work = move || {
            let _entered = pulse::enter("reaction", Remedy::Tell);
            work_on(&work, deed, limits);
            let _ = to.send(());
        };
        thread::Builder::new().name("reaction".to_owned()).spawn(work)?;
        Ok(Self { reaction, shared, ended })
    }

    /// It is the reaction of this number in the configuration, which tells it from others at the same host or with the same
    /// program.
    pub fn number(&self, number: usize) {
        self.shared.state().record.call(called(number, &self.reaction.deed));
    }

    /// Of which reaction.
    pub fn reaction(&self) -> &Reaction {
        &self.reaction
    }

    /// Whether it is a reaction to this.
    pub fn wants(&self, violation: &Violation) -> bool {
        self.reaction.filter.passes(&violation.camera, violation.kind, violation.phase)
    }

    /// Has it done, after what waits already.
    pub fn give(&self, message: Arc<Message>) {
        let mut state = self.shared.state();
        match state.queue.put(message, Instant::now()) {
            Put::Added => {}
            Put::Replaced => state.record.replaced(),
            Put::Dropped => state.record.dropped(),
        }
        drop(state);
        self.shared.news.notify_one();
    }

    pub fn facts(&self) -> ReactionFacts {
        self.shared.state().record.facts()
    }

    /// Asks for the end, once what waits is done.
    pub fn end(&self) {
        self.shared.state().is_ending = true;
        self.shared.news.notify_one();
    }

    /// Has a program killed that runs, and what waits left out.
    pub fn abandon(&self) {
        self.shared.is_abandoned.store(true, Ordering::SeqCst);
        self.end();
    }

    /// Waits for the end, but not longer than this. Whether it came.
    pub fn has_ended_within(&self, time: Duration) -> bool {
        // Where nobody can send any more, it has.
        self.ended.recv_timeout(time) != Err(RecvTimeoutError::Timeout)
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Worker({})", what(&self.reaction.deed))
    }
}

/// What is done, and by which reaction of the configuration.
pub(super) fn called(number: usize, deed: &Deed) -> String {
    format!("reaction[{number}] {}", what(deed))
}

/// Why it would fail now, as far as that is seen without doing it.
pub(super) fn trouble(deed: &Deed) -> Option<String> {
    match deed {
        // Whether a device is there is seen only by having it do what it does.
        Deed::Url(_) => None,
        Deed::Command(command) => trusted::runnable(&command.program).err().map(|why| why.to_string()),
    }
}

/// Does it once, for somebody who sets it up.
pub(super) fn try_once(deed: Deed, message: &Message, limits: Limits) -> Result<(), Failure> {
    Doing::of(deed, limits).react(message, &AtomicBool::new(false))
}

/// What is done, for people.
fn what(deed: &Deed) -> String {
    match deed {
        Deed::Url(address) => Call::what(address),
        Deed::Command(command) => files::shown(command.program.as_os_str()),
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.abandon();
    }
}

enum Doing {
    Call(Call),
    Run(Run),
}

impl Doing {
    fn of(deed: Deed, limits: Limits) -> Self {
        match deed {
            Deed::Url(address) => Self::Call(Call::new(&address, limits.patience)),
            Deed::Command(command) => Self::Run(Run::new(command, limits.patience)),
        }
    }

    fn react(&mut self, message: &Message, abandoned: &AtomicBool) -> Result<(), Failure> {
        match self {
            Self::Call(call) => call.make(message),
            Self::Run(run) => run.run(message, abandoned),
        }
    }
}

fn work_on(shared: &Shared, deed: Deed, limits: Limits) {
    let mut doing = Doing::of(deed, limits);
    while let Some(Waiting { message, since }) = next(shared) {
        pulse::does("doing what a violation asks for", REACTING);
        let done = (since.elapsed() < limits.stale).then(|| doing.react(&message, &shared.is_abandoned));
        let mut state = shared.state();
        let said = match done {
            Some(done) => state.record.note(done),
            // Late, it would do harm, or frighten people for nothing.
            None => {
                state.record.dropped();
                None
            }
        };
        let left_out = state.record.left_out();
        drop(state);
        [said, left_out].into_iter().flatten().for_each(|said| said.say());
        pulse::rests();
    }
}

/// What is to be done next, once there is something. None at the end.
fn next(shared: &Shared) -> Option<Waiting> {
    let mut state = shared.state();
    loop {
        let is_abandoned = shared.is_abandoned.load(Ordering::SeqCst);
        if let Some(waiting) = state.queue.take().filter(|_| !is_abandoned) {
            return Some(waiting);
        }
        if state.is_ending {
            return None;
        }
        state = shared.news.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
}
