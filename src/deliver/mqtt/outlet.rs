//! The sink behind whichever client: waits, turns, and what an answer means.

use std::{
    mem,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use tokio::{sync::watch, task::JoinHandle, time::timeout};

use super::{
    super::{About, Beat, Refusal},
    answer::{judged, refused},
    client::{Client, Concern, Message, Reason, Trouble},
    keeper::{Keeper, Presence},
    link::{Company, Link, State, Unanswered},
    topics::Topics,
    waits::Waits,
};
use crate::{domain::SinkName, ledger::database::Queued};

/// So many messages are sent alone after the broker refused one without saying which, unless it is found before.
const ALONE: u32 = 100;
/// So many are after a connection broke off: a broker may have refused one, and its word been lost among what was on its way.
const ALONE_AFTER_BREAK: u32 = 16;
/// A goodbye takes no longer.
const GOODBYE: Duration = Duration::from_millis(900);

/// Publishes by a client, on one connection after the other.
pub(super) struct Outlet<C> {
    client: Arc<C>,
    topics: Topics,
    about: About,
    since: Timestamp,
    waits: Waits,
    presence: Presence,
    state: watch::Sender<State>,
    /// Counts connections.
    connections: watch::Sender<u64>,
    keeping: Mutex<Keeping>,
    /// How many messages are yet to be sent alone.
    alone: Arc<AtomicU32>,
    unheard: AtomicU64,
    /// Whether it was said that nobody listens.
    is_said: AtomicBool,
}

/// Whether the task runs that keeps a connection.
enum Keeping {
    NotYet,
    Now(JoinHandle<()>),
    Over,
}

impl<C: Client> Outlet<C> {
    pub fn new(client: C, topics: Topics, about: About, waits: Waits) -> Self {
        let (state, _) = watch::channel(State::Untried);
        let (connections, _) = watch::channel(0);
        Self {
            client: Arc::new(client),
            topics,
            about,
            since: Timestamp::now(),
            waits,
            presence: Presence::Announced,
            state,
            connections,
            keeping: Mutex::new(Keeping::NotYet),
            alone: Arc::default(),
            unheard: AtomicU64::new(0),
            is_said: AtomicBool::new(false),
        }
    }

    /// The same, without a word to the broker of whether the box is there.
    pub fn in_passing(mut self) -> Self {
        self.presence = Presence::InPassing;
        self
    }

    pub fn name(&self) -> &SinkName {
        &self.about.name
    }

    pub fn connections(&self) -> watch::Receiver<u64> {
        self.connections.subscribe()
    }

    pub fn unheard(&self) -> u64 {
        self.unheard.load(Ordering::Relaxed)
    }

    pub async fn deliver(&self, alert: &Queued) -> Result<(), Refusal> {
        let message = self.topics.alert(alert);
        let topic = message.topic.clone();
        let reason = self.publish(message, self.waits).await?;
        judged(reason, &topic)?;
        self.count(reason);
        Ok(())
    }

    pub async fn heartbeat(&self, beat: &Beat) -> Result<(), Refusal> {
        let message = self.topics.heartbeat(beat);
        let topic = message.topic.clone();
        judged(self.publish(message, self.waits.of_heartbeat()).await?, &topic)
    }

    pub async fn test(&self, beat: &Beat) -> Result<(), Refusal> {
        self.start()?;
        // Whoever asks wants to know why there is no connection, which takes longer than to know that there is none.
        let tried = |state: &State| !matches!(state, State::Untried);
        let _ = timeout(self.waits.tried, self.state.subscribe().wait_for(tried)).await;
        self.heartbeat(beat).await
    }

    /// Says goodbye where there is a connection, and ends it.
    pub async fn close(&self) {
        let keeping = mem::replace(&mut *self.keeping(), Keeping::Over);
        let Keeping::Now(mut task) = keeping else { return };
        let goodbye = async {
            let State::Up(link) = self.state.borrow().clone() else { return };
            // Where it is not taken, the last will says the same, but for a goodbye.
            let is_told = self.presence == Presence::InPassing
                || link.publish(self.topics.offline(), None, GOODBYE).await.is_ok();
            if is_told {
                link.disconnect().await;
                let _ = (&mut task).await;
            }
        };
        let _ = timeout(GOODBYE, goodbye).await;
        task.abort();
    }

    /// The acknowledgement's reason code.
    async fn publish(&self, message: Message, waits: Waits) -> Result<Reason, Refusal> {
        self.start()?;
        let link = self.link(waits.connected).await?;
        let company = if self.alone.load(Ordering::Relaxed) > 0 { Company::Alone } else { Company::Others };
        let Some(turn) = link.turn(company, waits.turn).await else {
            return Err(Refusal::transient(
                "as many messages are on their way as the broker takes, and it acknowledges none: is it overloaded?",
            ));
        };
        match link.publish(message, Some(turn), waits.acknowledged).await {
            Ok(reason) => {
                if company == Company::Alone {
                    let fewer = |left: u32| left.checked_sub(1);
                    let _ = self.alone.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer);
                }
                Ok(reason)
            }
            Err(Unanswered::Late) => Err(Refusal::transient(format!(
                "the broker did not acknowledge it within {} s: is it overloaded?",
                waits.acknowledged.as_secs_f32()
            ))),
            Err(Unanswered::Unsent) => Err(Refusal::transient("the connection with the broker broke off")),
            Err(Unanswered::Lost(trouble)) => Err(self.lost(trouble, company)),
        }
    }

    /// A broker may refuse a message by ending the connection, and does not say then which it was: it is the one that was alone.
    fn lost(&self, trouble: Trouble, company: Company) -> Refusal {
        match (trouble.about, company) {
            (Concern::Message(reason), Company::Alone) => {
                self.alone.store(0, Ordering::Relaxed);
                refused(reason)
            }
            (Concern::Message(_), Company::Others) => {
                self.alone.store(ALONE, Ordering::Relaxed);
                Refusal::transient(format!("{}; which it was is found by sending each alone", trouble.why))
            }
            (Concern::Connection, Company::Others) => {
                self.alone.fetch_max(ALONE_AFTER_BREAK, Ordering::Relaxed);
                Refusal::transient(trouble.why)
            }
            (Concern::Connection, Company::Alone) | (Concern::Name, _) => Refusal::transient(trouble.why),
        }
    }

    /// Starts what keeps the connection, on the runtime that this is called on.
    fn start(&self) -> Result<(), Refusal> {
        let mut keeping = self.keeping();
        match &*keeping {
            Keeping::Over => return Err(Refusal::transient("the sink is closed")),
            Keeping::Now(task) if !task.is_finished() => return Ok(()),
            Keeping::Now(_) | Keeping::NotYet => {}
        }
        let keeper = Keeper {
            client: Arc::clone(&self.client),
            topics: self.topics.clone(),
            about: self.about.clone(),
            since: self.since,
            waits: self.waits,
            presence: self.presence,
            state: self.state.clone(),
            connections: self.connections.clone(),
            alone: Arc::clone(&self.alone),
        };
        *keeping = Keeping::Now(tokio::spawn(keeper.run()));
        Ok(())
    }

    /// The connection; one that was lost may be back at once.
    async fn link(&self, patience: Duration) -> Result<Link, Refusal> {
        let mut states = self.state.subscribe();
        let up = timeout(patience, states.wait_for(|state| matches!(state, State::Up(_)))).await;
        if let Ok(Ok(state)) = up
            && let State::Up(link) = &*state
        {
            return Ok(link.clone());
        }
        match &*self.state.borrow() {
            State::Untried => Err(Refusal::transient("the broker has not answered yet")),
            State::Down(trouble) => Err(Refusal::transient(trouble.why.clone())),
            State::Up(link) => Ok(link.clone()),
        }
    }

    fn count(&self, reason: Reason) {
        if reason != Reason::NO_SUBSCRIBERS {
            self.is_said.store(false, Ordering::Relaxed);
            return;
        }
        self.unheard.fetch_add(1, Ordering::Relaxed);
        if !self.is_said.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                sink = %self.about.name,
                "the broker takes alerts, and nobody has subscribed to them (0x10): subscribe to firewarden/v1/{}/#",
                self.about.site
            );
        }
    }

    fn keeping(&self) -> std::sync::MutexGuard<'_, Keeping> {
        self.keeping.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C> Drop for Outlet<C> {
    fn drop(&mut self) {
        if let Keeping::Now(task) = self.keeping.get_mut().unwrap_or_else(PoisonError::into_inner) {
            task.abort();
        }
    }
}
