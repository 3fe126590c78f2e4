//! An HTTP server on loopback that answers as it is told to, and notes what it was sent.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    /// On which connection, counted from 0.
    pub connection: usize,
    /// The first line.
    pub line: String,
    /// By their names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

/// What the server does about a request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// These bytes, and the connection stays.
    Bytes(String),
    /// These bytes, and nothing more: the connection is closed.
    Last(Vec<u8>),
    /// These bytes, then others without an end.
    Endless(String),
    /// Nothing, while the connection stays.
    Silence,
}

/// An answer with this status, further lines of its head, and this body.
pub fn reply(status: u16, head: &str, body: &str) -> Reply {
    Reply::Bytes(format!("HTTP/1.1 {status} Status\r\ncontent-length: {}\r\n{head}\r\n{body}", body.len()))
}

pub struct Server {
    pub at: SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
}

/// What is done about the request that comes after so many.
type Script = dyn Fn(usize, &Request) -> Reply + Send + Sync;

impl Server {
    pub fn start(script: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_with(None, script)
    }

    pub fn start_with(
        tls: Option<Arc<ServerConfig>>,
        script: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let at = listener.local_addr().expect("an address");
        let seen: Arc<Mutex<Vec<Request>>> = Arc::default();
        let (noted, script): (_, Arc<Script>) = (Arc::clone(&seen), Arc::new(script));
        // It ends with the process.
        thread::spawn(move || {
            for (connection, stream) in listener.incoming().enumerate() {
                let Ok(stream) = stream else { return };
                let (tls, noted, script) = (tls.clone(), Arc::clone(&noted), Arc::clone(&script));
                thread::spawn(move || {
                    let _ = stream.set_read_timeout(Some(Duration::from_secs(120)));
                    match tls {
                        None => serve(connection, stream, &noted, &*script),
                        Some(tls) => {
                            let session = ServerConnection::new(tls).expect("a session");
                            serve(connection, StreamOwned::new(session, stream), &noted, &*script);
                        }
                    }
                });
            }
        });
        Self { at, seen }
    }

    /// What came, in order.
    pub fn seen(&self) -> Vec<Request> {
        self.seen.lock().expect("no thread has panicked").clone()
    }
}

fn serve(connection: usize, mut stream: impl Read + Write, noted: &Mutex<Vec<Request>>, script: &Script) {
    while let Some(request) = read(connection, &mut stream) {
        let reply = {
            let mut noted = noted.lock().expect("no thread has panicked");
            noted.push(request.clone());
            script(noted.len() - 1, &request)
        };
        match reply {
            Reply::Bytes(text) => {
                if stream.write_all(text.as_bytes()).and_then(|()| stream.flush()).is_err() {
                    return;
                }
            }
            Reply::Last(bytes) => {
                let _ = stream.write_all(&bytes).and_then(|()| stream.flush());
                return;
            }
            Reply::Endless(text) => {
                let mut going = stream.write_all(text.as_bytes());
                while going.is_ok() {
                    going = stream.write_all(&[b'x'; 4_096]).and_then(|()| stream.flush());
                }
                return;
            }
            // Until the other side has had enough.
            Reply::Silence => drop(stream.read(&mut [0])),
        }
    }
}

fn read(connection: usize, stream: &mut impl Read) -> Option<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.extend(byte);
    }
    let head = String::from_utf8(head).expect("a head in ASCII");
    let mut lines = head.lines();
    let line = lines.next()?.to_owned();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().expect("a length"));
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(Request { connection, line, headers, body: String::from_utf8(body).expect("a text") })
}

/// An authority of certificates.
pub struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// How a server is set up that shows a certificate of this authority, for this name, of a lifetime that ends in this year.
    pub fn server(&self, name: &str, until: i32) -> Arc<ServerConfig> {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
        params.not_after = rcgen::date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key);
        Arc::new(config.expect("a certificate with its key"))
    }
}
