//! `firewarden reaction`: what is done on the spot, and whether it works.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Status, usage::UsageError};
use crate::{
    config::{Config, Reaction},
    domain::CameraId,
    reactions::{called, is_idle, trouble, try_reaction},
    say::{print, say},
};

/// Show what is done on the spot, such as a siren or a held elevator, and try it
///
/// Run it as the user of the service and with its environment: secrets of the configuration come from there, and programs are run
/// as that user.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  firewarden reaction list --config /etc/firewarden/site.toml\n  \
                  firewarden reaction test --config /etc/firewarden/site.toml 0")]
pub struct ReactionArgs {
    #[command(subcommand)]
    command: ReactionCommand,
}

#[derive(Debug, Subcommand)]
enum ReactionCommand {
    /// Print each reaction with its number, and what is wrong with its program
    List(ListArgs),
    /// Do a reaction now, and say whether it was done, or why not
    ///
    /// It is really done: the siren sounds, the elevator is held. It is given an alert of a violation that there never was, with a key
    /// `test`; a program finds FIREWARDEN_TEST=1. Exit code 1 where it fails.
    Test(TestArgs),
}

#[derive(Debug, Args)]
struct ListArgs {
    /// The configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

#[derive(Debug, Args)]
struct TestArgs {
    /// The configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The reaction's number, as `reaction list` has it
    #[arg(value_name = "NUMBER")]
    number: usize,
}

/// Runs the command.
///
/// # Errors
/// A configuration that cannot be used, and a number that no reaction has (`UsageError`).
pub fn run(args: &ReactionArgs) -> anyhow::Result<Status> {
    match &args.command {
        ReactionCommand::List(args) => list(&Config::load(&args.config)?),
        ReactionCommand::Test(args) => test(&Config::load(&args.config)?, args.number),
    }
}

fn list(config: &Config) -> anyhow::Result<Status> {
    if config.reactions.is_empty() {
        say(format_args!("the configuration has no reactions"));
    }
    for (number, reaction) in config.reactions.iter().enumerate() {
        print(&format!("{}: {}\n", called(number, reaction), to_what(reaction)))?;
    }
    Ok(look_at_all(config, "error"))
}

/// To which violations it is a reaction.
fn to_what(reaction: &Reaction) -> String {
    let filter = &reaction.filter;
    let all = |names: Vec<&str>, all: &str| if names.is_empty() { all.to_owned() } else { names.join(", ") };
    format!(
        "{}; {}; {}",
        all(filter.kinds.iter().map(|kind| kind.name()).collect(), "all kinds"),
        all(filter.phases.iter().map(|phase| phase.name()).collect(), "all phases"),
        all(filter.cameras.iter().map(CameraId::as_str).collect(), "all cameras"),
    )
}

/// Says what is wrong with reactions, as far as that is seen without doing them. `word` is how bad that is.
pub(super) fn look_at_all(config: &Config, word: &str) -> Status {
    let mut status = Status::Done;
    for (number, reaction) in config.reactions.iter().enumerate() {
        if is_idle(reaction, &config.cameras) {
            let called = called(number, reaction);
            say(format_args!(
                "warning: {called}: no camera of these has a rule of these kinds, so it is never done"
            ));
        }
        if let Some(why) = trouble(reaction) {
            say(format_args!("{word}: {}: {why}", called(number, reaction)));
            status = Status::Failed;
        }
    }
    status
}

fn test(config: &Config, number: usize) -> anyhow::Result<Status> {
    let (Some(reaction), Some(camera)) = (config.reactions.get(number), config.cameras.first()) else {
        let why = match config.reactions.len() {
            0 => "the configuration has no reactions".to_owned(),
            count => format!("no reaction has the number {number}: they are 0 to {}", count - 1),
        };
        return Err(UsageError(why).into());
    };
    match try_reaction(reaction, &config.site.id, &camera.id) {
        Ok(()) => {
            print(&format!("{}: done\n", called(number, reaction)))?;
            Ok(Status::Done)
        }
        Err(why) => {
            say(format_args!("error: {}: {why}", called(number, reaction)));
            Ok(Status::Failed)
        }
    }
}
