//! Firewarden.

pub mod config;
pub mod domain;
pub mod geometry;
