use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Class;

/// The kinds of violation, one rule each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A vehicle stands in a fire lane (消防车通道违停).
    FireLaneParking,
    /// Fewer people than required at the fire control room's post (消防控制室离岗).
    ControlRoomUnattended,
    /// An electric bicycle, scooter or moped is taken into an elevator (电动车进电梯).
    EbikeInElevator,
}

impl Kind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 3] = [Self::FireLaneParking, Self::ControlRoomUnattended, Self::EbikeInElevator];

    /// The name as written in configuration and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::FireLaneParking => "fire_lane_parking",
            Self::ControlRoomUnattended => "control_room_unattended",
            Self::EbikeInElevator => "ebike_in_elevator",
        }
    }
}

/// What a violation is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A thing that is seen, by default of this class.
    Thing(Class),
    /// How few people are there.
    People,
}

impl Kind {
    /// What a violation of this kind is of.
    pub fn subject(self) -> Subject {
        match self {
            Self::FireLaneParking => Subject::Thing(Class::Car),
            Self::ControlRoomUnattended => Subject::People,
            Self::EbikeInElevator => Subject::Thing(Class::Ebike),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
