//! A camera that is odd or means harm: an RTSP server on loopback that does one thing wrong.
//!
//! Its pictures are those of a raw H.264 file without B-frames, sent at a fixed rate, over and over. Nothing is encoded, and passwords
//! are not checked: what is tried is what a client does with the answers.
#![allow(dead_code, reason = "each test program uses its own part")]

use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use crate::film::{self, Film};

/// What it does wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// Nothing.
    Plain,

    // Oddities, which a client has to live with.
    /// Each nonce is good for one request.
    NonceEachTime,
    /// What keeps the session is answered with the number of the request before, and with an error.
    KeepAliveWrongNumber,
    /// What keeps the session is never answered.
    KeepAliveUnanswered,
    /// What keeps the session is answered with 401 and a new nonce; after the third time without it, no more pictures come.
    KeepAliveNewNonce,
    /// It asks things of the client, and between packets there are bytes that belong to nothing.
    Garbage,
    /// It answers only requests that name its own address.
    OwnAddressOnly,
    /// Its clock is ahead by so many seconds, behind where they are negative.
    ClockOff(i64),
    /// It closes the connection within a packet, after so many pictures.
    BreaksOff(u32),
    /// It is silent after so many pictures, and stays connected. With 0 it is silent after PLAY.
    FallsSilent(u32),

    // Refusals.
    /// It refuses with this status, such as `404 Not Found`. With 401 it asks for a digest each time.
    Refuses(&'static str),
    /// It points to this address.
    Redirects(String),
    /// It accepts and never answers.
    NeverAnswers,
    /// It accepts and closes.
    Closes,

    // Attacks.
    /// The head of its answer to DESCRIBE never ends.
    EndlessHead,
    /// The description of its stream never ends, of announced 4 GB.
    HugeBody,
    /// Its picture never ends.
    EndlessPicture,
    /// Whole pictures come as fast as they are taken, all of one time.
    Flood,
}

/// What it has seen.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// When each connection came.
    pub connections: Vec<Instant>,
    /// Every request's method, in order, of all connections.
    pub methods: Vec<String>,
    /// Pictures that were sent as a whole.
    pub pictures: u64,
    /// Bytes that an attack could send, over all connections.
    pub bytes: u64,
    /// How often a client came back with a new nonce after its session was refused.
    pub renewed: u32,
    /// How many connections are open.
    pub open: u32,
}

/// The server. It ends when it is dropped.
#[derive(Debug)]
pub struct Hostile {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    mode: Mode,
    film: Film,
    between: Duration,
    session: Duration,
    address: SocketAddr,
    seen: Mutex<Seen>,
    stop: AtomicBool,
    streams: Mutex<Vec<TcpStream>>,
}

impl Hostile {
    /// Starts it, with the pictures of a raw H.264 file, so many a second. A client is to keep its session within `session`, whole
    /// seconds, of which FFmpeg takes half.
    pub fn start(mode: Mode, film: &Path, rate: u32, session: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            mode,
            film: Film::read(film)?,
            between: Duration::from_secs(1) / rate,
            session,
            address,
            seen: Mutex::default(),
            stop: AtomicBool::new(false),
            streams: Mutex::default(),
        });
        let thread = thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Ok(Self { address, shared, thread: Some(thread) })
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What a camera's `source` is to be.
    pub fn source(&self) -> String {
        format!("rtsp://cam:p%40ss@{}/live", self.address)
    }

    /// What it has seen so far.
    pub fn seen(&self) -> Seen {
        self.shared.seen().clone()
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        for stream in lock(&self.shared.streams).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        lock(&self.seen)
    }

    fn stops(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut threads = Vec::new();
    while !shared.stops() {
        let Ok((stream, _)) = listener.accept() else {
            thread::sleep(Duration::from_millis(5));
            continue;
        };
        shared.seen().connections.push(Instant::now());
        if shared.mode == Mode::Closes || stream.set_nonblocking(false).is_err() {
            continue;
        }
        let _ = stream.set_nodelay(true);
        if let Ok(copy) = stream.try_clone() {
            lock(&shared.streams).push(copy);
        }
        let shared = Arc::clone(shared);
        threads.push(thread::spawn(move || {
            shared.seen().open += 1;
            // How it ends is what the client wants, or this server.
            let _ = Connection::new(&shared, &stream).and_then(|connection| connection.serve());
            let _ = stream.shutdown(Shutdown::Both);
            shared.seen().open -= 1;
        }));
    }
    // One that came just before the end.
    for stream in lock(&shared.streams).drain(..) {
        let _ = stream.shutdown(Shutdown::Both);
    }
    for thread in threads {
        let _ = thread.join();
    }
}

