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
    aside::Aside,
};
use crate::{
    config, files,
    ledger::database::{Handle, Upload},
    pulse::{self, Remedy},
    stop::{Signal, Stop},
    words::ended,
};

/// Whether a file has come is looked for so often.
const NAP: Duration = Duration::from_millis(500);
/// To look for one takes so long at most.
const LOOKING: Duration = Duration::from_secs(60);
/// Files wait no longer than this for alerts that are being delivered, and then for as long no more.
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
    /// Files that are not taken although others are.
    pub put_off: u64,
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
            aside: Aside::default(),
            unheld: None,
            known: 0,
        };
        thread::Builder::new().name("upload".to_owned()).spawn(move || {
            let _entered = pulse::enter("upload", Remedy::Tell);
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
    aside: Aside,
    /// Until then no file waits for alerts.
    unheld: Option<Instant>,
    known: u64,
}

impl Work {
    fn run(&mut self) {
        while !self.leave.is_set() {
            pulse::does("looking for files to upload", LOOKING);
            self.follow();
            let next = match &self.place.target {
                Some(_) => self.next(),
                None => None,
            };
            match next {
                Some(upload) => {
                    // How long a file takes is up to the network, and has bounds of its own.
                    pulse::rests();
                    self.let_alerts_pass();
                    self.put(&upload);
                }
                None => self.known = self.handle.changed(self.known, NAP),
            }
        }
    }

    /// Goes where it is told to, and tells whether that is another place.
    fn follow(&mut self) -> bool {
        match self.from.try_iter().last() {
            Some(evidence) if evidence != self.place.evidence => {
                self.place = Place::of(&evidence);
                self.backoff = Backoff::default();
                self.aside = Aside::default();
                self.facts().failing = None;
                self.count();
                true
            }
            _ => false,
        }
    }

    /// The file that is to be put next.
    fn next(&mut self) -> Option<Upload> {
        let now = Instant::now();
        // A database that cannot be read says so by itself.
        let next = self.handle.next_upload(&self.aside.passed(now)).ok()?;
        if next.is_none() {
            self.aside.forget_due(now);
            self.count();
            if self.aside.is_empty() {
                // Nothing waits any more, so nothing fails.
                self.facts().failing = None;
            }
        }
        next
    }

    /// Alerts come before files: while a sink that works is being given some, none is begun, but for half a minute at most. Then
    /// files go for as long, however many alerts there are.
    fn let_alerts_pass(&mut self) {
        let until = Instant::now() + AFTER_ALERTS;
        if self.unheld.is_some_and(|unheld| Instant::now() < unheld) {
            return;
        }
        while !self.leave.is_set() && are_alerts_under_way(&self.handle, &self.board) {
            if Instant::now() >= until {
                self.unheld = Some(Instant::now() + AFTER_ALERTS);
                return;
            }
            self.leave.sleep(NAP);
        }
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
                if self.aside.remove(name) {
                    tracing::warn!("a file of evidence that was not taken is uploaded: {name}");
                }
                self.facts().put += 1;
                self.count();
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
                self.aside.remove(name);
                self.count();
                if self.handle.not_uploaded(name, &why).is_err() {
                    self.leave.sleep(NAP);
                }
            }
            Err(_) if self.leave.is_set() => {}
            Err(Refusal::Transient { why, after }) => self.fail(name, &why, after),
        }
    }

    /// A file is not taken. Where others are, it alone is put off; else nothing is tried for a while, and then another.
    fn fail(&mut self, name: &str, why: &str, after: Option<Duration>) {
        self.facts().failures += 1;
        // Why is read by who lists what waits. Where that cannot be noted, it is with the next reason.
        if self.aside.why(name) != Some(why) {
            let _ = self.handle.upload_put_off(name, why);
        }
        if self.aside.holds(name) && self.facts().failing.is_none() {
            if self.aside.again(name, why, after.unwrap_or_default(), Instant::now()) {
                tracing::error!(
                    "a file of evidence is not taken: {name}: {} Others pass it, and it is tried again",
                    ended(why)
                );
            }
            self.count();
            return;
        }
        self.tell(why);
        let wait = self.backoff.next().max(after.unwrap_or_default());
        self.aside.put(name, why, wait, Instant::now());
        let until = Instant::now() + wait;
        while Instant::now() < until && !self.leave.is_set() {
            // Another configuration may name another place.
            if self.follow() {
                return;
            }
            self.leave.sleep(NAP);
        }
    }

    /// It does not work: each reason is said once.
    fn tell(&mut self, why: &str) {
        let is_news = self.reasons.is_news(why, Instant::now());
        let mut facts = self.facts();
        let still = if facts.failing.is_some() { "still " } else { "" };
        if is_news {
            tracing::error!(
                "evidence {still}cannot be uploaded: {} Files wait on the box, and it is tried again",
                ended(why)
            );
        }
        match &mut facts.failing {
            Some(failing) => why.clone_into(&mut failing.why),
            None => facts.failing = Some(Failing { since: Timestamp::now(), why: why.to_owned() }),
        }
    }

    /// How many are put off, for who looks.
    fn count(&self) {
        self.facts().put_off = self.aside.alone();
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

/// Whether a sink is being given alerts. One that gathers them is not waited for: a robot collects for half a minute, and sends a
/// few words.
fn are_alerts_under_way(handle: &Handle, board: &DeliveryBoard) -> bool {
    let served: BTreeMap<_, _> = board.facts();
    let waiting = handle.facts().sinks;
    served.iter().any(|(name, sink)| {
        let takes = sink.failing.is_none() && !sink.gathers;
        takes && waiting.get(name.as_str()).is_some_and(|depth| depth.waiting > 0)
    })
}

#[cfg(test)]
mod tests;
