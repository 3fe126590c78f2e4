use clap::{Args, Subcommand};

use super::Status;
use crate::{config, domain::Alert, say::print};

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
    /// An alert, as it will be sent to sinks (nothing sends one yet).
    Alert,
}

pub fn run(args: &SchemaArgs) -> anyhow::Result<Status> {
    let schema = match args.what {
        What::Config => config::schema(),
        What::Alert => Alert::schema(),
    };
    print(&(serde_json::to_string_pretty(&schema)? + "\n"))?;
    Ok(Status::Done)
}
