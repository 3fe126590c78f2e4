use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{Class, Detection, ModelName},
    duration,
    geometry::{BBox, Polygon},
    kinds::{
        check::Check,
        keys::{Keys, tenth},
        still::Still,
    },
};

/// Keys of `kind = "control_room_unattended"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlRoomUnattended {
    /// Where the post is. Default: the whole picture.
    #[serde(default = "Polygon::whole_picture")]
    pub zone: Polygon,
    /// How many people must be there. Default 2, as the regulation asks for every shift.
    #[serde(default = "default_required")]
    #[schemars(range(min = 1, max = 50))]
    pub required: u32,
    /// How long fewer may be there.
    #[serde(with = "duration", default = "default_grace")]
    #[schemars(with = "duration::Written")]
    pub grace: Duration,
    /// After how long to warn, before `grace`. Default: no warning.
    #[serde(with = "duration::optional", default)]
    #[schemars(with = "Option<duration::Written>")]
    pub warn_after: Option<Duration>,
    /// What counts as a person. Default person.
    #[serde(default = "default_people")]
    #[schemars(length(min = 1))]
    pub classes: Vec<Class>,
    /// How often a violation that goes on is notified again. Default: never.
    #[serde(with = "duration::optional", default)]
    #[schemars(with = "Option<duration::Written>")]
    pub update_every: Option<Duration>,
}

impl Keys for ControlRoomUnattended {
    fn zone(&self) -> Option<&Polygon> {
        Some(&self.zone)
    }

    fn place(&self) -> &Polygon {
        &self.zone
    }

    fn classes(&self) -> &[Class] {
        &self.classes
    }

    fn every(&self) -> Duration {
        tenth(self.grace)
    }

    fn quiet(&self) -> Duration {
        self.every()
    }

    fn model(&self) -> Option<ModelName> {
        None
    }

    fn least_confidence(&self) -> Option<f32> {
        None
    }

    fn rows(&self) -> Option<u16> {
        Some(100)
    }

    fn appearance(&self) -> bool {
        false
    }

    fn least_time(&self) -> Duration {
        self.grace
    }

    fn forgets_after(&self) -> Option<Duration> {
        None
    }

    fn required(&self) -> Option<u32> {
        Some(self.required)
    }

    fn check(&self, check: &Check) {
        check.passes("grace", self.grace);
        check.update_every(self.update_every);
        check.warn_after(self.warn_after, "grace", self.grace);
        check.classes(&self.classes, |class| class == Class::Person, "person");
        if !(1..=50).contains(&self.required) {
            check.fault("required", "it must be between 1 and 50");
        }
    }

    /// Everybody at the post, at each of its moments.
    fn boxes(&self, still: &Still) -> Vec<BBox> {
        let in_zone = |b: &BBox| self.zone.contains(b.anchor()) || self.zone.contains(b.center());
        let there = |d: &&Detection| self.classes.contains(&d.class) && in_zone(&d.bbox);
        still.found.iter().filter(there).map(|d| d.bbox).collect()
    }
}

fn default_required() -> u32 {
    2
}

fn default_grace() -> Duration {
    Duration::from_secs(180)
}

fn default_people() -> Vec<Class> {
    vec![Class::Person]
}
