//! The kinds of violations, a folder for each.

mod control_room_unattended;
mod ebike_in_elevator;
mod fire_lane_parking;

pub use control_room_unattended::ControlRoom;
pub use ebike_in_elevator::Elevator;
pub use fire_lane_parking::FireLane;
