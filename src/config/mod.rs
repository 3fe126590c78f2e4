//! The configuration: the TOML as written, checked whole.

pub mod duration;
mod rule;
mod schedule;

pub use duration::DurationError;
pub use rule::{ControlRoomUnattended, EbikeInElevator, FireLaneParking, RuleConfig, RuleKind};
pub use schedule::{Schedule, ScheduleError, Span};
