//! The task that keeps a connection with a broker for as long as the sink lives.

use std::{
    future::ready,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use futures_util::FutureExt;
use jiff::Timestamp;
use tokio::{
    sync::{Notify, mpsc, oneshot, watch},
    time::{Instant, sleep},
};

use super::{
    super::{About, backoff::Backoff},
    client::{Client, Concern, Reason, Taken, Told, Trouble},
    link::{Company, Link, State, Unanswered},
    topics::Topics,
    waits::Waits,
};

/// So many orders wait at most.
const ORDERS: usize = 64;
/// A connection that lasted so long was a good one: waits begin anew.
const HEALTHY: Duration = Duration::from_secs(30);
/// So many connections in a row that broke off sooner are more than chance.
const SUSPICIOUS: u32 = 3;

/// Whether a broker is told that the box is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// It is, and hands in what is meant for the box.
    Announced,
    /// It is not: somebody only tries it.
    InPassing,
}

/// Makes connections, greets the broker on each, hands in what arrives.
pub(super) struct Keeper<C> {
    pub client: Arc<C>,
    pub topics: Topics,
    pub about: About,
    /// When the sink began.
    pub since: Timestamp,
    pub waits: Waits,
    pub presence: Presence,
    pub state: watch::Sender<State>,
    /// Counts connections.
    pub connections: watch::Sender<u64>,
    /// As [`super::outlet::Outlet`] has it.
    pub alone: Arc<AtomicU32>,
}

impl<C: Client> Keeper<C> {
    /// Until it is told to say goodbye, or dropped.
    pub async fn run(self) {
        let mut backoff = Backoff::default();
        let mut said = Said::default();
        let mut breaks = 0_u32;
        loop {
            let began = Instant::now();
            let (end, ended) = watch::channel(None);
            let over = self.connection(ended, &mut said).await;
            let Err(mut trouble) = over else {
                self.state.send_replace(State::Down(closed()));
                end.send_replace(Some(closed()));
                return;
            };
            let was_up = matches!(&*self.state.borrow(), State::Up(_));
            // Two with one name that come back at once have no peace for as long as both live.
            if began.elapsed() >= HEALTHY && trouble.about != Concern::Name {
                (backoff, breaks) = (Backoff::default(), 0);
            } else if was_up && trouble.about == Concern::Connection {
                breaks += 1;
            }
            // A broker may say nothing to the one of two with one name that it drops, as Mosquitto does.
            if breaks >= SUSPICIOUS && trouble.about == Concern::Connection {
                trouble.why.push_str(
                    ", as it does again and again: another sink of this broker may have the same `client_id`, or the network is bad",
                );
            }
            // Who only tries it is told by the answer.
            if self.presence == Presence::Announced {
                said.of_connection(&self.about, &trouble);
            }
            // Nobody may publish on it any longer before it is known why it ended.
            self.state.send_replace(State::Down(trouble.clone()));
            end.send_replace(Some(trouble));
            sleep(backoff.next().min(self.waits.between)).await;
        }
    }

    /// One connection, until it ends.
    async fn connection(
        &self,
        ended: watch::Receiver<Option<Trouble>>,
        said: &mut Said,
    ) -> Result<(), Trouble> {
        let (orders, to_do) = mpsc::channel(ORDERS);
        let late = Arc::new(Notify::new());
        let (connected, connects) = oneshot::channel();
        let connected = std::sync::Mutex::new(Some(connected));
        let tell = |told| match told {
            Told::Connected { at_once } => {
                let link = Link::new(orders.clone(), at_once, Arc::clone(&late), ended.clone());
                self.state.send_replace(State::Up(link.clone()));
                self.connections.send_modify(|connections| *connections += 1);
                let connected = connected.lock().ok().and_then(|mut connected| connected.take());
                let _ = connected.map(|connected| connected.send(link));
                ready(()).boxed()
            }
            Told::Arrived { topic, body } => self.arrived(&topic, &body),
        };
        let mut connection = pin!(self.client.connect(to_do, tell));
        let mut greeting = pin!(async {
            if let Ok(link) = connects.await {
                self.greet(&link, said).await;
            }
            std::future::pending::<()>().await;
        });
        tokio::select! {
            over = &mut connection => over,
            () = late.notified() => Err(Trouble::new("the broker does not acknowledge what it is sent: is it overloaded?")),
            () = &mut greeting => Ok(()),
        }
    }

    fn arrived(&self, topic: &str, body: &[u8]) -> Taken {
        if topic == self.topics.verdict {
            return self.about.requests.verdict(body);
        }
        if topic == self.topics.resend {
            self.about.requests.resend(body);
        }
        ready(()).boxed()
    }

    /// Says that the box is there, and asks for what is meant for it: on each connection, because a broker may have forgotten it.
    async fn greet(&self, link: &Link, said: &mut Said) {
        if self.presence == Presence::InPassing {
            return;
        }
        said.connected(&self.about);
        let topics = vec![self.topics.resend.clone(), self.topics.verdict.clone()];
        let subscribed = link.subscribe(topics, self.waits.acknowledged).await;
        if let Ok(reasons) = subscribed {
            said.of_subscription(
                &self.about,
                &self.topics,
                reasons.into_iter().find(|reason| reason.refuses()),
            );
        }
        let company = if self.alone.load(Ordering::Relaxed) > 0 { Company::Alone } else { Company::Others };
        let Some(turn) = link.turn(company, self.waits.acknowledged).await else { return };
        let message = self.topics.online(self.since);
        let topic = message.topic.clone();
        match link.publish(message, Some(turn), self.waits.acknowledged).await {
            Ok(reason) => said.of_status(&self.about, &topic, Some(reason).filter(|reason| reason.refuses())),
            Err(Unanswered::Late | Unanswered::Unsent | Unanswered::Lost(_)) => {}
        }
    }
}

/// What is wrong with a connection that was ended on purpose.
fn closed() -> Trouble {
    Trouble::new("the sink is closed")
}

/// What was said last, so that it is said once.
#[derive(Debug, Default)]
struct Said {
    /// Why there is no connection; none while there is one.
    trouble: Option<String>,
    subscription: Option<Reason>,
    status: Option<Reason>,
}

impl Said {
    fn connected(&mut self, about: &About) {
        self.trouble = None;
        tracing::info!(sink = %about.name, "connected with the broker");
    }

    fn of_connection(&mut self, about: &About, trouble: &Trouble) {
        if self.trouble.as_ref() != Some(&trouble.why) {
            tracing::warn!(sink = %about.name, "no connection with the broker: {}", trouble.why);
            self.trouble = Some(trouble.why.clone());
        }
    }

    fn of_subscription(&mut self, about: &About, topics: &Topics, refused: Option<Reason>) {
        if let Some(Reason(code)) = refused.filter(|_| self.subscription.is_none()) {
            tracing::warn!(
                sink = %about.name,
                "the broker does not let this user subscribe (0x{code:02X}): the platform can neither ask for alerts again nor send \
                 verdicts; allow it to subscribe to {} and {}. Alerts are delivered all the same",
                topics.resend,
                topics.verdict
            );
        }
        self.subscription = refused;
    }

    fn of_status(&mut self, about: &About, topic: &str, refused: Option<Reason>) {
        if let Some(Reason(code)) = refused.filter(|_| self.status.is_none()) {
            tracing::warn!(
                sink = %about.name,
                "the broker does not take the status of this box (0x{code:02X}): allow this user to publish and retain \
                 {topic}. Alerts are delivered all the same"
            );
        }
        self.status = refused;
    }
}
