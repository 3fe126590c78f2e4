//! One rule of a camera: the keys that all kinds share, and the settings of its kind.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    choice::{choose, refuse_strange},
    places::Places,
    schedule::Schedule,
    section::{Faults, Table, fields_as, fields_of, read, read_as},
};
use crate::{
    domain::{CameraId, Kind, ModelName},
    duration,
    kinds::{
        check::Check,
        keys::Keys,
        settings::{OfKind, Settings},
    },
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

/// What every `[[camera.rule]]` may say.
#[derive(Deserialize, JsonSchema)]
pub(super) struct RuleKeys {
    /// Tells two rules of one kind on one camera apart.
    name: Option<CameraId>,
    /// When the rule holds, in the site's time zone. Default: always.
    #[serde(default)]
    schedule: Schedule,
    /// How often to look at least, 20 ms to 60 s. Default: a tenth of `dwell` or `grace` within 0.2 s to 2 s, and 1 s in
    /// an elevator.
    #[serde(with = "duration::optional", default)]
    #[schemars(with = "Option<duration::Written>")]
    every: Option<Duration>,
    /// A detector of the rule's own: a name in the catalogue, or the path of an `.onnx` file. Default: that of
    /// `[detector]`, but firewarden-lift in an elevator.
    model: Option<String>,
}

pub(super) fn read_rules(tables: Vec<Table<'_>>, camera: &str, faults: &Faults<'_>) -> Vec<RuleConfig> {
    let mut rules: Vec<RuleConfig> = Vec::new();
    for (index, mut table) in tables.into_iter().enumerate() {
        let path = format!("{camera}.rule[{index}]");
        let places = Places::of(&table, &path, faults);
        let Some(rule) = read_rule(&mut table, &path, &places, faults) else { continue };
        let clashes = |other: &RuleConfig| {
            other.kind() == rule.kind()
                && (other.name == rule.name || other.name.is_none() || rule.name.is_none())
        };
        if rules.iter().any(clashes) {
            places.fault(
                "name",
                format!("two rules of kind {} on one camera need names of their own", rule.kind()),
            );
        }
        rules.push(rule);
    }
    rules
}

fn read_rule(
    table: &mut Table<'_>,
    path: &str,
    places: &Places<'_, '_>,
    faults: &Faults<'_>,
) -> Option<RuleConfig> {
    let kind = choose(table, &Kind::ALL, Kind::name, places)?;
    let common: Option<RuleKeys> = read(table, path, faults);
    // The keys that all rules share have been taken out by now, but are to be suggested.
    refuse_strange(table, kind.name(), fields_of::<RuleKeys>(), &of_kinds(), places);
    let settings = read_as(OfKind(kind), table, path, faults);
    let (common, settings) = (common?, settings?);
    let rule = RuleConfig {
        name: common.name.map(|name| name.to_string()),
        schedule: common.schedule,
        every: common.every,
        model: common.model.map(Into::into).or_else(|| settings.keys().model()),
        settings,
    };
    if let Some(every) = rule.every
        && !(Duration::from_millis(20)..=Duration::from_secs(60)).contains(&every)
    {
        places.fault("every", "it must be between 20ms and 60s: cameras send no more pictures, and in a minute too much goes by");
    }
    if let Some(model) = &rule.model {
        places.line("model", model, 4096);
    }
    rule.keys().check(&Check::new(&|key, message| places.fault(key, message)));
    Some(rule)
}

/// The keys of each kind.
fn of_kinds() -> Vec<(&'static str, &'static [&'static str])> {
    Kind::ALL.into_iter().map(|kind| (kind.name(), fields_as(OfKind(kind)))).collect()
}
