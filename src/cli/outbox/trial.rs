//! `outbox test`, and what `check --probe` does with sinks: they are sent a sign of life.

use std::thread;

use clap::Args;
use jiff::Timestamp;

use super::{ConfigArg, configured, unknown};
use crate::{
    cli::{Status, usage::UsageError},
    config::{Config, Sink, SinkSettings},
    deliver::{Refusal, Sender, TRIED, try_sink, try_upload},
    domain::BoxHealth,
    files,
    ledger::database::Desk,
    say::{print, say},
};

#[derive(Debug, Args)]
pub(super) struct TestArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// The sink
    #[arg(value_name = "SINK", required_unless_present = "uploads", conflicts_with = "uploads")]
    sink: Option<String>,
    /// Try where files of evidence are uploaded to: a small file called firewarden-test.jpg is put there
    #[arg(long)]
    uploads: bool,
}

pub(super) fn run(args: &TestArgs) -> anyhow::Result<Status> {
    let config = args.config.load()?;
    let Some(name) = &args.sink else {
        if config.evidence.upload.is_none() {
            let why = "no files are uploaded: the configuration has no `[evidence] upload`".to_owned();
            return Err(UsageError(why).into());
        }
        return try_uploads(&config);
    };
    let Some(sink) = configured(&config, name) else {
        return Err(unknown(&config, std::iter::empty(), name).into());
    };
    try_one(&config, sink, &health(&config))
}

/// Tries every sink, one after the other, and prints what each answers.
pub fn try_sinks(config: &Config) -> anyhow::Result<Status> {
    let mut status = Status::Done;
    let health = health(config);
    for sink in &config.sinks {
        if try_one(config, sink, &health)? != Status::Done {
            status = Status::Failed;
        }
    }
    Ok(status)
}

/// Tries where files are uploaded to, where they are, and prints what came of it.
pub fn try_uploads(config: &Config) -> anyhow::Result<Status> {
    match try_upload(&config.evidence) {
        None => Ok(Status::Done),
        Some(Ok(())) => {
            print(&format!("uploads: {TRIED} was put, and is there as it was sent\n"))?;
            Ok(Status::Done)
        }
        Some(Err(refusal)) => {
            say(format_args!("error: uploads: {refusal}"));
            Ok(Status::Failed)
        }
    }
}

fn try_one(config: &Config, sink: &Sink, health: &BoxHealth) -> anyhow::Result<Status> {
    let (name, kind) = (&sink.name, sink.settings.kind().name());
    match try_sink(sink, &Sender::of(config), health) {
        Ok(()) => {
            let what = match &sink.settings {
                SinkSettings::File(file) => format!("{} can be written", files::shown(file.path.as_os_str())),
                _ => "it has taken a sign of life".to_owned(),
            };
            print(&format!("sink {name}: {kind}, {what}\n"))?;
            Ok(Status::Done)
        }
        Err(refusal) => {
            say(format_args!("error: sink {name} ({kind}): {refusal}{}", for_good(&refusal)));
            Ok(Status::Failed)
        }
    }
}

fn for_good(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Transient { .. } => "",
        Refusal::Permanent { .. } => ". Alerts that it refuses so become dead letters",
    }
}

/// A sign of life of a box on which only this program looks: it connects to no camera.
fn health(config: &Config) -> BoxHealth {
    let now = Timestamp::now();
    // Where there is no database yet, nothing waits.
    let desk = Desk::open(&config.state.directory).ok();
    let depths = desk.as_ref().and_then(|desk| desk.depths().ok()).unwrap_or_default();
    let uploads = desk.and_then(|desk| desk.uploads().ok()).unwrap_or_default();
    let oldest = depths.values().filter_map(|depth| depth.oldest).min();
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    BoxHealth {
        site: config.site.id.clone(),
        r#box: config.box_id.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        since: now,
        cameras: count(config.cameras.len()),
        cameras_online: 0,
        cameras_offline: [].into(),
        cores: count(thread::available_parallelism().map_or(1, usize::from)),
        memory_bytes: None,
        disk_free_bytes: files::free(&config.evidence.directory),
        alerts_waiting: depths.values().map(|depth| depth.waiting).sum(),
        oldest_waiting_s: oldest
            .map_or(0, |oldest| u64::try_from(now.duration_since(oldest).as_secs()).unwrap_or(0)),
        dead_letters: depths.values().map(|depth| depth.refused).sum(),
        uploads_waiting: uploads.waiting,
    }
}
