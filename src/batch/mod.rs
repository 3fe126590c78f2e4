//! The analysis of recordings, from start to end: what became of each camera, evidence, and the folder of a result.

mod analysis;
mod error;
mod evidence;
mod limits;
mod progress;
mod running;
mod settling;
mod sources;
mod writing;

pub use analysis::{Analysed, Analysis};
pub use error::BatchError;
pub use running::{Place, Settings, run};
pub use settling::{Settled, settle};
pub use writing::write;
