//! What happens on one connection: accepted, dialled, passed on, ended.

use std::{
    io,
    net::{SocketAddr, TcpListener as Listener},
    ops::Range,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::Timestamp;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split},
    net::{TcpListener, TcpStream},
    sync::Notify,
    time::{sleep, timeout, timeout_at},
};

use super::{
    conversation::Cleared,
    dial::{Place, dial},
    own::Peer,
    rate::Rate,
    refusal::Refusal,
    talk::Talk,
    trust::Trust,
};

/// Bytes that are read at once, at most somewhat more.
const CHUNK: usize = 32 * 1024;
/// So long what comes is gathered before it is taken: each time wakes two threads.
const GATHER: Duration = Duration::from_millis(5);

/// What a relay and who holds it know of one connection.
#[derive(Debug)]
pub struct Shared {
    conversation: Mutex<Talk>,
    /// Bytes that came from the camera.
    bytes: AtomicU64,
    /// Something was asked: another answer may be due.
    asked: Notify,
}

impl Shared {
    /// Of a connection that begins.
    pub fn new(conversation: Talk) -> Self {
        Self { conversation: Mutex::new(conversation), bytes: AtomicU64::new(0), asked: Notify::new() }
    }

    /// What was said so far.
    pub fn conversation(&self) -> MutexGuard<'_, Talk> {
        self.conversation.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes that came from the camera.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

/// Whom a relay dials, and how.
#[derive(Debug)]
pub struct There {
    /// Where it is.
    pub place: Place,
    /// By what it is known where it shows a certificate; none where it shows none.
    pub trust: Option<Trust>,
    /// How long it may take until it may be spoken to.
    pub within: Duration,
}

/// Why nothing passes any more.
#[derive(Debug)]
enum End {
    /// The client is gone: nobody wants pictures.
    Left,
    /// The camera closed the connection, or it broke.
    Closed,
    /// For this reason it is cut.
    Cut(Refusal),
}

/// Serves the first connection of this process at the listener, and ends with it; where a camera asks for a password by HTTP, the
/// next one, too.
pub async fn serve(listener: Listener, there: There, shared: &Shared) {
    let Ok(mut listener) = TcpListener::from_std(listener).map(Some) else { return };
    while let Some(listening) = listener.take() {
        let Ok(client) = accept(&listening).await else { return };
        listener = shared.conversation().may_repeat().then_some(listening);
        let end = reach(&there, client, shared).await.unwrap_or_else(End::Cut);
        note(&end, shared);
        if !shared.conversation().again() {
            return;
        }
    }
}

/// Dials a camera, and passes on what may pass.
async fn reach(there: &There, client: TcpStream, shared: &Shared) -> Result<End, Refusal> {
    let deadline = Instant::now() + there.within;
    let camera = dial(&there.place, there.within).await?;
    let Some(trust) = &there.trust else { return Ok(pass(camera, client, shared).await) };
    // Who takes the connection and then says nothing has no more time than who does not take it.
    let secured = timeout_at(deadline.into(), trust.secure(camera, &there.place.host)).await;
    let camera = secured.unwrap_or(Err(Refusal::Silent))?;
    Ok(pass(camera, client, shared).await)
}

/// Notes why nothing passes any more. That is done before the client's side is closed, too: who learns of the end asks at once.
fn note(end: &End, shared: &Shared) {
    let mut conversation = shared.conversation();
    match end {
        End::Left => {}
        End::Closed => conversation.close(),
        End::Cut(refusal) => conversation.end(refusal.clone()),
    }
}

/// The same end, noted.
fn noted(end: End, shared: &Shared) -> End {
    note(&end, shared);
    end
}

/// Waits for the client. Others are turned away.
async fn accept(listener: &TcpListener) -> io::Result<TcpStream> {
    loop {
        let (client, there) = listener.accept().await?;
        let here = client.local_addr()?;
        let (SocketAddr::V4(there), SocketAddr::V4(here)) = (there, here) else { continue };
        if Peer::of(there, here) == Peer::Other {
            tracing::warn!("another program dialled the guard of a camera and was turned away");
            continue;
        }
        client.set_nodelay(true)?;
        return Ok(client);
    }
}

/// Passes on what may pass, in both directions, until one of them ends or an answer does not come in time.
async fn pass<C: AsyncRead + AsyncWrite>(camera: C, client: TcpStream, shared: &Shared) -> End {
    let (camera_says, to_camera) = split(camera);
    let (client_says, to_client) = client.into_split();
    tokio::select! {
        // What has come is taken before anything is ended.
        biased;
        end = from_camera(camera_says, to_client, shared) => end,
        end = from_client(client_says, to_camera, shared) => end,
        end = overdue(shared) => end,
    }
}

/// Camera to client. No more is read while what was read has not been written: what waits is one piece and what the two sockets
/// hold, and the camera has to wait with the rest.
async fn from_camera(
    mut camera: impl AsyncRead + Unpin,
    mut client: impl AsyncWrite + Unpin,
    shared: &Shared,
) -> End {
    let mut waiting = Vec::new();
    let mut rate = Rate::new(Instant::now());
    loop {
        waiting.reserve(CHUNK);
        let mut read = match camera.read_buf(&mut waiting).await {
            Ok(0) | Err(_) => break,
            Ok(read) => read,
        };
        let plays = shared.conversation().first().is_some();
        if plays && read < CHUNK {
            // A picture comes as a dozen packets within a millisecond or two: they are taken together.
            sleep(GATHER).await;
            waiting.reserve(CHUNK);
            // The end of the connection is met again by the next read.
            if let Ok(Ok(more)) = timeout(Duration::ZERO, camera.read_buf(&mut waiting)).await {
                read += more;
            }
        }
        shared.bytes.fetch_add(u64::try_from(read).unwrap_or_default(), Ordering::Relaxed);
        let now = Instant::now();
        let cleared = shared.conversation().camera_said(&waiting, now, Timestamp::now());
        match cleared {
            Ok(cleared) => {
                if hand_on(&mut waiting, cleared, &mut client).await.is_err() {
                    return End::Left;
                }
            }
            Err(refusal) => return noted(End::Cut(refusal), shared),
        }
        if let Some(wait) = rate.took(read, now) {
            sleep(wait).await;
        }
    }
    let end = noted(End::Closed, shared);
    // What was written is still read by the client before it learns of the end.
    let _ = client.shutdown().await;
    end
}

/// Client to camera.
async fn from_client(
    mut client: impl AsyncRead + Unpin,
    mut camera: impl AsyncWrite + Unpin,
    shared: &Shared,
) -> End {
    let mut waiting = Vec::new();
    loop {
        waiting.reserve(CHUNK);
        match client.read_buf(&mut waiting).await {
            Ok(0) | Err(_) => return End::Left,
            Ok(_) => {}
        }
        let cleared = shared.conversation().client_said(&waiting, Instant::now());
        shared.asked.notify_one();
        match cleared {
            Ok(cleared) => {
                if hand_on(&mut waiting, cleared, &mut camera).await.is_err() {
                    return noted(End::Closed, shared);
                }
            }
            Err(_) => {
                tracing::warn!("FFmpeg sent a camera what is no request; its connection is cut");
                return End::Left;
            }
        }
    }
}

/// Writes what may pass, and keeps what has not come as a whole.
async fn hand_on(
    waiting: &mut Vec<u8>,
    cleared: Cleared,
    to: &mut (impl AsyncWrite + Unpin),
) -> io::Result<()> {
    for Range { start, end } in cleared.pass {
        to.write_all(waiting.get(start..end).unwrap_or_default()).await?;
    }
    waiting.drain(..cleared.used.min(waiting.len()));
    to.flush().await
}

/// Ends when an answer is overdue.
async fn overdue(shared: &Shared) -> End {
    loop {
        let due = shared.conversation().due();
        match due {
            None => shared.asked.notified().await,
            Some(due) if due <= Instant::now() => return noted(End::Cut(Refusal::Silent), shared),
            // Either way, what is due is looked up again.
            Some(due) => drop(timeout_at(due.into(), shared.asked.notified()).await),
        }
    }
}
