//! A server that speaks NATS byte by byte, and does what real ones will not.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::{Notify, broadcast},
    task::JoinSet,
};

/// How it greets who connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Greeting {
    /// As a server of NATS that lets everybody in and takes messages of so many bytes.
    Usual { max_payload: usize },
    /// By these bytes, and nothing else.
    Says(&'static [u8]),
    /// It lets nobody in, and says this.
    Refuses(&'static str),
    /// It lets everybody in, and hangs up at once.
    HangsUp,
}

pub(super) const USUAL: Greeting = Greeting::Usual { max_payload: 1 << 20 };

/// What it does with what is published to a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Taken,
    Duplicate,
    /// It has it, and does not say so.
    Lost,
    /// It says so after the next answer.
    Late,
    /// An error of JetStream: its code, and in words.
    Error(u64, &'static str),
    NoResponders,
    /// Another stream took it.
    Other(&'static str),
    Garbage,
    HangUp,
    /// It says this instead.
    Says(&'static str),
}

/// What it was told, as it came.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Heard {
    Connect(Value),
    Subscribed(String),
    Published { subject: String, headers: String, body: String, wants_answer: bool },
}

pub(super) struct Fake {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    _work: JoinSet<()>,
}

struct Shared {
    greeting: Mutex<Greeting>,
    answers: Mutex<VecDeque<Answer>>,
    /// Subjects that nobody may subscribe to.
    forbidden: Mutex<Vec<String>>,
    heard: Mutex<Vec<Heard>>,
    news: Notify,
    connections: AtomicUsize,
    orders: broadcast::Sender<Order>,
}

#[derive(Debug, Clone)]
enum Order {
    Say(String),
    Message { subject: String, body: String },
    HangUp,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Fake {
    pub async fn start(greeting: Greeting) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (orders, _) = broadcast::channel(64);
        let (answers, forbidden, heard, news, connections) = Default::default();
        let greeting = Mutex::new(greeting);
        let shared = Arc::new(Shared { greeting, answers, forbidden, heard, news, connections, orders });
        let mut work = JoinSet::new();
        let shares = Arc::clone(&shared);
        work.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&shares);
                shared.connections.fetch_add(1, Ordering::SeqCst);
                connections.spawn(async move {
                    // A connection that breaks off is over.
                    let _ = Connection::new(stream, &shared).run().await;
                });
            }
        });
        Self { address, shared, _work: work }
    }

    pub fn greet(&self, greeting: Greeting) {
        *lock(&self.shared.greeting) = greeting;
    }

    /// What it does with the next that is published, one after the other; it takes what comes then.
    pub fn answer(&self, answers: impl IntoIterator<Item = Answer>) {
        lock(&self.shared.answers).extend(answers);
    }

    pub fn forbid(&self, subject: &str) {
        lock(&self.shared.forbidden).push(subject.to_owned());
    }

    pub fn allow_all(&self) {
        lock(&self.shared.forbidden).clear();
    }

    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    pub fn heard(&self) -> Vec<Heard> {
        lock(&self.shared.heard).clone()
    }

    /// What was published: subjects, headers, and what it is.
    pub fn published(&self) -> Vec<(String, String, String)> {
        let published = |heard| match heard {
            Heard::Published { subject, headers, body, .. } => Some((subject, headers, body)),
            _ => None,
        };
        self.heard().into_iter().filter_map(published).collect()
    }

    /// Until it was told something that is so.
    pub async fn until(&self, what: &str, is: impl Fn(&[Heard]) -> bool) {
        let told = async {
            loop {
                let news = self.shared.news.notified();
                tokio::pin!(news);
                news.as_mut().enable();
                if is(&self.heard()) {
                    return;
                }
                news.await;
            }
        };
        let deadline = std::time::Duration::from_secs(60);
        tokio::time::timeout(deadline, told)
            .await
            .unwrap_or_else(|_| panic!("it did not come about that {what}: {:?}", self.heard()));
    }

    /// Sends a message to whoever subscribed to its subject.
    pub fn send(&self, subject: &str, body: &str) {
        let _ =
            self.shared.orders.send(Order::Message { subject: subject.to_owned(), body: body.to_owned() });
    }

    /// Says something on all connections.
    pub fn say(&self, text: &str) {
        let _ = self.shared.orders.send(Order::Say(text.to_owned()));
    }

    pub fn hang_up(&self) {
        let _ = self.shared.orders.send(Order::HangUp);
    }
}

struct Connection<'a> {
    stream: BufReader<TcpStream>,
    shared: &'a Shared,
    orders: broadcast::Receiver<Order>,
    subscriptions: Vec<(String, String)>,
    /// Answers that come after the next one.
    late: Vec<String>,
}

/// Whether there is more to come.
type More = std::io::Result<bool>;

impl<'a> Connection<'a> {
    fn new(stream: TcpStream, shared: &'a Shared) -> Self {
        let (subscriptions, late) = Default::default();
        Self {
            stream: BufReader::new(stream),
            shared,
            orders: shared.orders.subscribe(),
            subscriptions,
            late,
        }
    }

