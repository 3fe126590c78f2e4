use std::io::{self, Write};

use clap::{Args, Subcommand};

use super::Status;
use crate::{config, domain::Alert};

/// Print the JSON Schema of what Firewarden reads and sends, for editors and platforms.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The configuration file.
    Config,
    /// An alert, as it is sent to every sink.
    Alert,
}

pub fn run(args: &SchemaArgs) -> anyhow::Result<Status> {
    let schema = match args.what {
        What::Config => config::schema(),
        What::Alert => Alert::schema(),
    };
    writeln!(io::stdout().lock(), "{}", serde_json::to_string_pretty(&schema)?)?;
    Ok(Status::Done)
}
