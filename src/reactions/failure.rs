use std::{io, process::ExitStatus, time::Duration};

use thiserror::Error;

use super::trusted::Untrusted;

/// Why a reaction was not done. No secret is in it.
#[derive(Debug, Error)]
pub(super) enum Failure {
    /// A device was not reached, or said nothing.
    #[error("{0}")]
    Unanswered(String),
    /// A device answered with something else than that it is done.
    #[error("it answers HTTP {status}{said}")]
    Answered { status: u16, said: String },
    #[error(
        "it answers with a redirect (HTTP {0}), which is not followed: write the address that it leads to in the configuration"
    )]
    Redirect(u16),
    #[error(
        "no authority of the system can be read, so no certificate can be checked: install ca-certificates"
    )]
    NoAuthorities,
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    #[error("it cannot be run: {0}{hint}", hint = hint(.0))]
    NotRun(io::Error),
    #[error("it ended with {status}{said}")]
    Ended { status: ExitStatus, said: String },
    #[error("it had not ended after {0:?} and was killed{1}")]
    Killed(Duration, String),
    #[error("it was killed, as the program ends")]
    Abandoned,
}

/// The way out, where the system's words name none.
fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "; may this user execute it (`chmod a+x`)?",
        io::ErrorKind::NotFound => "; is the interpreter there that its first line names?",
        io::ErrorKind::InvalidInput | io::ErrorKind::Other => "",
        _ if error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error()) => {
            "; a script begins with a line such as `#!/bin/sh`"
        }
        _ => "",
    }
}

/// What was said with a failure, as it stands behind what failed.
pub(super) fn in_brackets(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(" ({said})") }
}
