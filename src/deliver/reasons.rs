//! Which reasons are said while something fails.

use std::time::{Duration, Instant};

/// So many reasons are said as they come; one that is never the same twice is not to fill the log.
const AT_ONCE: usize = 4;
/// After those, another is said so often.
const EVERY: Duration = Duration::from_secs(600);

/// What was said of a failure since it began. Each reason is said once.
#[derive(Debug, Default)]
pub(super) struct Reasons {
    said: Vec<String>,
    last: Option<Instant>,
}

impl Reasons {
    /// Whether this is to be said.
    pub fn is_news(&mut self, why: &str, now: Instant) -> bool {
        let rests = self.last.is_some_and(|last| now.saturating_duration_since(last) < EVERY)
            && self.said.len() >= AT_ONCE;
        if rests || self.said.iter().any(|said| said == why) {
            return false;
        }
        self.said.push(why.to_owned());
        self.last = Some(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_said_once_and_a_flood_of_them_is_not() {
        let (mut reasons, began) = (Reasons::default(), Instant::now());
        let said: Vec<bool> =
            ["HTTP 503", "HTTP 503", "HTTP 404", "HTTP 503"].map(|why| reasons.is_news(why, began)).to_vec();
        assert_eq!(said, [true, false, true, false]);
        let others = (0..1_000).filter(|n| reasons.is_news(&format!("request {n}"), began)).count();
        assert_eq!(others, AT_ONCE - 2);
        assert!(reasons.is_news("nobody answers", began + EVERY));
    }
}
