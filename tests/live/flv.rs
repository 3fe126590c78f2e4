//! Streams in FLV by HTTP, as media servers send them.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use crate::{
    common::clip,
    scenes::PARKING,
    secure::{advised, own_certificate},
    server::{ESCAPED, PASSWORD, USER},
    service::{PATIENCE, Site, wait_for},
};

/// What a server does for whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    /// It plays a film, over and over.
    Plays,
    /// The same in chunks, for who says a password once he was asked for it.
    PlaysSignedIn,
    /// It answers with this status and these lines.
    Answers(&'static str, &'static str),
    /// It shows a page.
    Page,
}

struct Server {
    at: SocketAddr,
    asked: Arc<AtomicUsize>,
}

impl Server {
    fn start(does: Does, film: &Path, tls: Option<&Path>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let at = listener.local_addr().expect("an address");
        let asked: Arc<AtomicUsize> = Arc::default();
        let film: Arc<[u8]> = fs::read(film).expect("a film").into();
        let tls = tls.map(config);
        let counted = Arc::clone(&asked);
        // It ends with the process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (film, asked, tls) = (Arc::clone(&film), Arc::clone(&counted), tls.clone());
                thread::spawn(move || match tls {
                    None => serve(does, stream, &film, &asked, at),
                    Some(tls) => {
                        let session = ServerConnection::new(tls).expect("a session");
                        serve(does, StreamOwned::new(session, stream), &film, &asked, at);
                    }
                });
            }
        });
        Self { at, asked }
    }
}

fn config(file: &Path) -> Arc<ServerConfig> {
    let certificate = CertificateDer::from_pem_file(file).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(file).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key);
    Arc::new(config.expect("a certificate with its key"))
}

/// Answers one request.
fn serve(does: Does, mut stream: impl Read + Write, film: &[u8], asked: &AtomicUsize, at: SocketAddr) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if !matches!(stream.read(&mut byte), Ok(1)) {
            return;
        }
        head.push(byte[0]);
    }
    asked.fetch_add(1, Ordering::SeqCst);
    let head = String::from_utf8(head).expect("text");
    // Media servers choose by it.
    assert!(head.contains(&format!("\r\nHost: {at}\r\n")), "{head}");
    let signed =
        head.contains(&format!("Authorization: Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}"))));
    let answer = match does {
        Does::PlaysSignedIn if !signed => {
            "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"r\"\r\nContent-Length: 0\r\n\r\n"
                .to_owned()
        }
        Does::Plays => "HTTP/1.1 200 OK\r\nContent-Type: video/x-flv\r\nConnection: close\r\n\r\n".to_owned(),
        Does::PlaysSignedIn => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(),
        Does::Answers(status, lines) => format!("HTTP/1.1 {status}\r\n{lines}Content-Length: 0\r\n\r\n"),
        Does::Page => "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html><body>Sign in".to_owned(),
    };
    let sent = stream.write_all(answer.as_bytes()).and_then(|()| stream.flush());
    let chunked = does == Does::PlaysSignedIn;
    if sent.is_ok() && (does == Does::Plays || chunked && signed) {
        let _ = play(stream, film, chunked);
    }
}

/// Sends the tags of a film when they are due, again and again, times going on.
fn play(mut stream: impl Read + Write, film: &[u8], chunked: bool) -> std::io::Result<()> {
    let mut send = |bytes: &[u8]| {
        if chunked {
            write!(stream, "{:x}\r\n", bytes.len())?;
        }
        stream.write_all(bytes)?;
        stream.write_all(if chunked { b"\r\n" } else { b"" })?;
        stream.flush()
    };
    let (began, mut before) = (Instant::now(), 0);
    send(&film[..13])?;
    loop {
        let (mut at, mut last) = (13, 0);
        while let Some(tag) = film.get(at..at + 11) {
            let length = u32::from_be_bytes([0, tag[1], tag[2], tag[3]]) as usize + 15;
            let time = u32::from_be_bytes([tag[7], tag[4], tag[5], tag[6]]);
            let mut tag = film[at..at + length].to_vec();
            let [high, rest @ ..] = (before + time).to_be_bytes();
            tag[4..7].copy_from_slice(&rest);
            tag[7] = high;
            let due = Duration::from_millis(u64::from(before + time));
            thread::sleep(due.saturating_sub(began.elapsed()));
            send(&tag)?;
            (at, last) = (at + length, time);
        }
        before += last + 100;
    }
}

