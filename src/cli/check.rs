#[cfg(feature = "edge")]
use std::path::Path;
use std::path::PathBuf;

use clap::Args;

use super::Status;
use crate::{config::Config, files, say::print};
#[cfg(feature = "edge")]
use crate::{config::SinkSettings, say::say};

/// Check a configuration; with --probe open its recordings and models too, and try its sinks and where files are uploaded to.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Open every recording, load every model, send every sink a sign of life, which its platform sees, and put a small file where
    /// files of evidence are uploaded to. Live cameras are not opened, and no reaction is done.
    #[arg(long)]
    probe: bool,
}

pub fn run(args: &CheckArgs) -> anyhow::Result<Status> {
    let config = Config::load(&args.config)?;
    let rules: usize = config.cameras.iter().map(|camera| camera.rules.len()).sum();
    print(&format!(
        "{}: site {}, {} cameras, {rules} rules, {} sinks: well formed\n",
        files::shown(args.config.as_os_str()),
        config.site.id,
        config.cameras.len(),
        config.sinks.len()
    ))?;
    if !args.probe {
        // What is wrong on this machine: the configuration may be for another.
        #[cfg(feature = "edge")]
        look_around(&config);
        return Ok(Status::Done);
    }
    #[cfg(feature = "edge")]
    return super::probe::probe(&config);
    #[cfg(not(feature = "edge"))]
    Err(super::usage::UsageError(super::absent::no_codecs("check --probe")).into())
}

/// Says what is wrong with what the configuration names beside it.
#[cfg(feature = "edge")]
fn look_around(config: &Config) {
    let _ = super::reaction::look_at_all(config, "warning");
    let of_sinks = config.sinks.iter().map(|sink| (format!("sink {}", sink.name), ca_of(&sink.settings)));
    let of_uploads = ("[evidence] upload_ca".to_owned(), config.evidence.upload_ca.as_deref());
    for (what, ca) in of_sinks.chain([of_uploads]) {
        if let Some(Err(refusal)) = ca.map(crate::deliver::check_ca) {
            say(format_args!("warning: {what}: {refusal}"));
        }
    }
}

#[cfg(feature = "edge")]
fn ca_of(settings: &SinkSettings) -> Option<&Path> {
    match settings {
        SinkSettings::Mqtt(mqtt) => mqtt.ca.as_deref(),
        SinkSettings::Nats(nats) => nats.ca.as_deref(),
        SinkSettings::Webhook(webhook) => webhook.ca.as_deref(),
        SinkSettings::File(_)
        | SinkSettings::Wecom(_)
        | SinkSettings::Dingtalk(_)
        | SinkSettings::Feishu(_) => None,
    }
}
