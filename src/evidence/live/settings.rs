use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    clock::Clock,
    config::{Config, SourceAddress},
    domain::Violation,
    results::{CameraSummary, ModelFact, Outcome, SourceFact, Summary},
};

/// Where evidence goes, and what it may take.
#[derive(Debug)]
pub struct Settings {
    /// The folder of all days.
    pub directory: PathBuf,
    /// The site's, in which days are counted.
    pub timezone: TimeZone,
    /// How long evidence is kept.
    pub keep: Duration,
    /// How many bytes all of it may take on the disk.
    pub budget: u64,
    /// How many bytes of each camera's last pictures are held in memory.
    pub ring: usize,
    /// By which days end and evidence grows old.
    pub clock: Arc<dyn Clock>,
    /// What it asks others.
    pub asked: Asked,
}

impl Settings {
    /// As a configuration says, with `ring` bytes of memory for each camera.
    pub fn new(config: &Config, ring: usize, clock: Arc<dyn Clock>, asked: Asked) -> Self {
        Self {
            directory: config.evidence.directory.clone(),
            timezone: config.site.timezone.clone(),
            keep: config.evidence.keep,
            budget: config.evidence.budget.0,
            ring,
            clock,
            asked,
        }
    }
}

/// What evidence asks others: whoever keeps violations and alerts.
pub struct Asked {
    /// The violations that were raised before the later of two wall times and were not over before the earlier, as last known; none
    /// where that cannot be told just now, and then it is asked again.
    pub violations: Box<dyn Fn(Timestamp, Timestamp) -> Option<Vec<Violation>> + Send + Sync>,
    /// What became of the cameras between these wall times, and by what they were judged; see [`bare_summary`].
    pub summary: Box<dyn Fn(Timestamp, Timestamp) -> Summary + Send + Sync>,
    /// Whether an alert that is not delivered yet refers to the file of this name.
    pub is_needed: Box<dyn Fn(&str) -> bool + Send + Sync>,
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Asked")
    }
}

/// What can be said of a configuration's cameras while nothing is known of what became of them: their reports do not say that
/// they were watched. No address in it has a password.
pub fn bare_summary(config: &Config, models: Vec<ModelFact>) -> Summary {
    let shown = config.resolved();
    let cameras = shown.cameras.iter().map(|camera| CameraSummary {
        camera: camera.id.clone(),
        outcome: Outcome::default(),
        sources: vec![source(&camera.source)],
    });
    let cameras = cameras.collect();
    Summary::new(shown, models, cameras, None)
}

/// A camera as a result names it, by its address.
fn source(address: &SourceAddress) -> SourceFact {
    SourceFact { name: address.to_string(), bytes: None, sha256: None }
}
