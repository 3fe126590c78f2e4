use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::backoff::{Backoff, minutes};
use crate::{clock::Clock, stop::Stop};

/// The machines that cameras are reached at: sixteen channels of one recorder log in one after the other, and after a wrong password
/// none of them does for minutes. Copies share what is known.
#[derive(Debug, Clone)]
pub struct Hosts {
    clock: Arc<dyn Clock>,
    hosts: Arc<Mutex<HashMap<String, Host>>>,
}

#[derive(Debug, Default)]
struct Host {
    /// Somebody is logging in.
    busy: bool,
    not_before: Option<Instant>,
    backoff: Backoff,
}

/// Whoever waits for a turn looks so often whether it has come.
const NAP: Duration = Duration::from_millis(50);

impl Hosts {
    /// Of which nothing is known.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, hosts: Arc::default() }
    }

    /// Forgets what a machine refused: somebody has changed how it is asked.
    pub fn forgive(&self, host: &str) {
        self.with(&host.to_ascii_lowercase(), |host| {
            host.not_before = None;
            host.backoff.reset();
        });
    }

    /// Waits until it may be dialled; none where it is to stop before that.
    pub(super) fn turn(&self, host: &str, stop: &Stop) -> Option<Turn> {
        loop {
            if stop.is_set() {
                return None;
            }
            let now = self.clock.monotonic();
            let wait =
                self.with(host, |host| match host.not_before.and_then(|at| at.checked_duration_since(now)) {
                    Some(wait) if !wait.is_zero() => Some(wait),
                    _ if host.busy => Some(NAP),
                    _ => {
                        host.busy = true;
                        None
                    }
                });
            match wait {
                Some(wait) => self.clock.sleep(wait.min(Duration::from_secs(1)), stop),
                None => return Some(Turn { hosts: self.clone(), host: host.to_owned() }),
            }
        }
    }

    fn with<T>(&self, host: &str, then: impl FnOnce(&mut Host) -> T) -> T {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        then(hosts.entry(host.to_owned()).or_default())
    }
}

/// The right to dial a machine. It ends when it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    hosts: Hosts,
    host: String,
}

impl Turn {
    /// It answered as it should: whatever came of the stream.
    pub fn answered(&self) {
        self.hosts.with(&self.host, |host| host.backoff.reset());
    }

    /// It did not answer: nobody dials it for a while.
    pub fn failed(&self) -> Duration {
        self.wait(|host| host.backoff.failed())
    }

    /// It refused in a way that counts towards a lock-out.
    pub fn refused(&self) -> Duration {
        self.wait(|_| minutes())
    }

    fn wait(&self, how_long: impl FnOnce(&mut Host) -> Duration) -> Duration {
        let now = self.hosts.clock.monotonic();
        self.hosts.with(&self.host, |host| {
            let wait = how_long(host);
            host.not_before = now.checked_add(wait);
            wait
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.hosts.with(&self.host, |host| host.busy = false);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        thread,
    };

    use super::*;
    use crate::clock::{Manual, System};

    #[test]
    fn channels_of_one_recorder_log_in_one_after_the_other() {
        let (hosts, stop) = (Hosts::new(Arc::new(System)), Stop::default());
        let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let turn = hosts.turn("10.2.0.31", &stop).expect("not stopped");
                    most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    thread::yield_now();
                    inside.fetch_sub(1, Ordering::SeqCst);
                    turn.answered();
                });
            }
        });
        assert_eq!(most.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn after_a_wrong_password_nobody_dials_for_minutes() {
        let clock = Arc::new(Manual::at(jiff::Timestamp::UNIX_EPOCH));
        let (hosts, stop) = (Hosts::new(Arc::clone(&clock) as _), Stop::default());
        let turn = hosts.turn("recorder", &stop).expect("free");
        let wait = turn.refused();
        drop(turn);
        assert!(wait >= Duration::from_secs(180));
        let before = clock.since();
        drop(hosts.turn("recorder", &stop).expect("after that"));
        assert!(clock.since() - before >= wait, "it waited by the clock");
        let before = clock.since();
        drop(hosts.turn("another", &stop).expect("free"));
        assert_eq!(clock.since(), before, "others are not touched");
    }
}