/// One connection, whose two writers take turns.
struct Connection {
    shared: Arc<Shared>,
    read: BufReader<TcpStream>,
    write: Arc<Mutex<TcpStream>>,
    /// The nonce that is good.
    nonce: u32,
    /// Requests that did not have the new nonce.
    refused: u32,
    /// Pictures may come.
    pumps: Arc<AtomicBool>,
}

/// A request: its method, its address, its header lines by name in small letters.
struct Request {
    method: String,
    url: String,
    lines: BTreeMap<String, String>,
}

impl Request {
    fn line(&self, name: &str) -> &str {
        self.lines.get(name).map_or("", String::as_str)
    }

    fn has_nonce(&self, nonce: u32) -> bool {
        self.line("authorization").contains(&format!("nonce=\"n{nonce}\""))
    }
}

impl Connection {
    fn new(shared: &Arc<Shared>, stream: &TcpStream) -> io::Result<Self> {
        Ok(Self {
            shared: Arc::clone(shared),
            read: BufReader::new(stream.try_clone()?),
            write: Arc::new(Mutex::new(stream.try_clone()?)),
            nonce: 0,
            refused: 0,
            pumps: Arc::new(AtomicBool::new(true)),
        })
    }

    fn serve(mut self) -> io::Result<()> {
        let mut pump = None;
        while let Some(request) = self.request()? {
            self.shared.seen().methods.push(request.method.clone());
            let plays = request.method == "PLAY";
            if !self.answer(&request)? {
                break;
            }
            if plays && pump.is_none() {
                let (shared, write) = (Arc::clone(&self.shared), Arc::clone(&self.write));
                let pumps = Arc::clone(&self.pumps);
                pump = Some(thread::spawn(move || {
                    let _ = Pump::new(&shared, &write, &pumps).run();
                    if matches!(shared.mode, Mode::BreaksOff(_)) {
                        let _ = lock(&write).shutdown(Shutdown::Both);
                    }
                }));
            }
        }
        self.pumps.store(false, Ordering::Relaxed);
        let _ = lock(&self.write).shutdown(Shutdown::Both);
        if let Some(pump) = pump {
            let _ = pump.join();
        }
        Ok(())
    }

    /// The next request. What the client reports and answers is passed over.
    fn request(&mut self) -> io::Result<Option<Request>> {
        loop {
            let Some(&first) = self.read.fill_buf()?.first() else { return Ok(None) };
            if first == b'$' {
                let mut prefix = [0; 4];
                io::Read::read_exact(&mut self.read, &mut prefix)?;
                let [_, _, high, low] = prefix;
                let length = u64::from(u16::from_be_bytes([high, low]));
                io::copy(&mut io::Read::take(&mut self.read, length), &mut io::sink())?;
                continue;
            }
            let (mut first, mut lines) = (String::new(), BTreeMap::new());
            self.read.read_line(&mut first)?;
            loop {
                let mut line = String::new();
                self.read.read_line(&mut line)?;
                let Some((name, value)) = line.trim().split_once(':') else { break };
                lines.insert(name.to_ascii_lowercase(), value.trim().to_owned());
            }
            let mut words = first.split_whitespace().map(str::to_owned);
            if let (Some(method), Some(url)) = (words.next(), words.next())
                && !method.starts_with("RTSP")
            {
                return Ok(Some(Request { method, url, lines }));
            }
        }
    }

    fn say(&self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        lock(&self.write).write_all(bytes.as_ref())
    }

    fn reply(&self, to: &Request, status: &str, more: &str, body: &str) -> io::Result<()> {
        let number = to.line("cseq");
        let length = body.len();
        self.say(format!(
            "RTSP/1.0 {status}\r\nCSeq: {number}\r\n{more}Content-Length: {length}\r\n\r\n{body}"
        ))
    }

    fn challenge(&self, to: &Request, stale: &str) -> io::Result<()> {
        let line =
            format!("WWW-Authenticate: Digest realm=\"r\", nonce=\"n{}\", stale=\"{stale}\"\r\n", self.nonce);
        self.reply(to, "401 Unauthorized", &line, "")
    }

