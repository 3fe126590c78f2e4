//! What is taken of a camera.

use std::time::Duration;

/// What a camera may send, and how long it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuardLimits {
    /// To connect, the name server's answer included.
    pub connect: Duration,
    /// From a request to the end of its answer, until pictures come. Silence between pictures is for others to notice.
    pub answer: Duration,
    /// Bytes of the head of a message.
    pub header: usize,
    /// Bytes of the body of a message.
    pub body: usize,
    /// Bytes of the packets of one picture.
    pub access_unit: usize,
}

impl Default for GuardLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(10),
            header: 64 << 10,
            body: 1 << 20,
            access_unit: 16 << 20,
        }
    }
}
