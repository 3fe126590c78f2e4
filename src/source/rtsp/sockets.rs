//! The two ports to which a camera sends by UDP, and nobody else.

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use rustix::net::sockopt;
use tokio::net::{TcpStream, UdpSocket};

use super::datagrams::Port;

/// So often ports are looked for that follow each other.
const TRIES: usize = 64;
/// So many bytes may wait to be read: a key frame of 4K comes at once.
const RECEIVED: usize = 4 << 20;
/// No datagram is longer.
const LONGEST: usize = 65_536;

/// Two ports of this machine, an even one and the next.
#[derive(Debug)]
pub struct Sockets {
    media: UdpSocket,
    reports: UdpSocket,
    camera: IpAddr,
}

/// Room for one datagram of each.
#[derive(Debug)]
pub struct Room(Vec<u8>, Vec<u8>);

impl Default for Room {
    fn default() -> Self {
        Self(vec![0; LONGEST], vec![0; LONGEST])
    }
}

impl Sockets {
    /// At the address by which a camera is connected to.
    ///
    /// # Errors
    /// No two ports are free.
    pub async fn open(connection: &TcpStream) -> io::Result<Self> {
        let (own, camera) = (connection.local_addr()?.ip(), connection.peer_addr()?.ip());
        for _ in 0..TRIES {
            let media = UdpSocket::bind((own, 0)).await?;
            let port = media.local_addr()?.port();
            let Some(next) = port.checked_add(1).filter(|_| port % 2 == 0) else { continue };
            if let Ok(reports) = UdpSocket::bind((own, next)).await {
                // As much as the system allows, whatever that is: less costs pictures, and no connection.
                let _ = sockopt::set_socket_recv_buffer_size(&media, RECEIVED);
                return Ok(Self { media, reports, camera });
            }
        }
        Err(io::ErrorKind::AddrInUse.into())
    }

    /// Their numbers.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn ports(&self) -> io::Result<(u16, u16)> {
        Ok((self.media.local_addr()?.port(), self.reports.local_addr()?.port()))
    }

    /// Waits for a datagram of the camera.
    ///
    /// # Errors
    /// The system has closed a port.
    pub async fn receive<'r>(&self, room: &'r mut Room) -> io::Result<(Port, &'r [u8])> {
        loop {
            let (port, length, from) = tokio::select! {
                got = self.media.recv_from(&mut room.0) => of(Port::Media, got)?,
                got = self.reports.recv_from(&mut room.1) => of(Port::Reports, got)?,
            };
            if from.ip().to_canonical() == self.camera.to_canonical() {
                let bytes = if port == Port::Media { &room.0 } else { &room.1 };
                return Ok((port, bytes.get(..length).unwrap_or_default()));
            }
        }
    }

    /// What has come of the camera's pictures meanwhile; none where nothing has.
    pub fn received<'r>(&self, room: &'r mut Room) -> Option<&'r [u8]> {
        loop {
            let (length, from) = self.media.try_recv_from(&mut room.0).ok()?;
            if from.ip().to_canonical() == self.camera.to_canonical() {
                return room.0.get(..length);
            }
        }
    }

    /// Says that somebody is here: what stands between lets in what was asked for, and the camera knows that it is listened to.
    pub async fn greet(&self, server: (u16, u16)) {
        let report = [0x80, 201, 0, 1, 0x66, 0x77, 0x64, 0x6e];
        let empty = [0x80, 0, 0, 0, 0, 0, 0, 0, 0x66, 0x77, 0x64, 0x6e];
        // Where it does not arrive, nothing is lost.
        let _ = self.media.send_to(&empty, SocketAddr::new(self.camera, server.0)).await;
        let _ = self.reports.send_to(&report, SocketAddr::new(self.camera, server.1)).await;
    }
}

fn of(port: Port, got: io::Result<(usize, SocketAddr)>) -> io::Result<(Port, usize, SocketAddr)> {
    match got {
        Ok((length, from)) => Ok((port, length, from)),
        // A camera without an ear for reports: that says nothing of what it sends.
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            Ok((port, 0, SocketAddr::new(IpAddr::from([0, 0, 0, 0]), 0)))
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_burst_has_as_much_room_as_the_system_allows() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let connection =
            TcpStream::connect(listener.local_addr().expect("an address")).await.expect("connected");
        let sockets = Sockets::open(&connection).await.expect("two ports");
        let allowed = std::fs::read_to_string("/proc/sys/net/core/rmem_max").expect("Linux");
        let allowed: usize = allowed.trim().parse().expect("a number");
        let room = sockopt::socket_recv_buffer_size(&sockets.media).expect("a socket");
        assert!(room >= allowed.min(RECEIVED), "{room} of {allowed}");
    }
}
