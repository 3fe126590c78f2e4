//! What is read of the source tree: which way its parts use each other, and that code, documents and samples agree.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that fails may panic"
)]

mod circles;
#[path = "../common/mod.rs"]
mod common;
mod structure;
