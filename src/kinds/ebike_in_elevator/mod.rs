//! `ebike_in_elevator`: an electric two-wheeler is taken into an elevator.

mod background;
mod furniture;
mod rival;
mod rule;
pub(super) mod settings;
mod suspicion;
pub(super) mod words;

use std::time::Duration;

use settings::EbikeInElevator;

use crate::rules::{Beginning, Rule};

/// An elevator in which nothing has been seen.
pub(super) fn rule(keys: EbikeInElevator, _every: Duration, beginning: Beginning) -> Box<dyn Rule> {
    Box::new(rule::Elevator::new(keys, beginning))
}
