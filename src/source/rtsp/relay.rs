//! What happens on one connection: accepted, dialled, passed on, ended.

use std::{
    io,
    net::{SocketAddr, TcpListener as Listener},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split},
    net::{TcpListener, TcpStream},
    sync::Mutex,
    time::{sleep, timeout, timeout_at},
};
use tokio_rustls::client::TlsStream;

use super::{
    beside::pass_beside,
    conversation::{Cleared, Passing},
    datagrams::Datagrams,
    dial::{Place, dial},
    own::Peer,
    rate::Rate,
    refusal::Refusal,
    shared::Shared,
    sockets::Sockets,
    trust::Trust,
};
use crate::config::Transport;

/// Bytes that are read at once, at most somewhat more.
const CHUNK: usize = 32 * 1024;
/// So long what comes is gathered before it is taken: each time wakes two threads.
const GATHER: Duration = Duration::from_millis(5);

/// Whom a relay dials, and how.
#[derive(Debug)]
pub struct There {
    /// Where it is.
    pub place: Place,
    /// By what it is known where it shows a certificate; none where it shows none.
    pub trust: Option<Trust>,
    /// How it is asked to send its packets.
    pub transport: Transport,
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
        let end = match reach(&there, shared).await {
            Ok(Reached::Plain(camera, sockets)) => pass(camera, client, sockets, shared).await,
            Ok(Reached::Secure(camera)) => pass(*camera, client, None, shared).await,
            // The client's side is closed after that.
            Err(refusal) => noted(End::Cut(refusal), shared),
        };
        note(&end, shared);
        if !shared.conversation().again() {
            return;
        }
    }
}

/// A camera that may be spoken to.
enum Reached {
    /// As it is, with what comes beside the connection.
    Plain(TcpStream, Option<Sockets>),
    /// Within TLS.
    Secure(Box<TlsStream<TcpStream>>),
}

/// Dials a camera.
async fn reach(there: &There, shared: &Shared) -> Result<Reached, Refusal> {
    let deadline = Instant::now() + there.within;
    let camera = dial(&there.place, there.within).await?;
    if let Some(trust) = &there.trust {
        // Who takes the connection and then says nothing has no more time than who does not take it.
        let secured = timeout_at(deadline.into(), trust.secure(camera, &there.place.host)).await;
        return Ok(Reached::Secure(Box::new(secured.unwrap_or(Err(Refusal::Silent))?)));
    }
    let sockets = match there.transport {
        Transport::Tcp => None,
        Transport::Udp => {
            let sockets = Sockets::open(&camera).await?;
            shared.conversation().by_datagrams(Datagrams::new(sockets.ports()?));
            Some(sockets)
        }
    };
    Ok(Reached::Plain(camera, sockets))
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
async fn pass<C: AsyncRead + AsyncWrite>(
    camera: C,
    client: TcpStream,
    sockets: Option<Sockets>,
    shared: &Shared,
) -> End {
    let (camera_says, to_camera) = split(camera);
    let (client_says, to_client) = client.into_split();
    let to_client = Mutex::new(to_client);
    tokio::select! {
        // What has come is taken before anything is ended.
        biased;
        end = from_camera(camera_says, &to_client, shared) => end,
        end = from_sockets(sockets, &to_client, shared) => end,
        end = from_client(client_says, to_camera, shared) => end,
        end = overdue(shared) => end,
    }
}

/// Camera to client. No more is read while what was read has not been written: what waits is one piece and what the two sockets
/// hold, and the camera has to wait with the rest.
async fn from_camera(
    mut camera: impl AsyncRead + Unpin,
    client: &Mutex<impl AsyncWrite + Unpin>,
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
        shared.came(read);
        let now = Instant::now();
        let cleared = shared.conversation().camera_said(&waiting, now, Timestamp::now());
        match cleared {
            Ok(cleared) => {
                if hand_on(&mut waiting, cleared, &mut *client.lock().await).await.is_err() {
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
    let _ = client.lock().await.shutdown().await;
    end
}

/// What comes beside the connection, where anything does.
async fn from_sockets(
    sockets: Option<Sockets>,
    client: &Mutex<impl AsyncWrite + Unpin>,
    shared: &Shared,
) -> End {
    let Some(sockets) = sockets else { return std::future::pending().await };
    match pass_beside(&sockets, client, shared).await {
        Ok(()) => End::Left,
        Err(refusal) => noted(End::Cut(refusal), shared),
    }
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
        shared.note_asked();
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
    for passing in cleared.pass {
        match passing {
            Passing::Same(range) => to.write_all(waiting.get(range).unwrap_or_default()).await?,
            Passing::Other(bytes) => to.write_all(&bytes).await?,
        }
    }
    waiting.drain(..cleared.used.min(waiting.len()));
    to.flush().await
}

/// Ends when an answer is overdue.
async fn overdue(shared: &Shared) -> End {
    loop {
        let due = shared.conversation().due();
        match due {
            None => shared.asked().await,
            Some(due) if due <= Instant::now() => return noted(End::Cut(Refusal::Silent), shared),
            // Either way, what is due is looked up again.
            Some(due) => drop(timeout_at(due.into(), shared.asked()).await),
        }
    }
}
