//! The evidence of all cameras, taken from their recordings once what happened in them is known.

use std::{collections::BTreeSet, path::Path, thread, time::Duration};

use crossbeam::channel;

use super::{analysis::Analysed, progress::Bar};
use crate::{
    config::{Camera, Config},
    domain::{Record, Violation},
    engine::Progress,
    evidence::{self, Collected, Seen, moments},
    results::{OBSERVATIONS, lines},
    source::{Options, Recording, Survey, Trail},
};

/// Where evidence is taken from.
pub struct Footage<'f> {
    /// What each camera's files say of themselves.
    pub surveys: &'f [Survey],
    /// Where they lie, as was noted when they were read.
    pub trails: &'f [Trail],
    /// How they are read.
    pub options: &'f Options,
}

/// Collects the evidence of all cameras, as many at a time as there are threads.
pub fn gather(
    config: &Config,
    footage: &Footage<'_>,
    cameras: &mut [Analysed],
    threads: usize,
    folder: &Path,
) {
    let length = |camera: &Analysed| Duration::from_secs_f64(camera.outcome.until.as_secs_f64().max(0.0));
    let has_any = |camera: &&Analysed| !camera.violations.is_empty();
    let progress = Bar::new(cameras.iter().filter(has_any).map(length).sum());
    let (queue, waiting) = channel::unbounded();
    for (index, analysed) in cameras.iter_mut().enumerate().filter(|(_, c)| !c.violations.is_empty()) {
        let _ = queue.send((index, analysed));
    }
    drop(queue);
    thread::scope(|scope| {
        for _ in 0..threads.min(waiting.len()) {
            let (waiting, progress) = (waiting.clone(), &progress);
            scope.spawn(move || {
                for (index, analysed) in waiting {
                    let (Some(camera), Some(survey)) =
                        (config.cameras.get(index), footage.surveys.get(index))
                    else {
                        continue;
                    };
                    let again = (survey, footage.trails.get(index), footage.options);
                    analysed.evidence = collect(config, camera, again, analysed, folder, progress);
                }
            });
        }
    });
    progress.finish();
}

fn collect(
    config: &Config,
    camera: &Camera,
    (survey, trail, options): (&Survey, Option<&Trail>, &Options),
    analysed: &mut Analysed,
    folder: &Path,
    progress: &Bar,
) -> Collected {
    let records = folder.join(OBSERVATIONS).join(format!("{}.jsonl", camera.id));
    let seen = seen(&records, &analysed.violations);
    let options = Options { pixel_aspect: camera.pixel_aspect, rate: camera.rate, ..options.clone() };
    let again = evidence::Again {
        recording: Recording::surveyed(camera.id.clone(), survey.clone(), options.clone()),
        trail: trail.cloned(),
        failed: analysed.outcome.failures.iter().map(ToString::to_string).collect(),
        stop: options.stop,
    };
    evidence::collect(config, camera, again, &mut analysed.violations, &seen, folder, |at| {
        progress.reached(&camera.id, Some("evidence"), at)
    })
}

/// What was found at the moments that evidence shows. Where the records cannot be read, nothing is boxed but what the
/// violations themselves say.
fn seen(records: &Path, violations: &[Violation]) -> Seen {
    let wanted: BTreeSet<_> = violations
        .iter()
        .flat_map(|v| moments(v).map(|(_, moment)| moment.media_s).collect::<Vec<_>>())
        .collect();
    let mut seen = Seen::new();
    let _ = lines::read(records, &mut |_, record| {
        if let Record::Observation(observation) = record
            && wanted.contains(&observation.at)
        {
            seen.insert(observation.at, observation.detections);
        }
    });
    seen
}
