//! control_room_unattended

mod rule;

pub use rule::ControlRoom;
