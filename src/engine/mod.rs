//! One camera's looks, from the parts of its source to its records, and the workers that look for all cameras.
//!
//! ```text
//! reader ──parts──► camera ──jobs──► workers (decode, look, detect)
//! one per camera      │   ◄─answers─ as many as there are threads
//!                     │ in order
//!                     ▼
//!                   judge (tracks, rules, book)
//! ```
//!
//! A [`Camera`] is a state machine: it takes events (a part, an answer, time) and says what is to be done; it blocks nowhere
//! and knows of no thread. It plans the looks of each group that comes (`asks`), keeps a window of groups in the workers'
//! hands, and walks through what they saw in the order of media time (`walk`), whatever the order of their answers. Where a
//! rule asks for more looks than were foreseen, it gives the group back to the workers with those times. So the rules see
//! the same looks however many threads there are.
//!
//! What zones need of a picture is shown to a detector as large as things there need it (`shown`), by what groups some time before
//! told: those must be walked through before, and no others.
//!
//! A group may come again and again while it grows, before all of it does. What has become certain of its looks is then
//! asked for and walked through as if it were a group of its own, but that its decoder and its anchors go on. Nothing is
//! certain that the rest of the group could change (`looks/cadence.rs`), so the rules see the same looks once more.
//!
//! Decoders and anchors that go on from job to job are held by the camera: a job leaves once it has all it needs, and no
//! worker waits for another. [`analyze`] drives cameras over recordings, a thread each (`drive`, `pool`); a [`Crew`] works for
//! cameras that are watched and come and go. A panic in a
//! worker, a reader or a camera is that camera's failure. An abort within a library in C is not caught: it ends the program.

mod asks;
mod camera;
#[cfg(test)]
mod clip_tests;
mod crew;
mod drive;
mod error;
mod event;
mod eye;
mod flight;
mod job;
mod looked;
mod pool;
mod shown;
#[cfg(test)]
mod tests;
mod walk;
mod worker;

pub use camera::Camera;
pub use crew::{Crew, Desk};
pub use drive::{Behind, Ended, Progress};
pub use error::PipelineError;
pub use event::{Action, Actions, Event, WhenFull};
pub use eye::{Looking, Regions};
pub use job::{Answer, Decoded, Done, Job, Ticket, Took, Work};
pub use pool::{Task, analyze};
pub use worker::Detectors;
