//! Firewarden.

pub mod config;
pub mod detect;
pub mod domain;
pub mod geometry;
pub mod vision;
