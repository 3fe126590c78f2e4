//! One rule of a camera: the keys that all kinds share, and the settings of its kind.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Schedule;
use crate::{
    domain::{Kind, ModelName},
    duration,
    kinds::{keys::Keys, settings::Settings},
};

/// One `[[camera.rule]]`, which is written with every key, those that were left out too, and read back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleConfig {
    /// Tells two rules of one kind on one camera apart.
    pub name: Option<String>,
    /// When the rule holds; always where empty.
    pub schedule: Schedule,
    /// How often to look at least, where the user set it.
    #[serde(with = "duration::optional")]
    pub every: Option<Duration>,
    /// A detector of the rule's own.
    pub model: Option<ModelName>,
    /// What kind, and its keys.
    #[serde(flatten)]
    pub settings: Settings,
}

impl RuleConfig {
    /// The kind's name.
    pub fn kind(&self) -> Kind {
        self.settings.kind()
    }

    /// What its kind's settings say of the zone, the classes, the times.
    pub fn keys(&self) -> &dyn Keys {
        self.settings.keys()
    }

    /// How often the rule must look at least: as set, else as its kind does.
    pub fn every(&self) -> Duration {
        self.every.unwrap_or_else(|| self.keys().every())
    }

    /// How often the rule must look where the recording tells that nothing moves: what was set is kept to.
    pub fn quiet(&self) -> Duration {
        self.every.unwrap_or_else(|| self.keys().quiet())
    }
}
