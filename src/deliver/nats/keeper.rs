//! The task that keeps a connection with a server for as long as the sink lives.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_nats::Subscriber;
use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{
    sync::{
        Notify,
        broadcast::{self, error::RecvError},
        watch,
    },
    task::JoinHandle,
    time::{Instant, sleep, sleep_until, timeout, timeout_at},
};

use super::{
    super::{About, Refusal, backoff::Backoff},
    Waits,
    connect::{connect, secrets},
    link::{Link, is_inbox},
    subjects::Subjects,
    trouble::{Concern, Notice, Reader, Trouble},
};
use crate::config;

/// A connection that lasted so long was a good one: waits begin anew.
const HEALTHY: Duration = Duration::from_secs(60);
/// So many notices wait for whoever reads slowly.
const NOTICES: usize = 256;
/// So many verdicts of a platform are being kept at once.
const VERDICTS: usize = 32;
/// A connection that is over has said why within this.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// Saying goodbye takes no longer.
const GOODBYE: Duration = Duration::from_millis(700);

/// How it stands with the connection.
enum State {
    Connecting,
    Up(Link),
    Down(Down),
}

#[derive(Clone)]
struct Down {
    trouble: Trouble,
    /// No connection is tried before.
    again: Instant,
}

/// Whoever asks for the connection, and ends it.
pub(super) struct Keeper {
    state: watch::Receiver<State>,
    wanted: Arc<Notify>,
    ending: Arc<Notify>,
    task: JoinHandle<()>,
    waits: Waits,
}

impl Keeper {
    /// Begins, and with it the first connection. Those that are made are counted.
    pub fn start(
        settings: Arc<config::Nats>,
        about: About,
        subjects: Subjects,
        waits: Waits,
        connections: watch::Sender<u64>,
    ) -> Self {
        let (state, watched) = watch::channel(State::Connecting);
        let (wanted, ending) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let reader = Arc::new(Reader::new(secrets(&settings)));
        let name = format!("firewarden {} {}", about.site, about.box_id);
        let mut work = Work {
            settings,
            about,
            subjects,
            waits,
            reader,
            name,
            state,
            connections,
            wanted: Arc::clone(&wanted),
            said: BTreeSet::new(),
        };
        let end = Arc::clone(&ending);
        let task = tokio::spawn(async move {
            tokio::select! {
                () = work.run() => {}
                () = end.notified() => {}
            }
            let trouble = Trouble::new("the sink is closed");
            work.state.send_replace(State::Down(Down { trouble, again: Instant::now() }));
        });
        Self { state: watched, wanted, ending, task, waits }
    }

    /// The connection. One that is not there is waited for as long as one try takes.
    pub async fn link(&self) -> Result<Link, Refusal> {
        let mut state = self.state.clone();
        // A try that is under way is over by then, and one more moment for who tells of it.
        let deadline = Instant::now() + self.waits.connection * 8 / 7;
        let mut is_wanted = false;
        loop {
            match &*state.borrow_and_update() {
                State::Up(link) => return Ok(link.clone()),
                State::Connecting => is_wanted = true,
                State::Down(down) => {
                    let rest = down.again.saturating_duration_since(Instant::now());
                    if is_wanted || !rest.is_zero() {
                        let after = Some(rest).filter(|rest| !rest.is_zero());
                        return Err(Refusal::Transient { why: down.trouble.to_string(), after });
                    }
                    self.wanted.notify_one();
                    is_wanted = true;
                }
            }
            match timeout_at(deadline, state.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(Refusal::transient("the sink is closed")),
                Err(_) => return Err(Trouble::silent().into()),
            }
        }
    }

