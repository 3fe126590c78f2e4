//! Which kinds of violations people are told of at once.

use crate::domain::Kind;

/// How soon people are to be told of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// At once: what is done within seconds still helps.
    Urgent,
    /// Within a minute, together with others.
    Collected,
}

/// How soon people are to be told that a violation of this kind comes about.
pub fn urgency(kind: Kind) -> Urgency {
    match kind {
        Kind::EbikeInElevator => Urgency::Urgent,
        Kind::FireLaneParking | Kind::ControlRoomUnattended => Urgency::Collected,
    }
}
