use std::path::PathBuf;

use clap::Args;

use super::Status;
use crate::service::{self, Ended, Settings};

/// Watch live cameras until told to end (Ctrl-C, SIGTERM); a second time ends it at once.
///
/// Alerts go to the sinks of the configuration, evidence and state into its folders. After SIGHUP the configuration is read
/// again: cameras that changed are connected to again, others are not touched, and a wrong configuration changes nothing. A
/// camera whose source is a recording is played at its own pace, for trials.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// How many workers decode and detect [default: the number of processors].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

pub fn run(args: &RunArgs) -> anyhow::Result<Status> {
    let settings = Settings { config: args.config.clone(), threads: args.threads };
    Ok(match service::run(&settings)? {
        Ended::Stopped(signal) => Status::Stopped(signal),
        Ended::Over => Status::Done,
    })
}
