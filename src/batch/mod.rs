//! The analysis of recordings, from start to end: what became of each camera, evidence, and the folder of a result.

mod analysis;
mod error;
mod evidence;
mod limits;
mod progress;
mod settling;
mod sources;
mod writing;

use analysis::observations;
pub use analysis::{Analysed, Analysis, Place, Settings, run};
pub use error::BatchError;
pub use settling::{Settled, settle};
pub use writing::write;
