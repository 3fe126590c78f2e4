//! `outbox list`: how much waits for each sink, or which alerts for one.

use clap::Args;
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

use super::{ConfigArg, check_known, configured};
use crate::{
    cli::{Status, table},
    config::Config,
    domain::OutboxId,
    ledger::database::{Depth, Desk, Letter, UploadDepth, WaitingFile},
    say::{print, say},
};

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// The alerts that this sink does not have, the newest last; without it, how many each sink does not have
    #[arg(value_name = "SINK", conflicts_with = "uploads")]
    sink: Option<String>,
    /// The files of evidence that wait to be uploaded or never can be
    #[arg(long)]
    uploads: bool,
    /// So many alerts or files at most
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// One JSON object instead of a table
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &ListArgs) -> anyhow::Result<Status> {
    let (config, desk) = args.config.open()?;
    match &args.sink {
        Some(sink) => of_sink(args, &config, &desk, sink)?,
        None if args.uploads => files(args, &config, &desk)?,
        None => all(args, &config, &desk)?,
    }
    Ok(Status::Done)
}

/// A sink as printed.
#[derive(Serialize)]
struct SinkRow {
    sink: String,
    /// None where it is configured no more.
    kind: Option<&'static str>,
    configured: bool,
    waiting: u64,
    /// Since when the first of them waits.
    oldest: Option<Timestamp>,
    dead_letters: u64,
}

#[derive(Serialize)]
struct Uploads {
    waiting: u64,
    bytes: u64,
    dead_letters: u64,
}

#[derive(Serialize)]
struct Overview {
    outboxid: OutboxId,
    sinks: Vec<SinkRow>,
    uploads: Uploads,
}

fn all(args: &ListArgs, config: &Config, desk: &Desk) -> anyhow::Result<()> {
    let mut depths = desk.depths()?;
    let mut sinks: Vec<SinkRow> = Vec::new();
    for sink in &config.sinks {
        let depth = depths.remove(sink.name.as_str()).unwrap_or_default();
        sinks.push(row(sink.name.to_string(), Some(sink.settings.kind().name()), depth));
    }
    sinks.extend(depths.into_iter().map(|(name, depth)| row(name, None, depth)));
    let UploadDepth { waiting, bytes, refused } = desk.uploads()?;
    let uploads = Uploads { waiting, bytes, dead_letters: refused };
    if args.json {
        return to_json(&Overview { outboxid: desk.outbox()?, sinks, uploads });
    }
    let zone = &config.site.timezone;
    let mut rows = vec![["sink", "kind", "waiting", "since", "dead letters"].map(str::to_owned).to_vec()];
    for sink in &sinks {
        rows.push(vec![
            sink.sink.clone(),
            sink.kind.unwrap_or("configured no more").to_owned(),
            sink.waiting.to_string(),
            sink.oldest.map_or_else(|| "–".to_owned(), |oldest| table::local(oldest, zone)),
            sink.dead_letters.to_string(),
        ]);
    }
    print(&table::columns(&rows))?;
    if sinks.is_empty() {
        say(format_args!("the configuration has no sinks, and nothing waits for any"));
    }
    let Uploads { waiting, bytes, dead_letters } = uploads;
    if config.evidence.upload.is_some() || waiting + dead_letters > 0 {
        print(&format!(
            "uploads: {waiting} files wait ({bytes} bytes), {dead_letters} never can be uploaded\n"
        ))?;
    }
    if sinks.iter().any(|sink| sink.waiting > 0) {
        say(format_args!(
            "what waits may be on its way, and robots gather it for half a minute; why a sink takes nothing is in the log of the \
             service, and `firewarden outbox test SINK` tries it now"
        ));
    }
    Ok(())
}

fn row(sink: String, kind: Option<&'static str>, depth: Depth) -> SinkRow {
    let Depth { waiting, oldest, refused } = depth;
    SinkRow { sink, kind, configured: kind.is_some(), waiting, oldest, dead_letters: refused }
}

/// An alert as printed.
#[derive(Serialize)]
struct LetterRow {
    sequence: u64,
    time: Timestamp,
    #[serde(rename = "type")]
    alert_type: String,
    camera: String,
    state: State,
    /// When it was refused for good.
    refused: Option<Timestamp>,
    why: Option<String>,
}

#[derive(Serialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum State {
    Waiting,
    DeadLetter,
}

impl State {
    fn words(self) -> &'static str {
        match self {
            Self::Waiting => "waits",
            Self::DeadLetter => "dead letter",
        }
    }
}

