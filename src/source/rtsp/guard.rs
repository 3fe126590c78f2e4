//! The guard before FFmpeg: relays on loopback, each for one connection to one camera.

use std::{
    fmt, io,
    net::{Ipv4Addr, TcpListener},
    sync::Arc,
    time::Instant,
};

use thiserror::Error;
use tokio::{
    runtime::{Builder, Runtime},
    task::AbortHandle,
};

use super::{
    conversation::{Conversation, User},
    dial::Place,
    exchange::Exchange,
    limits::GuardLimits,
    refusal::Refusal,
    relay::{self, There},
    report::SenderReport,
    shared::Shared,
    talk::Talk,
    trust::Trust,
};
use crate::{
    address::{Address, Parts},
    authorities::AuthoritiesError,
    config::{Live, Scheme, Transport},
    pulse::{self, Remedy},
};

/// Threads that ask name servers, at most. One that is dead keeps a thread for half a minute.
const LOOKUPS: usize = 16;

/// The relays of all cameras. Copies are of the same; with the last one the relays end, too.
#[derive(Clone)]
pub struct Guards {
    runtime: Arc<Background>,
}

impl fmt::Debug for Guards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guards")
    }
}

/// A runtime that nobody waits for when it ends.
struct Background(Option<Runtime>);

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Why there is no relay for a camera.
#[derive(Debug, Error)]
pub enum GuardError {
    /// Not an address of a camera.
    #[error(
        "{address} is no address of the form rtsp://USER:PASSWORD@HOST:PORT/PATH; within user name and password, \
         @ : / ? # and % are written as %40 %3A %2F %3F %23 and %25"
    )]
    Address {
        /// As it was given.
        address: Address,
    },
    /// Nobody is there who could vouch for it.
    #[error("nobody can vouch for the certificate of {address}: {error}")]
    Authorities {
        /// Whose.
        address: Address,
        /// Why.
        error: AuthoritiesError,
    },
    /// No port on loopback.
    #[error("no port on loopback for the connection to {address}: {error}")]
    Listen {
        /// Whose.
        address: Address,
        /// Why.
        error: io::Error,
    },
}

impl Guards {
    /// Starts the threads that pass bytes on.
    ///
    /// # Errors
    /// The system gives no threads.
    pub fn start() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .thread_name("guard")
            // One is enough for hundreds of cameras, and two would wake each other.
            .worker_threads(1)
            .max_blocking_threads(LOOKUPS)
            .enable_all()
            .build()?;
        runtime.spawn(pulse::beat("guard", Remedy::Restart));
        Ok(Self { runtime: Arc::new(Background(Some(runtime))) })
    }

    /// A relay for one connection to the camera at this address. It returns at once, and dials when FFmpeg connects to it.
    ///
    /// # Errors
    /// It is no address of RTSP or HTTP, there are no authorities, or no port is free.
    pub fn relay(&self, live: &Live, limits: GuardLimits) -> Result<Relay, GuardError> {
        let camera = &live.address;
        let unusable = || GuardError::Address { address: camera.clone() };
        let Parts { scheme, user, host, port, path } = camera.parts().ok_or_else(unusable)?;
        let scheme = Scheme::of(&scheme.to_ascii_lowercase()).ok_or_else(unusable)?;
        let trust = if scheme.is_secure() {
            let authorities = |error| GuardError::Authorities { address: camera.clone(), error };
            Some(Trust::new(live.tls.as_ref()).map_err(authorities)?)
        } else {
            None
        };
        let number = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let place = Place { host: number.to_owned(), port: port.unwrap_or(scheme.port()) };
        // Of HTTP and TLS nothing comes beside the connection.
        let transport = if scheme == Scheme::Rtsp { live.transport } else { Transport::Tcp };
        let there = There { place, trust, transport, within: limits.connect };
        let listen = |error| GuardError::Listen { address: camera.clone(), error };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let here = listener.local_addr().map_err(listen)?;
        let sign = if user.is_some() { "@" } else { "" };
        let plain = if scheme.is_rtsp() { Scheme::Rtsp } else { Scheme::Http }.name();
        let address = Address::from(format!("{plain}://{}{sign}{here}{path}", user.unwrap_or_default()));
        let user = if user.is_some_and(|user| !user.is_empty()) { User::Given } else { User::None };
        let talk = if scheme.is_rtsp() {
            Talk::Rtsp(Box::new(Conversation::new(user, &limits)))
        } else {
            Talk::Http(Box::new(Exchange::new(user, &limits)))
        };
        let shared = Arc::new(Shared::new(talk));
        // It is there until it is dropped.
        let Some(runtime) = &self.runtime.0 else { return Err(listen(io::ErrorKind::NotConnected.into())) };
        let task = runtime.spawn({
            let shared = Arc::clone(&shared);
            async move { relay::serve(listener, there, &shared).await }
        });
        Ok(Relay { address, transport, shared, task: task.abort_handle() })
    }
}

/// A relay for one connection. With it, both connections are cut and its port is free again.
#[derive(Debug)]
pub struct Relay {
    address: Address,
    transport: Transport,
    shared: Arc<Shared>,
    task: AbortHandle,
}

impl Relay {
    /// What FFmpeg is to open: the camera's address, with another host and port.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Why the connection ended, or what the camera refused with; none while all is well, and where the client ended it.
    pub fn refusal(&self) -> Option<Refusal> {
        self.shared.conversation().refusal()
    }

    /// The last that the camera said of its clock.
    pub fn clock(&self) -> Option<SenderReport> {
        self.shared.conversation().report()
    }

    /// How packets come.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// How many packets were lost on the way.
    pub fn lost(&self) -> u64 {
        self.shared.conversation().datagrams().map_or(0, |datagrams| datagrams.lost())
    }

    /// When the first packet of pictures came.
    pub fn first(&self) -> Option<Instant> {
        self.shared.conversation().first()
    }

    /// Bytes that came from the camera.
    pub fn bytes(&self) -> u64 {
        self.shared.bytes()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}
