//! A broker of bytes, which does what no real one can be made to do.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
    task::JoinHandle,
    time::timeout,
};

/// Ten times and more of what anything here takes.
pub(super) const DEADLINE: Duration = Duration::from_secs(30);

/// How it answers; it may be changed at any time.
#[derive(Debug, Clone)]
pub(super) struct Manner {
    /// The whole CONNACK, or anything else that is sent after CONNECT.
    pub greeting: Vec<u8>,
    /// Whether that is the end of the connection.
    pub only_greets: bool,
    pub acks: Acks,
    /// The reason code for each topic of SUBSCRIBE.
    pub subscribed: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Acks {
    /// Each alert is acknowledged with this code.
    Code(u8),
    /// None is.
    Lost,
    /// With an alert of which this is a part, this is sent, and the connection ended.
    Refused(&'static str, &'static [u8]),
}

/// A CONNACK with this code and these properties.
pub(super) fn connack(session_present: bool, code: u8, properties: &[u8]) -> Vec<u8> {
    let length = u8::try_from(properties.len()).expect("few");
    let mut packet = vec![0x20, 3 + length, u8::from(session_present), code, length];
    packet.extend_from_slice(properties);
    packet
}

pub(super) fn puback(packet: u16, code: u8) -> Vec<u8> {
    let [high, low] = packet.to_be_bytes();
    // What may be left out is, as brokers do.
    if code == 0 { vec![0x40, 4, high, low, 0, 0] } else { vec![0x40, 3, high, low, code] }
}

impl Default for Manner {
    fn default() -> Self {
        Self { greeting: connack(false, 0, &[]), only_greets: false, acks: Acks::Code(0), subscribed: 1 }
    }
}

/// What it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sent {
    Connect(Connect),
    Publish(Published),
    Subscribe {
        topics: Vec<(String, u8)>,
    },
    PubAck,
    Ping,
    Disconnect,
    /// The connection is over.
    End,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Connect {
    pub version: u8,
    pub clean_start: bool,
    pub keep_alive: u16,
    pub properties: Properties,
    pub client_id: String,
    /// Topic, payload, retained.
    pub will: Option<(String, String, bool)>,
    pub username: Option<String>,
    pub password: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Published {
    pub packet: u16,
    pub topic: String,
    pub body: String,
    pub qos: u8,
    pub retain: bool,
    pub duplicate: bool,
    pub properties: Properties,
}

impl Published {
    /// Of an alert, not of the box's status.
    pub fn is_alert(&self) -> bool {
        !self.topic.ends_with("/status")
    }
}

/// Those that are looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Properties {
    pub format: Option<u8>,
    pub content_type: Option<String>,
    pub user: Vec<(String, String)>,
    pub session_expiry: Option<u32>,
    pub largest: Option<u32>,
    pub receive_max: Option<u16>,
}

/// Bytes for a connection; none ends it.
type ToClient = mpsc::UnboundedSender<Option<Vec<u8>>>;

/// The broker. It ends with this.
pub(super) struct Fake {
    pub address: SocketAddr,
    manner: Arc<Mutex<Manner>>,
    sent: watch::Receiver<Vec<Sent>>,
    /// The way to the latest connection.
    to: Arc<Mutex<Option<ToClient>>>,
    task: JoinHandle<()>,
}

impl Fake {
    pub async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let manner = Arc::new(Mutex::new(manner));
        let (seen, sent) = watch::channel(Vec::new());
        let to = Arc::new(Mutex::new(None));
        let (with, latest) = (Arc::clone(&manner), Arc::clone(&to));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (to, bytes) = mpsc::unbounded_channel();
                *latest.lock().expect("whole") = Some(to);
                serve(stream, &with, &seen, bytes).await;
                seen.send_modify(|sent| sent.push(Sent::End));
            }
        });
        Self { address, manner, sent, to, task }
    }

    pub fn change(&self, change: impl FnOnce(&mut Manner)) {
        change(&mut self.manner.lock().expect("whole"));
    }

    pub fn send(&self, bytes: Vec<u8>) {
        let to = self.to.lock().expect("whole");
        to.as_ref().expect("a connection").send(Some(bytes)).expect("it stands");
    }

    pub fn kill(&self) {
        let to = self.to.lock().expect("whole");
        to.as_ref().expect("a connection").send(None).expect("it stands");
    }

    /// All that it was sent, once that is so.
    pub async fn until(&self, what: &str, is_so: impl Fn(&[Sent]) -> bool) -> Vec<Sent> {
        let mut sent = self.sent.clone();
        match timeout(DEADLINE, sent.wait_for(|sent| is_so(sent))).await {
            Ok(Ok(sent)) => sent.clone(),
            _ => panic!("{what}: {:#?}", self.all()),
        }
    }

    pub fn all(&self) -> Vec<Sent> {
        self.sent.borrow().clone()
    }

    /// The alerts that came, once there are so many.
    pub async fn alerts(&self, number: usize) -> Vec<Published> {
        let sent = self.until("alerts", |sent| alerts(sent).count() >= number).await;
        alerts(&sent).cloned().collect()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(super) fn alerts(sent: &[Sent]) -> impl Iterator<Item = &Published> {
    sent.iter().filter_map(|sent| match sent {
        Sent::Publish(published) if published.is_alert() => Some(published),
        _ => None,
    })
}

async fn serve(
    mut stream: TcpStream,
    manner: &Mutex<Manner>,
    seen: &watch::Sender<Vec<Sent>>,
    mut bytes: mpsc::UnboundedReceiver<Option<Vec<u8>>>,
) {
    let mut buffer = Vec::new();
    loop {
        while let Some((first, body)) = packet(&mut buffer) {
            let sent = parsed(first, &body);
            let manner = manner.lock().expect("whole").clone();
            let mut end = false;
            let answer = match &sent {
                Sent::Connect(_) => {
                    end = manner.only_greets;
                    manner.greeting
                }
                Sent::Publish(published) if !published.is_alert() => puback(published.packet, 0),
                Sent::Publish(published) => match manner.acks {
                    Acks::Code(code) => puback(published.packet, code),
                    Acks::Refused(part, bytes) if published.body.contains(part) => {
                        end = true;
                        bytes.to_vec()
                    }
                    Acks::Refused(..) => puback(published.packet, 0),
                    Acks::Lost => Vec::new(),
                },
                Sent::Subscribe { topics } => {
                    let codes = vec![manner.subscribed; topics.len()];
                    let length = u8::try_from(3 + codes.len()).expect("few");
                    [vec![0x90, length, body[0], body[1], 0], codes].concat()
                }
                Sent::Ping => vec![0xD0, 0],
                Sent::Disconnect => {
                    end = true;
                    Vec::new()
                }
                Sent::PubAck | Sent::End => Vec::new(),
            };
            seen.send_modify(|all| all.push(sent));
            if stream.write_all(&answer).await.is_err() || end {
                return;
            }
        }
        tokio::select! {
            read = stream.read_buf(&mut buffer) => match read {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            },
            order = bytes.recv() => match order {
                Some(Some(bytes)) => {
                    if stream.write_all(&bytes).await.is_err() {
                        return;
                    }
                }
                Some(None) | None => return,
            },
        }
    }
}

/// The first packet that is whole: its first byte, and what follows its length.
fn packet(buffer: &mut Vec<u8>) -> Option<(u8, Vec<u8>)> {
    let (mut length, mut at, mut shift) = (0, 1, 0);
    loop {
        let byte = *buffer.get(at)?;
        length |= usize::from(byte & 0x7F) << shift;
        (at, shift) = (at + 1, shift + 7);
        if byte & 0x80 == 0 {
            break;
        }
    }
    (buffer.len() >= at + length).then(|| {
        let whole: Vec<u8> = buffer.drain(..at + length).collect();
        (whole[0], whole[at..].to_vec())
    })
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take(&mut self, length: usize) -> &[u8] {
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    fn byte(&mut self) -> u8 {
        self.take(1)[0]
    }

    fn short(&mut self) -> u16 {
        u16::from(self.byte()) << 8 | u16::from(self.byte())
    }

    fn long(&mut self) -> u32 {
        u32::from(self.short()) << 16 | u32::from(self.short())
    }

    fn text(&mut self) -> String {
        let length = usize::from(self.short());
        String::from_utf8(self.take(length).to_vec()).expect("a text")
    }

    fn properties(&mut self) -> Properties {
        let (mut length, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            length |= usize::from(byte & 0x7F) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let mut reader = Reader(self.take(length));
        let mut found = Properties::default();
        while !reader.0.is_empty() {
            match reader.byte() {
                0x01 => found.format = Some(reader.byte()),
                0x03 => found.content_type = Some(reader.text()),
                0x11 => found.session_expiry = Some(reader.long()),
                0x21 => found.receive_max = Some(reader.short()),
                0x26 => found.user.push((reader.text(), reader.text())),
                0x27 => found.largest = Some(reader.long()),
                other => panic!("a property that is not known here: {other:#x}"),
            }
        }
        found
    }
}

fn parsed(first: u8, body: &[u8]) -> Sent {
    let mut reader = Reader(body);
    match first >> 4 {
        1 => {
            assert_eq!(reader.text(), "MQTT");
            let version = reader.byte();
            let flags = reader.byte();
            let keep_alive = reader.short();
            let properties = reader.properties();
            let client_id = reader.text();
            let will = (flags & 0x04 != 0).then(|| {
                reader.properties();
                (reader.text(), reader.text(), flags & 0x20 != 0)
            });
            let username = (flags & 0x80 != 0).then(|| reader.text());
            let password = (flags & 0x40 != 0).then(|| reader.text());
            let clean_start = flags & 0x02 != 0;
            Sent::Connect(Connect {
                version,
                clean_start,
                keep_alive,
                properties,
                client_id,
                will,
                username,
                password,
            })
        }
        3 => {
            let topic = reader.text();
            let qos = first >> 1 & 0x03;
            let packet = if qos == 0 { 0 } else { reader.short() };
            let properties = reader.properties();
            let body = String::from_utf8(reader.0.to_vec()).expect("a text");
            let (retain, duplicate) = (first & 0x01 != 0, first & 0x08 != 0);
            Sent::Publish(Published { packet, topic, body, qos, retain, duplicate, properties })
        }
        4 => Sent::PubAck,
        8 => {
            reader.short();
            reader.properties();
            let mut topics = Vec::new();
            while !reader.0.is_empty() {
                topics.push((reader.text(), reader.byte()));
            }
            Sent::Subscribe { topics }
        }
        12 => Sent::Ping,
        14 => Sent::Disconnect,
        other => panic!("a packet that is not known here: {other}"),
    }
}

/// A PUBLISH of a broker.
pub(super) fn publish(topic: &str, packet: u16, body: &[u8]) -> Vec<u8> {
    let mut rest = u16::try_from(topic.len()).expect("short").to_be_bytes().to_vec();
    rest.extend_from_slice(topic.as_bytes());
    rest.extend_from_slice(&packet.to_be_bytes());
    rest.push(0);
    rest.extend_from_slice(body);
    let mut bytes = vec![0x32];
    let mut length = rest.len();
    loop {
        let low = u8::try_from(length & 0x7F).expect("seven bits");
        length >>= 7;
        bytes.push(if length > 0 { low | 0x80 } else { low });
        if length == 0 {
            break;
        }
    }
    bytes.extend_from_slice(&rest);
    bytes
}
