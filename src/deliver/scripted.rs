//! A sink that does as it is told, for tests.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::sync::watch;

use super::{Beat, Pace, Refusal, Sink};
use crate::ledger::database::Queued;

/// What it does with what it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    /// It takes it.
    Take,
    /// It takes it, and its answer is lost.
    LoseAnswer,
    /// Nobody is let in.
    Refuse,
    /// It does not answer until another policy holds, and then refuses.
    Hang,
    /// It does not answer until another policy holds, and then has taken it.
    Late,
}

/// What it was given. Copies are of the same.
#[derive(Clone)]
pub(super) struct Peer(Arc<Inner>);

struct Inner {
    policy: watch::Sender<Policy>,
    /// Those of these cameras are never taken, or not now.
    bad: Mutex<BTreeMap<String, Refusal>>,
    had: Mutex<Vec<Queued>>,
    tries: Mutex<u64>,
    beats: Mutex<Vec<Beat>>,
    connections: watch::Sender<u64>,
    is_hurried: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Peer {
    pub fn new(policy: Policy) -> Self {
        let (policy, _) = watch::channel(policy);
        let (connections, _) = watch::channel(0);
        let (bad, had, tries, beats, is_hurried) = Default::default();
        Self(Arc::new(Inner { policy, bad, had, tries, beats, connections, is_hurried }))
    }

    pub fn set(&self, policy: Policy) {
        self.0.policy.send_replace(policy);
    }

    /// Alerts of this camera are answered by this.
    pub fn refuse(&self, camera: &str, refusal: Refusal) {
        lock(&self.0.bad).insert(camera.to_owned(), refusal);
    }

    /// They are taken again.
    pub fn accept(&self, camera: &str) {
        lock(&self.0.bad).remove(camera);
    }

    /// A connection with it is made.
    pub fn connect(&self) {
        self.0.connections.send_modify(|connections| *connections += 1);
    }

    /// What it has taken, in its order, each as often as it was given.
    pub fn had(&self) -> Vec<Queued> {
        lock(&self.0.had).clone()
    }

    pub fn tries(&self) -> u64 {
        *lock(&self.0.tries)
    }

    pub fn beats(&self) -> Vec<Beat> {
        lock(&self.0.beats).clone()
    }

    /// Whether it was told that the end is near.
    pub fn is_hurried(&self) -> bool {
        self.0.is_hurried.load(Ordering::SeqCst)
    }

    pub fn sink(&self, pace: Pace) -> Scripted {
        Scripted { peer: self.clone(), pace }
    }
}

pub(super) struct Scripted {
    peer: Peer,
    pace: Pace,
}

impl Sink for Scripted {
    fn pace(&self) -> Pace {
        self.pace
    }

    fn hurry(&self) {
        self.peer.0.is_hurried.store(true, Ordering::SeqCst);
    }

    fn connections(&self) -> Option<watch::Receiver<u64>> {
        Some(self.peer.0.connections.subscribe())
    }

    async fn deliver(&self, alert: &Queued) -> Result<(), Refusal> {
        *lock(&self.peer.0.tries) += 1;
        let refused = lock(&self.peer.0.bad).get(alert.camera.as_str()).cloned();
        if let Some(refusal) = refused {
            return Err(refusal);
        }
        let mut policy = self.peer.0.policy.subscribe();
        let now = *policy.borrow_and_update();
        match now {
            Policy::Take => lock(&self.peer.0.had).push(alert.clone()),
            Policy::LoseAnswer => {
                lock(&self.peer.0.had).push(alert.clone());
                return Err(Refusal::transient("the connection was lost"));
            }
            Policy::Refuse => return Err(Refusal::transient("nobody is let in")),
            Policy::Late => {
                let _ = policy.changed().await;
                lock(&self.peer.0.had).push(alert.clone());
            }
            Policy::Hang => {
                let _ = policy.changed().await;
                return Err(Refusal::Transient { why: "no answer".to_owned(), after: Some(Duration::ZERO) });
            }
        }
        Ok(())
    }

    async fn heartbeat(&self, beat: &Beat) -> Result<(), Refusal> {
        lock(&self.peer.0.beats).push(beat.clone());
        Ok(())
    }
}
