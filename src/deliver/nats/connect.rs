//! How a connection with a server is made.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_nats::{Client, ConnectOptions, Event, ServerAddr};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::FutureExt;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use tokio::{sync::broadcast, time::timeout};
use tracing::{instrument::WithSubscriber, subscriber::NoSubscriber};

use super::{
    super::tls,
    Waits,
    trouble::{Concern, Notice, Reader, Trouble},
};
use crate::{address::Parts, config};

/// So many orders to the client wait at most.
const ORDERS: usize = 256;
/// So many requests of a platform wait at most before they are handed in, which takes no time.
const REQUESTS: usize = 16;
/// The server is asked so often whether it is there. After two questions without an answer it is not.
const PING: Duration = Duration::from_secs(10);
/// Nobody is there, and no packet leaves the box to find that out.
const NOWHERE: &str = "nats://127.0.0.1:0";

/// Who the box says that it is. It has no `Debug`: all of it is secret.
enum Who {
    Nobody,
    User { name: String, password: String },
    Token(String),
    Credentials,
}

/// Makes a connection. What happens on it is told to `notices`.
pub(super) async fn connect(
    settings: &config::Nats,
    name: &str,
    waits: Waits,
    reader: &Arc<Reader>,
    notices: &broadcast::Sender<Notice>,
) -> Result<Client, Trouble> {
    let unusable = || Trouble::new("its address cannot be used: write it such as tls://nats.example:4222");
    let parts = settings.url.parts().ok_or_else(unusable)?;
    let options = signed_in(options(name, waits, reader, notices), settings, parts)?;
    let options = secured(options, settings, parts).await?;
    let server = server(parts).ok_or_else(unusable)?;
    // The client's own words on a failure, at each try, would say what the trouble says, and repeat what a server sends.
    let connecting = options.connect(server).with_subscriber(NoSubscriber::default());
    // The client has no bounds of its own for what is no server of NATS, and panics at some of it.
    let client = match AssertUnwindSafe(timeout(waits.connection, connecting)).catch_unwind().await {
        Ok(Ok(Ok(client))) => client,
        Ok(Ok(Err(error))) => {
            let trouble = reader.connecting(&error, parts.scheme == "tls");
            return Err(match ended(settings).filter(|_| trouble.concern == Concern::Entry) {
                Some(ended) => Trouble::expired(ended),
                None => trouble,
            });
        }
        Ok(Err(_)) => return Err(Trouble::silent()),
        Err(_) => return Err(Trouble::foreign()),
    };
    // A client that has lost its connection would try for ever, with settings that may have changed, and could not be stopped. It
    // ends where there is no server to try.
    match timeout(waits.connection, client.set_server_pool(NOWHERE)).await {
        Ok(Ok(())) => Ok(client),
        Ok(Err(_)) | Err(_) => Err(Trouble::lost()),
    }
}

fn options(
    name: &str,
    waits: Waits,
    reader: &Arc<Reader>,
    notices: &broadcast::Sender<Notice>,
) -> ConnectOptions {
    let (notices, reader) = (notices.clone(), Arc::clone(reader));
    ConnectOptions::new()
        .name(name)
        .connection_timeout(waits.connection)
        .ping_interval(PING)
        .client_capacity(ORDERS)
        .subscription_capacity(REQUESTS)
        .request_timeout(Some(waits.acknowledgement))
        // What a server says of others may lead anywhere.
        .ignore_discovered_servers()
        .max_reconnects(1)
        .reconnect_delay_callback(|_| Duration::ZERO)
        .event_callback(move |event| {
            let notice = notice(&event, &reader);
            // Nobody listens once a connection is given up.
            let _ = notice.map(|notice| notices.send(notice));
            std::future::ready(())
        })
}

fn notice(event: &Event, reader: &Reader) -> Option<Notice> {
    match event {
        Event::ServerError(error) => Some(reader.told(error)),
        Event::Disconnected | Event::Closed => Some(Notice::Lost(Trouble::lost())),
        Event::SlowConsumer(_) => Some(Notice::TooMany),
        Event::Connected | Event::LameDuckMode | Event::Draining | Event::ClientError(_) => None,
    }
}

