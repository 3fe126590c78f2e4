//! A device on loopback that answers when a test wants it to.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc::{self, Receiver, Sender},
    thread,
};

use super::LONG;

pub struct Device {
    pub at: SocketAddr,
    calls: Receiver<Called>,
}

/// A call that waits for its answer.
pub struct Called {
    pub head: String,
    pub body: String,
    answer: Sender<String>,
}

impl Called {
    /// Answers with these bytes, and closes the connection.
    pub fn answer(self, bytes: &str) {
        self.answer.send(bytes.to_owned()).expect("the connection waits");
    }

    pub fn succeed(self) {
        self.answer("HTTP/1.1 204 Done\r\n\r\n");
    }
}

impl Device {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let at = listener.local_addr().expect("an address");
        let (to, calls) = mpsc::channel();
        // It ends with the process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let to = to.clone();
                thread::spawn(move || serve(stream, &to));
            }
        });
        Self { at, calls }
    }

    pub fn next(&self) -> Called {
        self.calls.recv_timeout(LONG).expect("a call")
    }

    /// Whether nothing came that was not asked for.
    pub fn is_idle(&self) -> bool {
        self.calls.try_recv().is_err()
    }
}

fn serve(mut stream: TcpStream, to: &Sender<Called>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if !matches!(stream.read(&mut byte), Ok(1)) {
            return;
        }
        head.extend(byte);
    }
    let head = String::from_utf8(head).expect("a head in ASCII");
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).expect("a whole body");
    let (answer, answered) = mpsc::channel();
    let body = String::from_utf8(body).expect("a text");
    if to.send(Called { head, body, answer }).is_ok()
        && let Ok(bytes) = answered.recv()
    {
        let _ = stream.write_all(bytes.as_bytes());
    }
}
