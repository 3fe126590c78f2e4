//! Passes on what comes beside the connection.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    sync::Mutex,
    time::{sleep, timeout_at},
};

use super::{
    datagrams::{Framed, Port},
    rate::Rate,
    refusal::Refusal,
    shared::Shared,
    sockets::{Room, Sockets},
};

/// The camera is told so often that somebody listens.
const GREETING: Duration = Duration::from_secs(5);
/// So long what comes is gathered before it is taken: each time wakes two threads.
const GATHER: Duration = Duration::from_millis(5);
/// So much is gathered at most.
const AT_ONCE: usize = 1 << 20;

/// Datagrams of the camera to the client, until that is gone.
///
/// # Errors
/// What came is not to reach the client.
pub async fn pass_beside(
    sockets: &Sockets,
    client: &Mutex<impl AsyncWrite + Unpin>,
    shared: &Shared,
) -> Result<(), Refusal> {
    let mut room = Room::default();
    let mut rate = Rate::new(Instant::now());
    let mut greet = Instant::now();
    loop {
        let (is_between, server, until) = {
            let talk = shared.conversation();
            let datagrams = talk.datagrams();
            let server = datagrams.and_then(|datagrams| datagrams.server());
            (talk.is_between(), server, datagrams.and_then(|datagrams| datagrams.until()))
        };
        if greet <= Instant::now() {
            if let Some(server) = server {
                sockets.greet(server).await;
            }
            greet = Instant::now() + if server.is_some() || is_between { GREETING } else { GATHER };
        }
        // What comes before the client expects it would be passed over.
        if !is_between {
            sleep(GATHER).await;
            continue;
        }
        let wake = until.map_or(greet, |until| until.min(greet));
        let (mut framed, mut read) = (Vec::new(), 0);
        match timeout_at(wake.into(), sockets.receive(&mut room)).await {
            Ok(received) => {
                let (port, bytes) = received?;
                read += bytes.len();
                framed.extend(taken(shared, Some((port, bytes)))?);
                sleep(GATHER).await;
            }
            // What is missing may be late by now.
            Err(_) => framed.extend(taken(shared, None)?),
        }
        while read < AT_ONCE
            && let Some(bytes) = sockets.received(&mut room)
        {
            read += bytes.len();
            framed.extend(taken(shared, Some((Port::Media, bytes)))?);
        }
        shared.came(read);
        if !framed.is_empty() && !hand_on(&framed, client, shared).await {
            return Ok(());
        }
        if let Some(wait) = rate.took(read, Instant::now()) {
            sleep(wait).await;
        }
    }
}

fn taken(shared: &Shared, came: Option<(Port, &[u8])>) -> Result<Vec<Framed>, Refusal> {
    shared.conversation().beside(came, Instant::now(), Timestamp::now())
}

/// Writes packets to the client as if they had come within the connection. Whether somebody is there.
async fn hand_on(framed: &[Framed], client: &Mutex<impl AsyncWrite + Unpin>, shared: &Shared) -> bool {
    let mut bytes = Vec::new();
    for Framed { channel, packet, .. } in framed {
        // No datagram is longer.
        let Ok(length) = u16::try_from(packet.len()) else { continue };
        bytes.extend([b'$', *channel]);
        bytes.extend(length.to_be_bytes());
        bytes.extend(packet);
    }
    loop {
        let mut client = client.lock().await;
        // Not within a message.
        if shared.conversation().is_between() {
            return client.write_all(&bytes).await.is_ok() && client.flush().await.is_ok();
        }
        drop(client);
        sleep(GATHER).await;
    }
}