    /// Whether the connection goes on.
    fn answer(&mut self, request: &Request) -> io::Result<bool> {
        let own = self.shared.address.to_string();
        match self.shared.mode.clone() {
            Mode::NeverAnswers => return Ok(true),
            Mode::Refuses(status) if status.starts_with("401") => {
                self.nonce += 1;
                self.challenge(request, "FALSE")?;
                return Ok(true);
            }
            Mode::Refuses(status) if request.method != "OPTIONS" => {
                self.reply(request, status, "", "")?;
                return Ok(true);
            }
            Mode::Redirects(to) if request.method == "DESCRIBE" => {
                self.reply(request, "302 Moved Temporarily", &format!("Location: {to}\r\n"), "")?;
                return Ok(true);
            }
            Mode::OwnAddressOnly if !request.url.contains(&own) => {
                self.reply(request, "400 Bad Request", "", "")?;
                return Ok(true);
            }
            Mode::NonceEachTime => {
                let known = self.nonce > 0 && request.has_nonce(self.nonce);
                self.nonce += 1;
                if !known {
                    self.challenge(request, "TRUE")?;
                    return Ok(true);
                }
            }
            Mode::EndlessHead if request.method == "DESCRIBE" => {
                self.say(format!("RTSP/1.0 200 OK\r\nCSeq: {}\r\nX: ", request.line("cseq")))?;
                return self.floods(&[b'a'; 65536]);
            }
            Mode::HugeBody if request.method == "DESCRIBE" => {
                let head = format!(
                    "RTSP/1.0 200 OK\r\nCSeq: {}\r\nContent-Type: application/sdp\r\nContent-Length: 4000000000\r\n\r\n",
                    request.line("cseq")
                );
                self.say(head)?;
                return self.floods(&[b'a'; 65536]);
            }
            _ => {}
        }
        match request.method.as_str() {
            "OPTIONS" if self.shared.mode == Mode::Plain || !self.is_playing() => {
                let methods = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER\r\n";
                self.reply(request, "200 OK", methods, "")?;
            }
            "DESCRIBE" => {
                let more = format!("Content-Base: {}/\r\nContent-Type: application/sdp\r\n", request.url);
                self.reply(request, "200 OK", &more, &self.shared.film.description())?;
            }
            // By UDP it does not send.
            "SETUP" if !request.line("transport").contains("TCP") => {
                self.reply(request, "461 Unsupported Transport", "", "")?;
            }
            "SETUP" => {
                let more = format!(
                    "Session: 12345;timeout={}\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=00000001\r\n",
                    self.shared.session.as_secs()
                );
                self.reply(request, "200 OK", &more, "")?;
            }
            "PLAY" => {
                let more = format!("Session: 12345\r\nRTP-Info: url={};seq=1;rtptime=0\r\n", request.url);
                self.reply(request, "200 OK", &more, "")?;
            }
            "TEARDOWN" => {
                self.reply(request, "200 OK", "", "")?;
                return Ok(false);
            }
            _ => self.kept(request)?,
        }
        Ok(true)
    }

    fn is_playing(&self) -> bool {
        self.shared.seen().pictures > 0
    }

    /// The client keeps its session.
    fn kept(&mut self, request: &Request) -> io::Result<()> {
        match self.shared.mode {
            Mode::KeepAliveUnanswered => Ok(()),
            Mode::KeepAliveWrongNumber => {
                let number: u32 = request.line("cseq").parse().unwrap_or(1);
                self.say(format!("RTSP/1.0 400 Bad Request\r\nCSeq: {}\r\n\r\n", number.saturating_sub(1)))
            }
            Mode::KeepAliveNewNonce if !request.has_nonce(7) => {
                self.nonce = 7;
                self.refused += 1;
                if self.refused > 2 {
                    self.pumps.store(false, Ordering::Relaxed);
                }
                self.challenge(request, "TRUE")
            }
            Mode::KeepAliveNewNonce => {
                self.shared.seen().renewed += 1;
                self.refused = 0;
                self.reply(request, "200 OK", "Session: 12345\r\n", "")
            }
            _ => self.reply(request, "200 OK", "Session: 12345\r\n", ""),
        }
    }

    /// Sends the same until nobody takes it. So much no client of sense takes: then this test has shown what it can.
    fn floods(&self, chunk: &[u8]) -> io::Result<bool> {
        let mut sent = 0_u64;
        while !self.shared.stops() && sent < 2 << 30 {
            self.say(chunk)?;
            let length = u64::try_from(chunk.len()).unwrap_or_default();
            sent += length;
            self.shared.seen().bytes += length;
        }
        Ok(false)
    }
}

/// Sends pictures.
struct Pump<'a> {
    shared: &'a Shared,
    write: &'a Mutex<TcpStream>,
    pumps: &'a AtomicBool,
    sequence: u16,
}

