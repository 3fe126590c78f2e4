//! ebike_in_elevator

mod rule;

pub use rule::Elevator;
