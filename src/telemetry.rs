//! What the program says of itself while it works: logs on stderr, filtered by `FIREWARDEN_LOG`.

use std::{
    env,
    io::{self, IsTerminal},
};

use tracing_subscriber::{EnvFilter, fmt::time::SystemTime};

/// Libraries that would write addresses and what is sent into the log, in which secrets stand. Whatever is asked for, they are
/// heard no further than this; what they have to say is said by who uses them.
const TELLTALES: [&str; 5] =
    ["ureq=warn", "ureq_proto=warn", "rumqttc=warn", "rustls=warn", "async_nats=off"];

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// A command tells what is wrong, to whoever has called it.
    Command,
    /// A service tells what it does, with the time, to whoever asks later.
    Service,
}

/// Starts logging: a command from warnings on, a service from what it does on, or as `FIREWARDEN_LOG` says, such as `info` or
/// `firewarden::source=debug`.
pub fn start(voice: Voice) {
    let usual = if voice == Voice::Service { "info" } else { "warn" };
    let filter = EnvFilter::try_from_env("FIREWARDEN_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    let filter =
        TELLTALES.iter().filter_map(|quiet| quiet.parse().ok()).fold(filter, EnvFilter::add_directive);
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        // A line that cannot be written, to a full disk or to nobody, is lost: to complain of it on stderr would end the program.
        .log_internal_errors(false);
    // The journal of systemd has the time of each line.
    let timed = voice == Voice::Service && env::var_os("JOURNAL_STREAM").is_none();
    // Started twice only by tests in one process, where the first stands.
    let _ = if timed { log.with_timer(SystemTime).try_init() } else { log.without_time().try_init() };
}
