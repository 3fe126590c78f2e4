//! A platform's HTTP endpoint: it answers as a script has it, with TLS or without.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use crate::certificates::Issued;

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    /// By names in small letters.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
    pub came: Instant,
}

impl Request {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// What it answers.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A status, header lines, a body.
    Status(u16, String, Vec<u8>),
    /// Nothing, and the connection stays.
    Silence,
    /// Nothing, and the connection ends.
    HangUp,
    /// A body without end.
    Endless,
    /// A byte each half second.
    Trickle,
    /// What no HTTP server says.
    Garbage,
}

impl Reply {
    pub fn status(status: u16) -> Self {
        Self::Status(status, String::new(), Vec::new())
    }
}

type Policy = Box<dyn FnMut(&Request) -> Reply + Send>;

/// The endpoint. It ends when it is dropped.
pub struct Receiver {
    port: u16,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    stop: AtomicBool,
    is_away: AtomicBool,
    policy: Mutex<Policy>,
    seen: Mutex<Vec<Request>>,
    /// Those that were answered with 2xx.
    taken: Mutex<Vec<Request>>,
    tls: Mutex<Option<Arc<ServerConfig>>>,
    streams: Mutex<Vec<TcpStream>>,
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Receiver {
    /// Starts one that takes all.
    pub fn start(tls: Option<&Issued>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its address").port();
        listener.set_nonblocking(true).expect("a listener");
        let shared = Arc::new(Shared {
            stop: AtomicBool::new(false),
            is_away: AtomicBool::new(false),
            policy: Mutex::new(Box::new(|_| Reply::status(204))),
            seen: Mutex::default(),
            taken: Mutex::default(),
            tls: Mutex::new(tls.map(server_config)),
            streams: Mutex::default(),
        });
        let thread = thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Self { port, shared, thread: Some(thread) }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on it answers so.
    pub fn answers(&self, policy: impl FnMut(&Request) -> Reply + Send + 'static) {
        *lock(&self.shared.policy) = Box::new(policy);
    }

    /// From now on it takes all.
    pub fn takes(&self) {
        self.answers(|_| Reply::status(204));
    }

    /// It shows this certificate to those who come from now on.
    pub fn certify(&self, tls: &Issued) {
        *lock(&self.shared.tls) = Some(server_config(tls));
        self.break_off();
    }

    /// Every connection breaks off.
    pub fn break_off(&self) {
        for stream in lock(&self.shared.streams).drain(..) {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }

    /// Whoever comes is sent away at once, or no more.
    pub fn set_away(&self, is_away: bool) {
        self.shared.is_away.store(is_away, Ordering::SeqCst);
        if is_away {
            self.break_off();
        }
    }

    pub fn seen(&self) -> Vec<Request> {
        lock(&self.shared.seen).clone()
    }

    /// What it has taken, in order.
    pub fn taken(&self) -> Vec<Request> {
        lock(&self.shared.taken).clone()
    }

    /// The alerts it has taken, without signs of life.
    pub fn alerts(&self) -> Vec<String> {
        let taken = self.taken().into_iter().map(|request| request.text());
        taken.filter(|text| !text.contains("firewarden.box.heartbeat")).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.break_off();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        self.break_off();
    }
}

fn server_config(issued: &Issued) -> Arc<ServerConfig> {
    let pem = fs::read(&issued.certificate).expect("a certificate");
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(&issued.key).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key);
    Arc::new(config.expect("a certificate and its key"))
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    while !shared.stop.load(Ordering::SeqCst) {
        let Ok((stream, _)) = listener.accept() else {
            thread::sleep(Duration::from_millis(2));
            continue;
        };
        if shared.is_away.load(Ordering::SeqCst) || stream.set_nonblocking(false).is_err() {
            continue;
        }
        let _ = stream.set_nodelay(true);
        let (Ok(copy), Ok(own)) = (stream.try_clone(), stream.try_clone()) else { continue };
        lock(&shared.streams).push(copy);
        let (shared, tls) = (Arc::clone(shared), lock(&shared.tls).clone());
        thread::spawn(move || {
            // How it ends is what the client wants, or this server.
            let _ = match tls {
                None => serve(stream, &shared),
                Some(config) => ServerConnection::new(config)
                    .map_err(io::Error::other)
                    .and_then(|tls| serve(StreamOwned::new(tls, stream), &shared)),
            };
            // The copy that is kept would hold it open.
            let _ = own.shutdown(std::net::Shutdown::Both);
        });
    }
}

fn serve(stream: impl Read + Write, shared: &Shared) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream)? {
        lock(&shared.seen).push(request.clone());
        let reply = (lock(&shared.policy))(&request);
        let wants_body = request.method != "HEAD";
        // It has it before the client knows.
        if let Reply::Status(200..=299, ..) = reply {
            lock(&shared.taken).push(request);
        }
        let write = stream.get_mut();
        match reply {
            Reply::Status(status, headers, body) => {
                write!(write, "HTTP/1.1 {status} So\r\n{headers}content-length: {}\r\n\r\n", body.len())?;
                if wants_body {
                    write.write_all(&body)?;
                }
                write.flush()?;
            }
            Reply::HangUp => return Ok(()),
            Reply::Silence => {
                while !shared.stop.load(Ordering::SeqCst) {
                    thread::sleep(Duration::from_millis(50));
                }
                return Ok(());
            }
            Reply::Endless => {
                write!(write, "HTTP/1.1 500 No\r\ntransfer-encoding: chunked\r\n\r\n")?;
                while !shared.stop.load(Ordering::SeqCst) {
                    write!(write, "1000\r\n{}\r\n", "x".repeat(0x1000))?;
                }
                return Ok(());
            }
            Reply::Trickle => {
                for byte in b"HTTP/1.1 200 OK\r\nx: ".iter().chain(std::iter::repeat(&b'y')) {
                    if shared.stop.load(Ordering::SeqCst) {
                        return Ok(());
                    }
                    write.write_all(&[*byte])?;
                    write.flush()?;
                    thread::sleep(Duration::from_millis(500));
                }
            }
            Reply::Garbage => {
                write.write_all(b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n")?;
                write.flush()?;
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The next request; none where the client has gone.
fn read(stream: &mut impl BufRead) -> io::Result<Option<Request>> {
    let mut first = String::new();
    if stream.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let mut words = first.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => drop(headers.insert(name.to_ascii_lowercase(), value.trim().to_owned())),
            None => break,
        }
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(Some(Request { method, path, headers, body, came: Instant::now() }))
}
