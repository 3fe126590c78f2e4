use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use clap::Args;
use uuid::Uuid;

use super::{Status, table, usage::UsageError};
use crate::{
    config::{Camera, Config},
    domain::{
        CameraId, Epoch, MediaTime, ModelName, Notice, Noticed, Observation, Record, RuleId, Violation,
    },
    files,
    geometry::{BBox, Polygon},
    judge::{Judge, Judgement},
    report::Verdict,
    results::{
        Existing, FolderError, Outcome, ReadError, SUMS, Sums, Target, VIOLATIONS, WriteError,
        is_of_analysis, lines, put, sort, violation_lines,
    },
    say::{print, say},
    stop::Stop,
};

/// Run tracker and rules again over recorded observations.
///
/// It takes milliseconds, to tune thresholds by. Writes DIR/violations.jsonl and DIR/SHA256SUMS. Three things are not in the observations: looks that only
/// the changed rule would have asked for, parts of the picture that no zone needed, and evidence. For these run `analyze` again.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Where violations.jsonl goes.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Put the result in the place of an earlier replay's that is in DIR already.
    #[arg(long)]
    replace: bool,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Files that `analyze` wrote to DIR/observations/.
    #[arg(required = true, value_name = "OBSERVATIONS.jsonl")]
    observations: Vec<PathBuf>,
}

