//! Files of evidence leave the box: each is put below one address, or into one bucket.

// What puts all files in turn, and takes these away, is not there yet.
#![cfg_attr(not(test), allow(dead_code))]

mod target;

#[allow(unused_imports)]
pub(crate) use target::{File, Target, Urls};
