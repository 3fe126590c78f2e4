use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::Context;
use clap::Args;

use super::{Status, analysis::sort, results::write_violations, setting::UsageError, table};
use crate::{
    config::{Camera, Config},
    domain::{CameraId, ModelName, Observation, Record, Violation},
    pipeline::{self, Judge, ReadError},
};

/// Run tracker and rules again over recorded observations.
///
/// It takes milliseconds, to tune thresholds by. Writes DIR/violations.jsonl. Looks that a changed rule would have asked for are not there, and evidence is not cut
/// again: for both run `analyze`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Where violations.jsonl goes.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Files that `analyze` wrote to DIR/observations/.
    #[arg(required = true, value_name = "OBSERVATIONS.jsonl")]
    observations: Vec<PathBuf>,
}

pub fn run(args: &ReplayArgs) -> anyhow::Result<Status> {
    let config = Config::load(&args.config)?;
    fs::create_dir_all(&args.out).with_context(|| format!("{} cannot be written", args.out.display()))?;
    let mut cameras: BTreeMap<CameraId, Replayed<'_>> =
        config.cameras.iter().map(|camera| (camera.id.clone(), Replayed::new(&config, camera))).collect();
    let mut status = Status::Done;
    for path in &args.observations {
        let mut stranger = None;
        let replayed = pipeline::read(path, &mut |line, record| {
            let camera = camera_of(&record).clone();
            match cameras.get_mut(&camera) {
                Some(replayed) => replayed.take(record),
                None => {
                    stranger.get_or_insert((line, camera));
                }
            }
        });
        if let Some((line, camera)) = stranger {
            let known = config.cameras.iter().map(|c| c.id.as_str()).collect::<Vec<_>>().join(", ");
            let path = path.display();
            let wrong = format!("{path}:{line}: the configuration has no camera {camera}; it has {known}");
            return Err(UsageError::Other(wrong).into());
        }
        if let Err(error) = replayed {
            let before = if matches!(error, ReadError::Unreadable { .. }) {
                ""
            } else {
                "; what stands before it was replayed"
            };
            eprintln!("error: {error}{before}");
            status = Status::InputUnread;
        }
    }
    let mut violations: Vec<Violation> = cameras.values().flat_map(Replayed::violations).collect();
    sort(&mut violations);
    write_violations(&args.out.join("violations.jsonl"), &violations)?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&violations)?);
    } else if violations.is_empty() {
        println!("no violations");
    } else {
        print!("{}", table::violations(&violations, &config.site.timezone));
    }
    Ok(status)
}

/// One camera's rules over its recorded observations.
struct Replayed<'c> {
    config: &'c Config,
    camera: &'c Camera,
    judge: Option<Judge>,
    /// What came before the first observation, which tells the detector.
    before: Vec<Record>,
}

impl<'c> Replayed<'c> {
    fn new(config: &'c Config, camera: &'c Camera) -> Self {
        Self { config, camera, judge: None, before: Vec::new() }
    }

    fn take(&mut self, record: Record) {
        if let Some(judge) = &mut self.judge {
            judge.take(&record);
        } else if let Record::Observation(first) = &record {
            let mut judge = Judge::new(&self.config.site, self.camera, &self.detector(first));
            for earlier in self.before.drain(..) {
                judge.take(&earlier);
            }
            judge.take(&record);
            self.judge = Some(judge);
        } else {
            self.before.push(record);
        }
    }

    /// The camera's detector: the configured one where it looked, else the one that did, so that observations made
    /// with another model can be replayed.
    fn detector(&self, first: &Observation) -> ModelName {
        let configured: ModelName = self.config.detector.model.as_str().into();
        let own = |name: &ModelName| self.camera.rules.iter().any(|rule| rule.model.as_ref() == Some(name));
        match first.looked.iter().find(|name| !own(name)) {
            Some(other) if !first.looked.contains(&configured) => {
                eprintln!(
                    "note: camera {}: these observations were made with {other}, not with {configured}",
                    self.camera.id
                );
                other.clone()
            }
            _ => configured,
        }
    }

    fn violations(&self) -> Vec<Violation> {
        self.judge.as_ref().map(Judge::violations).unwrap_or_default()
    }
}

fn camera_of(record: &Record) -> &CameraId {
    match record {
        Record::Epoch(epoch) => &epoch.camera,
        Record::Observation(observation) => &observation.camera,
        Record::Gap(gap) => &gap.camera,
    }
}
