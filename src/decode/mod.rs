//! *This group, these times → these frames*, and no more work than that needs. Recorded and live footage use the
//! same function.

mod error;
mod group;
mod kept;
#[cfg(test)]
mod tests;

pub use error::DecodeError;
pub use group::{Decoded, DecoderState, GroupDecoder};