/// The address alone: who the box says that it is goes another way, because the client shows addresses in its log.
fn server(parts: Parts<'_>) -> Option<ServerAddr> {
    let port = parts.port.map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}", parts.scheme, parts.host).parse().ok()
}

fn signed_in(
    options: ConnectOptions,
    settings: &config::Nats,
    parts: Parts<'_>,
) -> Result<ConnectOptions, Trouble> {
    let unreadable =
        || Trouble::new("the user in its address cannot be read: % stands before a letter's number in it");
    match who(settings, parts).ok_or_else(unreadable)? {
        Who::Nobody => Ok(options),
        Who::User { name, password } => Ok(options.user_and_password(name, password)),
        Who::Token(token) => Ok(options.token(token)),
        Who::Credentials => {
            // The client knows the key by the end of the line after it, and what is read of a file ends without one.
            let text =
                settings.credentials.as_ref().map_or_else(String::new, |text| format!("{}\n", text.expose()));
            options.credentials(&text).map_err(|_| {
                Trouble::locked_out(
                    "`credentials` hold no token and key that can be used: take the .creds file of the user as it is",
                )
            })
        }
    }
}

/// None where it cannot be read.
fn who(settings: &config::Nats, parts: Parts<'_>) -> Option<Who> {
    let read = |text| percent_decode_str(text).decode_utf8().ok().map(String::from);
    if settings.credentials.is_some() {
        return Some(Who::Credentials);
    }
    Some(match parts.user.map(|user| user.split_once(':').ok_or(user)) {
        None => Who::Nobody,
        Some(Ok((name, password))) => Who::User { name: read(name)?, password: read(password)? },
        Some(Err(token)) => Who::Token(read(token)?),
    })
}

/// What matters of the token in credentials.
#[derive(Deserialize)]
struct Token {
    /// When it ends, in seconds of Unix; none for never.
    exp: Option<i64>,
}

/// When the token in the credentials ended, where it has by the clock of this box. A server that is shown it says only that it lets
/// nobody in.
fn ended(settings: &config::Nats) -> Option<Timestamp> {
    let text = settings.credentials.as_ref()?.expose();
    let token = text.lines().map(str::trim).find(|line| line.starts_with("ey"))?;
    let read = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let token: Token = serde_json::from_slice(&read).ok()?;
    Timestamp::from_second(token.exp?).ok().filter(|end| *end <= Timestamp::now())
}

/// All that is secret of these settings, as it may be repeated by others.
pub(super) fn secrets(settings: &config::Nats) -> Vec<String> {
    let mut secrets = Vec::new();
    if let Some(user) = settings.url.parts().and_then(|parts| parts.user) {
        let password = user.split_once(':').map_or(user, |(_, password)| password);
        secrets.push(password.to_owned());
        secrets.extend(percent_decode_str(password).decode_utf8().map(String::from));
    }
    let lines = settings.credentials.as_ref().map_or("", |text| text.expose()).lines().map(str::trim);
    secrets.extend(lines.filter(|line| line.len() > 40 && !line.contains(' ')).map(str::to_owned));
    secrets.retain(|secret| !secret.is_empty());
    secrets
}

/// Whose certificates are believed, read anew for each connection. Without TLS, none are wanted unless the server asks for it.
async fn secured(
    options: ConnectOptions,
    settings: &config::Nats,
    parts: Parts<'_>,
) -> Result<ConnectOptions, Trouble> {
    let is_wanted = parts.scheme == "tls" || settings.ca.is_some();
    let ca = settings.ca.clone();
    // It reads files.
    let read = tokio::task::spawn_blocking(move || tls::client_config(ca.as_deref())).await;
    match read {
        Ok(Ok(config)) => Ok(options.tls_client_config(config)),
        Ok(Err(refusal)) if is_wanted => Err(Trouble::new(refusal.to_string())),
        Err(error) if is_wanted => Err(Trouble::new(error.to_string())),
        Ok(Err(_)) | Err(_) => Ok(options),
    }
}
