//! What a rule can be told. Each kind has keys of its own; all share `name`, `schedule`, `every` and `model`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Schedule;
use crate::{
    domain::{Class, Kind, ModelName},
    duration,
    geometry::Polygon,
};

/// Share of the confidence asked for in an elevator below which what is found tells as little as finding nothing.
const LEAST_OF_ASKED: f32 = 0.4;

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

/// The keys of one kind of rule.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(tag = "kind", rename_all = "snake_case")]
pub enum RuleKind {
    /// A vehicle stands in a fire lane.
    FireLaneParking(FireLaneParking),
    /// Fewer people than required at the post.
    ControlRoomUnattended(ControlRoomUnattended),
    /// An e-bike is taken into an elevator.
    EbikeInElevator(EbikeInElevator),
}

/// One `[[camera.rule]]`.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleConfig {
    /// Tells two rules of one kind on one camera apart.
    pub name: Option<String>,
    /// When the rule holds; always where empty.
    pub schedule: Schedule,
    /// How often to look at least, where the user set it.
    pub every: Option<Duration>,
    /// A detector of the rule's own.
    pub model: Option<ModelName>,
    /// What kind, and its keys.
    pub kind: RuleKind,
}

impl RuleKind {
    /// The detector of the kind's own, where the rule names none; none for the camera's.
    pub fn default_model(&self) -> Option<ModelName> {
        match self {
            Self::FireLaneParking(_) | Self::ControlRoomUnattended(_) => None,
            Self::EbikeInElevator(_) => Some("firewarden-lift".into()),
        }
    }
}

impl RuleConfig {
    /// The kind's name.
    pub fn kind(&self) -> Kind {
        match self.kind {
            RuleKind::FireLaneParking(_) => Kind::FireLaneParking,
            RuleKind::ControlRoomUnattended(_) => Kind::ControlRoomUnattended,
            RuleKind::EbikeInElevator(_) => Kind::EbikeInElevator,
        }
    }

    /// The classes it watches for.
    pub fn classes(&self) -> &[Class] {
        match &self.kind {
            RuleKind::FireLaneParking(keys) => &keys.classes,
            RuleKind::ControlRoomUnattended(keys) => &keys.classes,
            RuleKind::EbikeInElevator(keys) => &keys.classes,
        }
    }

    /// The confidence below which a detection is of no use to the rule, where that is not the detector's own matter.
    pub fn least_confidence(&self) -> Option<f32> {
        match &self.kind {
            RuleKind::FireLaneParking(_) | RuleKind::ControlRoomUnattended(_) => None,
            RuleKind::EbikeInElevator(keys) => Some(keys.confidence * LEAST_OF_ASKED),
        }
    }

    /// The rule's zone, where it has one; what happens in an elevator may be seen anywhere.
    pub fn zone(&self) -> Option<&Polygon> {
        match &self.kind {
            RuleKind::FireLaneParking(keys) => Some(&keys.zone),
            RuleKind::ControlRoomUnattended(keys) => Some(&keys.zone),
            RuleKind::EbikeInElevator(_) => None,
        }
    }

    /// The part of the picture in which things count: its zone, or the elevator's floor.
    pub fn place(&self) -> &Polygon {
        match &self.kind {
            RuleKind::FireLaneParking(keys) => &keys.zone,
            RuleKind::ControlRoomUnattended(keys) => &keys.zone,
            RuleKind::EbikeInElevator(keys) => &keys.floor,
        }
    }

    /// How long something must be seen before it is a violation: `dwell`, `grace` or `confirm`. In less footage than that
    /// the rule can find nothing.
    pub fn least_time(&self) -> Duration {
        match &self.kind {
            RuleKind::FireLaneParking(keys) => keys.dwell,
            RuleKind::ControlRoomUnattended(keys) => keys.grace,
            RuleKind::EbikeInElevator(keys) => keys.confirm,
        }
    }

    /// How often the rule must look at least: as set, else a tenth of `dwell` or `grace` within 0.2 s to 2 s, and 1 s
    /// in an elevator.
    pub fn every(&self) -> Duration {
        let tenth = |of: Duration| (of / 10).clamp(Duration::from_millis(200), Duration::from_secs(2));
        self.every.unwrap_or_else(|| match &self.kind {
            RuleKind::FireLaneParking(keys) => tenth(keys.dwell),
            RuleKind::ControlRoomUnattended(keys) => tenth(keys.grace),
            RuleKind::EbikeInElevator(_) => Duration::from_secs(1),
        })
    }

    /// How often the rule must look where the recording tells that nothing moves: what was set is kept to; otherwise 2 s in
    /// an elevator, as seldom as other places are looked at.
    pub fn quiet(&self) -> Duration {
        match (&self.kind, self.every) {
            (RuleKind::EbikeInElevator(_), None) => Duration::from_secs(2),
            _ => self.every(),
        }
    }
}

fn default_occlusion() -> Duration {
    Duration::from_secs(10)
}

fn default_vehicles() -> Vec<Class> {
    vec![Class::Car, Class::Bus, Class::Truck]
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
