use crate::{
    domain::MediaTime,
    rules::{Outlook, Presence, Status},
};

/// Where a rule of a camera stands, as data for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "one for each rule that is asked, and most are in force")]
pub enum Standing {
    /// Its schedule does not hold.
    OutsideHours,
    /// Its schedule holds, and its detector has not looked since it does.
    NotYet,
    /// It is in force.
    InForce {
        /// Since when nobody can look; none while somebody can. The rest is then of the last look.
        outage: Option<MediaTime>,
        /// How well it sees.
        outlook: Option<Outlook>,
        /// What it saw in its zone at its last look.
        presence: Option<Presence>,
        /// The numbers that decide.
        status: Status,
    },
}
