use std::time::{Duration, Instant};

/// What was lost on the way, told once a minute at most.
#[derive(Debug, Default)]
pub(super) struct Losses {
    counted: u64,
    told: u64,
    at: Option<Instant>,
}

const APART: Duration = Duration::from_secs(60);

impl Losses {
    /// So many were lost since the connection was made: how many more than when this was asked last.
    pub fn more(&mut self, lost: u64) -> u64 {
        lost.saturating_sub(std::mem::replace(&mut self.counted, lost))
    }

    /// So many were lost since the connection was made: how many are to be told of now.
    pub fn due(&mut self, lost: u64, now: Instant) -> Option<u64> {
        let more = lost.checked_sub(self.told).filter(|more| *more > 0)?;
        if self.at.is_some_and(|at| now.saturating_duration_since(at) < APART) {
            return None;
        }
        (self.told, self.at) = (lost, Some(now));
        Some(more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_loss_is_counted_once() {
        let mut losses = Losses::default();
        let counted = [0, 3, 3, 9].map(|lost| losses.more(lost));
        assert_eq!(counted, [0, 3, 0, 6]);
    }

    #[test]
    fn losses_are_told_once_a_minute_and_none_is_left_out() {
        let (mut losses, began) = (Losses::default(), Instant::now());
        assert_eq!(losses.due(0, began), None);
        assert_eq!(losses.due(3, began), Some(3));
        assert_eq!(losses.due(5, began + APART / 2), None);
        assert_eq!(losses.due(9, began + APART), Some(6));
        assert_eq!(losses.due(9, began + 3 * APART), None);
    }
}
