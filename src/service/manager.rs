//! Tells the service manager how the program does, where it asks for that: systemd, by sd_notify(3). One datagram says it, so no
//! library is needed.

use std::{
    env, io,
    os::{
        linux::net::SocketAddrExt,
        unix::{
            ffi::OsStrExt,
            net::{SocketAddr, UnixDatagram},
        },
    },
    sync::Arc,
};

/// Where systemd says that it listens.
const SOCKET: &str = "NOTIFY_SOCKET";

/// What a service manager is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It watches: `Type=notify` waits for it.
    Ready,
    /// Its threads are looked after: `WatchdogSec=` starts it again where this does not come.
    Alive,
    /// It ends.
    Stopping,
}

impl State {
    fn words(self) -> &'static str {
        match self {
            Self::Ready => "READY=1",
            Self::Alive => "WATCHDOG=1",
            Self::Stopping => "STOPPING=1",
        }
    }
}

/// The service manager that has started this program. Copies share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Manager(Option<Arc<UnixDatagram>>);

impl Manager {
    /// The one that the environment names; none where it names none. One that cannot be reached is told of in the log.
    pub fn of_environment() -> Self {
        let Some(socket) = env::var_os(SOCKET).filter(|socket| !socket.is_empty()) else {
            return Self::default();
        };
        match connected(socket.as_bytes()) {
            Ok(socket) => Self(Some(Arc::new(socket))),
            Err(error) => {
                tracing::warn!(
                    "the service manager cannot be told how this program does ({SOCKET}): {error}"
                );
                Self::default()
            }
        }
    }

    /// Tells it; whoever does not listen any more misses it.
    pub fn say(&self, state: State) {
        if let Some(socket) = &self.0 {
            let _ = socket.send(state.words().as_bytes());
        }
    }
}

/// A path, or a name in the abstract namespace after `@`.
fn connected(name: &[u8]) -> io::Result<UnixDatagram> {
    let address = match name {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        path => SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(path))?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.connect_addr(&address)?;
    // Nobody waits for whoever does not read.
    socket.set_nonblocking(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(listener: &UnixDatagram, socket: UnixDatagram) -> Vec<String> {
        listener.set_nonblocking(true).expect("a socket");
        let manager = Manager(Some(Arc::new(socket)));
        for state in [State::Ready, State::Alive, State::Stopping] {
            manager.say(state);
        }
        let mut room = [0; 64];
        let next =
            || listener.recv(&mut room).ok().map(|length| String::from_utf8_lossy(&room[..length]).into());
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn states_are_told_by_a_path_and_by_an_abstract_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notify");
        let listener = UnixDatagram::bind(&path).expect("a socket");
        let all = ["READY=1", "WATCHDOG=1", "STOPPING=1"];
        assert_eq!(told(&listener, connected(path.as_os_str().as_bytes()).expect("connected")), all);
        let name = format!("firewarden-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).expect("a name");
        let listener = UnixDatagram::bind_addr(&address).expect("a socket");
        assert_eq!(told(&listener, connected(format!("@{name}").as_bytes()).expect("connected")), all);
    }

    #[test]
    fn where_nobody_listens_nothing_is_told() {
        assert!(connected(b"/nowhere/at/all").is_err());
        Manager::default().say(State::Ready);
    }
}
