//! All cameras over one pool of workers.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use crossbeam::channel::{self, Sender};

use super::{
    PipelineError,
    camera::Camera,
    drive::{Drive, Progress},
    event::WhenFull,
    eye::Looking,
    outcome::Outcome,
    records::Records,
    worker::{Detectors, Order, work},
};
use crate::{
    domain::{CameraId, ModelName},
    judge::Judge,
    source::{Sent, Source},
    stop::Stop,
};

/// One camera to be analysed.
pub struct Task {
    /// Which.
    pub camera: CameraId,
    /// Its rules.
    pub judge: Judge,
    /// Where its packets come from.
    pub source: Box<dyn Source>,
    /// When its pictures are sent, where they come at a pace.
    pub sent: Option<Sent>,
    /// What it does with a group that comes while there is no time for it.
    pub when_full: WhenFull,
    /// Where its records are written.
    pub records: Option<Records>,
    /// How looks are taken.
    pub looking: Looking,
}

/// Analyses every task with `threads` workers, `at_once` tasks at a time. `names` are the workers' detectors in the order in which `detectors`
/// makes them. Outcomes come in the order of the tasks. Once `stop` is set, the looks at hand are finished and no more are
/// taken; the recordings' options should hold the same stop.
pub fn analyze(
    tasks: Vec<Task>,
    threads: usize,
    at_once: usize,
    names: &[ModelName],
    detectors: &Detectors<'_>,
    progress: &dyn Progress,
    stop: &Stop,
) -> Vec<(CameraId, Outcome)> {
    let threads = threads.max(1);
    let count = tasks.len();
    let (outcomes, results) = channel::unbounded();
    let working = AtomicUsize::new(threads);
    thread::scope(|scope| {
        let (orders, work_list) = channel::bounded(2 * threads);
        for _ in 0..threads {
            let work_list = work_list.clone();
            let outcomes = outcomes.clone();
            let working = &working;
            scope.spawn(move || {
                if let Err(error) = work(&work_list, detectors, stop) {
                    // Told once per worker; the camera that waits for it is told that workers are gone.
                    let failed =
                        Outcome { failures: vec![PipelineError::Detect(error)], ..Outcome::default() };
                    let _ = outcomes.send((usize::MAX, None, failed));
                    if working.fetch_sub(1, Ordering::AcqRel) == 1 {
                        // Nobody is left to carry anything out: what is still asked for is answered by being dropped.
                        work_list.iter().for_each(drop);
                    }
                }
            });
        }
        drop(work_list);
        let (queue, waiting) = channel::unbounded();
        for task in tasks.into_iter().enumerate() {
            let _ = queue.send(task);
        }
        drop(queue);
        for _ in 0..at_once.clamp(1, count.max(1)) {
            let (waiting, orders, outcomes) = (waiting.clone(), orders.clone(), outcomes.clone());
            scope.spawn(move || {
                for (index, task) in waiting {
                    let camera = task.camera.clone();
                    let outcome = run_one(task, threads, names, orders.clone(), progress, stop);
                    let _ = outcomes.send((index, Some(camera), outcome));
                }
            });
        }
        drop((orders, outcomes));
    });
    let mut all: Vec<_> = results.into_iter().collect();
    all.sort_by_key(|(index, ..)| *index);
    // A worker's own error says more than that workers are gone: it takes the place of the first such outcome.
    let mut causes: Vec<_> = Vec::new();
    let mut done = Vec::new();
    for (_, camera, outcome) in all {
        match camera {
            Some(camera) => done.push((camera, outcome)),
            None => causes.extend(outcome.failures),
        }
    }
    let gone = |failure: &&mut PipelineError| matches!(failure, PipelineError::WorkersGone);
    for failure in done.iter_mut().flat_map(|(_, outcome)| &mut outcome.failures).filter(gone) {
        if let Some(cause) = causes.pop() {
            *failure = cause;
        }
    }
    done
}

/// One camera, with a reader of its own. A panic of either is the camera's failure; what was found before stands.
fn run_one(
    task: Task,
    threads: usize,
    names: &[ModelName],
    orders: Sender<Order>,
    progress: &dyn Progress,
    stop: &Stop,
) -> Outcome {
    let Task { camera: id, judge, mut source, sent, when_full, records, looking } = task;
    let (parts, ahead) = channel::bounded(2);
    thread::scope(|scope| {
        let reader = scope.spawn(move || {
            while let Some(part) = source.next(stop) {
                // A camera that gave up takes no more parts.
                if parts.send(part).is_err() {
                    return;
                }
            }
        });
        let camera = Camera::new(id.clone(), judge, names, looking, when_full, threads + 1);
        let mut drive = Drive { id, orders, records, progress, sent, outcome: Outcome::default() };
        let run = catch_unwind(AssertUnwindSafe(|| drive.run(camera, &ahead, stop)));
        // Without a receiver the reader stops: the scope would wait for it for ever where a run ends early.
        drop(ahead);
        let mut outcome = drive.finish();
        let panics = [(run.err(), "judged what was seen"), (reader.join().err(), "read a recording")];
        for (panic, doing) in panics {
            let failure = panic.map(|panic| PipelineError::panicked(doing, panic.as_ref()));
            outcome.failures.extend(failure);
        }
        outcome
    })
}

