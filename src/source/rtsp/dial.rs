//! Connecting to a camera, within a deadline.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use tokio::{
    net::{TcpStream, lookup_host},
    time::{Instant, timeout_at},
};

use super::refusal::Refusal;

/// Where a camera is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// A name, or a number; one of IPv6 without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// Connects to a camera. What is behind this function needs a stream of bytes and nothing else.
///
/// # Errors
/// Nobody knows its name, nobody answers in time, or it refuses.
pub async fn dial(place: &Place, within: Duration) -> Result<TcpStream, Refusal> {
    let deadline = Instant::now() + within;
    let addresses = addresses(place, deadline).await?;
    let mut last = Refusal::Unresolved;
    for (at, address) in addresses.iter().enumerate() {
        // Each address of a name has its share of the time, so that one that is dead leaves some to the next.
        let shares = u32::try_from(addresses.len() - at).unwrap_or(u32::MAX);
        let now = Instant::now();
        let until = now + deadline.saturating_duration_since(now) / shares;
        last = match timeout_at(until, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // A request is not to wait for another one.
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Ok(Err(error)) => error.into(),
            Err(_) => Refusal::Unreachable(io::ErrorKind::TimedOut),
        };
    }
    Err(last)
}

async fn addresses(place: &Place, deadline: Instant) -> Result<Vec<SocketAddr>, Refusal> {
    // A number needs no name server, and must not wait for one.
    if let Ok(number) = place.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(number, place.port)]);
    }
    // A number may name the interface by which it is reached; the sign before that is escaped in addresses.
    let host = place.host.replace("%25", "%");
    match timeout_at(deadline, lookup_host((host.as_str(), place.port))).await {
        Ok(Ok(found)) => Ok(found.collect()),
        Ok(Err(_)) | Err(_) => Err(Refusal::Unresolved),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn dialled(host: &str, port: u16) -> Result<SocketAddr, Refusal> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let place = Place { host: host.to_owned(), port };
        runtime
            .block_on(dial(&place, Duration::from_secs(10)))
            .map(|stream| stream.peer_addr().expect("an address"))
    }

    #[test]
    fn cameras_are_dialled_by_number_and_by_name() {
        for (listen, host) in [("127.0.0.1:0", "127.0.0.1"), ("127.0.0.1:0", "localhost"), ("[::1]:0", "::1")]
        {
            // A machine may lack IPv6.
            let Ok(listener) = TcpListener::bind(listen) else { continue };
            let address = listener.local_addr().expect("an address");
            assert_eq!(dialled(host, address.port()), Ok(address), "{host}");
        }
    }

    #[test]
    fn why_nobody_is_reached_is_told() {
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        assert_eq!(dialled("127.0.0.1", port), Err(Refusal::Refused));
        assert_eq!(dialled("no-such-camera.invalid", 554), Err(Refusal::Unresolved));
    }
}
