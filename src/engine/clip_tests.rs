//! A panic anywhere is the failure of one camera; and the number of threads changes nothing of what is shown.

use std::sync::{
    Mutex,
    atomic::{AtomicU32, Ordering},
};

use crate::{
    config::Config,
    detect::{DetectError, Detector, View},
    domain::{CameraId, Class, Detection, MediaTime, ModelName},
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

/// Finds a car of a tenth of the picture's height where it is shown one and a half times as large as usual, and notes of how much of
/// the picture's width it was shown as much as that.
struct Nearsighted<'n>(&'n Mutex<Vec<f32>>);

impl Detector for Nearsighted<'_> {
    fn detect(&mut self, _: &Picture<'_>, view: &View, _: MediaTime) -> Result<Vec<Detection>, DetectError> {
        let within = view.within.width();
        self.0.lock().expect("no panic").push(within);
        assert!(within >= view.region.width(), "never more than fills the input");
        let (class, bbox) = (Class::Car, BBox::new(0.7, 0.2, 0.8, 0.3));
        let car = Detection { class, confidence: 1.0 - within / 10.0, bbox, appearance: None, model: None };
        Ok(if within < 0.7 { vec![car] } else { Vec::new() })
    }
}

#[test]
fn a_far_car_is_shown_larger_once_it_is_known_whatever_the_number_of_threads() {
    let clips = Clips::new();
    let pattern = "-f lavfi -i testsrc2=size=160x120:rate=2:duration=200 -pix_fmt yuv420p";
    clips.ffmpeg(&format!("{pattern} -c:v libx264 -g 4 -keyint_min 4 -sc_threshold 0 -bf 0"), "clip.mp4");
    let lane = "kind = \"fire_lane_parking\"\nzone = [[0.65,0.1],[0.9,0.1],[0.9,0.35],[0.65,0.35]]\n\
                dwell = \"1h\"\nevery = \"2s\"\n";
    let keys =
        format!("[site]\nid = \"s\"\n[[camera]]\nid = \"c\"\nsource = \"clip\"\n[[camera.rule]]\n{lane}");
    let config = Config::parse(&keys, clips.path("").as_path(), &|_| None).expect("sound");
    let camera = &config.cameras[0];
    let run = |threads: usize| {
        let shown = Mutex::default();
        let folder = clips.path(&threads.to_string());
        let files = vec![clips.path("clip.mp4")];
        let task = Task {
            camera: camera.id.clone(),
            judge: Judge::new(&config.site, camera, &"none".into()),
            source: Box::new(Recording::open(camera.id.clone(), files, Options::default())),
            sent: None,
            when_full: WhenFull::Block,
            ledger: FolderLedger::new(&folder, &camera.id),
            looking: Looking { region: BBox::WHOLE, regions: Regions::Needed, max_age: None },
        };
        let detectors = || Ok(vec![Box::new(Nearsighted(&shown)) as Box<dyn Detector>]);
        let names: [ModelName; 1] = ["none".into()];
        let done = analyze(vec![task], threads, 1, &names, &detectors, &Silent, &Stop::default());
        assert!(done.iter().all(|ended| ended.failures.is_empty()));
        done.into_iter().for_each(|ended| drop(ended.ledger.close()));
        let told = std::fs::read_to_string(folder.join("observations/c.jsonl")).expect("written");
        (told, shown.into_inner().expect("no panic"))
    };
    let (told, shown) = run(1);
    // The first looks of the first four blocks, and from the fifth on all.
    assert_eq!(shown.iter().filter(|within| **within == 1.0).count(), 60 - 4);
    assert_eq!(shown.iter().filter(|within| **within == 0.5).count(), 4 + 40);
    for threads in [2, 4] {
        assert_eq!(run(threads).0, told, "{threads} threads");
    }
}
