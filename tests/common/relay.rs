//! A network between the program and a camera, which goes wrong in the way that a test says.
//!
//! It passes the bytes of TCP connections on, both ways, in their order. What is switched at run time holds for the connections that
//! there are and for those that come.
#![allow(dead_code, reason = "each test program uses its own part")]

use std::{
    collections::VecDeque,
    io::{self, ErrorKind, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// How bytes pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// At once.
    Open,
    /// So much later.
    Late(Duration),
    /// Not at all, and nobody is told: as where every packet of the network is lost. What waits passes once the way is another.
    Lost,
}

/// How a connection ends from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// Both sides are reset.
    Cut,
    /// The client is told that nothing more comes, and may go on saying what it likes.
    Half,
}

/// The network. It ends when it is dropped.
pub struct Relay {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    to: SocketAddr,
    way: Mutex<Way>,
    /// How often connections were ended in each way: who sees another number than when it began ends.
    cuts: AtomicU64,
    halves: AtomicU64,
    stop: AtomicBool,
}

/// So often it is looked for what was switched.
const TICK: Duration = Duration::from_millis(10);
/// No more than this is on its way in one direction of a connection.
const MOST: usize = 4 << 20;

impl Relay {
    /// One that leads to a port of this machine.
    pub fn start(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        listener.set_nonblocking(true).expect("a listener");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            to: (Ipv4Addr::LOCALHOST, port).into(),
            way: Mutex::new(Way::Open),
            cuts: AtomicU64::new(0),
            halves: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        });
        let thread = thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Self { address, shared, thread: Some(thread) }
    }

    /// Its port, which is dialled in place of the camera's.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// How bytes pass from now on.
    pub fn set(&self, way: Way) {
        *self.shared.way.lock().unwrap_or_else(PoisonError::into_inner) = way;
    }

    /// Resets all connections.
    pub fn cut(&self) {
        self.shared.cuts.fetch_add(1, SeqCst);
    }

    /// Ends what comes from the camera, of all connections.
    pub fn half_close(&self) {
        self.shared.halves.fetch_add(1, SeqCst);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.stop.store(true, SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn way(&self) -> Way {
        *self.way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn numbers(&self) -> (u64, u64) {
        (self.cuts.load(SeqCst), self.halves.load(SeqCst))
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut threads: Vec<JoinHandle<()>> = Vec::new();
    while !shared.stop.load(SeqCst) {
        threads.retain(|thread| !thread.is_finished());
        let Ok((client, _)) = listener.accept() else {
            thread::sleep(TICK);
            continue;
        };
        let shared = Arc::clone(shared);
        threads.push(thread::spawn(move || {
            // Whom nobody takes is left again, as a camera without power does.
            let _ = pass_on(&client, &shared);
        }));
    }
    for thread in threads {
        let _ = thread.join();
    }
}

/// Passes on what two sides say to each other until one of them ends, or is ended.
fn pass_on(client: &TcpStream, shared: &Shared) -> io::Result<()> {
    client.set_nonblocking(false)?;
    let camera = TcpStream::connect(shared.to)?;
    let began = shared.numbers();
    for stream in [client, &camera] {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TICK))?;
        stream.set_write_timeout(Some(TICK))?;
    }
    let ends = || {
        let (cuts, halves) = shared.numbers();
        match (cuts != began.0, halves != began.1) {
            (true, _) => Some(Ending::Cut),
            (false, true) => Some(Ending::Half),
            (false, false) => None,
        }
    };
    let (up, down) = thread::scope(|scope| {
        let up =
            scope.spawn(|| Direction::default().run(client, &camera, shared, || ends() == Some(Ending::Cut)));
        let down = Direction::default().run(&camera, client, shared, || ends().is_some());
        // The other way goes on for itself, but for a client that was told of the end and says nothing more.
        let _ = client.shutdown(Shutdown::Write);
        (up.join(), down)
    });
    let _ = (up, down);
    if ends() == Some(Ending::Cut) {
        reset(client)?;
        reset(&camera)?;
    }
    Ok(())
}

/// Once it is closed, the other side is told that the connection was reset.
fn reset(stream: &TcpStream) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let copy = stream.try_clone()?;
    copy.set_nonblocking(true)?;
    runtime.block_on(async { tokio::net::TcpStream::from_std(copy)?.set_zero_linger() })
}

/// One way of a connection: what is under way, and when it is to arrive.
#[derive(Default)]
struct Direction {
    under_way: VecDeque<(Instant, Vec<u8>)>,
    bytes: usize,
}

impl Direction {
    /// Passes on until one side ends, which the other is told, or `ends`.
    fn run(
        &mut self,
        from: &TcpStream,
        to: &TcpStream,
        shared: &Shared,
        ends: impl Fn() -> bool,
    ) -> io::Result<()> {
        let (mut chunk, mut over) = (vec![0; 64 << 10], false);
        loop {
            if shared.stop.load(SeqCst) || ends() {
                return Ok(());
            }
            let way = shared.way();
            if way == Way::Lost || over || self.bytes > MOST {
                thread::sleep(TICK);
            } else {
                match (&mut &*from).read(&mut chunk) {
                    Ok(0) => over = true,
                    Ok(read) => self.take(chunk.get(..read).unwrap_or_default(), way),
                    Err(error) if is_not_yet(&error) => {}
                    Err(_) => over = true,
                }
            }
            if way != Way::Lost {
                self.deliver(to)?;
            }
            if over && self.under_way.is_empty() {
                let _ = to.shutdown(Shutdown::Write);
                return Ok(());
            }
        }
    }

    fn take(&mut self, bytes: &[u8], way: Way) {
        let late = if let Way::Late(late) = way { late } else { Duration::ZERO };
        // Nothing overtakes what was before it.
        let before = self.under_way.back().map(|(due, _)| *due);
        let due =
            before.map_or_else(Instant::now, |before| before.max(Instant::now())).max(Instant::now() + late);
        self.bytes += bytes.len();
        self.under_way.push_back((due, bytes.to_vec()));
    }

    fn deliver(&mut self, to: &TcpStream) -> io::Result<()> {
        while let Some((due, bytes)) = self.under_way.front_mut() {
            if *due > Instant::now() {
                return Ok(());
            }
            match (&mut &*to).write(bytes) {
                Ok(written) => {
                    bytes.drain(..written);
                    self.bytes -= written;
                    if bytes.is_empty() {
                        self.under_way.pop_front();
                    }
                }
                Err(error) if is_not_yet(&error) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn is_not_yet(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
