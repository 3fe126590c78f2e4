//! Connections, bounded in number, in size and in time: whoever asks slowly, or for nothing, takes little and not for long.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::TcpStream,
    sync::{Semaphore, oneshot},
    time,
};

/// A listener that can accept nothing, as there are too many open files, is asked again so much later.
const AGAIN: Duration = Duration::from_millis(100);
/// A request's head may be so large, in bytes, and have so many fields.
const HEAD: usize = 16 << 10;
const FIELDS: usize = 64;

/// How much is taken of whoever asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// So many connections at once; others wait.
    pub connections: usize,
    /// A request's head has come after so long.
    pub head: Duration,
    /// A connection is over after so long.
    pub whole: Duration,
    /// Facts are waited for so long: a disk may hang.
    pub facts: Duration,
}

impl Bounds {
    pub const USUAL: Self = Self {
        connections: 32,
        head: Duration::from_secs(5),
        whole: Duration::from_secs(10),
        facts: Duration::from_secs(2),
    };
}

/// Whoever asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub SocketAddr);

/// Answers until it is to end. Connections that are there then are left to the runtime, which ends them with itself.
pub(super) async fn serve(
    listener: TcpListener,
    bounds: Bounds,
    pages: Router,
    ended: oneshot::Receiver<()>,
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    tokio::select! {
        _ = ended => {}
        () = accept(listener, bounds, pages) => {}
    }
    Ok(())
}

async fn accept(listener: tokio::net::TcpListener, bounds: Bounds, pages: Router) {
    let room = Arc::new(Semaphore::new(bounds.connections));
    while let Ok(place) = Arc::clone(&room).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let pages = pages.clone().layer(Extension(Peer(peer)));
                tokio::spawn(async move {
                    let _place = place;
                    converse(stream, bounds, pages).await;
                });
            }
            Err(error) => {
                tracing::debug!("the console cannot accept: {error}");
                time::sleep(AGAIN).await;
            }
        }
    }
}

/// One request and its answer. What goes wrong is whoever asks' own.
async fn converse(stream: TcpStream, bounds: Bounds, pages: Router) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(bounds.head)
        .max_buf_size(HEAD)
        .max_headers(FIELDS)
        .keep_alive(false);
    let answers = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(pages));
    if let Ok(Err(error)) = time::timeout(bounds.whole, answers).await {
        tracing::debug!("the console: {error}");
    }
}
