//! Cameras in one process that cost little: RTSP over TCP, of H.264 that was cut into packets beforehand.
//!
//! Each camera has a port of its own, as each real one has an address. Its film goes round and round, times going on. While it is
//! shown, a picture costs copying its packets, writing their numbers and times into them, and one `write`.

use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant, SystemTime},
};

use super::film::{self, Film};

/// A client that takes nothing is left when so much waits for it.
const MOST_WAITING: usize = 16 << 20;
/// What clients say while they are shown pictures is read so often.
const LISTENS: Duration = Duration::from_secs(1);
/// Nothing is told more finely than this.
const TICK: Duration = Duration::from_millis(2);

/// A film whose packets are ready to be sent.
pub struct Ready {
    pictures: Vec<Picture>,
    description: String,
    rate: u32,
}

struct Picture {
    bytes: Vec<u8>,
    /// Where its packets begin.
    packets: Vec<usize>,
    key: bool,
}

impl Ready {
    /// Reads a raw file, of which so many pictures are shown a second.
    pub fn read(path: &Path, rate: u32) -> io::Result<Self> {
        let film = Film::read(path)?;
        let ready = |picture: &Vec<Vec<u8>>| {
            let (mut bytes, mut packets) = (Vec::new(), Vec::new());
            for (payload, mark) in film::payloads(picture) {
                packets.push(bytes.len());
                film::packet(&mut bytes, &payload, (0, 0), mark);
            }
            Picture { bytes, packets, key: film::is_key(picture) }
        };
        Ok(Self {
            pictures: film.pictures.iter().map(ready).collect(),
            description: film.description(),
            rate,
        })
    }

    /// How many pictures it has.
    pub fn len(&self) -> usize {
        self.pictures.len()
    }

    /// The key frame at or before a picture.
    pub fn key_before(&self, picture: usize) -> usize {
        let before = self.pictures.iter().take(picture + 1).rposition(|picture| picture.key);
        before.unwrap_or_default()
    }
}

/// What one camera shows.
pub struct Shows {
    pub film: Arc<Ready>,
    /// The picture that is shown first.
    pub from: usize,
}

/// When each picture was sent, counted from the first that its client was shown.
pub type Stamps = Arc<Mutex<Vec<SystemTime>>>;

/// All cameras. They are there as long as this process.
pub struct Server {
    ports: Vec<u16>,
    stamps: Vec<Stamps>,
}

/// Somebody who is shown pictures.
struct Client {
    film: Arc<Ready>,
    stamps: Option<Stamps>,
    stream: TcpStream,
    /// What it said and was not understood yet, and what it is still to be given.
    said: Vec<u8>,
    waits: Vec<u8>,
    from: usize,
    sent: usize,
    sequence: u16,
    began: Instant,
    listened: Instant,
}

impl Server {
    /// Starts them. Where `stamped`, it is kept when pictures were sent, for the client that came last.
    pub fn start(cameras: Vec<Shows>, stamped: bool) -> io::Result<Self> {
        let (mut ports, mut stamps) = (Vec::new(), Vec::new());
        let clients: Arc<Mutex<Vec<Client>>> = Arc::default();
        for camera in cameras {
            let listener = TcpListener::bind("127.0.0.1:0")?;
            ports.push(listener.local_addr()?.port());
            let own = Stamps::default();
            stamps.push(Arc::clone(&own));
            let (clients, own) = (Arc::clone(&clients), stamped.then_some(own));
            thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    // How a client ends is its own matter.
                    if let Ok(client) = receive(stream, &camera, own.clone()) {
                        lock(&clients).push(client);
                    }
                }
            });
        }
        thread::spawn(move || {
            loop {
                let mut clients = lock(&clients);
                let now = Instant::now();
                clients.retain_mut(|client| client.go_on(now).is_ok());
                let next = clients.iter().map(Client::due).min();
                drop(clients);
                let wait = next.map_or(TICK * 5, |due| due.saturating_duration_since(Instant::now()));
                thread::sleep(wait.clamp(TICK, TICK * 5));
            }
        });
        Ok(Self { ports, stamps })
    }

    /// The port of each.
    pub fn ports(&self) -> &[u16] {
        &self.ports
    }

    /// When the pictures of each were sent.
    pub fn stamps(&self) -> &[Stamps] {
        &self.stamps
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers a client until it is to be shown pictures.
fn receive(stream: TcpStream, camera: &Shows, stamps: Option<Stamps>) -> io::Result<Client> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let mut text = String::new();
        while !text.ends_with("\r\n\r\n") {
            if reader.read_line(&mut text)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let plays = text.starts_with("PLAY ");
        (&stream).write_all(&answer(&text, &camera.film.description))?;
        if plays {
            break;
        }
    }
    stream.set_nonblocking(true)?;
    if let Some(stamps) = &stamps {
        lock(stamps).clear();
    }
    let (said, now) = (reader.buffer().to_vec(), Instant::now());
    Ok(Client {
        film: Arc::clone(&camera.film),
        stamps,
        stream,
        said,
        waits: Vec::new(),
        from: camera.from,
        sent: 0,
        sequence: 1,
        began: now,
        listened: now,
    })
}