pub fn run(args: &ReplayArgs) -> anyhow::Result<Status> {
    let config = Config::load(&args.config)?;
    let stop = Stop::on_signals()?;
    let target = Target::of(&args.out, Existing::of(args.replace))?;
    // The result of an analysis is not replaced by one without evidence, whatever is said.
    if is_of_analysis(target.folder()) {
        return Err(FolderError::OfAnalysis(target.folder().to_owned()).into());
    }
    for path in &args.observations {
        target.apart(path)?;
    }
    target.free()?;
    let mut cameras: BTreeMap<CameraId, Replayed<'_>> =
        config.cameras.iter().map(|camera| (camera.id.clone(), Replayed::new(&config, camera))).collect();
    let mut status = Status::Done;
    for path in &args.observations {
        if stop.is_set() {
            break;
        }
        let (mut stranger, mut earlier) = (None, None);
        let replayed = lines::read(path, &mut |line, record| {
            let camera = camera_of(&record).clone();
            match cameras.get_mut(&camera) {
                Some(replayed) if replayed.goes_back(&record) => {
                    earlier.get_or_insert((line, camera));
                }
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
            return Err(UsageError(wrong).into());
        }
        if let Some((line, camera)) = earlier {
            let wrong = format!(
                "{}:{line}: the time of camera {camera} goes back: these are observations of another analysis; replay \
                 each by itself",
                path.display()
            );
            return Err(UsageError(wrong).into());
        }
        if let Err(error) = replayed {
            let before = if matches!(error, ReadError::Unreadable { .. }) {
                ""
            } else {
                "; what stands before it was replayed"
            };
            say(format_args!("error: {error}{before}"));
            status = Status::InputUnread;
        }
    }
    for replayed in cameras.values() {
        for (rule, region) in &replayed.beyond {
            let [left, top, right, bottom] = <[f32; 4]>::from(*region);
            say(format_args!(
                "error: {rule}: its zone reaches beyond what the detector was shown when these observations were made \
                 ([{left}, {top}, {right}, {bottom}]); what happened there is not known. Analyse again, with \
                 whole_picture = true under [detector] to try several zones"
            ));
            status = Status::InputUnread;
        }
    }
    let mut violations: Vec<Violation> = cameras.values_mut().flat_map(Replayed::finish).collect();
    sort(&mut violations);
    if let Some(signal) = stop.signal() {
        say(format_args!("stopped: nothing was written"));
        return Ok(Status::Stopped(signal));
    }
    let nothing = cameras.values().all(|replayed| replayed.last.is_none());
    let result = target.begin()?;
    write(result.path(), &violations)?;
    if nothing && result.replaces() {
        say(format_args!(
            "the earlier result in {} stands as it was, as nothing could be replayed; the new one is in {}",
            result.folder().display(),
            result.path().display()
        ));
    } else {
        result.put_in_place()?;
    }
    print(&if args.json {
        serde_json::to_string_pretty(&violations)? + "\n"
    } else {
        let outcomes: Vec<(&Camera, Outcome)> =
            config.cameras.iter().filter_map(|c| Some((c, cameras.remove(&c.id)?.outcome()))).collect();
        let verdict = Verdict::of(outcomes.iter().map(|(camera, outcome)| (*camera, outcome)), &violations);
        table::violations(&violations, &config.site.timezone, &verdict)
    })?;
    Ok(status)
}

/// Writes what was found, with a list that proves it.
fn write(folder: &Path, violations: &[Violation]) -> Result<(), WriteError> {
    let lines = violation_lines(violations);
    put(folder, VIOLATIONS, &lines)?;
    let mut sums = Sums::default();
    sums.add(VIOLATIONS, files::sha256(&lines));
    put(folder, SUMS, sums.text().as_bytes())
}

/// One camera's rules over its recorded observations.
struct Replayed<'c> {
    config: &'c Config,
    camera: &'c Camera,
    judge: Option<Judge>,
    /// What came before the first observation, which tells the detector.
    before: Vec<Record>,
    /// Rules whose zone reaches beyond what was looked at, and what that was.
    beyond: BTreeMap<RuleId, BBox>,
    /// The last observation.
    last: Option<MediaTime>,
    /// Its violations, as last known.
    violations: BTreeMap<Uuid, Violation>,
    outcome: Outcome,
    /// The recording that the records are of.
    file: String,
}

impl<'c> Replayed<'c> {
    fn new(config: &'c Config, camera: &'c Camera) -> Self {
        Self {
            config,
            camera,
            judge: None,
            before: Vec::new(),
            beyond: BTreeMap::new(),
            last: None,
            violations: BTreeMap::new(),
            outcome: Outcome::default(),
            file: String::new(),
        }
    }

    /// Whether it is an observation of before the last one, as one analysis makes none.
    fn goes_back(&self, record: &Record) -> bool {
        matches!(record, Record::Observation(new) if self.last.is_some_and(|last| new.at < last))
    }

    fn take(&mut self, record: Record) {
        if let Record::Observation(observation) = &record {
            self.last = Some(observation.at);
        }
        if let Record::Epoch(epoch) = &record {
            self.file = epoch.file.clone().unwrap_or_default();
            self.check(epoch);
        }
        if let Some(judge) = &mut self.judge {
            let judgement = judge.take(&record);
            self.outcome.take(&record, &judgement.presence);
            if let Some(at) = judgement.moved {
                let (camera, file) = (self.camera.id.clone(), self.file.clone());
                let notice = Notice { camera, file, at, what: Noticed::Moved };
                say(format_args!("note: {notice}"));
                self.outcome.notices.push(notice);
            }
            self.note(judgement);
        } else if let Record::Observation(first) = &record {
            let mut judge = Judge::new(&self.config.site, self.camera, &self.detector(first));
            for earlier in std::mem::take(&mut self.before).into_iter().chain(std::iter::once(record)) {
                let judgement = judge.take(&earlier);
                self.outcome.take(&earlier, &judgement.presence);
                self.note(judgement);
            }
            self.judge = Some(judge);
        } else {
            self.before.push(record);
        }
    }

    /// Notes which zones reach beyond what the rule's detector was shown. Observations of one detector may be those of
    /// another than the configured one.
    fn check(&mut self, epoch: &Epoch) {
        for rule in &self.camera.rules {
            let Some(zone) = rule.keys().zone().map(Polygon::bounds) else { continue };
            let named = rule.model.as_deref().unwrap_or(&self.config.detector.model);
            let only = || epoch.regions.values().next().filter(|_| epoch.regions.len() == 1);
            let region = epoch.regions.get(named).or_else(only);
            if let Some(region) = region.filter(|region| zone.share_within(region) < 0.999) {
                let id = RuleId::new(&self.camera.id, rule.kind(), rule.name.as_deref());
                self.beyond.insert(id, *region);
            }
        }
    }

    /// The camera's detector: the configured one where it looked, else the one that did, so that observations made
    /// with another model can be replayed.
    fn detector(&self, first: &Observation) -> ModelName {
        let configured: ModelName = self.config.detector.model.as_str().into();
        let own = |name: &ModelName| self.camera.rules.iter().any(|rule| rule.model.as_ref() == Some(name));
        match first.looked.iter().find(|name| !own(name)) {
            Some(other) if !first.looked.contains(&configured) => {
                say(format_args!(
                    "note: camera {}: these observations were made with {other}, not with {configured}",
                    self.camera.id
                ));
                other.clone()
            }
            _ => configured,
        }
    }

    /// What was found, once all is replayed.
    fn finish(&mut self) -> Vec<Violation> {
        if let Some(judgement) = self.judge.as_mut().map(Judge::stop) {
            self.note(judgement);
        }
        std::mem::take(&mut self.violations).into_values().collect()
    }

    /// Keeps violations as they now are.
    fn note(&mut self, judgement: Judgement) {
        for (violation, (_, finding)) in judgement.violations.into_iter().zip(judgement.findings) {
            // One that is only warned about is none.
            if finding.raised.is_some() {
                self.violations.insert(violation.id, violation);
            }
        }
    }

    /// How much could be judged.
    fn outcome(mut self) -> Outcome {
        self.outcome.watched = self.judge.as_ref().map(Judge::watched).unwrap_or_default();
        self.outcome
    }
}

fn camera_of(record: &Record) -> &CameraId {
    match record {
        Record::Epoch(epoch) => &epoch.camera,
        Record::Observation(observation) => &observation.camera,
        Record::Gap(gap) => &gap.camera,
    }
}
