use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a detection is. No other classes exist in the domain: the catalogue maps every model's outputs onto these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// A person, standing, sitting or riding.
    Person,
    /// A pedal bicycle.
    Bicycle,
    /// An electric bicycle, scooter or moped, and what a general model calls a motorcycle.
    Ebike,
    /// A passenger car.
    Car,
    /// A bus or coach.
    Bus,
    /// A van, pick-up or lorry.
    Truck,
}

impl Class {
    /// Every class, in the order of the domain.
    pub const ALL: [Self; 6] = [Self::Person, Self::Bicycle, Self::Ebike, Self::Car, Self::Bus, Self::Truck];

    /// Car, bus or truck: detectors often call one vehicle by two of these names.
    pub fn is_vehicle(self) -> bool {
        matches!(self, Self::Car | Self::Bus | Self::Truck)
    }

    /// Bicycle or e-bike, which detectors likewise mix up.
    pub fn is_two_wheeler(self) -> bool {
        matches!(self, Self::Bicycle | Self::Ebike)
    }

    /// Whether two detections of these classes may be one and the same thing.
    pub fn may_be(self, other: Self) -> bool {
        self == other
            || (self.is_vehicle() && other.is_vehicle())
            || (self.is_two_wheeler() && other.is_two_wheeler())
    }

    /// The name as written in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Bicycle => "bicycle",
            Self::Ebike => "ebike",
            Self::Car => "car",
            Self::Bus => "bus",
            Self::Truck => "truck",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
