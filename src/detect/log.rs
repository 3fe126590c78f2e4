//! What ONNX Runtime logs. It is written to this program's log under the target `onnxruntime`, as details: what matters of
//! it also comes back as an error, except for the library that a provider misses.

use std::{cell::RefCell, sync::Arc};

use ort::logging::{LogLevel, LoggerFunction};

thread_local! {
    /// The last error that was logged on this thread.
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Takes ONNX Runtime's messages.
pub(super) fn logger() -> LoggerFunction {
    Arc::new(|level, _, _, place, message| {
        tracing::debug!(target: "onnxruntime", ?level, place, "{message}");
        if matches!(level, LogLevel::Error | LogLevel::Fatal) {
            // A thread that is ending has no place for it any more.
            let _ = LAST.try_with(|last| last.replace(Some(message.to_owned())));
        }
    })
}

/// Forgets what was logged on this thread.
pub(super) fn forget() {
    LAST.set(None);
}

/// The first line of the last error that was logged on this thread, without the place in ONNX Runtime's source that comes
/// before it.
pub(super) fn last_error() -> Option<String> {
    let message = LAST.take()?;
    let said = message.rsplit_once(" FAIL : ").map_or(message.as_str(), |(_, said)| said);
    said.lines().next().map(|line| line.trim().trim_end_matches('.').to_owned())
}
