//! `outbox retry` and `outbox purge`: what is changed in an outbox by hand.

use std::collections::BTreeSet;

use clap::Args;

use super::{ConfigArg, alerts, check_known, configured};
use crate::{
    cli::{Status, usage::UsageError},
    ledger::database::{Desk, Purged},
    say::{print, say},
};

#[derive(Debug, Args)]
pub(super) struct RetryArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// The sink whose dead letters are to wait again
    #[arg(value_name = "SINK", required_unless_present = "uploads", conflicts_with = "uploads")]
    sink: Option<String>,
    /// Their sequences; without any, all dead letters of the sink
    #[arg(value_name = "SEQUENCE")]
    sequences: Vec<u64>,
    /// Files of evidence that could not be uploaded wait again
    #[arg(long)]
    uploads: bool,
}

pub(super) fn retry(args: &RetryArgs) -> anyhow::Result<Status> {
    let (config, mut desk) = args.config.open()?;
    let Some(sink) = &args.sink else {
        let count = desk.retry_uploads()?;
        print(&format!("{count} files wait again to be uploaded\n"))?;
        return Ok(Status::Done);
    };
    check_known(&config, &desk, sink)?;
    let wanted: BTreeSet<u64> = args.sequences.iter().copied().collect();
    let (count, others) = desk.retry(sink, &wanted)?;
    print(&format!("{}: {} again\n", sink, waits(count)))?;
    if configured(&config, sink).is_none() {
        say(format_args!("{sink} is configured no more: nothing is sent until it is again"));
    }
    for sequence in &others {
        say(format_args!("error: {sequence} is no dead letter of {sink}"));
    }
    Ok(if others.is_empty() { Status::Done } else { Status::Failed })
}

fn waits(count: u64) -> String {
    format!("{} {}", alerts(count), if count == 1 { "waits" } else { "wait" })
}

#[derive(Debug, Args)]
pub(super) struct PurgeArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// The sink
    #[arg(value_name = "SINK", required_unless_present = "uploads", conflicts_with = "uploads")]
    sink: Option<String>,
    /// Files of evidence that can never be uploaded are no longer to be; they stay on the box
    #[arg(long)]
    uploads: bool,
    /// Of these only this one, which may also wait; it may be given several times
    #[arg(long, value_name = "NAME", requires = "uploads")]
    file: Vec<String>,
    /// Also what waits for a sink that is configured, or to be uploaded: it will never be sent
    #[arg(long)]
    waiting: bool,
    /// Do it, where what waits would be removed; without it that is only counted
    #[arg(long)]
    yes: bool,
}

pub(super) fn purge(args: &PurgeArgs) -> anyhow::Result<Status> {
    let PurgeArgs { sink, waiting, yes, .. } = args;
    let (config, mut desk) = args.config.open()?;
    let Some(sink) = sink else { return purge_uploads(args, &mut desk) };
    check_known(&config, &desk, sink)?;
    let what = match (configured(&config, sink), waiting) {
        (None, _) => Purged::All,
        (Some(_), true) => Purged::Undelivered,
        (Some(_), false) => Purged::DeadLetters,
    };
    let depth = desk.depths()?.remove(sink).unwrap_or_default();
    if what != Purged::DeadLetters && depth.waiting > 0 && !yes {
        let why = if what == Purged::All { ", which is configured no more" } else { "" };
        return Err(UsageError(format!(
            "{} for {sink}{why}, and would never be sent: add --yes to remove what waits",
            waits(depth.waiting)
        ))
        .into());
    }
    let count = desk.purge(sink, what)?;
    print(&match what {
        Purged::DeadLetters => format!("{sink}: {} removed from the dead letters\n", alerts(count)),
        Purged::Undelivered => format!("{sink}: {} removed, waiting and dead letters\n", alerts(count)),
        Purged::All => format!("{sink}: {} removed, which is all that was kept for it\n", alerts(count)),
    })?;
    Ok(Status::Done)
}

fn purge_uploads(args: &PurgeArgs, desk: &mut Desk) -> anyhow::Result<Status> {
    if !args.file.is_empty() {
        let mut status = Status::Done;
        for name in &args.file {
            if desk.purge_upload(name)? {
                print(&format!("{name} is no longer to be uploaded\n"))?;
            } else {
                say(format_args!("error: {name} does not wait to be uploaded"));
                status = Status::Failed;
            }
        }
        return Ok(status);
    }
    let waiting = desk.uploads()?.waiting;
    if args.waiting && waiting > 0 && !args.yes {
        let why = format!("{waiting} files wait and would never be uploaded: add --yes to remove what waits");
        return Err(UsageError(why).into());
    }
    let count = desk.purge_uploads(args.waiting)?;
    print(&format!("{count} files are no longer to be uploaded; they stay on the box\n"))?;
    Ok(Status::Done)
}
