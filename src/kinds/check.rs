//! Checks that several kinds make of their settings.

use std::time::Duration;

use crate::{domain::Class, duration};

/// Whoever is notified more often is not helped.
const LEAST_UPDATE: Duration = Duration::from_secs(1);
/// Nor is whoever is told after so long.
const LONGEST: Duration = Duration::from_secs(7 * 86_400);

/// Takes what is wrong with the settings of a rule, each fault with the name of its key.
pub struct Check<'a> {
    tell: &'a dyn Fn(&str, String),
}

impl<'a> Check<'a> {
    /// Gives each fault to `tell`: its key, what is wrong and what to do.
    pub fn new(tell: &'a dyn Fn(&str, String)) -> Self {
        Self { tell }
    }

    /// What is under `key` is wrong.
    pub fn fault(&self, key: &str, message: impl Into<String>) {
        (self.tell)(key, message.into());
    }

    /// A time must pass, and come to its end.
    pub fn passes(&self, key: &str, time: Duration) {
        if time.is_zero() {
            self.fault(key, "it must be longer than nothing");
        }
        self.ends(key, time);
    }

    /// A time must come to its end.
    pub fn ends(&self, key: &str, time: Duration) {
        if time > LONGEST {
            self.fault(
                key,
                format!(
                    "it must be no longer than {}: whoever is told later is not helped",
                    duration::format(LONGEST)
                ),
            );
        }
    }

    /// `update_every` must not be too often.
    pub fn update_every(&self, update_every: Option<Duration>) {
        if update_every.is_some_and(|every| every < LEAST_UPDATE) {
            self.fault("update_every", format!("it must be at least {}", duration::format(LEAST_UPDATE)));
        }
        self.ends("update_every", update_every.unwrap_or_default());
    }

    /// `warn_after` must lie before the time under `key`.
    pub fn warn_after(&self, warn_after: Option<Duration>, key: &str, time: Duration) {
        if warn_after.is_some_and(|warn| warn >= time) {
            self.fault("warn_after", format!("it must be shorter than {key} ({})", duration::format(time)));
        }
    }

    /// Some classes must be named, each of which is a `what`.
    pub fn classes(&self, classes: &[Class], allowed: fn(Class) -> bool, what: &str) {
        if classes.is_empty() {
            self.fault("classes", "the list is empty: leave the key out for the default");
        }
        if let Some(class) = classes.iter().find(|class| !allowed(**class)) {
            self.fault("classes", format!("{class} is no {what}"));
        }
    }
}
