//! The tracker and the rules against scenes by script, and the recorded observations made of such scenes.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that fails may panic"
)]

mod angle;
mod control_room;
mod creeping;
mod detectors;
mod elevator;
mod ends;
mod fire_lane;
mod ground;
mod health;
mod invariants;
mod live;
mod people;
mod samples;
mod scene;
mod seated;
mod stage;
mod state;
mod traces;
mod vehicles;
