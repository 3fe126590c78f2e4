use std::{path::PathBuf, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    places::{Places, days, seconds},
    size::ByteSize,
};
use crate::duration;

/// `[state]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The folder of the one database in which a box keeps what it must not forget, from the configuration's folder.
    #[serde(default = "default_directory")]
    pub directory: PathBuf,
    /// How much room it may take, 100 MB to 10 TB.
    #[serde(default = "default_budget")]
    pub budget: ByteSize,
    /// How long alerts that were delivered can be asked for again, an hour to a year.
    #[serde(with = "duration", default = "default_week")]
    #[schemars(with = "duration::Written")]
    pub keep_sent: Duration,
    /// How long the looks of each camera are kept, for timelines and for tuning by them: up to a year, `0s` for not at all.
    #[serde(with = "duration", default = "default_week")]
    #[schemars(with = "duration::Written")]
    pub observations: Duration,
}

impl Default for State {
    fn default() -> Self {
        Self {
            directory: default_directory(),
            budget: default_budget(),
            keep_sent: default_week(),
            observations: default_week(),
        }
    }
}

fn default_directory() -> PathBuf {
    "state".into()
}

fn default_budget() -> ByteSize {
    ByteSize::gigabytes(2)
}

fn default_week() -> Duration {
    days(7)
}

impl State {
    pub(super) fn check(&self, places: &Places<'_, '_>) {
        places.path("directory", &self.directory);
        let why = "a week without the platform takes as much, and no disk is larger";
        places.size("budget", self.budget, (ByteSize::megabytes(100), ByteSize::gigabytes(10_000)), why);
        let why = "a platform that was away for less than an hour asks for what it missed, and nobody asks after a year";
        places.time("keep_sent", self.keep_sent, (seconds(3600), days(366)), why);
        let why = "footage of people is not kept for ever, nor is what was seen in it";
        places.time("observations", self.observations, (Duration::ZERO, days(366)), why);
    }
}
