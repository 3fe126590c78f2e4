//! What the program says in its log, of every test that goes on: those who read it name a sink that no other test has.

use std::{
    io,
    sync::{Mutex, PoisonError},
};

static SAID: Mutex<String> = Mutex::new(String::new());

/// Where the log's lines go.
struct Kept;

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        SAID.lock().unwrap_or_else(PoisonError::into_inner).push_str(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Begins to keep what is said, warnings and worse.
pub fn keep() {
    let format = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_ansi(false);
    format.with_writer(|| Kept).init();
}

/// Whether something with these words was said of a sink.
pub fn has(sink: &str, words: &str) -> bool {
    let said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    said.lines().any(|line| line.contains(&format!("sink={sink}")) && line.contains(words))
}
