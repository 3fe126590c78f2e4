//! What a box tells by HTTP, to its own machine: whether it runs, whether it can do its work, and how it does.
//!
//! | path | answers |
//! |---|---|
//! | `/healthz` | 200 where the process runs |
//! | `/readyz` | 200 where it can do its work, else 503 and why it cannot, a reason a line |
//! | `/metrics` | [`metrics`] in the text format of OpenMetrics 1.0 |
//!
//! ```text
//!  serving     accepts connections and bounds them in number, size and time
//!  pages       who is answered, and what
//!  ready       why the box cannot do its work
//!  metrics     the list of all metrics
//!  exposition  metrics as text
//! ```
//!
//! It has a runtime and a thread of its own, so that it answers whatever cameras do. It reads what is known and changes nothing.

mod exposition;
mod metrics;
mod pages;
mod ready;
mod serving;
#[cfg(test)]
mod tests;

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use thiserror::Error;
use tokio::{runtime, sync::oneshot};

use self::serving::Bounds;
use crate::{
    files,
    service::{Board, BoxFacts},
};

/// So long is waited for an answer that is being made when it is to end.
const LEAVING: Duration = Duration::from_millis(500);

/// Where what is told comes from. It may wait, for a disk.
type Asks = Arc<dyn Fn() -> BoxFacts + Send + Sync>;

/// Why nothing can be told by HTTP.
#[derive(Debug, Error)]
pub enum ConsoleError {
    /// Nobody can be answered at the address.
    #[error(
        "[console] listen: nothing can listen on {address}: {}; end what listens there, such as another firewarden, or write \
         another port (0 for any that is free)",
        files::reason(source)
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The system refuses what it needs.
    #[error("the console cannot be started: {0}")]
    System(io::Error),
}

/// Answers until it is dropped, which takes less than a second, whoever is still asking.
#[derive(Debug)]
pub struct Console {
    address: SocketAddr,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Console {
    /// Tells at `listen` what `board` knows. Port 0 is any that is free.
    ///
    /// # Errors
    /// [`ConsoleError`] where the address is taken or none of this machine's, or the system has no thread left.
    pub fn start(listen: SocketAddr, board: Board) -> Result<Self, ConsoleError> {
        Self::tell(listen, Bounds::USUAL, Arc::new(move || board.facts()))
    }

    fn tell(listen: SocketAddr, bounds: Bounds, asks: Asks) -> Result<Self, ConsoleError> {
        let refused = |source| ConsoleError::Listen { address: listen, source };
        let listener = TcpListener::bind(listen).map_err(refused)?;
        listener.set_nonblocking(true).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        // Facts are asked for on the one thread beside it.
        let mut builder = runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().thread_name("console").max_blocking_threads(1).build();
        let runtime = runtime.map_err(ConsoleError::System)?;
        let (end, ended) = oneshot::channel();
        let work = move || {
            let pages = pages::pages(asks, bounds.facts);
            if let Err(error) = runtime.block_on(serving::serve(listener, bounds, pages, ended)) {
                tracing::error!("the console answers nobody: {error}");
            }
            runtime.shutdown_timeout(LEAVING);
        };
        let thread = thread::Builder::new().name("console".to_owned()).spawn(work);
        let thread = Some(thread.map_err(ConsoleError::System)?);
        tracing::info!("console listens on {address}");
        Ok(Self { address, end: Some(end), thread })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // What it panicked of is in the log.
            let _ = thread.join();
        }
    }
}
