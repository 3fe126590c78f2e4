//! The one thread that puts files of evidence where they belong, one after the other, and again until they are there.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, Receiver, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;

use super::{
    super::{DeliveryBoard, Failing, Refusal, backoff::Backoff, reasons::Reasons},
    File, Target,
};
use crate::{
    config, files,
    ledger::database::{Handle, Upload},
    stop::{Signal, Stop},
    words::ended,
};

/// Whether a file has come is looked for so often.
const NAP: Duration = Duration::from_millis(500);
/// A file waits no longer than this for alerts that are being delivered.
const AFTER_ALERTS: Duration = Duration::from_secs(30);

/// How putting files goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UploadFacts {
    /// Files that were put since the start.
    pub put: u64,
    /// Tries since the start that came to nothing.
    pub failures: u64,
    /// There while files cannot be put.
    pub failing: Option<Failing>,
}

/// Puts files where they belong.
pub struct Uploader {
    to: Sender<config::Evidence>,
    /// Set where what is under way is to be left.
    leave: Stop,
    facts: Arc<Mutex<UploadFacts>>,
    ended: Receiver<()>,
}

impl Uploader {
    /// Begins, with where `evidence` has files put. `board` tells of sinks: while one of them is being given what waits for it, no
    /// file is begun.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(handle: Handle, evidence: &config::Evidence, board: DeliveryBoard) -> std::io::Result<Self> {
        let (to, from) = mpsc::channel();
        let (end, ended) = mpsc::channel();
        let (leave, facts) = (Stop::default(), Arc::default());
        let mut work = Work {
            handle,
            board,
            place: Place::of(evidence),
            from,
            leave: leave.clone(),
            facts: Arc::clone(&facts),
            backoff: Backoff::default(),
            reasons: Reasons::default(),
            known: 0,
        };
        thread::Builder::new().name("upload".to_owned()).spawn(move || {
            work.run();
            drop(end);
        })?;
        Ok(Self { to, leave, facts, ended })
    }

    /// From now on files are put where this says. A file that is under way is begun anew where that is another place.
    pub fn follow(&self, evidence: &config::Evidence) {
        let _ = self.to.send(evidence.clone());
    }

    /// How it goes.
    pub fn facts(&self) -> Arc<Mutex<UploadFacts>> {
        Arc::clone(&self.facts)
    }

    /// Leaves what is under way, and ends; it is waited for no longer than `deadline`. What was not put is put after the next
    /// start.
    pub fn finish(self, deadline: Duration) {
        let Self { to, leave, ended, .. } = self;
        leave.set(Signal::Terminate);
        drop(to);
        let _ = ended.recv_timeout(deadline);
    }
}

/// Where files are put, and where they lie.
struct Place {
    evidence: config::Evidence,
    target: Option<Target>,
}

impl Place {
    fn of(evidence: &config::Evidence) -> Self {
        Self { target: Target::new(evidence), evidence: evidence.clone() }
    }
}

struct Work {
    handle: Handle,
    board: DeliveryBoard,
    place: Place,
    from: Receiver<config::Evidence>,
    leave: Stop,
    facts: Arc<Mutex<UploadFacts>>,
    backoff: Backoff,
    /// What was said since it failed.
    reasons: Reasons,
    known: u64,
}

impl Work {
    fn run(&mut self) {
        while !self.leave.is_set() {
            self.follow();
            let next = match &self.place.target {
                // A database that cannot be read says so by itself.
                Some(_) => self.handle.next_upload().ok().flatten(),
                None => None,
            };
            match next {
                Some(upload) => {
                    self.let_alerts_pass();
                    self.put(&upload);
                }
                None => self.known = self.handle.changed(self.known, NAP),
            }
        }
    }

    fn follow(&mut self) {
        if let Some(evidence) = self.from.try_iter().last()
            && evidence != self.place.evidence
        {
            self.place = Place::of(&evidence);
            self.backoff = Backoff::default();
        }
    }

    /// Alerts come before files: while a sink that works is being given some, none is begun, but for half a minute at most.
    fn let_alerts_pass(&self) {
        let until = Instant::now() + AFTER_ALERTS;
        while Instant::now() < until && !self.leave.is_set() && self.are_alerts_under_way() {
            self.leave.sleep(NAP);
        }
    }

    fn are_alerts_under_way(&self) -> bool {
        let served: BTreeMap<_, _> = self.board.facts();
        let waiting = self.handle.facts().sinks;
        served.iter().any(|(name, sink)| {
            sink.failing.is_none() && waiting.get(name.as_str()).is_some_and(|depth| depth.waiting > 0)
        })
    }

    fn put(&mut self, upload: &Upload) {
        let Some(target) = &self.place.target else { return };
        let Upload { name, role, sha256, bytes } = upload;
        let answer = match files::of_evidence(&self.place.evidence.directory, name) {
            Some(path) => {
                let (name, sha256) = (name.clone(), sha256.clone());
                target.put(&File { name, path, sha256, bytes: *bytes, role: *role }, &self.leave)
            }
            None => Err(Refusal::permanent(format!("{name} is no name of a file of evidence"))),
        };
        match answer {
            Ok(()) => {
                self.works();
                self.facts().put += 1;
                // Where that cannot be noted, the file is found where it belongs the next time.
                if self.handle.uploaded(name).is_err() {
                    self.leave.sleep(NAP);
                }
            }
            Err(Refusal::Permanent { why }) => {
                tracing::error!(
                    "a file of evidence is not uploaded: {name}: {} It stays on the box",
                    ended(&why)
                );
                if self.handle.not_uploaded(name, &why).is_err() {
                    self.leave.sleep(NAP);
                }
            }
            Err(_) if self.leave.is_set() => {}
            Err(Refusal::Transient { why, after }) => self.fail(why, after),
        }
    }

    /// It does not work: each reason is said once.
    fn fail(&mut self, why: String, after: Option<Duration>) {
        let is_news = self.reasons.is_news(&why, Instant::now());
        let mut facts = self.facts();
        facts.failures += 1;
        let still = if facts.failing.is_some() { "still " } else { "" };
        if is_news {
            tracing::error!(
                "evidence {still}cannot be uploaded: {} Files wait on the box, and it is tried again",
                ended(&why)
            );
        }
        match &mut facts.failing {
            Some(failing) => failing.why = why,
            None => facts.failing = Some(Failing { since: Timestamp::now(), why }),
        }
        drop(facts);
        let wait = self.backoff.next().max(after.unwrap_or_default());
        let until = Instant::now() + wait;
        while Instant::now() < until && !self.leave.is_set() {
            // Another configuration may name another place.
            if let Ok(evidence) = self.from.try_recv()
                && evidence != self.place.evidence
            {
                self.place = Place::of(&evidence);
                self.backoff = Backoff::default();
                return;
            }
            self.leave.sleep(NAP);
        }
    }

    fn works(&mut self) {
        (self.backoff, self.reasons) = (Backoff::default(), Reasons::default());
        let failing = self.facts().failing.take();
        if let Some(failing) = failing {
            let seconds = Timestamp::now().duration_since(failing.since).as_secs().max(0);
            tracing::warn!("evidence is uploaded again, after {seconds} s");
        }
    }

    fn facts(&self) -> MutexGuard<'_, UploadFacts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
