//! Whether a connection on loopback comes from this process. Any user of the machine can dial a port of it.

use std::{fs, net::SocketAddrV4};

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// This process.
    Own,
    /// Another one.
    Other,
    /// The machine does not tell: without `/proc` nobody knows.
    Unknown,
}

impl Peer {
    /// Who dialled `here` from `there`.
    pub fn of(there: SocketAddrV4, here: SocketAddrV4) -> Self {
        let Ok(table) = fs::read_to_string("/proc/net/tcp") else { return Self::Unknown };
        let Some(socket) = socket(&table, there, here) else { return Self::Other };
        let Ok(open) = fs::read_dir("/proc/self/fd") else { return Self::Unknown };
        let name = format!("socket:[{socket}]");
        let is_it =
            |entry: fs::DirEntry| fs::read_link(entry.path()).is_ok_and(|to| to.as_os_str() == &*name);
        if open.flatten().any(is_it) { Self::Own } else { Self::Other }
    }
}

/// The number of the socket with these two ends in the kernel's table, whose addresses are in the machine's order of bytes.
fn socket(table: &str, near: SocketAddrV4, far: SocketAddrV4) -> Option<&str> {
    let written =
        |end: SocketAddrV4| format!("{:08X}:{:04X}", u32::from_ne_bytes(end.ip().octets()), end.port());
    let (near, far) = (written(near), written(far));
    table.lines().find_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        (words.next()? == near && words.next()? == far).then(|| words.nth(6))?
    })
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

    use super::*;

    fn v4(address: SocketAddr) -> SocketAddrV4 {
        let SocketAddr::V4(address) = address else { panic!("{address} is not of IPv4") };
        address
    }

    #[test]
    fn a_connection_of_this_process_is_known() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let here = v4(listener.local_addr().expect("an address"));
        let client = TcpStream::connect(here).expect("a connection");
        let there = v4(client.local_addr().expect("an address"));
        assert_eq!(Peer::of(there, here), Peer::Own);
        // Nobody has a connection from a port to itself.
        assert_eq!(Peer::of(here, here), Peer::Other);
    }

    #[test]
    fn the_kernels_table_is_read() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
            0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0 100 0 0 10 0\n   \
            1: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 222 1 0 20 4 30 10 -1\n";
        let end = |port| SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
        if cfg!(target_endian = "little") {
            assert_eq!(socket(table, end(50000), end(8080)), Some("222"));
        }
        assert_eq!(socket(table, end(8080), end(50000)), None);
        assert_eq!(socket("0: 1", end(1), end(2)), None);
    }
}
