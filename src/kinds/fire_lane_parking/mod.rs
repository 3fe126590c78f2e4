//! fire_lane_parking

mod rule;

pub use rule::FireLane;
