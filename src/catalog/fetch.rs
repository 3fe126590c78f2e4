//! From one source into a temporary file, hashed on the way. Nothing here decides what is kept.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
    time::Duration,
};

use sha2::{Digest, Sha256};

/// A server that says nothing for so long is given up.
const SILENCE: Duration = Duration::from_secs(30);
/// A connection that is not there after so long is given up.
const CONNECT: Duration = Duration::from_secs(10);
/// Bytes per second below which a transfer as a whole is given up.
const SLOWEST: u64 = 20_000;

/// Why a source gave nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// The source has no such file, or gave only part of it: the next one may have it.
    Source(String),
    /// The file could not be written on this side, so no other source would help.
    Local(io::Error),
}

/// Copies at most `limit` bytes and returns their SHA-256, hexadecimal.
///
/// # Errors
/// [`Failure::Source`] where reading fails or there are more bytes than `limit`; [`Failure::Local`] where writing
/// fails.
pub(super) fn copy_hashed(from: &mut dyn Read, to: &mut dyn Write, limit: u64) -> Result<String, Failure> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut total = 0u64;
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(Failure::Source(format!("broke off after {total} bytes: {e}"))),
        };
        total += read as u64;
        if total > limit {
            return Err(Failure::Source(format!("has more than the {limit} bytes listed")));
        }
        let Some(part) = buffer.get(..read) else { break };
        hash.update(part);
        to.write_all(part).map_err(Failure::Local)?;
    }
    to.flush().map_err(Failure::Local)?;
    Ok(format!("{:x}", hash.finalize()))
}

/// Copies a file of this machine and returns its SHA-256. Its size is not bounded by what is listed, so that a file
/// with something appended to it is reported by its hash.
pub(super) fn from_path(path: &Path, to: &mut dyn Write) -> Result<String, Failure> {
    let unreadable = |e: io::Error| Failure::Source(reason(&e));
    if std::fs::metadata(path).map_err(unreadable)?.is_dir() {
        return Err(Failure::Source("is a folder".to_owned()));
    }
    copy_hashed(&mut File::open(path).map_err(unreadable)?, to, u64::MAX)
}

/// Fetches an address, at most `bytes` long, and returns the SHA-256 of what came.
pub(super) fn from_url(url: &str, bytes: u64, to: &mut dyn Write) -> Result<String, Failure> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_connect(Some(CONNECT))
        .timeout_recv_response(Some(SILENCE))
        .timeout_per_read(Some(SILENCE))
        .timeout_recv_body(Some(SILENCE + Duration::from_secs(bytes / SLOWEST)))
        .user_agent(concat!("firewarden/", env!("CARGO_PKG_VERSION")))
        .build()
        .into();
    let response = agent.get(url).call().map_err(|e| {
        Failure::Source(match e {
            ureq::Error::StatusCode(code) => format!("the server answers HTTP {code}"),
            ureq::Error::HostNotFound => "the host is not found (no network?)".to_owned(),
            // What the resolver says, without the layer it went through.
            ureq::Error::Io(io) => io.to_string(),
            ureq::Error::Timeout(_) => format!("no answer in time: {e}"),
            other => other.to_string(),
        })
    })?;
    copy_hashed(&mut response.into_body().into_reader(), to, bytes)
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file".to_owned(),
        _ => error.to_string(),
    }
}
