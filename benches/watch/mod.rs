//! What is measured with live cameras: cameras that cost little, the program as it watches them, and the machine.
#![allow(dead_code, reason = "each benchmark uses its own part")]

pub mod clips;
#[path = "../../tests/common/film.rs"]
pub mod film;
pub mod machine;
pub mod server;
pub mod service;
pub mod words;
