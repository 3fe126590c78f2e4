use std::path::PathBuf;

use clap::Args;

use super::Status;
use crate::{config::Config, files, say::print};

/// Check a configuration; with --probe open its cameras and models too, look through them for a minute at most, and try its sinks and
/// where files are uploaded to.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Load every model, open every recording and every live camera, look through each for a while and tell what its rules see, send
    /// every sink a sign of life, which its platform sees, and put a small file where files of evidence are uploaded to. No violation
    /// is told to anybody, and no reaction is done.
    #[arg(long)]
    probe: bool,
}

pub fn run(args: &CheckArgs) -> anyhow::Result<Status> {
    let config = Config::load(&args.config)?;
    config.in_use()?;
    let rules: usize = config.cameras.iter().map(|camera| camera.rules.len()).sum();
    print(&format!(
        "{}: site {}, {} cameras, {rules} rules, {} sinks: well formed\n",
        files::shown(args.config.as_os_str()),
        config.site.id,
        config.cameras.len(),
        config.sinks.len()
    ))?;
    if !args.probe {
        // What is wrong on this machine with what is called on the spot: the configuration may be for another.
        #[cfg(feature = "edge")]
        let _ = super::reaction::look_at_all(&config, "warning");
        return Ok(unready(&config));
    }
    #[cfg(feature = "edge")]
    return super::probe::probe(&config);
    #[cfg(not(feature = "edge"))]
    Err(super::usage::UsageError(super::absent::no_codecs("check --probe")).into())
}

/// Tells what the configuration names and is not there. `--probe` sees that by itself.
#[cfg(feature = "edge")]
fn unready(config: &Config) -> Status {
    let wrong = crate::deliver::unready(config);
    for why in &wrong {
        crate::say::say(format_args!("error: {why}"));
    }
    if wrong.is_empty() { Status::Done } else { Status::Failed }
}

#[cfg(not(feature = "edge"))]
fn unready(_: &Config) -> Status {
    Status::Done
}
