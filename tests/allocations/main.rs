//! A binary of its own, since counting replaces the allocator of all that is in it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that fails may panic"
)]

mod clip_tests;
#[path = "../common/mod.rs"]
mod common;
