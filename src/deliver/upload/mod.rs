//! Files of evidence leave the box: each is put below one address, or into one bucket.

mod target;

#[expect(unused_imports, reason = "what puts all files in turn is not there yet")]
pub(crate) use target::{File, Target, Urls};
