//! Where packets come from: the recordings of a camera, file after file, as groups of pictures on one media time.

#[cfg(test)]
mod clip_tests;
mod error;
mod folders;
mod found;
mod gop;
mod grouping;
mod keys;
mod mending;
mod notice;
mod options;
mod order;
mod pace;
mod packets;
mod part;
mod pattern;
mod placing;
mod planning;
mod reading;
mod rebuild;
mod recording;
pub mod rtsp;
mod stamp;
mod standing;
mod survey;
#[cfg(test)]
mod tests;
mod times;
mod trail;
mod wall;

pub use error::SourceError;
pub use found::{FindError, files, sought};
pub use gop::{Gop, Portion};
pub use notice::Bound;
pub use options::{LongGroups, Options};
pub use order::labels;
pub use pace::{Pace, Sent};
pub use part::{Part, Scripted, Source};
pub use recording::Recording;
pub use survey::Survey;
pub use trail::Trail;
pub use wall::{from_file_name, from_metadata};

pub use crate::domain::{Notice, Noticed};

/// Between files or packets, a hole longer than this is a gap.
const HOLE: std::time::Duration = std::time::Duration::from_secs(2);