    async fn run(&mut self) -> std::io::Result<()> {
        let greeting = *lock(&self.shared.greeting);
        match greeting {
            Greeting::Says(bytes) => {
                self.write(bytes).await?;
                // It listens, and does not answer.
                while self.stream.read_u8().await.is_ok() {}
                return Ok(());
            }
            Greeting::Usual { max_payload } => self.info(max_payload).await?,
            Greeting::Refuses(_) | Greeting::HangsUp => self.info(1 << 20).await?,
        }
        loop {
            let mut line = String::new();
            let more = tokio::select! {
                read = self.stream.read_line(&mut line) => match read? {
                    0 => false,
                    _ => self.line(line.trim_end(), greeting).await?,
                },
                order = self.orders.recv() => match order {
                    Ok(order) => self.order(order).await?,
                    Err(_) => false,
                },
            };
            if !more {
                return Ok(());
            }
        }
    }

    async fn info(&mut self, max_payload: usize) -> std::io::Result<()> {
        let info = json!({
            "server_id": "FAKE", "version": "2.10.0", "proto": 1, "headers": true, "max_payload": max_payload,
            "nonce": "abcdef", "jetstream": true,
        });
        self.write(format!("INFO {info}\r\n").as_bytes()).await
    }

    async fn line(&mut self, line: &str, greeting: Greeting) -> More {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["CONNECT", ..] => {
                let said = line.trim_start_matches("CONNECT ");
                self.hear(Heard::Connect(serde_json::from_str(said).expect("JSON")));
                if let Greeting::Refuses(why) = greeting {
                    self.write(format!("-ERR '{why}'\r\n").as_bytes()).await?;
                    return Ok(false);
                }
            }
            ["PING"] => {
                self.write(b"PONG\r\n").await?;
                return Ok(greeting != Greeting::HangsUp);
            }
            ["SUB", subject, sid] => {
                let forbidden = lock(&self.shared.forbidden).iter().any(|part| subject.starts_with(part));
                if forbidden {
                    let text = format!("-ERR 'Permissions Violation for Subscription to \"{subject}\"'\r\n");
                    self.write(text.as_bytes()).await?;
                } else {
                    self.subscriptions.push(((*subject).to_owned(), (*sid).to_owned()));
                }
                self.hear(Heard::Subscribed((*subject).to_owned()));
            }
            ["HPUB", subject, rest @ .., headers, all] => {
                let (headers, all): (usize, usize) =
                    (headers.parse().expect("a length"), all.parse().expect("one"));
                let mut read = vec![0; all + 2];
                self.stream.read_exact(&mut read).await?;
                let text = String::from_utf8(read).expect("text");
                let (headers, body) = text.trim_end_matches("\r\n").split_at(headers);
                let reply = rest.first().map(|reply| (*reply).to_owned());
                self.hear(Heard::Published {
                    subject: (*subject).to_owned(),
                    headers: headers.to_owned(),
                    body: body.to_owned(),
                    wants_answer: reply.is_some(),
                });
                if let Some(reply) = reply {
                    return self.answer(subject, &reply).await;
                }
            }
            _ => {}
        }
        Ok(true)
    }

    async fn answer(&mut self, subject: &str, reply: &str) -> More {
        let answer = lock(&self.shared.answers).pop_front().unwrap_or(Answer::Taken);
        let ack = |stream: &str, duplicate: bool| {
            json!({ "stream": stream, "seq": 7, "duplicate": duplicate }).to_string()
        };
        let text = match answer {
            Answer::Taken => self.to(reply, &ack("FIREWARDEN", false)),
            Answer::Duplicate => self.to(reply, &ack("FIREWARDEN", true)),
            Answer::Other(stream) => self.to(reply, &ack(stream, false)),
            Answer::Garbage => self.to(reply, "+OK but what"),
            Answer::Error(code, words) => {
                let error = json!({ "code": 400, "err_code": code, "description": words });
                self.to(reply, &json!({ "error": error, "stream": "", "seq": 0 }).to_string())
            }
            Answer::NoResponders => {
                let sid = self.sid(reply);
                let status = "NATS/1.0 503\r\n\r\n";
                format!("HMSG {reply} {sid} {0} {0}\r\n{status}\r\n", status.len())
            }
            Answer::Says(text) => format!("-ERR '{}'\r\n", text.replace("SUBJECT", subject)),
            Answer::Late => {
                let late = self.to(reply, &ack("FIREWARDEN", false));
                self.late.push(late);
                return Ok(true);
            }
            Answer::Lost => return Ok(true),
            Answer::HangUp => return Ok(false),
        };
        self.write(text.as_bytes()).await?;
        for late in std::mem::take(&mut self.late) {
            self.write(late.as_bytes()).await?;
        }
        Ok(true)
    }

    fn to(&self, subject: &str, body: &str) -> String {
        format!("MSG {subject} {} {}\r\n{body}\r\n", self.sid(subject), body.len())
    }

    fn sid(&self, subject: &str) -> String {
        let takes = |pattern: &str| match pattern.strip_suffix('*') {
            Some(prefix) => subject.starts_with(prefix),
            None => subject == pattern,
        };
        let found = self.subscriptions.iter().find(|(pattern, _)| takes(pattern));
        found.map_or_else(|| "999".to_owned(), |(_, sid)| sid.clone())
    }

    async fn order(&mut self, order: Order) -> More {
        let text = match order {
            Order::HangUp => return Ok(false),
            Order::Say(text) => text,
            Order::Message { subject, body } => self.to(&subject, &body),
        };
        self.write(text.as_bytes()).await?;
        Ok(true)
    }

    async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.get_mut().write_all(bytes).await
    }

    fn hear(&self, heard: Heard) {
        lock(&self.shared.heard).push(heard);
        self.shared.news.notify_waiters();
    }
}
