//! Firewarden watches the cameras of a building for fire-safety violations.

pub mod catalog;
pub mod config;
pub mod decode;
pub mod detect;
pub mod domain;
pub mod geometry;
pub mod libav;
pub mod rules;
pub mod source;
pub mod track;
pub mod vision;