    /// The end, which takes a second at most.
    pub async fn close(&self) {
        let link = match &*self.state.borrow() {
            State::Up(link) => Some(link.clone()),
            State::Connecting | State::Down(_) => None,
        };
        if let Some(link) = link {
            link.flush(GOODBYE).await;
        }
        self.ending.notify_one();
        let mut state = self.state.clone();
        let ended = async { while state.changed().await.is_ok() {} };
        let _ = timeout(LAST_WORDS, ended).await;
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Work {
    settings: Arc<config::Nats>,
    about: About,
    subjects: Subjects,
    waits: Waits,
    reader: Arc<Reader>,
    /// By which people at the server know the connection.
    name: String,
    state: watch::Sender<State>,
    /// Counts connections.
    connections: watch::Sender<u64>,
    wanted: Arc<Notify>,
    /// Subjects of which was said that they cannot be listened to.
    said: BTreeSet<String>,
}

impl Work {
    /// Makes connections, one after the other. What a connection would do by itself to come back is not used: it forgets how often
    /// it failed as soon as somebody answers, and remembers every acknowledgement that did not come.
    async fn run(&mut self) {
        let mut backoff = Backoff::default();
        loop {
            let began = Instant::now();
            self.state.send_replace(State::Connecting);
            let trouble = self.connection().await;
            if began.elapsed() >= HEALTHY {
                backoff = Backoff::default();
            }
            let least = match trouble.concern {
                Concern::Entry => self.waits.locked_out,
                Concern::Other => self.waits.again,
            };
            let again = Instant::now() + least;
            self.state.send_replace(State::Down(Down { trouble, again }));
            sleep_until(again).await;
            tokio::select! {
                () = sleep(backoff.next()) => {}
                () = self.wanted.notified() => {}
            }
        }
    }

    /// One connection, until it ends.
    async fn connection(&mut self) -> Trouble {
        let (notices, mut heard) = broadcast::channel(NOTICES);
        let client = match connect(&self.settings, &self.name, self.waits, &self.reader, &notices).await {
            Ok(client) => client,
            Err(trouble) => return trouble,
        };
        let stream = self.settings.stream.clone();
        let link = Link::new(client, notices.clone(), Arc::clone(&self.reader), stream, self.waits);
        let trouble = self.use_link(link, &mut heard).await;
        // Whoever still waits for an answer of it waits in vain.
        let _ = notices.send(Notice::Lost(trouble.clone()));
        trouble
    }

    async fn use_link(&mut self, link: Link, heard: &mut broadcast::Receiver<Notice>) -> Trouble {
        let subscribe = |subject| async { link.client().subscribe(subject).await };
        let both =
            async { tokio::try_join!(subscribe(self.subjects.resend()), subscribe(self.subjects.verdict())) };
        let Ok(Ok((mut resends, mut verdicts))) = timeout(self.waits.connection, both).await else {
            return Trouble::lost();
        };
        self.state.send_replace(State::Up(link.clone()));
        self.connections.send_modify(|connections| *connections += 1);
        let requests = self.about.requests.clone();
        let mut taken = FuturesUnordered::new();
        loop {
            tokio::select! {
                biased;
                notice = heard.recv() => match notice {
                    Ok(notice) => if let Some(trouble) = self.noticed(notice) { return trouble },
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return Trouble::lost(),
                },
                () = link.given_up() => return Trouble::hanging(),
                arrived = arrived(&mut resends) => match arrived {
                    Some(text) => requests.resend(&text),
                    None => return last_words(heard).await,
                },
                Some(()) = taken.next() => {}
                // The others wait with the client, which has room for thousands.
                arrived = arrived(&mut verdicts), if taken.len() < VERDICTS => match arrived {
                    Some(text) => taken.push(requests.verdict(&text)),
                    None => return last_words(heard).await,
                },
            }
        }
    }

    /// Why the connection is of no more use, where it is not.
    fn noticed(&mut self, notice: Notice) -> Option<Trouble> {
        let sink = &self.about.name;
        match notice {
            Notice::Unsubscribed { subject } if is_inbox(&subject) => return Some(Trouble::deaf()),
            Notice::Unsubscribed { subject } => {
                if self.said.insert(subject.clone()) {
                    tracing::warn!(
                        %sink,
                        "the user may not subscribe to {subject}: what a platform asks for by it is not heard. Alerts are delivered all \
                         the same"
                    );
                }
            }
            Notice::TooMany => {
                tracing::warn!(%sink, "requests of a platform are left out: too many came at once")
            }
            Notice::Unpublished { .. } => {}
            Notice::Ending(trouble) | Notice::Lost(trouble) => return Some(trouble),
        }
        None
    }
}

/// The next message; none where the connection is over.
async fn arrived(subscriber: &mut Subscriber) -> Option<Vec<u8>> {
    subscriber.next().await.map(|message| message.payload.to_vec())
}

/// Why a connection that is over is over.
async fn last_words(heard: &mut broadcast::Receiver<Notice>) -> Trouble {
    let words = async {
        loop {
            match heard.recv().await {
                Ok(Notice::Ending(trouble) | Notice::Lost(trouble)) => return trouble,
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return Trouble::lost(),
            }
        }
    };
    timeout(LAST_WORDS, words).await.unwrap_or_else(|_| Trouble::lost())
}
