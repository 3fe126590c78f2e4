//! `firewarden outbox`: what waits to be sent, what was refused for good, and whether a sink takes anything.

mod change;
mod list;
mod show;
mod trial;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Status, usage::UsageError};
use crate::{
    config::{Config, Sink},
    ledger::database::Desk,
};

pub(super) use trial::{try_sinks, try_uploads};

/// Show what waits to be sent and what a sink refused; let it be sent again, remove it, try a sink
///
/// It works on the database of the configuration, whether or not the service runs. Run it as the user of the service and with its
/// environment, since secrets of the configuration come from there.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  firewarden outbox list --config /etc/firewarden/site.toml\n  \
                  firewarden outbox list --config site.toml platform\n  firewarden outbox show --config site.toml platform 1204\n  \
                  firewarden outbox retry --config site.toml platform\n  firewarden outbox test --config site.toml platform")]
pub struct OutboxArgs {
    #[command(subcommand)]
    command: OutboxCommand,
}

#[derive(Debug, Subcommand)]
enum OutboxCommand {
    /// Print for each sink how many alerts wait, since when, and how many are dead letters; for one sink, the alerts
    List(list::ListArgs),
    /// Print an alert as it is sent, and what became of it at each sink
    Show(show::ShowArgs),
    /// Let dead letters wait again: all of a sink, or those named; or files that could not be uploaded
    ///
    /// A running service sends them within half a minute, after what its sink has been sent meanwhile: they come late.
    Retry(change::RetryArgs),
    /// Remove dead letters of a sink; of one that is configured no more, all that is kept for it; or files that could not be uploaded
    ///
    /// What is removed is never sent. Nothing else ever removes an alert that was not delivered.
    Purge(change::PurgeArgs),
    /// Try a sink with its real settings, or where files are uploaded to, and say whether it takes what it is sent, or why not
    ///
    /// It sends a sign of life, or a message in a chat group that says it is a test; to a file it writes nothing. A running
    /// service is not disturbed. Exit code 1 where the sink does not take it.
    Test(trial::TestArgs),
}

/// Which configuration is meant.
#[derive(Debug, Args)]
struct ConfigArg {
    /// The configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

impl ConfigArg {
    fn load(&self) -> anyhow::Result<Config> {
        Ok(Config::load(&self.config)?)
    }

    /// The configuration, and the outbox of its service.
    fn open(&self) -> anyhow::Result<(Config, Desk)> {
        let config = self.load()?;
        let desk = Desk::open(&config.state.directory)?;
        Ok((config, desk))
    }
}

/// Runs the command.
///
/// # Errors
/// A sink that nobody knows, and what else cannot work (`UsageError`); a database that cannot be used (`DeskError`).
pub fn run(args: &OutboxArgs) -> anyhow::Result<Status> {
    match &args.command {
        OutboxCommand::List(args) => list::run(args),
        OutboxCommand::Show(args) => show::run(args),
        OutboxCommand::Retry(args) => change::retry(args),
        OutboxCommand::Purge(args) => change::purge(args),
        OutboxCommand::Test(args) => trial::run(args),
    }
}

/// The sink of this name in the configuration.
fn configured<'c>(config: &'c Config, name: &str) -> Option<&'c Sink> {
    config.sinks.iter().find(|sink| sink.name.as_str() == name)
}

/// Refuses the name of a sink that is neither configured nor has anything in the database.
fn check_known(config: &Config, desk: &Desk, name: &str) -> anyhow::Result<()> {
    let depths = desk.depths()?;
    match depths.contains_key(name) || configured(config, name).is_some() {
        true => Ok(()),
        false => Err(unknown(config, depths.keys().map(String::as_str), name).into()),
    }
}

/// That no sink is called so, and which one comes nearest.
fn unknown<'k>(config: &'k Config, others: impl Iterator<Item = &'k str>, name: &str) -> UsageError {
    let mut known: Vec<&str> = config.sinks.iter().map(|sink| sink.name.as_str()).chain(others).collect();
    known.sort_unstable();
    known.dedup();
    let nearest = known.iter().min_by_key(|known| {
        // Names have small letters alone.
        strsim::damerau_levenshtein(&name.to_lowercase(), known)
    });
    UsageError(match nearest {
        Some(nearest) => {
            format!("no sink is called {name:?}; the nearest known is {nearest:?}, of {}", known.join(", "))
        }
        None => format!("no sink is called {name:?}: the configuration has none"),
    })
}

/// So many alerts, in words.
fn alerts(count: u64) -> String {
    match count {
        1 => "1 alert".to_owned(),
        _ => format!("{count} alerts"),
    }
}
