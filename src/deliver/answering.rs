//! What platforms ask for is done: verdicts are kept, alerts are sent again.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use tokio::sync::{mpsc::Receiver, watch};

use super::requests::{Asked, Request, Resend};
use crate::{
    domain::{SinkName, Verdict},
    ledger::database::Handle,
};

/// So many alerts are sent again at once, and so often: new ones are not to wait for old ones.
const AT_ONCE: u64 = 1_000;
const EVERY: Duration = Duration::from_secs(10);
/// So many requests of a sink wait at most.
const WAITING: usize = 16;

/// Does what is asked for.
pub(super) struct Answering {
    handle: Handle,
    changes: watch::Sender<u64>,
    asked: Receiver<Asked>,
    resends: BTreeMap<SinkName, VecDeque<Resend>>,
}

impl Answering {
    pub fn new(handle: Handle, changes: watch::Sender<u64>, asked: Receiver<Asked>) -> Self {
        Self { handle, changes, asked, resends: BTreeMap::new() }
    }

    pub async fn run(mut self) {
        let mut every = tokio::time::interval(EVERY);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // Whether one may be answered at once: none was since the last tick.
        let mut is_rested = true;
        loop {
            tokio::select! {
                asked = self.asked.recv() => match asked {
                    Some(Asked { sink, request: Request::Resend(resend) }) => {
                        self.wait_with(sink, resend);
                        if is_rested {
                            self.resend();
                            is_rested = false;
                            every.reset();
                        }
                    }
                    Some(Asked { sink, request: Request::Verdict(verdict) }) => self.keep(&sink, verdict),
                    None => return,
                },
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

    fn keep(&self, sink: &SinkName, verdict: Verdict) {
        let subject = verdict.subject;
        match tokio::task::block_in_place(|| self.handle.verdict(verdict)) {
            Ok(true) => tracing::info!(%sink, violation = %subject, "a verdict was kept"),
            Ok(false) => {
                tracing::warn!(%sink, violation = %subject, "a verdict is of no violation that this box knows, and is left out");
            }
            Err(error) => {
                tracing::error!(%sink, violation = %subject, "a verdict cannot be kept and is lost: {error}")
            }
        }
    }
}