/// Ten pictures a second, a key frame each second, and sound.
fn film(folder: &Path) -> std::path::PathBuf {
    let pictures = "-f lavfi -i smptebars=size=320x240:rate=10:duration=6,noise=alls=10:allf=t -f lavfi -i sine=duration=6";
    clip(
        folder,
        "film.flv",
        &format!("{pictures} -c:v libx264 -preset veryfast -pix_fmt yuv420p -g 10 -bf 0 -c:a aac -ar 44100"),
    )
}

pub fn plain() {
    let site = Site::new();
    let server = Server::start(Does::Plays, &film(site.folder()), None);
    let source = format!("http://{}/live/lane.flv?token=s3cret", server.at);
    let site = site.seeing_always().camera("lane", &source, PARKING);
    // What the environment says of proxies is not for cameras.
    let service = site.start_with(|command| {
        command.env("http_proxy", "http://127.0.0.1:9");
    });
    // Over the end of the film, too.
    site.looks_reach("lane", 20);
    wait_for("the car is told of", PATIENCE, || (!site.told("raised").is_empty()).then_some(()));
    assert_eq!(service.end().code(), Some(143));
    assert_eq!((site.connections("lane"), site.losses("lane").len()), (1, 0));
    assert_eq!(site.told("raised").len(), 1);
    assert!(!site.log().contains("s3cret"), "{}", site.log());
    let records = site.observations("lane");
    let at: Vec<f64> =
        records.iter().filter(|r| r["record"] == "observation").filter_map(|r| r["at"].as_f64()).collect();
    let apart = at.windows(2).map(|two| two[1] - two[0]).fold(0.0, f64::max);
    assert!(apart <= 0.8, "{apart} s between two looks of {at:?}");
}

pub fn within_tls() {
    let site = Site::new();
    let certificate = own_certificate(site.folder(), "server.pem");
    let server = Server::start(Does::PlaysSignedIn, &film(site.folder()), Some(&certificate));
    let source = format!("https://{USER}:{ESCAPED}@{}/live/lane.flv", server.at);
    let site = site.seeing_always().camera("lane", &source, PARKING);
    let service = site.start();
    let line = advised(&site, "lane");
    assert_eq!(server.asked.load(Ordering::SeqCst), 0, "nothing was said to it");
    let config = site.path("site.toml");
    let text = fs::read_to_string(&config).expect("written");
    fs::write(&config, text.replace("[[camera.rule]]", &format!("{line}\n[[camera.rule]]")))
        .expect("written");
    service.signal("HUP");
    site.looks_reach("lane", 12);
    assert_eq!(service.end().code(), Some(143));
    assert_eq!(server.asked.load(Ordering::SeqCst), 2, "once without and once with the password");
    assert!(!site.log().contains(PASSWORD) && !site.log().contains(ESCAPED), "{}", site.log());
}

pub fn refusals() {
    let site = Site::new();
    let film = film(site.folder());
    let bait = Server::start(Does::Plays, &film, None);
    let location: &'static str = Box::leak(format!("Location: http://{}/\r\n", bait.at).into_boxed_str());
    let mut site = site.seeing_always();
    let cases = [
        ("page", Does::Page, "no FLV"),
        ("elsewhere", Does::Answers("302 Found", location), "another address"),
        ("nostream", Does::Answers("404 Not Found", ""), "no such stream"),
        ("password", Does::PlaysSignedIn, "the user name or the password"),
        ("busy", Does::Answers("503 Busy", ""), "status 503"),
    ];
    let servers: Vec<Server> = cases.iter().map(|(_, does, _)| Server::start(*does, &film, None)).collect();
    for ((id, ..), server) in cases.iter().zip(&servers) {
        site = site.camera(id, &format!("http://{USER}:wr0ng@{}/live.flv", server.at), PARKING);
    }
    let service = site.start();
    for (id, _, words) in cases {
        site.losses_reach(id, 1);
        let losses = site.losses(id);
        assert!(losses[0].contains(words) && !losses[0].contains("wr0ng"), "{losses:?}");
    }
    assert_eq!(service.end().code(), Some(143));
    assert_eq!(bait.asked.load(Ordering::SeqCst), 0, "where it pointed to was not dialled");
}
