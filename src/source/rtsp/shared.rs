//! What a relay and who holds it know of one connection.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::Notify;

use super::talk::Talk;

/// What a relay and who holds it know of one connection.
#[derive(Debug)]
pub struct Shared {
    conversation: Mutex<Talk>,
    /// Bytes that came from the camera.
    bytes: AtomicU64,
    /// Something was asked: another answer may be due.
    asked: Notify,
}

impl Shared {
    /// Of a connection that begins.
    pub fn new(conversation: Talk) -> Self {
        Self { conversation: Mutex::new(conversation), bytes: AtomicU64::new(0), asked: Notify::new() }
    }

    /// What was said so far.
    pub fn conversation(&self) -> MutexGuard<'_, Talk> {
        self.conversation.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// So many bytes came.
    pub fn came(&self, bytes: usize) {
        self.bytes.fetch_add(u64::try_from(bytes).unwrap_or_default(), Ordering::Relaxed);
    }

    /// Something was asked.
    pub fn note_asked(&self) {
        self.asked.notify_one();
    }

    /// Waits until something is asked.
    pub async fn asked(&self) {
        self.asked.notified().await;
    }

    /// Bytes that came from the camera.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}
