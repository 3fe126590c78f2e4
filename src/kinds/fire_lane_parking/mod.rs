//! `fire_lane_parking`: a vehicle stands in a fire lane for longer than it may.

mod boxing;
mod departure;
mod ground;
mod moved_camera;
mod rule;
pub(super) mod settings;
mod stay;
mod vehicle;
pub(super) mod words;

use std::time::Duration;

use settings::FireLaneParking;

use crate::rules::{Beginning, Rule};

/// A lane in which nothing stands. It asks for looks by itself where it needs more of them.
pub(super) fn rule(keys: FireLaneParking, _every: Duration, _beginning: Beginning) -> Box<dyn Rule> {
    Box::new(rule::FireLane::new(keys))
}
