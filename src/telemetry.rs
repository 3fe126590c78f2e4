//! What the program says of itself while it works: logs on stderr, filtered by `FIREWARDEN_LOG`.

use tracing_subscriber::EnvFilter;

/// Starts logging: from `usual` on, such as `warn`, or what `FIREWARDEN_LOG` says, such as `info` or `firewarden::source=debug`.
pub fn start(usual: &str) {
    let filter = EnvFilter::try_from_env("FIREWARDEN_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    // Started twice only by tests in one process, where the first stands.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .without_time()
        // A line that cannot be written, to a full disk or to nobody, is lost: to complain of it on stderr would end the program.
        .log_internal_errors(false)
        .try_init();
}
