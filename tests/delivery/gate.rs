//! The way to a server, which can be shut and broken off.

use std::{
    io,
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::process::free_port;

/// Takes connections at a port of its own and passes them on. While it is shut, connections are refused.
pub struct Gate {
    port: u16,
    to: u16,
    open: Option<Open>,
}

struct Open {
    stop: Arc<AtomicBool>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
    thread: JoinHandle<()>,
}

impl Gate {
    /// One that is shut.
    pub fn to(port: u16) -> Self {
        Self { port: free_port(), to: port, open: None }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn open(&mut self) {
        if self.open.is_some() {
            return;
        }
        let listener = TcpListener::bind(("127.0.0.1", self.port)).expect("the gate's port");
        listener.set_nonblocking(true).expect("a listener");
        let (stop, streams) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let thread = thread::spawn({
            let (stop, streams, to) = (Arc::clone(&stop), Arc::clone(&streams), self.to);
            move || pass(&listener, to, &stop, &streams)
        });
        self.open = Some(Open { stop, streams, thread });
    }

    /// Breaks off what goes through it, and refuses what comes.
    pub fn shut(&mut self) {
        let Some(Open { stop, streams, thread }) = self.open.take() else { return };
        stop.store(true, Ordering::SeqCst);
        let _ = thread.join();
        break_off(&streams);
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.shut();
    }
}

fn pass(listener: &TcpListener, to: u16, stop: &AtomicBool, streams: &Mutex<Vec<TcpStream>>) {
    while !stop.load(Ordering::SeqCst) {
        let Ok((near, _)) = listener.accept() else {
            thread::sleep(Duration::from_millis(2));
            continue;
        };
        // Where nobody listens behind it, the connection ends at once.
        let Ok(far) = TcpStream::connect(("127.0.0.1", to)) else { continue };
        if let Err(error) = join(near, far, streams) {
            eprintln!("a connection is not passed on: {error}");
        }
    }
}

fn join(near: TcpStream, far: TcpStream, streams: &Mutex<Vec<TcpStream>>) -> io::Result<()> {
    near.set_nonblocking(false)?;
    let ways = [(near.try_clone()?, far.try_clone()?), (far.try_clone()?, near.try_clone()?)];
    streams.lock().unwrap_or_else(PoisonError::into_inner).extend([near, far]);
    for (mut from, mut to) in ways {
        thread::spawn(move || {
            // Each ends with the other.
            let _ = io::copy(&mut from, &mut to);
            let _ = from.shutdown(Shutdown::Both);
            let _ = to.shutdown(Shutdown::Both);
        });
    }
    Ok(())
}

fn break_off(streams: &Mutex<Vec<TcpStream>>) {
    for stream in streams.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        let _ = stream.shutdown(Shutdown::Both);
    }
}
