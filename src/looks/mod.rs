//! Which looks are taken when, and of which part of the picture. Pure: it depends on the recording and the configuration,
//! never on timing or on the number of threads.
//!
//! - [`cadence`]: the looks that must always be taken, known from the times of groups alone;
//! - [`plan`]: those, and what rules ask for in between, put together;
//! - [`motion`]: where the sizes of packets tell that nothing moves;
//! - [`region`]: what of the picture a detector is shown;
//! - [`sizes`]: how large it is shown that, by what was seen;
//! - [`state`]: what of all that goes on over a restart.

pub mod cadence;
#[cfg(feature = "edge")]
pub mod motion;
pub mod plan;
#[cfg(feature = "edge")]
pub mod region;
#[cfg(feature = "edge")]
pub mod sizes;
pub mod state;
mod strands;
