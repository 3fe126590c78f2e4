//! Firewarden.

pub mod domain;
pub mod geometry;
