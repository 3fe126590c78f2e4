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

/// Overlap of two boxes from which on they show the same vehicle at the same place.
const SAME_PLACE: f32 = 0.3;

/// Keys of `kind = "fire_lane_parking"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FireLaneParking {
    /// The fire lane, in fractions of the picture.
    pub zone: Polygon,
    /// How long a vehicle may stand in it.
    #[serde(with = "duration")]
    #[schemars(with = "duration::Written")]
    pub dwell: Duration,
    /// How long a standing vehicle may be hidden and still count as standing. Default 10 s.
    #[serde(with = "duration", default = "default_occlusion")]
    #[schemars(with = "duration::Written")]
    pub occlusion: Duration,
    /// After how long to warn, before `dwell`. Default: no warning.
    #[serde(with = "duration::optional", default)]
    #[schemars(with = "Option<duration::Written>")]
    pub warn_after: Option<Duration>,
    /// What counts as a vehicle. Default car, bus, truck.
    #[serde(default = "default_vehicles")]
    #[schemars(length(min = 1))]
    pub classes: Vec<Class>,
    /// How often a violation that goes on is notified again. Default: never.
    #[serde(with = "duration::optional", default)]
    #[schemars(with = "Option<duration::Written>")]
    pub update_every: Option<Duration>,
}

impl Keys for FireLaneParking {
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
        tenth(self.dwell)
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
        Some(60)
    }

    /// One vehicle is told from the next in its place by what it looks like.
    fn appearance(&self) -> bool {
        true
    }

    fn least_time(&self) -> Duration {
        self.dwell
    }

    fn forgets_after(&self) -> Option<Duration> {
        None
    }

    fn required(&self) -> Option<u32> {
        None
    }

    fn check(&self, check: &Check) {
        check.passes("dwell", self.dwell);
        check.passes("occlusion", self.occlusion);
        check.update_every(self.update_every);
        check.warn_after(self.warn_after, "dwell", self.dwell);
        check.classes(&self.classes, |class| class != Class::Person, "vehicle or two-wheeler");
    }

    /// The vehicle; where it began, the one that was found in its place then.
    fn boxes(&self, still: &Still) -> Vec<BBox> {
        still.one_thing(|raised| {
            let overlap = |d: &&Detection| d.bbox.iou(&raised);
            let there = still.alike().max_by(|a, b| overlap(a).total_cmp(&overlap(b)));
            Some(there.filter(|d| overlap(d) >= SAME_PLACE).map_or(raised, |d| d.bbox))
        })
    }
}

fn default_occlusion() -> Duration {
    Duration::from_secs(10)
}

fn default_vehicles() -> Vec<Class> {
    vec![Class::Car, Class::Bus, Class::Truck]
}
