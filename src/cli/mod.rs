//! The command line: one file per command. Data goes to stdout, everything for people to stderr.

#[cfg(not(feature = "edge"))]
mod absent;
#[cfg(feature = "edge")]
mod analyze;
mod check;
#[cfg(feature = "edge")]
mod detect;
#[cfg(feature = "edge")]
mod eval;
mod exit;
#[cfg(feature = "edge")]
mod models;
#[cfg(feature = "edge")]
mod outbox;
#[cfg(feature = "edge")]
mod probe;
#[cfg(feature = "edge")]
mod reaction;
mod replay;
mod report;
#[cfg(feature = "edge")]
mod run;
mod schema;
#[cfg(feature = "edge")]
mod settings;
mod table;
mod usage;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[cfg(not(feature = "edge"))]
use self::absent::{analyze, detect, eval, models, outbox, reaction, run};
use crate::{
    say::say,
    stop::Signal,
    telemetry::{self, Voice},
};

/// Finds fire-safety violations in recordings of fire lanes, fire control rooms and elevators.
#[derive(Debug, Parser)]
#[command(name = "firewarden", version, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 done; 2 wrong usage or configuration; 3 an input could not be read, or most of it not looked at (the others \
                        were still analysed); 130 and 143 stopped by hand (Ctrl-C, SIGTERM); 1 anything else.\nLogs: FIREWARDEN_LOG=info firewarden …"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Each is described where its arguments are.
#[derive(Debug, Subcommand)]
enum Command {
    Analyze(analyze::AnalyzeArgs),
    Run(run::RunArgs),
    Detect(detect::DetectArgs),
    Eval(eval::EvalArgs),
    Replay(replay::ReplayArgs),
    Report(report::ReportArgs),
    Check(check::CheckArgs),
    Verify(verify::VerifyArgs),
    Outbox(outbox::OutboxArgs),
    Reaction(reaction::ReactionArgs),
    Models(models::ModelsArgs),
    Schema(schema::SchemaArgs),
}

/// How a command that came to its end went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// All was done.
    Done,
    /// An input could not be read; the others were dealt with.
    InputUnread,
    /// Something else failed; what could be done was done.
    Failed,
    /// It was stopped by hand.
    Stopped(Signal),
}

/// Parses the arguments, runs the command and says how it went.
pub fn main() -> ExitCode {
    let command = Cli::parse().command;
    let is_service = matches!(command, Command::Run(_));
    telemetry::start(if is_service { Voice::Service } else { Voice::Command });
    let result = match command {
        Command::Analyze(args) => analyze::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Detect(args) => detect::run(&args),
        Command::Eval(args) => eval::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Outbox(args) => outbox::run(&args),
        Command::Reaction(args) => reaction::run(&args),
        Command::Models(args) => models::run(&args),
        Command::Schema(args) => schema::run(&args),
    };
    match result {
        Ok(Status::Done) => ExitCode::SUCCESS,
        Ok(Status::InputUnread) => ExitCode::from(3),
        Ok(Status::Failed) => ExitCode::FAILURE,
        Ok(Status::Stopped(signal)) => ExitCode::from(signal.exit_code()),
        Err(error) => {
            // A reader that closed the pipe, such as `head`, has what it wanted.
            if error.chain().any(is_broken_pipe) {
                return ExitCode::SUCCESS;
            }
            say(format_args!("error: {}", said_once(&error)));
            ExitCode::from(exit::code(&error))
        }
    }
}

/// An error with its causes, each said once: many tell their cause themselves.
fn said_once(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |said, cause| match said.contains(&cause) {
        true => said,
        false if said.is_empty() => cause,
        false => format!("{said}: {cause}"),
    })
}

fn is_broken_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}
