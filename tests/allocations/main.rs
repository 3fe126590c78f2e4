//! A binary of its own, since counting replaces the allocator of all that is in it.

mod clip_tests;
#[path = "../common/mod.rs"]
mod common;
