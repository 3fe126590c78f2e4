//! The whole program as it is run: one binary for all of its tests, since each is linked with everything.

mod cli;
mod clip_tests;
#[path = "../common/mod.rs"]
mod common;
mod fuzz;
