//! What is left out of what a platform asks for: said at once, and then once a minute, with how much there was.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::domain::SinkName;

/// What is left out is said so often.
const EVERY: Duration = Duration::from_secs(60);

/// What is left out of what came through one sink. Copies are of the same.
#[derive(Debug, Clone)]
pub(super) struct LeftOut {
    sink: SinkName,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    /// When something was said last.
    said: Option<Instant>,
    /// How much was left out since, and why, of the last.
    unsaid: Option<(u64, String)>,
}

impl LeftOut {
    pub fn new(sink: SinkName) -> Self {
        Self { sink, counts: Arc::default() }
    }

    /// One more is left out: `why` is a sentence without its end.
    pub fn say(&self, why: String) {
        let (is_first, due) = {
            let mut counts = self.counts();
            let is_first = counts.unsaid.is_none();
            (is_first, counts.one(why, Instant::now()))
        };
        match due {
            Some(text) => tracing::warn!(sink = %self.sink, "{text}"),
            // Where nothing comes any more, what was counted is said all the same.
            None if is_first => {
                if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                    let own = self.clone();
                    runtime.spawn(async move {
                        tokio::time::sleep(EVERY).await;
                        let rest = own.counts().rest(Instant::now());
                        if let Some(text) = rest {
                            tracing::warn!(sink = %own.sink, "{text}");
                        }
                    });
                }
            }
            None => {}
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    /// One more. What is said of it now; none where it is only counted.
    fn one(&mut self, why: String, now: Instant) -> Option<String> {
        let count = self.unsaid.as_ref().map_or(1, |(count, _)| count + 1);
        self.unsaid = Some((count, why));
        self.rest(now)
    }

    /// What is said now of what was counted.
    fn rest(&mut self, now: Instant) -> Option<String> {
        if self.said.is_some_and(|said| now.saturating_duration_since(said) < EVERY) {
            return None;
        }
        let (count, why) = self.unsaid.take()?;
        self.said = Some(now);
        Some(match count {
            1 => why,
            _ => format!(
                "{why}. So it was with {count} requests in the last minute, of which this is the last"
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_said_once_a_minute_and_counted() {
        let (mut counts, began) = (Counts::default(), Instant::now());
        let said: Vec<String> = (1..=3_000).filter_map(|n| counts.one(format!("no {n}"), began)).collect();
        assert_eq!(said, ["no 1"]);
        assert_eq!(counts.rest(began + EVERY / 2), None);
        let rest = counts.rest(began + EVERY).expect("what was counted");
        assert!(rest.starts_with("no 3000. ") && rest.contains(" 2999 requests"), "{rest}");
        assert_eq!(counts.rest(began + EVERY * 3), None, "nothing came since");
        assert_eq!(counts.one("no more".to_owned(), began + EVERY * 3).as_deref(), Some("no more"));
    }
}
