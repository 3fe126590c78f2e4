//! `outbox show`: one alert, and what became of it.

use std::collections::BTreeMap;

use anyhow::bail;
use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{ConfigArg, check_known, configured};
use crate::{
    cli::{Status, table},
    config::Config,
    files,
    ledger::database::{Fate, Shown},
    say::{print, say},
};

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// The sink
    #[arg(value_name = "SINK")]
    sink: String,
    /// The alert's sequence, as `outbox list SINK` and the alert itself tell it
    #[arg(value_name = "SEQUENCE")]
    sequence: u64,
    /// One JSON object, with the alert word for word as it is sent
    #[arg(long)]
    json: bool,
}

/// What became of an alert at a sink, as printed.
#[derive(Serialize)]
struct FateRow {
    sink: String,
    configured: bool,
    state: &'static str,
    /// When it was delivered, or refused for good.
    at: Option<Timestamp>,
    why: Option<String>,
}

#[derive(Serialize)]
struct Printed<'a> {
    alert: &'a RawValue,
    sinks: Vec<FateRow>,
}

pub(super) fn run(args: &ShowArgs) -> anyhow::Result<Status> {
    let ShowArgs { sink, sequence, .. } = args;
    let (config, desk) = args.config.open()?;
    check_known(&config, &desk, sink)?;
    let Some(Shown { body, fates }) = desk.alert(*sequence)? else {
        bail!(
            "no alert {sequence} is kept: alerts are counted from 1, and go `[state] keep_sent` after all sinks have them"
        );
    };
    let is_for_it = fates.contains_key(sink);
    let sinks = rows(&config, fates);
    if args.json {
        let alert: &RawValue = serde_json::from_str(&body)?;
        print(&(serde_json::to_string(&Printed { alert, sinks })? + "\n"))?;
    } else {
        print(&pretty(&body)?)?;
        let zone = &config.site.timezone;
        let line = |row: &FateRow| {
            let at = row.at.map(|at| format!(", {}", table::local(at, zone))).unwrap_or_default();
            let why = row.why.as_ref().map(|why| format!(": {}", files::visible(why))).unwrap_or_default();
            let gone = if row.configured { "" } else { " (configured no more)" };
            format!("sink {}{gone}: {}{at}{why}\n", row.sink, row.state.replace('_', " "))
        };
        print(&sinks.iter().map(line).collect::<String>())?;
    }
    if !is_for_it {
        say(format_args!("alert {sequence} was never for {sink}, or was purged"));
    }
    Ok(Status::Done)
}

fn rows(config: &Config, fates: BTreeMap<String, Fate>) -> Vec<FateRow> {
    let row = |(sink, fate): (String, Fate)| {
        let (state, at, why) = match fate {
            Fate::Waiting => ("waiting", None, None),
            Fate::Delivered(at) => ("delivered", Some(at), None),
            Fate::Refused(refused) => ("dead_letter", Some(refused.at), Some(refused.why)),
        };
        FateRow { configured: configured(config, &sink).is_some(), sink, state, at, why }
    };
    fates.into_iter().map(row).collect()
}

/// The alert over several lines, in which nothing changes what stands beside it.
fn pretty(body: &str) -> anyhow::Result<String> {
    let alert: serde_json::Value = serde_json::from_str(body)?;
    let text = serde_json::to_string_pretty(&alert)?;
    Ok(text.lines().map(|line| files::visible(line) + "\n").collect())
}