#[derive(Serialize)]
struct Letters {
    outboxid: OutboxId,
    sink: String,
    configured: bool,
    waiting: u64,
    dead_letters: u64,
    /// The newest of them, in the order of their sequences.
    alerts: Vec<LetterRow>,
}

fn of_sink(args: &ListArgs, config: &Config, desk: &Desk, sink: &str) -> anyhow::Result<()> {
    check_known(config, desk, sink)?;
    let Depth { waiting, refused, .. } = desk.depths()?.remove(sink).unwrap_or_default();
    let alerts: Vec<LetterRow> = desk.letters(sink, args.limit)?.into_iter().map(letter).collect();
    if args.json {
        let configured = configured(config, sink).is_some();
        let (sink, outboxid) = (sink.to_owned(), desk.outbox()?);
        return to_json(&Letters { outboxid, sink, configured, waiting, dead_letters: refused, alerts });
    }
    if alerts.is_empty() {
        say(format_args!("nothing waits for {sink}, and it has no dead letters"));
        return Ok(());
    }
    let mut rows = vec![["sequence", "time", "type", "camera", "", "why"].map(str::to_owned).to_vec()];
    for alert in &alerts {
        rows.push(vec![
            alert.sequence.to_string(),
            table::local(alert.time, &config.site.timezone),
            alert.alert_type.trim_start_matches("firewarden.").to_owned(),
            alert.camera.clone(),
            alert.state.words().to_owned(),
            refusal(alert.refused, alert.why.as_deref(), &config.site.timezone),
        ]);
    }
    print(&table::columns(&rows))?;
    left_out(waiting + refused, alerts.len(), "alerts");
    Ok(())
}

fn letter(letter: Letter) -> LetterRow {
    let Letter { sequence, time, alert_type, camera, refused } = letter;
    let state = if refused.is_some() { State::DeadLetter } else { State::Waiting };
    let (refused, why) = refused.map(|refused| (refused.at, refused.why)).unzip();
    LetterRow { sequence, time, alert_type, camera: camera.to_string(), state, refused, why }
}

/// A file as printed.
#[derive(Serialize)]
struct FileRow {
    name: String,
    bytes: u64,
    since: Timestamp,
    state: State,
    refused: Option<Timestamp>,
    /// Why it never can be uploaded; or why it was not taken the last time.
    why: Option<String>,
}

fn files(args: &ListArgs, config: &Config, desk: &Desk) -> anyhow::Result<()> {
    let files: Vec<FileRow> = desk.files(args.limit)?.into_iter().map(file).collect();
    if args.json {
        return to_json(&serde_json::json!({ "files": files }));
    }
    if files.is_empty() {
        say(format_args!("no file waits to be uploaded"));
        return Ok(());
    }
    let zone = &config.site.timezone;
    let mut rows = vec![["file", "bytes", "since", "", "why"].map(str::to_owned).to_vec()];
    for file in &files {
        rows.push(vec![
            file.name.clone(),
            file.bytes.to_string(),
            table::local(file.since, zone),
            file.state.words().to_owned(),
            match file.refused {
                Some(_) => refusal(file.refused, file.why.as_deref(), zone),
                None => file.why.clone().unwrap_or_default(),
            },
        ]);
    }
    print(&table::columns(&rows))?;
    let UploadDepth { waiting, refused, .. } = desk.uploads()?;
    left_out(waiting + refused, files.len(), "files");
    Ok(())
}

fn file(file: WaitingFile) -> FileRow {
    let WaitingFile { name, bytes, since, refused, put_off } = file;
    let state = if refused.is_some() { State::DeadLetter } else { State::Waiting };
    let (refused, why) = refused.map(|refused| (refused.at, refused.why)).unzip();
    let why = why.or(put_off);
    FileRow { name, bytes, since, state, refused, why }
}

/// Why and when something was refused for good; nothing where it was not.
fn refusal(at: Option<Timestamp>, why: Option<&str>, zone: &TimeZone) -> String {
    match at {
        Some(at) => format!("{}, {}", why.unwrap_or_default(), table::local(at, zone)),
        None => String::new(),
    }
}

fn left_out(all: u64, shown: usize, what: &str) {
    let left = all.saturating_sub(u64::try_from(shown).unwrap_or(u64::MAX));
    if left > 0 {
        say(format_args!("{left} other {what} are not shown: --limit {all} shows all"));
    }
}

fn to_json(of: &impl Serialize) -> anyhow::Result<()> {
    print(&(serde_json::to_string(of)? + "\n"))?;
    Ok(())
}
