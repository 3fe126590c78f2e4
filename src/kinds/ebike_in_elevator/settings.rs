use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{Class, Detection, ModelName},
    duration,
    geometry::{BBox, Polygon},
    kinds::{
        check::Check,
        keys::{Framing, Keys},
        still::Still,
    },
};

/// Share of the confidence asked for in an elevator below which what is found tells as little as finding nothing.
const LEAST_OF_ASKED: f32 = 0.4;

/// The least that is added up: below it the network says of any picture that it may show anything.
const FAINTEST: f32 = 0.02;

/// Keys of `kind = "ebike_in_elevator"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EbikeInElevator {
    /// The elevator's floor: only what stands on it counts. Default: the whole picture.
    #[serde(default = "Polygon::whole_picture")]
    pub floor: Polygon,
    /// How sure the network must be for a look to speak for an e-bike, 0 to 1. What is seen less surely than six
    /// tenths of it speaks against one. Default 0.5.
    #[serde(default = "default_sure")]
    #[schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1))]
    pub confidence: f32,
    /// Seen clearly for this long, or less clearly for longer, before it is a violation. Default 1 s.
    #[serde(with = "duration", default = "default_confirm")]
    #[schemars(with = "duration::Written")]
    pub confirm: Duration,
    /// Gone for this long before it is over. Default 30 s.
    #[serde(with = "duration", default = "default_rearm")]
    #[schemars(with = "duration::Written")]
    pub rearm: Duration,
    /// What counts. Default ebike.
    #[serde(default = "default_ebikes")]
    #[schemars(length(min = 1))]
    pub classes: Vec<Class>,
    /// How often a violation that goes on is notified again. Default: never.
    #[serde(with = "duration::optional", default)]
    #[schemars(with = "Option<duration::Written>")]
    pub update_every: Option<Duration>,
}

impl Keys for EbikeInElevator {
    /// What happens in an elevator may be seen anywhere.
    fn zone(&self) -> Option<&Polygon> {
        None
    }

    fn place(&self) -> &Polygon {
        &self.floor
    }

    fn classes(&self) -> &[Class] {
        &self.classes
    }

    fn every(&self) -> Duration {
        Duration::from_secs(1)
    }

    /// As seldom as other places are looked at.
    fn quiet(&self) -> Duration {
        Duration::from_secs(2)
    }

    fn model(&self) -> Option<ModelName> {
        Some("firewarden-lift".into())
    }

    fn least_confidence(&self) -> Option<f32> {
        Some(self.confidence * LEAST_OF_ASKED)
    }

    fn faint_confidence(&self) -> Option<f32> {
        Some(FAINTEST)
    }

    fn rows(&self) -> Option<u16> {
        None
    }

    fn framing(&self) -> Framing {
        Framing::WithinBars
    }

    fn appearance(&self) -> bool {
        false
    }

    fn least_time(&self) -> Duration {
        self.confirm
    }

    fn forgets_after(&self) -> Option<Duration> {
        Some(self.rearm)
    }

    fn required(&self) -> Option<u32> {
        None
    }

    fn check(&self, check: &Check) {
        check.ends("confirm", self.confirm);
        check.passes("rearm", self.rearm);
        check.update_every(self.update_every);
        if !(self.confidence > 0.0 && self.confidence < 1.0) {
            check.fault("confidence", "it must lie between 0 and 1, such as 0.35");
        }
        check.classes(&self.classes, Class::is_two_wheeler, "two-wheeler");
    }

    /// The two-wheeler; where it began, of several, such as a poster and the e-bike, the one that is nearest to where it
    /// was raised.
    fn boxes(&self, still: &Still) -> Vec<BBox> {
        still.one_thing(|raised| {
            let far = |d: &&Detection| {
                let (a, b) = (d.bbox.center(), raised.center());
                (a.x - b.x).hypot(a.y - b.y)
            };
            let there = still.alike().filter(|d| self.floor.contains(d.bbox.anchor()));
            there.min_by(|a, b| far(a).total_cmp(&far(b))).map(|d| d.bbox)
        })
    }
}

fn default_sure() -> f32 {
    0.5
}

fn default_confirm() -> Duration {
    Duration::from_secs(1)
}

fn default_rearm() -> Duration {
    Duration::from_secs(30)
}

fn default_ebikes() -> Vec<Class> {
    vec![Class::Ebike]
}
