//! `run`: cameras are watched until the program is told to end.
//!
//! ```text
//!  run      what outlives a change of the configuration: database, evidence, sinks, guards; begins shifts until it is to end
//!  shift    models and workers, for as long as the same ones are wanted; reload, the end
//!  roster   which cameras are watched: begins, ends and begins them again
//!  post     one camera's thread: parts and answers in, steps and evidence out
//!  vitals   how that camera does, and what is told of it
//!  manager  tells systemd that it watches, and goes on
//!  supervisor  names threads that stand still, and ends the program where only a new start helps
//!  suspects which cameras bring the program down, and are set aside
//!  board    what is known of the box and all its cameras now, for whoever asks
//!  facts    the same as lines of the log, once a minute
//! ```

mod ahead;
mod board;
mod counts;
mod day;
mod error;
mod facts;
mod manager;
mod memory;
mod post;
mod reload;
mod roster;
mod running;
mod shift;
mod supervisor;
mod suspects;
mod vitals;

pub use board::{Board, BoxFacts, CameraFacts, Stage, WorksFacts};
pub use counts::{Counts, Tally};
pub use error::ServiceError;
pub use running::{Ended, Settings, run};
pub use supervisor::{ThreadFacts, Threads};
