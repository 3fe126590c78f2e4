//! Workers for cameras that come and go.

use std::{thread::Scope, time::Duration};

use crossbeam::channel::{self, Receiver, Sender};

use super::{
    job::{Answer, Job, Ticket},
    worker::{Detectors, Order, Reply, work},
};
use crate::{
    pulse::{self, Remedy},
    stop::Stop,
};

/// Workers that carry out the jobs of cameras. They end once the crew and all its desks are gone.
pub struct Crew {
    orders: Sender<Order>,
}

/// Where one camera hands in its jobs, and finds the answers.
pub struct Desk {
    orders: Sender<Order>,
    to: Sender<(Ticket, Answer)>,
    answers: Receiver<(Ticket, Answer)>,
}

/// A worker that cannot make its detectors tries again, first after the first of these, at last after the other.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

impl Crew {
    /// Begins to work with `threads` workers, within `scope`. Once `stop` is set, jobs are answered and not carried out.
    pub fn start<'scope, 'd: 'scope>(
        scope: &'scope Scope<'scope, '_>,
        threads: usize,
        detectors: &'scope Detectors<'d>,
        stop: &Stop,
    ) -> Self {
        let (crew, work_list) = Self::without_workers();
        for number in 0..threads.max(1) {
            let (work_list, stop) = (work_list.clone(), stop.clone());
            let hand = move || {
                let _entered = pulse::enter(format!("look {number}"), Remedy::Restart);
                go_on_working(&work_list, detectors, &stop);
            };
            let named = std::thread::Builder::new().name(format!("look {number}"));
            if let Err(error) = named.spawn_scoped(scope, hand) {
                tracing::error!("a worker cannot be started: {error}");
            }
        }
        crew
    }

    /// A crew whose orders somebody else carries out, in their order: first come, first served. A camera that watches has one out at a
    /// time. So there are never more than there are cameras, and each has its turn once all before it had theirs, however much another
    /// sends.
    pub(super) fn without_workers() -> (Self, Receiver<Order>) {
        let (orders, work_list) = channel::unbounded();
        (Self { orders }, work_list)
    }

    /// A place for a camera.
    pub fn desk(&self) -> Desk {
        let (to, answers) = channel::unbounded();
        Desk { orders: self.orders.clone(), to, answers }
    }
}

impl Desk {
    /// Hands in a job. It is answered in any case.
    pub fn hand_in(&self, ticket: Ticket, job: Job) {
        let _ = self.orders.send(Order { job, reply: Reply::new(ticket, &self.to) });
    }

    /// Whether an answer will come here.
    #[cfg(test)]
    pub(super) fn is_waited_for(&self, reply: &Reply) -> bool {
        reply.goes_to(&self.to)
    }

    /// The answers.
    pub fn answers(&self) -> &Receiver<(Ticket, Answer)> {
        &self.answers
    }
}

/// Works, and begins anew where detectors could not be made: for want of memory, which may pass.
fn go_on_working(orders: &Receiver<Order>, detectors: &Detectors<'_>, stop: &Stop) {
    let mut pause = PAUSES.0;
    while let Err(error) = work(orders, detectors, stop) {
        tracing::error!("{error}; the worker tries again in {} s", pause.as_secs());
        pulse::rests();
        stop.sleep(pause);
        if stop.is_set() {
            // What is still asked for is answered by being dropped.
            orders.iter().for_each(drop);
            return;
        }
        pause = (pause * 2).min(PAUSES.1);
    }
}
