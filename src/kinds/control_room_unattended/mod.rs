//! `control_room_unattended`: fewer people at a post than required, for longer than may be.

mod occupants;
mod one_person;
mod people;
mod person;
mod rule;
pub(super) mod settings;
pub(super) mod words;

use std::time::Duration;

use settings::ControlRoomUnattended;

use crate::rules::{Beginning, Rule};

/// A manned post.
pub(super) fn rule(keys: ControlRoomUnattended, every: Duration, _beginning: Beginning) -> Box<dyn Rule> {
    Box::new(rule::ControlRoom::new(keys, every))
}
