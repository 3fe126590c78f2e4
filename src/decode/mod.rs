//! *This group, these times → these frames*, and no more work than that needs. Recorded and live footage use the
//! same function.

#[cfg(test)]
mod clip_tests;
mod error;
mod group;
mod kept;

pub use error::DecodeError;
pub use group::{Decoded, DecoderState, GroupDecoder};
