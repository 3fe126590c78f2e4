//! The whole program as it is run: one binary for all of its tests, since each is linked with everything.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that fails may panic"
)]

mod cli;
mod clip_tests;
#[path = "../common/mod.rs"]
mod common;
mod fuzz;
mod outbox;
mod subscribers;
