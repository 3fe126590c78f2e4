//! A panic anywhere is the failure of one camera.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::{
    config::Config,
    detect::{DetectError, Detector, View},
    domain::{CameraId, Detection, MediaTime, ModelName},
    engine::{Ended, Looking, PipelineError, Progress, Regions, Task, WhenFull, analyze},
    geometry::BBox,
    judge::Judge,
    libav::testing::*,
    results::FolderLedger,
    source::{Options, Part, Recording, Source},
    stop::Stop,
    vision::Picture,
};

struct Silent;

impl Progress for Silent {
    fn reached(&self, _: &CameraId, _: Option<&str>, _: MediaTime) {}
}

/// Panics once two seconds have been analysed of one camera.
struct Rash;

impl Progress for Rash {
    fn reached(&self, camera: &CameraId, _: Option<&str>, at: MediaTime) {
        assert!(camera.as_str() != "c" || at.as_secs_f64() < 2.0, "rash");
    }
}

/// A recording that panics after so many parts.
struct Breaking(Recording, u32);

impl Source for Breaking {
    fn next(&mut self, stop: &Stop) -> Option<Part> {
        self.1 = self.1.checked_sub(1).expect("it breaks");
        Source::next(&mut self.0, stop)
    }
}

/// Finds nothing, and panics at the third picture that any of them is shown.
struct Faulty<'c>(&'c AtomicU32);

impl Detector for Faulty<'_> {
    fn detect(&mut self, _: &Picture<'_>, _: &View, _: MediaTime) -> Result<Vec<Detection>, DetectError> {
        assert!(self.0.fetch_add(1, Ordering::Relaxed) != 2, "the third picture");
        Ok(Vec::new())
    }
}

fn task(id: &str, clips: &Clips, breaks: Option<u32>) -> Task<FolderLedger> {
    let keys = format!(
        "[site]\nid = \"s\"\n[[camera]]\nid = \"{id}\"\nsource = \"clip\"\n[[camera.rule]]\n\
         kind = \"control_room_unattended\"\nevery = \"1s\"\n"
    );
    let config = Config::parse(&keys, clips.path("").as_path(), &|_| None).expect("sound");
    let camera = &config.cameras[0];
    let recording = Recording::open(camera.id.clone(), vec![clips.path("clip.mp4")], Options::default());
    Task {
        camera: camera.id.clone(),
        judge: Judge::new(&config.site, camera, &"none".into()),
        source: match breaks {
            Some(after) => Box::new(Breaking(recording, after)),
            None => Box::new(recording),
        },
        sent: None,
        when_full: WhenFull::Block,
        ledger: FolderLedger::new(&clips.path(""), &camera.id),
        looking: Looking { region: BBox::WHOLE, regions: Regions::Whole, max_age: None },
    }
}

/// What was left of a camera.
struct Left {
    failures: Vec<PipelineError>,
    looks: u64,
}

/// Two cameras, `c` and `d`, one after the other over one worker.
fn run(breaks: Option<u32>, progress: &dyn Progress, shown: &AtomicU32) -> (Left, Left) {
    let clips = Clips::new();
    clips.pattern(H264_PLAIN, "clip.mp4");
    let names: [ModelName; 1] = ["none".into()];
    let tasks = vec![task("c", &clips, breaks), task("d", &clips, None)];
    let detectors = || Ok(vec![Box::new(Faulty(shown)) as Box<dyn Detector>]);
    let done = analyze(tasks, 1, 1, &names, &detectors, progress, &Stop::default());
    let left = |ended: Ended<FolderLedger>| Left {
        failures: ended.failures,
        looks: ended.ledger.close().outcome.looks,
    };
    let [first, second]: [_; 2] = done.try_into().expect("two cameras");
    (left(first), left(second))
}

fn never() -> AtomicU32 {
    AtomicU32::new(1_000)
}

#[test]
fn a_panic_of_a_worker_ends_the_camera_it_looked_for_and_no_other() {
    let (first, second) = run(None, &Silent, &AtomicU32::new(0));
    let [PipelineError::Panicked { words, .. }] = &first.failures[..] else { panic!("{:?}", first.failures) };
    assert!(words.contains("the third picture"));
    // The same worker goes on.
    assert_eq!((second.failures.len(), second.looks), (0, 12));
}

#[test]
fn a_panic_of_a_reader_ends_its_camera_and_what_was_seen_stands() {
    let (first, second) = run(Some(3), &Silent, &never());
    let [PipelineError::Panicked { words, .. }] = &first.failures[..] else { panic!("{:?}", first.failures) };
    assert!(words.contains("it breaks") && first.looks >= 2, "{words}, {} looks", first.looks);
    assert_eq!((second.failures.len(), second.looks), (0, 12));
}

#[test]
fn a_panic_of_a_camera_itself_ends_it_and_what_was_seen_stands() {
    let (first, second) = run(None, &Rash, &never());
    let [PipelineError::Panicked { words, .. }] = &first.failures[..] else { panic!("{:?}", first.failures) };
    assert!(words.contains("rash") && first.looks >= 2, "{words}, {} looks", first.looks);
    assert_eq!((second.failures.len(), second.looks), (0, 12));
}
