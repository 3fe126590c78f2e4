//! Those who ask slowly, ask for too much, or ask and go on asking.

use std::sync::mpsc;

use super::*;

/// Short ones, so that what is bounded is seen to be.
const SHORT: Bounds = Bounds {
    connections: 2,
    head: Duration::from_millis(100),
    whole: Duration::from_millis(400),
    facts: Duration::from_millis(100),
};

fn connect(console: &Console) -> TcpStream {
    let stream = TcpStream::connect(console.address()).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream
}

/// Waits until the other side has closed it.
fn ends(mut stream: TcpStream) {
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset, "{error}"),
    }
}

#[test]
fn who_asks_slowly_is_not_waited_for() {
    let console = with(SHORT, facts);
    let silent = connect(&console);
    let mut slow = connect(&console);
    slow.write_all(b"GET /healthz HTTP/1.1\r\nHost: loc").unwrap();
    // All places are taken: the next one waits until they are free, and is answered.
    assert_eq!(get(&console, "/healthz").0, 200);
    ends(silent);
    ends(slow);
}

#[test]
fn who_never_ends_asking_is_not_waited_for() {
    let console = with(SHORT, facts);
    let mut endless = connect(&console);
    // A body that does not come is not waited for either.
    endless
        .write_all(b"POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n")
        .unwrap();
    ends(endless);
    assert_eq!(get(&console, "/healthz").0, 200);
}

#[test]
fn a_head_that_is_too_large_is_refused() {
    let console = with(Bounds::USUAL, facts);
    let head = |fields: &str| format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n");
    let fields: String = (0..100).map(|field| format!("X-{field}: 1\r\n")).collect();
    for fields in [fields, format!("X: {}\r\n", "a".repeat(15 << 10)), "X: a\r\n".to_owned()] {
        let is_small = fields.len() < 100;
        let answer = send(&console, &head(&fields));
        let expected = if is_small { "HTTP/1.1 200" } else { "HTTP/1.1 431" };
        // One of less than 16 kB in few fields is taken.
        let expected =
            if fields.len() > 15 << 10 && fields.len() < 16 << 10 { "HTTP/1.1 200" } else { expected };
        assert!(answer.starts_with(expected), "{} bytes: {answer}", fields.len());
    }
    // Of one that is far too large, no more is read than is needed to see that.
    let mut stream = connect(&console);
    let large = head(&format!("X: {}\r\n", "a".repeat(8 << 20)));
    let _ = stream.write_all(large.as_bytes());
    ends(stream);
    assert_eq!(get(&console, "/healthz").0, 200);
}

#[test]
fn a_disk_that_hangs_is_told_and_holds_nobody() {
    let (go_on, hangs) = mpsc::channel::<()>();
    let hangs = Mutex::new(hangs);
    let console = with(SHORT, move || {
        // Until the test is over.
        let _ = hangs.lock().unwrap().recv();
        facts()
    });
    assert_eq!(get(&console, "/metrics"), (503, "the database does not answer\n".to_owned()));
    assert_eq!(get(&console, "/readyz"), (503, "the database does not answer\n".to_owned()));
    assert_eq!(get(&console, "/healthz").0, 200);
    // Nor does it hold the end, and neither does a request that never ends.
    let mut slow = connect(&console);
    slow.write_all(b"GET /heal").unwrap();
    ends_in_time(console);
    ends(slow);
    drop(go_on);
}

#[test]
fn an_end_waits_for_nobody_who_asks() {
    let console = with(Bounds { head: LONG, whole: LONG, ..Bounds::USUAL }, facts);
    let mut slow = connect(&console);
    slow.write_all(b"GET /heal").unwrap();
    let silent = connect(&console);
    let address = console.address();
    ends_in_time(console);
    ends(slow);
    ends(silent);
    // Its port is free again.
    drop(Console::start(address, Board::new(Arc::new(System))).unwrap());
}

fn ends_in_time(console: Console) {
    let (to, ended) = mpsc::channel();
    thread::spawn(move || {
        drop(console);
        to.send(()).unwrap();
    });
    // Ten times what it may take.
    ended.recv_timeout(Duration::from_secs(20)).expect("it ends");
}
