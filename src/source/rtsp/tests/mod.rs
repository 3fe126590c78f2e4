//! The guard between a client and cameras that follow a script, on loopback.

mod bounds;
mod datagrams;
mod ends;
mod passing;
mod refusals;
mod secure;
mod talk;

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{GuardLimits, Guards, Relay};
use crate::config::Live;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);

/// A camera that does what a function says with each connection's stream, one after the other.
struct Camera<T> {
    port: u16,
    thread: JoinHandle<T>,
}

impl<T: Send + 'static> Camera<T> {
    /// It serves one connection.
    fn serving(script: impl FnOnce(TcpStream) -> T + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let thread = thread::spawn(move || {
            let (stream, _) = listener.accept().expect("a connection");
            stream.set_read_timeout(Some(LONG)).expect("a timeout");
            stream.set_write_timeout(Some(LONG)).expect("a timeout");
            script(stream)
        });
        Self { port, thread }
    }

    fn live(&self) -> Live {
        Live::new(format!("rtsp://user:s3cret@127.0.0.1:{}/live/1?channel=2", self.port))
    }

    fn told(self) -> T {
        self.thread.join().expect("the script of the camera")
    }
}

/// The client's side of a relay.
fn client(relay: &Relay) -> TcpStream {
    let port = relay.address().parts().and_then(|parts| parts.port).expect("a port");
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("the relay");
    stream.set_read_timeout(Some(LONG)).expect("a timeout");
    stream
}

/// A relay to a camera, and the client's side of it.
fn connected<T: Send + 'static>(
    guards: &Guards,
    camera: &Camera<T>,
    limits: GuardLimits,
) -> (Relay, TcpStream) {
    let relay = guards.relay(&camera.live(), limits).expect("a relay");
    let stream = client(&relay);
    (relay, stream)
}

fn guards() -> Guards {
    Guards::start().expect("threads")
}

/// Waits for something that comes true.
fn until<T>(mut found: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + LONG;
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(Instant::now() < deadline, "it did not come true");
        thread::sleep(Duration::from_millis(2));
    }
}

/// Reads to the end, however that comes.
fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    let mut part = [0; 4096];
    loop {
        match stream.read(&mut part) {
            Ok(0) => return all,
            Ok(read) => all.extend(&part[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return all,
            Err(error) => panic!("{error}"),
        }
    }
}

fn exactly(stream: &mut TcpStream, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).expect("as many bytes");
    bytes
}

/// Reads one head.
fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(exactly(stream, 1));
    }
    String::from_utf8(head).expect("text")
}

fn send(stream: &mut TcpStream, bytes: impl AsRef<[u8]>) {
    stream.write_all(bytes.as_ref()).expect("somebody who reads");
}

/// Waits until the other side is gone.
fn closes(mut stream: &TcpStream) {
    let mut part = [0; 4096];
    while matches!(stream.read(&mut part), Ok(1..)) {}
    let _ = stream.shutdown(Shutdown::Both);
}

fn request(method: &str, sequence: u32, more: &str) -> String {
    format!("{method} rtsp://127.0.0.1/live/1 RTSP/1.0\r\nCSeq: {sequence}\r\n{more}\r\n")
}

fn answer(status: &str, sequence: u32, more: &str, body: &str) -> String {
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    format!("RTSP/1.0 {status}\r\nCSeq: {sequence}\r\n{more}{length}\r\n{body}")
}

/// A packet in its prefix.
fn packet(channel: u8, kind: u8, stamp: u32, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![b'$', channel];
    packet.extend(u16::try_from(payload.len() + 12).expect("short").to_be_bytes());
    packet.extend([0x80, kind, 0, 1]);
    packet.extend(stamp.to_be_bytes());
    packet.extend([0, 0, 0, 7]);
    packet.extend(payload);
    packet
}

/// A sender report in its prefix, of a clock that shows so many seconds since 1900.
fn report(channel: u8, seconds: u32, stamp: u32) -> Vec<u8> {
    let mut report = vec![b'$', channel, 0, 28, 0x80, 200, 0, 6, 0, 0, 0, 7];
    for number in [seconds, 0, stamp, 1, 1] {
        report.extend(number.to_be_bytes());
    }
    report
}