impl<'a> Pump<'a> {
    fn new(shared: &'a Shared, write: &'a Mutex<TcpStream>, pumps: &'a AtomicBool) -> Self {
        Self { shared, write, pumps, sequence: 1 }
    }

    fn goes_on(&self) -> bool {
        self.pumps.load(Ordering::Relaxed) && !self.shared.stops()
    }

    fn say(&self, bytes: &[u8]) -> io::Result<()> {
        lock(self.write).write_all(bytes)
    }

    fn run(mut self) -> io::Result<()> {
        if self.shared.mode == Mode::EndlessPicture {
            return self.endless();
        }
        let began = Instant::now();
        let mut number = 0_u32;
        for picture in self.shared.film.pictures.iter().cycle() {
            let since = self.shared.between * number;
            while self.shared.mode != Mode::Flood && began.elapsed() < since {
                if !self.goes_on() {
                    return Ok(());
                }
                let left = since.saturating_sub(began.elapsed());
                thread::sleep(left.min(Duration::from_millis(20)));
            }
            let stamp = match self.shared.mode {
                Mode::Flood => 0,
                _ => u32::try_from(since.as_micros() * 9 / 100 % (1 << 32)).unwrap_or_default(),
            };
            if number.is_multiple_of(20) {
                self.report(stamp)?;
            }
            let packets = self.packets(picture, stamp);
            match self.shared.mode {
                Mode::FallsSilent(after) if number >= after => return self.waits(),
                Mode::BreaksOff(after) if number >= after => {
                    return self.say(packets.get(..packets.len() / 2).unwrap_or_default());
                }
                Mode::Garbage => {
                    self.say(b"\0\x01$\x09garbage$")?;
                    if number % 5 == 1 {
                        self.say(format!("OPTIONS * RTSP/1.0\r\nCSeq: {number}\r\n\r\n").as_bytes())?;
                    }
                }
                _ => {}
            }
            if !self.goes_on() {
                return self.waits();
            }
            self.say(&packets)?;
            let mut seen = self.shared.seen();
            seen.pictures += 1;
            if self.shared.mode == Mode::Flood {
                seen.bytes += u64::try_from(packets.len()).unwrap_or_default();
            }
            drop(seen);
            number = number.wrapping_add(1);
        }
        Ok(())
    }

    /// Nothing more comes, and the connection stays.
    fn waits(&self) -> io::Result<()> {
        let mut one = [0; 1];
        let stream = lock(self.write).try_clone()?;
        while !self.shared.stops() && stream.peek(&mut one).is_ok_and(|read| read > 0) {
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// One picture, in packets without a mark and of one time.
    fn endless(&mut self) -> io::Result<()> {
        let mut fragment = vec![0x88; 1400];
        fragment.splice(..2, [0x7c, 0x85]);
        let mut sent = 0_u64;
        while self.goes_on() && sent < 2 << 30 {
            let mut packets = Vec::new();
            for _ in 0..64 {
                self.packet(&mut packets, &fragment, 0, false);
                fragment.splice(..2, [0x7c, 0x05]);
            }
            self.say(&packets)?;
            let length = u64::try_from(packets.len()).unwrap_or_default();
            sent += length;
            self.shared.seen().bytes += length;
        }
        Ok(())
    }

    /// A picture in packets.
    fn packets(&mut self, picture: &[Vec<u8>], stamp: u32) -> Vec<u8> {
        let mut packets = Vec::new();
        for (payload, mark) in film::payloads(picture) {
            self.packet(&mut packets, &payload, stamp, mark);
        }
        packets
    }

    fn packet(&mut self, packets: &mut Vec<u8>, payload: &[u8], stamp: u32, mark: bool) {
        film::packet(packets, payload, (self.sequence, stamp), mark);
        self.sequence = self.sequence.wrapping_add(1);
    }

    /// What its clock shows (RFC 3550, 6.4.1).
    fn report(&self, stamp: u32) -> io::Result<()> {
        let off = if let Mode::ClockOff(seconds) = self.shared.mode { seconds } else { 0 };
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let seconds = i64::try_from(since.as_secs()).unwrap_or_default() + off + 2_208_988_800;
        let fraction = (u64::from(since.subsec_nanos()) << 32) / 1_000_000_000;
        let mut report = vec![b'$', 1, 0, 28, 0x80, 200, 0, 6, 0, 0, 0, 1];
        let seconds = u32::try_from(seconds & 0xffff_ffff).unwrap_or_default();
        for number in [seconds, u32::try_from(fraction).unwrap_or_default(), stamp, 0, 0] {
            report.extend(number.to_be_bytes());
        }
        self.say(&report)
    }
}
