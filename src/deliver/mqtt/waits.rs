use std::time::Duration;

/// How long something is waited for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waits {
    /// A connection, where there is none.
    pub connected: Duration,
    /// The end of the first attempt to connect, where that is what is asked for.
    pub tried: Duration,
    /// A turn, where as many messages are on their way as the broker takes.
    pub turn: Duration,
    /// An acknowledgement.
    pub acknowledged: Duration,
    /// At most so long nothing is tried after a connection ended.
    pub between: Duration,
}

impl Waits {
    pub const USUAL: Self = Self {
        connected: Duration::from_secs(3),
        tried: Duration::from_secs(12),
        turn: Duration::from_secs(8),
        acknowledged: Duration::from_secs(15),
        between: Duration::from_secs(60),
    };

    /// Those of a heartbeat, which is of no use later.
    pub fn of_heartbeat(self) -> Self {
        Self {
            connected: self.connected.min(Duration::from_secs(2)),
            turn: self.turn.min(Duration::from_secs(1)),
            acknowledged: self.acknowledged.min(Duration::from_secs(7)),
            ..self
        }
    }
}
