//! A connection as those know it who publish over it.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Notify, Semaphore, mpsc, oneshot, watch},
    time::timeout,
};

use super::client::{Message, Order, Reason, Trouble, Turn};

/// Whether there is a connection.
#[derive(Debug, Clone)]
pub(super) enum State {
    /// Nobody knows yet.
    Untried,
    /// None, and why.
    Down(Trouble),
    /// There is.
    Up(Link),
}

/// A connection that stands.
#[derive(Debug, Clone)]
pub(super) struct Link {
    orders: mpsc::Sender<Order>,
    turns: Arc<Semaphore>,
    /// How many turns there are.
    most: u32,
    late: Arc<Notify>,
    /// Why it ended, once it has.
    ended: watch::Receiver<Option<Trouble>>,
}

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
    /// It did not come in time. The connection is ended: nobody knows any longer what is on its way.
    Late,
    /// The connection had ended before, and nothing was sent.
    Unsent,
    /// The connection ended first.
    Lost(Trouble),
}

impl Link {
    /// A connection that takes orders here, and so many messages at once. Where an acknowledgement is late, that is told, for
    /// the connection to be ended.
    pub fn new(
        orders: mpsc::Sender<Order>,
        at_once: u16,
        late: Arc<Notify>,
        ended: watch::Receiver<Option<Trouble>>,
    ) -> Self {
        let most = at_once.max(1);
        let turns = Arc::new(Semaphore::new(usize::from(most)));
        Self { orders, turns, most: u32::from(most), late, ended }
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
        turn: Option<Turn>,
        patience: Duration,
    ) -> Result<Reason, Unanswered> {
        self.ask(|answer| Order::Publish { message, turn, answer }, patience).await
    }

    /// Subscribes, and waits for what is said of each topic.
    pub async fn subscribe(
        &self,
        topics: Vec<String>,
        patience: Duration,
    ) -> Result<Vec<Reason>, Unanswered> {
        self.ask(|answer| Order::Subscribe(topics, answer), patience).await
    }

    /// Has it end well.
    pub async fn disconnect(&self) {
        let _ = self.orders.send(Order::Disconnect).await;
    }

    async fn ask<T>(
        &self,
        order: impl FnOnce(oneshot::Sender<T>) -> Order,
        patience: Duration,
    ) -> Result<T, Unanswered> {
        let (answer, answered) = oneshot::channel();
        let asked = async {
            // What was not even sent is to blame for nothing.
            if self.orders.send(order(answer)).await.is_err() {
                return Err(Unanswered::Unsent);
            }
            match answered.await {
                Ok(answer) => Ok(answer),
                Err(_) => Err(Unanswered::Lost(self.end().await)),
            }
        };
        let Ok(asked) = timeout(patience, asked).await else {
            self.late.notify_one();
            return Err(Unanswered::Late);
        };
        asked
    }

    /// Why this connection ended, which is told right after it has.
    async fn end(&self) -> Trouble {
        let mut ended = self.ended.clone();
        let known = ended.wait_for(Option::is_some).await;
        let known = known.ok().and_then(|trouble| trouble.clone());
        known.unwrap_or_else(|| Trouble::new("the connection with the broker broke off"))
    }
}