#[cfg(test)]
mod clip_tests {
    use super::*;
    use crate::engine::eye::Regions;
    use crate::{
        config::Config,
        detect::{DetectError, Detector, View},
        domain::{Detection, MediaTime},
        geometry::BBox,
        libav::testing::*,
        source::{Options, Recording},
        vision::Picture,
    };

    struct Silent;

    impl Progress for Silent {
        fn reached(&self, _: &CameraId, _: Option<&str>, _: MediaTime) {}
    }

    fn task(clips: &Clips, clip: std::path::PathBuf, model: &ModelName) -> Task {
        let keys = "[site]\nid = \"s\"\n[[camera]]\nid = \"lane\"\nsource = \"clip\"\n[[camera.rule]]\n\
                    kind = \"control_room_unattended\"\nevery = \"200ms\"\n";
        let config = Config::parse(keys, clips.path("").as_path(), &|_| None).expect("sound");
        let camera = &config.cameras[0];
        Task {
            camera: camera.id.clone(),
            judge: Judge::new(&config.site, camera, model),
            source: Box::new(Recording::open(camera.id.clone(), vec![clip], Options::default())),
            sent: None,
            when_full: WhenFull::Block,
            records: None,
            looking: Looking { region: BBox::WHOLE, regions: Regions::Whole, max_age: None },
        }
    }

    /// Finds nothing.
    struct Blind;

    impl Detector for Blind {
        fn detect(&mut self, _: &Picture<'_>, _: &View, _: MediaTime) -> Result<Vec<Detection>, DetectError> {
            Ok(Vec::new())
        }
    }

    #[test]
    fn a_picture_that_cannot_be_converted_is_a_look_that_was_missed() {
        let clips = Clips::new();
        let picture = |size: &str| {
            let made = clips.ffmpeg(&format!("-f lavfi -i testsrc2=size={size} -frames:v 1"), "picture.png");
            std::fs::read(made).expect("a picture")
        };
        // Wider than anything can be scaled from.
        let (usual, wide) = (picture("64x48"), picture("16400x8"));
        let pictures = [usual.repeat(20), wide, usual.repeat(20)].concat();
        let model: ModelName = "none".into();
        let task = task(&clips, clips.bytes(&pictures, "clip.png"), &model);
        let blind = || Ok(vec![Box::new(Blind) as Box<dyn Detector>]);
        let done = analyze(vec![task], 1, 1, &[model], &blind, &Silent, &Stop::default());
        let [(_, outcome)] = &done[..] else { panic!("{} cameras", done.len()) };
        assert!(outcome.failures.is_empty(), "{:?}", outcome.failures);
        assert_eq!((outcome.looks, outcome.missed), (8, 1));
    }

    #[test]
    fn a_camera_that_is_to_stop_says_so_and_takes_no_looks() {
        let clips = Clips::new();
        let clip = clips.pattern(H264, "clip.mp4");
        let keys = "[site]\nid = \"s\"\n[[camera]]\nid = \"lane\"\nsource = \"clip.mp4\"\n[[camera.rule]]\n\
                    kind = \"control_room_unattended\"\n";
        let config = Config::parse(keys, clips.path("").as_path(), &|_| None).expect("sound");
        let camera = &config.cameras[0];
        let model: ModelName = "none".into();
        let stop = Stop::default();
        stop.set(crate::stop::Signal::Interrupt);
        let path = clips.path("lane.jsonl");
        let task = Task {
            camera: camera.id.clone(),
            judge: Judge::new(&config.site, camera, &model),
            source: Box::new(Recording::open(camera.id.clone(), vec![clip], Options::default())),
            sent: None,
            when_full: WhenFull::Block,
            records: Some(Records::new(path.clone())),
            looking: Looking { region: BBox::WHOLE, regions: Regions::Whole, max_age: None },
        };
        assert!(!path.exists(), "the file is made when the camera's turn comes");
        let done = analyze(vec![task], 1, 1, &[model], &|| Ok(Vec::new()), &Silent, &stop);
        let [(_, outcome)] = &done[..] else { panic!("{} cameras", done.len()) };
        assert!(matches!(outcome.failures[..], [PipelineError::Stopped]), "{:?}", outcome.failures);
        assert!(outcome.looks == 0 && path.exists());
    }

    #[test]
    fn a_camera_whose_workers_fail_ends_with_their_error_while_more_is_to_be_read() {
        let clips = Clips::new();
        // Forty groups: more than its reader may hold ahead.
        let clip = clips.ffmpeg(&format!("{PATTERN} -c:v libx264 -g 5 -keyint_min 5 -bf 0"), "clip.mp4");
        let model: ModelName = "none".into();
        let task = task(&clips, clip, &model);
        let fail = || Err(DetectError::NoRuntime { looked: Vec::new() });
        let done = analyze(vec![task], 1, 1, &[model], &fail, &Silent, &Stop::default());
        let [(_, outcome)] = &done[..] else { panic!("{} cameras", done.len()) };
        let [PipelineError::Detect(DetectError::NoRuntime { .. })] = &outcome.failures[..] else {
            panic!("{:?}", outcome.failures)
        };
    }
}
