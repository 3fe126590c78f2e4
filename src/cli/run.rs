use std::{path::PathBuf, sync::Arc};

use clap::Args;

use super::Status;
use crate::{
    clock::System,
    config::Config,
    console::Console,
    service::{self, Board, Ended, Settings},
};

/// Watch live cameras until told to end (Ctrl-C, SIGTERM); a second time ends it at once.
///
/// Alerts go to the sinks of the configuration, evidence and state into its folders. After SIGHUP the configuration is read
/// again: cameras that changed are connected to again, others are not touched, and a wrong configuration changes nothing. A
/// camera whose source is a recording is played at its own pace, for trials. How it does is told at `[console] listen`: /healthz,
/// /readyz, /metrics.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// How many workers decode and detect [default: the number of processors].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
}

pub fn run(args: &RunArgs) -> anyhow::Result<Status> {
    let settings = Settings { config: args.config.clone(), threads: args.threads.map(usize::from) };
    let config = Config::load(&settings.config)?;
    let board = Board::new(Arc::new(System));
    // It answers until all is written and sent.
    let _console = Console::start(config.console.listen, board.clone())?;
    Ok(match service::run(config, &settings, &board)? {
        Ended::Stopped(signal) => Status::Stopped(signal),
        Ended::Over => Status::Done,
    })
}
