//! What each thread of a program that runs for long is doing, and how long that may take: one that stands still is found by it.
//!
//! A thread [enters](enter) under its name, and says before each thing that may hang what it does and for how long at most. While
//! it waits for work it rests, which may take for ever. Where nobody has entered, nothing is noted: code that others call from
//! threads of their own says the same there, and it counts for nothing.

use std::{
    cell::RefCell,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

/// What is to be done about a thread that stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// The program is to be started again: nothing else moves the thread, and what it does is what the program is for.
    Restart,
    /// It is told, and nothing else: the thread waits for a disk or a network, and nothing is gained by a new start.
    Tell,
}

/// A thread's own account of what it does. It is known to all until it is dropped.
#[derive(Debug, Clone)]
pub struct Pulse(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    remedy: Remedy,
    doing: Mutex<Option<Doing>>,
}

#[derive(Debug, Clone, Copy)]
struct Doing {
    what: &'static str,
    since: Instant,
    allowed: Duration,
}

/// A thread that takes longer than it may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Late {
    /// Its name.
    pub thread: String,
    /// What it does, as in "it has been connecting for 90 s".
    pub what: &'static str,
    /// Since when.
    pub since: Instant,
    /// How long that may take.
    pub allowed: Duration,
    /// What is to be done about it.
    pub remedy: Remedy,
}

/// It is said so often that threads go on which share their work.
#[cfg(feature = "edge")]
const BEAT: Duration = Duration::from_secs(5);

static ALL: Mutex<Vec<Weak<Inner>>> = Mutex::new(Vec::new());

thread_local! {
    static OWN: RefCell<Option<Pulse>> = const { RefCell::new(None) };
}

impl Pulse {
    /// One of this name, for what runs on no thread of its own.
    pub fn new(name: impl Into<String>, remedy: Remedy) -> Self {
        let inner = Arc::new(Inner { name: name.into(), remedy, doing: Mutex::new(None) });
        let mut all = lock(&ALL);
        all.retain(|known| known.strong_count() > 0);
        all.push(Arc::downgrade(&inner));
        Self(inner)
    }

    /// It does this from now on, which takes so long at most.
    pub fn does(&self, what: &'static str, allowed: Duration) {
        *lock(&self.0.doing) = Some(Doing { what, since: Instant::now(), allowed });
    }

    /// It waits for work.
    pub fn rests(&self) {
        *lock(&self.0.doing) = None;
    }
}

/// The pulse of the thread at hand, until this is dropped.
#[derive(Debug)]
pub struct Entered(());

/// The thread at hand says from now on what it does.
pub fn enter(name: impl Into<String>, remedy: Remedy) -> Entered {
    let pulse = Pulse::new(name, remedy);
    // Where a thread ends, nobody is left to say anything.
    let _ = OWN.try_with(|own| own.replace(Some(pulse)));
    Entered(())
}

impl Drop for Entered {
    fn drop(&mut self) {
        let _ = OWN.try_with(RefCell::take);
    }
}

/// The thread at hand does this from now on, which takes so long at most.
pub fn does(what: &'static str, allowed: Duration) {
    let _ = OWN.try_with(|own| own.borrow().as_ref().map(|pulse| pulse.does(what, allowed)));
}

/// The thread at hand waits for work.
pub fn rests() {
    let _ = OWN.try_with(|own| own.borrow().as_ref().map(Pulse::rests));
}

/// Says again and again that threads which share their work go on: to be one of what they share.
#[cfg(feature = "edge")]
pub async fn beat(name: &'static str, remedy: Remedy) {
    let pulse = Pulse::new(name, remedy);
    loop {
        pulse.does("at something that others wait for", BEAT * 12);
        tokio::time::sleep(BEAT).await;
    }
}

/// The threads that take longer at `now` than they may, by their names.
pub fn late(now: Instant) -> Vec<Late> {
    let all: Vec<Arc<Inner>> = lock(&ALL).iter().filter_map(Weak::upgrade).collect();
    let mut late: Vec<Late> = all.iter().filter_map(|inner| inner.late(now)).collect();
    late.sort_by(|one, other| one.thread.cmp(&other.thread));
    late
}

impl Inner {
    fn late(&self, now: Instant) -> Option<Late> {
        let Doing { what, since, allowed } = (*lock(&self.doing))?;
        let late = Late { thread: self.name.clone(), what, since, allowed, remedy: self.remedy };
        (now.saturating_duration_since(since) > allowed).then_some(late)
    }
}

/// What was locked when a thread panicked is as good as before.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread};

    use super::*;

    /// Of a name that no other test has.
    fn named(name: &str, now: Instant) -> Vec<Late> {
        late(now).into_iter().filter(|late| late.thread == name).collect()
    }

    #[test]
    fn a_thread_that_stands_still_is_named_with_what_it_does_and_one_that_rests_or_ends_is_not() {
        let (go_on, steps) = mpsc::channel::<()>();
        let (says, said) = mpsc::channel();
        let minute = Duration::from_secs(60);
        let stuck = thread::spawn(move || {
            let _entered = enter("a scripted one", Remedy::Restart);
            does("standing still", minute);
            says.send(()).expect("heard");
            steps.recv().expect("told");
            rests();
            says.send(()).expect("heard");
            steps.recv().expect("told");
            does("standing still again", minute);
        });
        said.recv().expect("it is there");
        let now = Instant::now();
        assert_eq!(named("a scripted one", now), []);
        let found = named("a scripted one", now + 2 * minute);
        let [Late { what, allowed, remedy, .. }] = found[..] else { panic!("{found:?}") };
        assert_eq!((what, allowed, remedy), ("standing still", minute, Remedy::Restart));
        go_on.send(()).expect("heard");
        said.recv().expect("it is there");
        assert_eq!(named("a scripted one", now + 9 * minute), [], "it rests");
        go_on.send(()).expect("heard");
        stuck.join().expect("it ends");
        assert_eq!(named("a scripted one", now + 9 * minute), [], "it is gone");
    }

    #[test]
    fn a_thread_that_has_not_entered_says_nothing() {
        does("nothing that is asked for", Duration::ZERO);
        let later = Instant::now() + Duration::from_secs(1);
        assert!(late(later).iter().all(|late| late.what != "nothing that is asked for"));
        let pulse = Pulse::new("on no thread", Remedy::Tell);
        pulse.does("serving", Duration::ZERO);
        assert_eq!(named("on no thread", later).len(), 1);
        drop(pulse);
        assert_eq!(named("on no thread", later), []);
    }
}
