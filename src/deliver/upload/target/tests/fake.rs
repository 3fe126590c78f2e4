//! A target on loopback that does as it is told, honest or not.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

/// A request as it came in. Its body is what was read of it.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The path without what follows a `?`.
    pub fn place(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }
}

/// What is done with a request, of which no more than its head is read.
pub enum Reply {
    /// What a good server does, which tells of hashes in this way.
    Honest(Tells),
    /// The answer, before any body is read.
    Early(u16, Vec<(&'static str, String)>, &'static str),
    /// As a good server does, but stores this of the body.
    Keep(fn(Vec<u8>) -> Vec<u8>),
    /// The answer, after the body is read.
    Late(u16),
    /// So much of the body is read and stored; then the connection is gone.
    Cut(usize),
    /// Nothing, for ever.
    Silence,
    /// A body without an end.
    Endless,
}

/// How a server tells of what it holds.
#[derive(Clone, Copy)]
pub enum Tells {
    ReprDigest,
    ContentDigest,
    Checksum,
    Nothing,
    /// A hash of something else.
    Wrong,
    /// Not by HEAD at all.
    NoHead,
}

type Script = dyn Fn(&Asked, usize) -> Reply + Send + Sync;

#[derive(Default)]
struct Seen {
    asked: Vec<Asked>,
    stored: BTreeMap<String, Vec<u8>>,
}

pub struct Fake {
    pub port: u16,
    seen: Arc<Mutex<Seen>>,
    ended: Arc<AtomicBool>,
}

impl Fake {
    /// One that does what `script` says of each request, which is told its number.
    pub fn start(script: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let fake = Self { port, seen: Arc::default(), ended: Arc::default() };
        let (seen, ended, script) =
            (Arc::clone(&fake.seen), Arc::clone(&fake.ended), Arc::new(script) as Arc<Script>);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let (seen, script) = (Arc::clone(&seen), Arc::clone(&script));
                thread::spawn(move || serve(stream.expect("a connection"), &seen, &*script));
            }
        });
        fake
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.seen.lock().expect("whole").asked.clone()
    }

    /// The methods of what was asked.
    pub fn methods(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.method).collect()
    }

    pub fn stored(&self, place: &str) -> Option<Vec<u8>> {
        self.seen.lock().expect("whole").stored.get(place).cloned()
    }

    pub fn store(&self, place: &str, bytes: &[u8]) {
        self.seen.lock().expect("whole").stored.insert(place.to_owned(), bytes.to_vec());
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // It waits for somebody to come.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn serve(stream: TcpStream, seen: &Mutex<Seen>, script: &Script) {
    let mut out = stream.try_clone().expect("the same connection");
    let mut from = BufReader::new(stream);
    while let Some(asked) = head(&mut from) {
        let number = {
            let mut seen = seen.lock().expect("whole");
            seen.asked.push(asked.clone());
            seen.asked.len() - 1
        };
        let reply = script(&asked, number);
        if !answer(&mut out, &mut from, asked, number, reply, seen) {
            return;
        }
    }
}

fn head(from: &mut impl BufRead) -> Option<Asked> {
    let mut asked = Asked::default();
    let mut line = String::new();
    from.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    (asked.method, asked.path) = (words.next()?.to_owned(), words.next()?.to_owned());
    loop {
        let mut line = String::new();
        from.read_line(&mut line).ok()?;
        match line.trim().split_once(':') {
            Some((name, value)) => {
                asked.headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
            }
            None => return Some(asked),
        }
    }
}

/// Answers; whether the connection goes on.
fn answer(
    out: &mut TcpStream,
    from: &mut impl BufRead,
    mut asked: Asked,
    number: usize,
    reply: Reply,
    seen: &Mutex<Seen>,
) -> bool {
    let length: usize = asked.header("content-length").map_or(0, |length| length.parse().expect("a number"));
    let is_put = asked.method == "PUT";
    let place = asked.place().to_owned();
    let held = || seen.lock().expect("whole").stored.get(&place).cloned();
    if is_put {
        let is_held = asked.header("if-none-match").is_some() && held().is_some();
        if is_held && matches!(reply, Reply::Honest(_)) {
            say(out, 412, &[], b"");
            return false;
        }
        if matches!(reply, Reply::Honest(_) | Reply::Keep(_) | Reply::Late(_) | Reply::Cut(_)) {
            if asked.header("expect").is_some() {
                out.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").expect("told");
            }
            let wanted = if let Reply::Cut(count) = reply { count.min(length) } else { length };
            let whole = from.take(wanted as u64).read_to_end(&mut asked.body).is_ok();
            let is_whole = whole && asked.body.len() == wanted;
            let mut seen = seen.lock().expect("whole");
            seen.asked[number] = asked.clone();
            if !is_whole {
                return false;
            }
            let kept = match reply {
                Reply::Keep(change) => Some(change(asked.body)),
                Reply::Late(_) => None,
                _ => Some(asked.body),
            };
            if let Some(kept) = kept {
                seen.stored.insert(place.clone(), kept);
            }
        }
    }
    let tells = match reply {
        Reply::Early(status, headers, body) => {
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            say(out, status, &headers, body.as_bytes());
            return !is_put;
        }
        Reply::Late(status) => {
            say(out, status, &[], b"");
            return true;
        }
        Reply::Cut(_) => return false,
        Reply::Silence => {
            let _ = from.read_to_end(&mut Vec::new());
            return false;
        }
        Reply::Endless => {
            let _ = out.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
            while out.write_all(&[7; 4096]).is_ok() {}
            return false;
        }
        Reply::Honest(tells) => tells,
        Reply::Keep(_) => Tells::Nothing,
    };
    if is_put {
        say(out, 201, &[], b"");
        return true;
    }
    let Some(bytes) = held() else {
        say(out, 404, &[], b"");
        return true;
    };
    let hash = STANDARD.encode(Sha256::digest(&bytes));
    let other = STANDARD.encode(Sha256::digest(b"other"));
    let told = match tells {
        Tells::ReprDigest => Some(("Repr-Digest", format!("md5=:AA==:, sha-256=:{hash}:"))),
        Tells::ContentDigest => Some(("content-digest", format!("sha-256=:{hash}:"))),
        Tells::Checksum => Some(("x-amz-checksum-sha256", hash)),
        Tells::Wrong => Some(("Repr-Digest", format!("sha-256=:{other}:"))),
        Tells::Nothing | Tells::NoHead => None,
    };
    let headers: Vec<(&str, &str)> = told.iter().map(|(name, value)| (*name, value.as_str())).collect();
    match asked.method.as_str() {
        "HEAD" if matches!(tells, Tells::NoHead) => say(out, 405, &[], b""),
        "HEAD" => {
            let length = bytes.len();
            let told: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            write!(out, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n{told}\r\n").expect("told");
        }
        _ => say(out, 200, &[], &bytes),
    }
    true
}

fn say(out: &mut TcpStream, status: u16, headers: &[(&str, &str)], body: &[u8]) {
    let told: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("HTTP/1.1 {status} So\r\nContent-Length: {}\r\n{told}\r\n", body.len());
    // Who asked may be gone.
    let _ = out.write_all(head.as_bytes()).and_then(|()| out.write_all(body));
}