/// The answer to a request.
fn answer(request: &str, description: &str) -> Vec<u8> {
    let lines: BTreeMap<String, &str> = request
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim()))
        .collect();
    let number = lines.get("cseq").copied().unwrap_or_default();
    let mut words = request.split_whitespace();
    let (method, url) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let transport = lines.get("transport").copied().unwrap_or_default();
    let (mut status, mut body) = ("200 OK", "");
    let more = match method {
        "OPTIONS" => "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER\r\n".to_owned(),
        "DESCRIBE" => {
            body = description;
            format!("Content-Base: {url}/\r\nContent-Type: application/sdp\r\n")
        }
        "SETUP" if !transport.contains("TCP") => {
            status = "461 Unsupported Transport";
            String::new()
        }
        "SETUP" => {
            "Session: 1;timeout=60\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=00000001\r\n"
                .to_owned()
        }
        "PLAY" => format!("Session: 1\r\nRTP-Info: url={url};seq=1;rtptime=0\r\n"),
        _ => "Session: 1\r\n".to_owned(),
    };
    let length = body.len();
    format!("RTSP/1.0 {status}\r\nCSeq: {number}\r\n{more}Content-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}

impl Client {
    /// When its next picture is to be sent.
    fn due(&self) -> Instant {
        self.began + Duration::from_secs(1) * u32::try_from(self.sent).unwrap_or(u32::MAX) / self.film.rate
    }

    /// Sends what is due. An error where it is gone.
    fn go_on(&mut self, now: Instant) -> io::Result<()> {
        if now.saturating_duration_since(self.listened) >= LISTENS {
            self.listened = now;
            self.listen()?;
        }
        let mut new = 0;
        while self.due() <= now {
            self.picture();
            new += 1;
        }
        if new > 0 || !self.waits.is_empty() {
            self.write()?;
        }
        if new > 0
            && let Some(stamps) = &self.stamps
        {
            let sent = SystemTime::now();
            lock(stamps).extend(std::iter::repeat_n(sent, new));
        }
        if self.waits.len() > MOST_WAITING { Err(io::ErrorKind::WriteZero.into()) } else { Ok(()) }
    }

    fn picture(&mut self) {
        let Some(picture) = self.film.pictures.get((self.from + self.sent) % self.film.len()) else { return };
        let stamp = (self.sent as u64 * 90_000 / u64::from(self.film.rate)) as u32;
        let begins = self.waits.len();
        self.waits.extend_from_slice(&picture.bytes);
        for at in &picture.packets {
            let head = begins + at + 4;
            let fields = [(2, self.sequence.to_be_bytes().to_vec()), (4, stamp.to_be_bytes().to_vec())];
            for (place, bytes) in fields {
                if let Some(field) = self.waits.get_mut(head + place..head + place + bytes.len()) {
                    field.copy_from_slice(&bytes);
                }
            }
            self.sequence = self.sequence.wrapping_add(1);
        }
        self.sent += 1;
    }

    fn write(&mut self) -> io::Result<()> {
        let mut written = 0;
        while let Some(rest) = self.waits.get(written..).filter(|rest| !rest.is_empty()) {
            match self.stream.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(more) => written += more,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        self.waits.drain(..written);
        Ok(())
    }

    /// Reads what the client says: what keeps its session is answered, its reports are passed over.
    fn listen(&mut self) -> io::Result<()> {
        let mut chunk = [0; 4096];
        loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => self.said.extend(chunk.iter().take(read)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        loop {
            if let [b'$', _, high, low, ..] = *self.said {
                let length = 4 + usize::from(u16::from_be_bytes([high, low]));
                if self.said.len() < length {
                    return Ok(());
                }
                self.said.drain(..length);
                continue;
            }
            let end = self.said.windows(4).position(|bytes| bytes == b"\r\n\r\n");
            let Some(end) = end.filter(|_| self.said.first() != Some(&b'$')) else { return Ok(()) };
            let request: Vec<u8> = self.said.drain(..end + 4).collect();
            let request = String::from_utf8_lossy(&request);
            if request.starts_with("TEARDOWN") {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            // Between two pictures, never within one.
            self.waits.extend(answer(&request, &self.film.description));
        }
    }
}
