//! The form of a truth file, as far as whoever writes one is told of it.

/// The columns of a truth file; the header may name them in any order.
pub const COLUMNS: [&str; 4] = ["camera", "kind", "start_s", "end_s"];

/// A quarter of a million spells.
pub(super) const MAX_BYTES: u64 = 16 << 20;
