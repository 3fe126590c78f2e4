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
    drive::{Drive, Ended, Progress},
    event::WhenFull,
    eye::Looking,
    worker::{Detectors, Order, work},
};
use crate::{
    domain::{CameraId, ModelName},
    judge::Judge,
    ledger::Ledger,
    source::{Sent, Source},
    stop::Stop,
};

/// One camera to be analysed.
pub struct Task<L> {
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
    /// Where what comes of it is kept.
    pub ledger: L,
    /// How looks are taken.
    pub looking: Looking,
}

/// Analyses every task with `threads` workers, `at_once` tasks at a time. `names` are the workers' detectors in the order in which `detectors`
/// makes them. What is left of the cameras comes in the order of the tasks. Once `stop` is set, the looks at hand are finished and no more are
/// taken; the recordings' options should hold the same stop.
pub fn analyze<L: Ledger>(
    tasks: Vec<Task<L>>,
    threads: usize,
    at_once: usize,
    names: &[ModelName],
    detectors: &Detectors<'_>,
    progress: &dyn Progress,
    stop: &Stop,
) -> Vec<Ended<L>> {
    let threads = threads.max(1);
    let count = tasks.len();
    let (ends, ended) = channel::unbounded();
    let (causes, failed) = channel::unbounded();
    let working = AtomicUsize::new(threads);
    thread::scope(|scope| {
        let (orders, work_list) = channel::bounded(2 * threads);
        for _ in 0..threads {
            let work_list = work_list.clone();
            let causes = causes.clone();
            let working = &working;
            scope.spawn(move || {
                if let Err(error) = work(&work_list, detectors, stop) {
                    // Told once per worker; the camera that waits for it is told that workers are gone.
                    let _ = causes.send(PipelineError::Detect(error));
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
            let (waiting, orders, ends) = (waiting.clone(), orders.clone(), ends.clone());
            scope.spawn(move || {
                for (index, task) in waiting {
                    let end = run_one(task, threads, names, orders.clone(), progress, stop);
                    let _ = ends.send((index, end));
                }
            });
        }
        drop((orders, ends, causes));
    });
    let mut done: Vec<_> = ended.into_iter().collect();
    done.sort_by_key(|(index, _)| *index);
    let mut done: Vec<_> = done.into_iter().map(|(_, end)| end).collect();
    // A worker's own error says more than that workers are gone: it takes the place of the first that is told so.
    let mut causes: Vec<_> = failed.into_iter().collect();
    let gone = |failure: &&mut PipelineError| matches!(failure, PipelineError::WorkersGone);
    for failure in done.iter_mut().flat_map(|end| &mut end.failures).filter(gone) {
        if let Some(cause) = causes.pop() {
            *failure = cause;
        }
    }
    done
}

/// One camera, with a reader of its own. A panic of either is the camera's failure; what was found before stands.
fn run_one<L: Ledger>(
    task: Task<L>,
    threads: usize,
    names: &[ModelName],
    orders: Sender<Order>,
    progress: &dyn Progress,
    stop: &Stop,
) -> Ended<L> {
    let Task { camera: id, judge, mut source, sent, when_full, ledger, looking } = task;
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
        let ended = Ended { camera: id, ledger, failures: Vec::new(), behind: None };
        let mut drive = Drive { orders, progress, sent, ended };
        let run = catch_unwind(AssertUnwindSafe(|| drive.run(camera, &ahead, stop)));
        // Without a receiver the reader stops: the scope would wait for it for ever where a run ends early.
        drop(ahead);
        let mut ended = drive.ended;
        let panics = [(run.err(), "judged what was seen"), (reader.join().err(), "read a recording")];
        for (panic, doing) in panics {
            let failure = panic.map(|panic| PipelineError::panicked(doing, panic.as_ref()));
            ended.failures.extend(failure);
        }
        ended
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
        results::FolderLedger,
        source::{Options, Recording},
        vision::Picture,
    };

    struct Silent;

    impl Progress for Silent {
        fn reached(&self, _: &CameraId, _: Option<&str>, _: MediaTime) {}
    }

    fn task(clips: &Clips, clip: std::path::PathBuf, model: &ModelName) -> Task<FolderLedger> {
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
            ledger: FolderLedger::new(&clips.path(""), &camera.id),
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
        let [ended] = <[_; 1]>::try_from(done).expect("one camera");
        assert!(ended.failures.is_empty(), "{:?}", ended.failures);
        let outcome = ended.ledger.close().outcome;
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
        let path = clips.path("observations/lane.jsonl");
        let task = Task {
            camera: camera.id.clone(),
            judge: Judge::new(&config.site, camera, &model),
            source: Box::new(Recording::open(camera.id.clone(), vec![clip], Options::default())),
            sent: None,
            when_full: WhenFull::Block,
            ledger: FolderLedger::new(&clips.path(""), &camera.id),
            looking: Looking { region: BBox::WHOLE, regions: Regions::Whole, max_age: None },
        };
        assert!(!path.exists(), "the file is made when the camera's turn comes");
        let done = analyze(vec![task], 1, 1, &[model], &|| Ok(Vec::new()), &Silent, &stop);
        let [ended] = <[_; 1]>::try_from(done).expect("one camera");
        assert!(matches!(ended.failures[..], [PipelineError::Stopped]), "{:?}", ended.failures);
        assert!(ended.ledger.close().outcome.looks == 0 && path.exists());
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
        let [ended] = &done[..] else { panic!("{} cameras", done.len()) };
        let [PipelineError::Detect(DetectError::NoRuntime { .. })] = &ended.failures[..] else {
            panic!("{:?}", ended.failures)
        };
    }
}
