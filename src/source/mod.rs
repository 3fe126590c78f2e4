//! Where packets come from: the recordings of a camera, file after file, as groups of pictures on one media time.

mod error;
mod folders;
mod gop;
mod grouping;
mod keys;
mod mending;
mod notice;
mod order;
mod pace;
mod packets;
mod placing;
mod planning;
mod reading;
mod rebuild;
mod recording;
mod stamp;
mod standing;
mod survey;
#[cfg(test)]
mod tests;
mod trail;
mod wall;

pub use error::SourceError;
pub use gop::Gop;
pub use notice::{Bound, Notice, Noticed};
pub use order::labels;
pub use pace::{Pace, Sent};
pub use recording::{Options, Part, Recording};
pub use survey::Survey;
pub use trail::Trail;
pub use wall::{from_file_name, from_metadata};

/// Between files or packets, a hole longer than this is a gap.
const HOLE: std::time::Duration = std::time::Duration::from_secs(2);
