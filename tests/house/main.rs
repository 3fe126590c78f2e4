//! What is read of the source tree: which way its parts use each other, and that code, documents and samples agree.

mod circles;
#[path = "../common/mod.rs"]
mod common;
mod structure;
