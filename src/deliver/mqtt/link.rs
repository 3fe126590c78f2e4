//! A connection as those know it who publish over it.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch},
    time::timeout,
};

use super::client::{Message, Order, Reason, Trouble};

/// Whether there is a connection.
#[derive(Debug, Clone)]
pub(super) enum State {
    /// None, and why: that of nobody having tried yet, too.
    Down(Trouble),
    /// There is.
    Up(Link),
}

/// A connection that stands.
#[derive(Debug, Clone)]
pub(super) struct Link {
    /// No other connection of this sink has it.
    number: u64,
    orders: mpsc::Sender<Order>,
    turns: Arc<Semaphore>,
    /// How many turns there are.
    most: u32,
    late: Arc<Notify>,
}

/// The right to have a message on its way.
pub(super) type Turn = OwnedSemaphorePermit;

/// With how many others a message is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Company {
    /// With as many as the broker takes.
    Others,
    /// With none, so that a refusal that does not say of what is of it.
    Alone,
}

/// Why there is no acknowledgement.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unanswered {
    /// It did not come in time. The connection is ended: nobody knows any longer what was on its way.
    Late,
    /// The connection ended first.
    Lost(Trouble),
}

impl Link {
    /// The end that publishes, and the one that keeps the connection: what comes out of the receiver is to be done, and the
    /// connection to be ended where it is told that an acknowledgement is late.
    pub fn new(number: u64, orders: mpsc::Sender<Order>, at_once: u16, late: Arc<Notify>) -> Self {
        let most = at_once.max(1);
        Self {
            number,
            orders,
            turns: Arc::new(Semaphore::new(usize::from(most))),
            most: u32::from(most),
            late,
        }
    }

    /// Waits for a turn; none where none came in time.
    pub async fn turn(&self, company: Company, patience: Duration) -> Option<Turn> {
        let number = if company == Company::Alone { self.most } else { 1 };
        let turn = timeout(patience, Arc::clone(&self.turns).acquire_many_owned(number)).await;
        turn.ok()?.ok()
    }

    /// Publishes, and waits for the acknowledgement of this very message.
    pub async fn publish(
        &self,
        message: Message,
        patience: Duration,
        state: &watch::Sender<State>,
    ) -> Result<Reason, Unanswered> {
        self.ask(|answer| Order::Publish(message, answer), patience, state).await
    }

    /// Subscribes, and waits for what is said of each topic.
    pub async fn subscribe(
        &self,
        topics: Vec<String>,
        patience: Duration,
        state: &watch::Sender<State>,
    ) -> Result<Vec<Reason>, Unanswered> {
        self.ask(|answer| Order::Subscribe(topics, answer), patience, state).await
    }

    /// Has it end well.
    pub async fn disconnect(&self) {
        let _ = self.orders.send(Order::Disconnect).await;
    }

    async fn ask<T>(
        &self,
        order: impl FnOnce(oneshot::Sender<T>) -> Order,
        patience: Duration,
        state: &watch::Sender<State>,
    ) -> Result<T, Unanswered> {
        let (answer, answered) = oneshot::channel();
        let asked = async {
            self.orders.send(order(answer)).await.ok()?;
            answered.await.ok()
        };
        match timeout(patience, asked).await {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(Unanswered::Lost(self.end(state).await)),
            Err(_) => {
                self.late.notify_one();
                Err(Unanswered::Late)
            }
        }
    }

    /// Why this connection ended, which is told right after it has.
    async fn end(&self, state: &watch::Sender<State>) -> Trouble {
        let mut states = state.subscribe();
        let is_over = |state: &State| !matches!(state, State::Up(link) if link.number == self.number);
        let over = timeout(Duration::from_secs(1), states.wait_for(is_over)).await;
        match over {
            Ok(Ok(state)) => match &*state {
                State::Down(trouble) => trouble.clone(),
                State::Up(_) => Trouble::new("the connection with the broker broke off"),
            },
            _ => Trouble::new("the connection with the broker broke off"),
        }
    }
}
