//! A camera as it sends: connected to again and again, its packets put onto one media time.
//!
//! ```text
//!  LiveSource ── the loop: waits for its turn, dials, reads until that ends, tells the gap, waits, dials again
//!    Dial     ── how a connection is made: to a camera by RTSP, or to a recording that is played as a camera would send it
//!    Connection  from packets to groups of pictures, which are told of while they grow
//!    Timeline ── media time by the monotonic clock, where no pictures come
//!    Delays   ── when a picture was taken, on the wall: when it came, less what it took at least
//!    Hosts    ── one login at a time for each recorder, and none for minutes after a refusal
//! ```
//!
//! A connection is an epoch. Between two of them lies a gap, which is told when it opens and again when it closes. Media time goes
//! on by the monotonic clock meanwhile, so that an hour without pictures is an hour.

mod backoff;
mod camera;
mod connection;
mod delays;
mod hosts;
mod link;
mod losses;
mod played;
mod source;
mod starts;
#[cfg(test)]
mod tests;
mod timeline;
mod trouble;

pub use camera::{CameraDial, place};
pub use hosts::Hosts;
pub use link::{Link, LinkState};
pub use played::PlayedDial;
pub use source::{Dial, Dialled, LiveSource, Past};
pub use timeline::Timeline;
pub use trouble::{Remedy, Trouble};
