//! What platforms ask for is done: verdicts are kept, alerts are sent again.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use tokio::sync::{mpsc::Receiver, oneshot, watch};

use super::{
    left_out::LeftOut,
    requests::{Asked, Request, Resend},
};
use crate::{
    domain::{SinkName, Verdict},
    ledger::database::{DatabaseError, Handle},
};

/// So many alerts are sent again at once, and so often: new ones are not to wait for old ones.
const AT_ONCE: u64 = 1_000;
const EVERY: Duration = Duration::from_secs(10);
/// So many requests of a sink wait at most.
const WAITING: usize = 16;
/// So many verdicts are kept at once.
const VERDICTS: usize = 256;
/// Verdicts that cannot be kept are kept again after this.
const KEPT_AGAIN: Duration = Duration::from_secs(1);

/// A verdict, through which sink it came, and who is told once it is kept.
type Found = (SinkName, Verdict, oneshot::Sender<()>);

/// Does what is asked for.
pub(super) struct Answering {
    handle: Handle,
    changes: watch::Sender<u64>,
    asked: Receiver<Asked>,
    resends: BTreeMap<SinkName, VecDeque<Resend>>,
    left_out: BTreeMap<SinkName, LeftOut>,
}

impl Answering {
    pub fn new(handle: Handle, changes: watch::Sender<u64>, asked: Receiver<Asked>) -> Self {
        Self { handle, changes, asked, resends: BTreeMap::new(), left_out: BTreeMap::new() }
    }

    pub async fn run(mut self) {
        let mut every = tokio::time::interval(EVERY);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // Whether one may be answered at once: none was since the last tick.
        let mut is_rested = true;
        let mut came = Vec::new();
        loop {
            tokio::select! {
                count = self.asked.recv_many(&mut came, VERDICTS) => {
                    if count == 0 {
                        return;
                    }
                    let mut found = Vec::new();
                    for Asked { sink, request, done } in came.drain(..) {
                        match request {
                            Request::Verdict(verdict) => found.push((sink, verdict, done)),
                            Request::Resend(resend) => self.wait_with(sink, resend),
                        }
                    }
                    self.keep(found).await;
                    if is_rested && self.resend() {
                        is_rested = false;
                        every.reset();
                    }
                }
                _ = every.tick() => is_rested = !self.resend(),
            }
        }
    }

    fn wait_with(&mut self, sink: SinkName, resend: Resend) {
        let waiting = self.resends.entry(sink.clone()).or_default();
        if waiting.contains(&resend) {
            return;
        }
        if waiting.len() >= WAITING {
            tracing::warn!(%sink, "alerts are asked for again too often: a request is left out");
            return;
        }
        waiting.push_back(resend);
    }

    /// Sends some again, for each sink. Whether any was asked for.
    fn resend(&mut self) -> bool {
        let mut any = false;
        for (sink, waiting) in &mut self.resends {
            let Some(resend) = waiting.pop_front() else { continue };
            any = true;
            let Resend { outbox, from, to } = resend;
            let end = to.min(from.saturating_add(AT_ONCE - 1));
            let last = self.handle.last_sequence().unwrap_or(to);
            let done =
                tokio::task::block_in_place(|| self.handle.again(sink.as_str(), outbox, from..=end, AT_ONCE));
            match done {
                Ok(count) => {
                    let is_own = outbox == self.handle.outbox();
                    let rest = if is_own { "" } else { ": that outbox is not this one's" };
                    tracing::info!(%sink, "alerts {from} to {end} were asked for again: {count} are sent{rest}");
                    if is_own && end < to.min(last) {
                        waiting.push_front(Resend { outbox, from: end.saturating_add(1), to });
                    }
                }
                Err(error) => tracing::warn!(%sink, "alerts cannot be sent again just now: {error}"),
            }
        }
        self.resends.retain(|_, waiting| !waiting.is_empty());
        if any {
            self.changes.send_modify(|changes| *changes += 1);
        }
        any
    }

    /// Keeps verdicts, however long that takes: whoever handed them in is told once they are.
    async fn keep(&mut self, found: Vec<Found>) {
        if found.is_empty() {
            return;
        }
        let verdicts: Vec<Verdict> = found.iter().map(|(_, verdict, _)| verdict.clone()).collect();
        let mut is_said = false;
        let known = loop {
            match tokio::task::block_in_place(|| self.handle.found(&verdicts)) {
                Ok(known) => break known,
                // It is the end. What was not said to be kept comes again after the next start.
                Err(DatabaseError::Closed) => return std::future::pending().await,
                Err(error) => {
                    if !std::mem::replace(&mut is_said, true) {
                        tracing::error!(
                            waiting = found.len(),
                            "verdicts cannot be kept just now, and wait: {error}"
                        );
                    }
                    tokio::time::sleep(KEPT_AGAIN).await;
                }
            }
        };
        let mut kept: BTreeMap<SinkName, u64> = BTreeMap::new();
        for ((sink, verdict, done), is_known) in found.into_iter().zip(known) {
            if is_known {
                *kept.entry(sink).or_default() += 1;
            } else {
                let left_out = self.left_out.entry(sink.clone()).or_insert_with(|| LeftOut::new(sink));
                left_out.say(format!(
                    "a verdict is of no violation that this box knows, and is left out: {}",
                    verdict.subject
                ));
            }
            let _ = done.send(());
        }
        for (sink, count) in kept {
            tracing::info!(%sink, count, "verdicts were kept");
        }
    }
}
