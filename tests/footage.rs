//! The main job on real footage. A test whose clip or model can be had neither from the mirror nor from the network
//! is listed as ignored, by name, and never counted as passed.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that fails may panic"
)]

mod common;

use std::path::{Path, PathBuf};

use common::{assert_code, assert_same, command, lines};
use firewarden::{
    catalog::{Catalog, Store},
    config::DetectorConfig,
    detect::{self, Detector as _, OnnxDetector, Runtime, View},
    domain::{Class, MediaTime},
    geometry::BBox,
    libav::{Decoder, Input, Limits},
    vision::{Halves, SMALL},
};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

const KERB: &str = "[[0.80, 0.05], [1.00, 0.05], [1.00, 0.30], [0.80, 0.30]]";
const ROAD: &str = "[[0.20, 0.30], [0.70, 0.30], [0.70, 1.00], [0.20, 1.00]]";
/// A model of each head.
const HEADS: [&str; 2] = ["yolox-nano", "nanodet-plus-m"];
const WHOLE: &str = "[[0, 0], [1, 0], [1, 1], [0, 1]]";

fn main() {
    let arguments = Arguments::from_args();
    let had = Had::new();
    let tests = vec![
        had.trial("street_van_and_car_stand_from_the_first_frame", &["vtest"], street),
        had.trial("room_is_empty_four_times", &["one-by-one-person-detection"], room),
        had.trial("a_room_that_cannot_be_seen_is_not_empty", &["one-by-one-person-detection"], unseen),
        had.trial("cars_seen_from_above_do_not_park", &["car-detection"], |c| passing("car-detection", c)),
        had.trial("cars_on_the_road_do_not_park", &["road-moving-cars"], |c| passing("road-moving-cars", c)),
        had.trial("threads_change_nothing", &["vtest", "one-by-one-person-detection"], threads),
        had.trial("fewer_looks_find_the_same", &["vtest", "one-by-one-person-detection"], fewer_looks),
        had.trial("parts_show_what_the_whole_shows", &["vtest"], parts),
        had.trial("replay_finds_what_analyze_found", &["vtest", "one-by-one-person-detection"], replay),
        had.trial("a_recording_cut_off_is_analysed_up_to_there", &["vtest"], cut_off),
        had.trial("a_picture_that_cannot_be_read_is_told", &[], unreadable),
        had.trial("the_rendered_films_of_the_demonstration_show_what_they_are_for", &[], rendered),
        had.trial_of(&HEADS, "both_heads_find_the_same_cars", &["vtest"], heads),
        had.trial("a_second_look_changes_what_is_thought_of_ebikes_alone", &[], second_look),
    ];
    libtest_mimic::run(&arguments, tests).exit();
}

/// Which clips and models are here or can be brought.
struct Had {
    store: Store,
    catalog: Catalog,
}

type Clips = Vec<PathBuf>;

impl Had {
    fn new() -> Self {
        let mut store = Store::from_env().expect("a home folder");
        if std::env::var_os("FIREWARDEN_CACHE").is_none() {
            store.cache = common::root().join(".cache");
        }
        Self { store, catalog: Catalog::load().expect("the lists are sound") }
    }

    fn trial(&self, name: &str, clips: &[&str], test: fn(Clips)) -> Trial {
        self.trial_of(&[], name, clips, test)
    }

    /// A test that needs models that are not part of the program.
    fn trial_of(&self, models: &[&str], name: &str, clips: &[&str], test: fn(Clips)) -> Trial {
        let mut models = models.iter().map(|name| self.catalog.model(name).expect("listed"));
        let missing_model = models.find(|model| self.store.ensure(*model).is_err());
        let found: Result<Clips, &str> = clips
            .iter()
            .map(|name| self.store.ensure(self.catalog.clip(name).expect("listed")).map_err(|_| *name))
            .collect();
        let ignored = missing_model.is_some() || found.is_err();
        let clips = found.unwrap_or_default();
        Trial::test(name, move || {
            std::panic::catch_unwind(|| test(clips)).map_err(|panic| {
                let text = panic.downcast_ref::<String>().cloned();
                Failed::from(
                    text.or_else(|| panic.downcast_ref::<&str>().map(|t| (*t).to_owned()))
                        .unwrap_or_default(),
                )
            })
        })
        .with_ignored_flag(ignored)
    }
}

/// A configuration of cameras with a clip and rules each.
fn configuration(folder: &Path, cameras: &[(&str, &Path, &str)]) -> PathBuf {
    let mut text = "[site]\nid = \"test\"\ntimezone = \"Asia/Shanghai\"\n".to_owned();
    for (id, clip, rules) in cameras {
        text += &format!("[[camera]]\nid = \"{id}\"\nsource = \"{}\"\n{rules}\n", clip.display());
    }
    let path = folder.join("firewarden.toml");
    std::fs::write(&path, text).expect("written");
    path
}

fn parking(name: &str, zone: &str, dwell: &str) -> String {
    format!(
        "[[camera.rule]]\nkind = \"fire_lane_parking\"\nname = \"{name}\"\nzone = {zone}\ndwell = \"{dwell}\"\n"
    )
}

const POST: &str = "[[camera.rule]]\nkind = \"control_room_unattended\"\nrequired = 1\ngrace = \"4.4s\"\n";

fn analyze(configuration: &Path, out: &Path, more: &[&str]) -> Vec<Value> {
    let output = command()
        .arg("analyze")
        .arg("--config")
        .arg(configuration)
        .arg("--replace")
        .arg("--out")
        .arg(out)
        .args(more)
        .output()
        .expect("the binary starts");
    assert_code(&output, 0);
    lines(&out.join("violations.jsonl"))
}

fn seconds(violation: &Value, moment: &str) -> f64 {
    violation[moment]["file_s"].as_f64().unwrap_or_else(|| panic!("{moment} of {violation}"))
}

fn street(clips: Clips) {
    let folder = tempfile::tempdir().expect("a folder");
    let rules = parking("kerb", KERB, "20s") + &parking("road", ROAD, "20s");
    let found = analyze(
        &configuration(folder.path(), &[("street", &clips[0], &rules)]),
        &folder.path().join("out"),
        &[],
    );
    assert_eq!(found.len(), 2, "{found:#?}");
    for violation in &found {
        assert_eq!(violation["rule"], "street/fire_lane_parking/kerb");
        assert_eq!(violation["phase"], "raised", "nothing interrupts it up to the end");
        assert_eq!(violation["ended"], Value::Null);
        assert!(seconds(violation, "started") < 0.05, "{violation}");
        assert!((20.0..22.1).contains(&seconds(violation, "raised")), "{violation}");
        let still = &violation["evidence"][0];
        let picture = image::open(folder.path().join("out").join(still["name"].as_str().expect("a name")));
        let picture = picture.expect("a still");
        assert_eq!((picture.width(), picture.height()), (768, 576));
    }
    let left = |v: &Value| v["bbox"][0].as_f64().expect("a box");
    assert!((left(&found[0]) - left(&found[1])).abs() > 0.05, "the van and the car are two places");
}

fn room(clips: Clips) {
    let folder = tempfile::tempdir().expect("a folder");
    let found =
        analyze(&configuration(folder.path(), &[("room", &clips[0], POST)]), &folder.path().join("out"), &[]);
    let starts: Vec<f64> = found.iter().map(|violation| seconds(violation, "started")).collect();
    assert_eq!(starts.len(), 4, "{starts:?}");
    for (start, truth) in starts.iter().zip([0.0, 44.8, 69.7, 86.6]) {
        assert!((start - truth).abs() <= 0.5, "{starts:?}");
    }
    for (violation, truth) in found.iter().zip([6.1, 50.5, 74.5, 92.6]) {
        assert!((seconds(violation, "ended") - truth).abs() <= 1.0, "{violation}");
        assert_eq!(violation["count"]["required"], 1);
        assert_eq!(violation["class"], Value::Null);
    }
}

/// From 20 s on nobody is there for 2.5 s; then the picture freezes or goes black. A blurred one is covered.
fn unseen(clips: Clips) {
    let folder = tempfile::tempdir().expect("a folder");
    let empty = format!("-ss 20 -t 2.5 -i {} -vf tpad=stop_duration=25:stop_mode", clips[0].display());
    let (h264, mpeg4) = ("-c:v libx264 -pix_fmt yuv420p", "-c:v mpeg4 -b:v 400k");
    let pictures = [
        ("frozen.mp4", format!("{empty}=clone {h264} -g 20")),
        ("frozen-low-rate.mp4", format!("{empty}=clone {h264} -b:v 600k -g 50")),
        ("frozen.avi", format!("{empty}=clone {mpeg4}")),
        ("black.mp4", format!("{empty}=add:color=black {h264}")),
        ("covered.mp4", format!("-i {} -vf boxblur=60:3,eq=contrast=0.15 -t 30 {h264}", clips[0].display())),
    ];
    for (name, how) in pictures {
        let clip = common::clip(folder.path(), name, &how);
        let configuration = configuration(folder.path(), &[("room", &clip, POST)]);
        let found = analyze(&configuration, &folder.path().join("out"), &[]);
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
}

fn passing(name: &str, clips: Clips) {
    let folder = tempfile::tempdir().expect("a folder");
    let rule = parking("whole", WHOLE, "5s");
    let found =
        analyze(&configuration(folder.path(), &[("cam", &clips[0], &rule)]), &folder.path().join("out"), &[]);
    assert!(found.is_empty(), "{name}: {found:#?}");
}

fn two_cameras(folder: &Path, clips: &Clips) -> PathBuf {
    configuration(folder, &[("street", &clips[0], &parking("kerb", KERB, "20s")), ("room", &clips[1], POST)])
}

fn threads(clips: Clips) {
    let folder = tempfile::tempdir().expect("a folder");
    let configuration = two_cameras(folder.path(), &clips);
    let outs: Vec<PathBuf> = ["1", "2", "5"]
        .into_iter()
        .map(|threads| {
            let out = folder.path().join(threads);
            analyze(&configuration, &out, &["--threads", threads]);
            out
        })
        .collect();
    assert_same(&outs[0], &outs[1]);
    assert_same(&outs[0], &outs[2]);
}

/// Looks at key frames, and detections that stand while nothing changes, find what five looks a second find.
fn fewer_looks(clips: Clips) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = two_cameras(folder.path(), &clips);
    let text = std::fs::read_to_string(&path).expect("written");
    let found = |name: &str, text: String| {
        std::fs::write(&path, text).expect("written");
        analyze(&path, &folder.path().join(name), &[])
    };
    let usual = found("usual", text.clone());
    assert_eq!(usual.len(), 6);
    let each = |keys: &str| text.replacen("[[camera]]", &format!("[detector]\n{keys}\n[[camera]]"), 1);
    for (name, text, within) in [
        ("often", each("skip_static = false").replace("kind =", "every = \"0.2s\"\nkind ="), 2.0),
        ("each", each("skip_static = false"), 0.0),
        ("long", each("max_age = \"1h\""), 0.0),
    ] {
        let others = found(name, text);
        assert_eq!(others.len(), usual.len(), "{name}");
        for (one, other) in usual.iter().zip(&others) {
            assert_eq!(one["rule"], other["rule"], "{name}");
            let apart = (seconds(one, "started") - seconds(other, "started")).abs();
            assert!(apart <= within, "{name}: {one} {other}");
        }
    }
}

/// Looking at what a zone needs alone shows whom looking at all of the picture shows there.
fn parts(clips: Clips) {
    let folder = tempfile::tempdir().expect("a folder");
    // Left, top, right, bottom; the first three are seen in half the picture, the others in three quarters.
    let zones = [
        BBox::new(0.02, 0.42, 0.17, 0.57),
        BBox::new(0.80, 0.57, 0.95, 0.72),
        BBox::new(0.77, 0.14, 0.92, 0.29),
        BBox::new(0.33, 0.23, 0.63, 0.43),
        BBox::new(0.50, 0.57, 0.70, 0.82),
    ];
    let rules = zones.map(|z| {
        let zone = [[z.left, z.top], [z.right, z.top], [z.right, z.bottom], [z.left, z.bottom]];
        format!("[[camera.rule]]\nkind = \"control_room_unattended\"\nevery = \"1s\"\nzone = {zone:?}\n")
    });
    let ids = ["a", "b", "c", "d", "e"];
    let cameras: Vec<(&str, &Path, &str)> =
        ids.iter().zip(&rules).map(|(id, rules)| (*id, clips[0].as_path(), rules.as_str())).collect();
    let path = configuration(folder.path(), &cameras);
    let text = std::fs::read_to_string(&path).expect("written");
    for (out, whole) in [("whole", true), ("parts", false)] {
        let keys = format!("[detector]\nskip_static = false\nwhole_picture = {whole}\n[[camera]]");
        std::fs::write(&path, text.replacen("[[camera]]", &keys, 1)).expect("written");
        analyze(&path, &folder.path().join(out), &[]);
    }
    let people = |out: &str, id: &str| -> Vec<Vec<BBox>> {
        let people = |look: &Value| {
            let detections = look["detections"].as_array().expect("a list").iter();
            let people = detections.filter(|d| d["class"] == "person");
            people.map(|d| serde_json::from_value(d["bbox"].clone()).expect("a box")).collect()
        };
        let records = lines(&folder.path().join(out).join(format!("observations/{id}.jsonl")));
        assert_eq!(records[0]["regions"].is_null(), out == "whole", "{}", records[0]);
        records.iter().filter(|record| record["record"] == "observation").map(people).collect()
    };
    let (mut there, mut shown) = (0, 0);
    for (id, zone) in ids.into_iter().zip(zones) {
        let (whole, parts) = (people("whole", id), people("parts", id));
        assert_eq!(whole.len(), parts.len());
        let inside = |b: &BBox| {
            let p = b.anchor();
            (zone.left..=zone.right).contains(&p.x) && (zone.top..=zone.bottom).contains(&p.y)
        };
        for (whole, part) in whole.iter().zip(&parts) {
            for person in whole.iter().filter(|person| inside(person)) {
                there += 1;
                shown += usize::from(part.iter().any(|other| other.iou(person) > 0.5));
            }
        }
    }
    eprintln!("of {there} people in zones, parts of the picture show {shown}");
    assert!(there > 50, "{there} are too few to tell");
    assert!(shown * 100 >= there * 95, "{shown} of {there}");
}

fn replay(clips: Clips) {
    let folder = tempfile::tempdir().expect("a folder");
    let configuration = two_cameras(folder.path(), &clips);
    let (out, again) = (folder.path().join("out"), folder.path().join("again"));
    let mut analysed = analyze(&configuration, &out, &[]);
    for violation in &mut analysed {
        violation["evidence"] = Value::Array(Vec::new());
    }
    let output = command()
        .arg("replay")
        .arg("--config")
        .arg(&configuration)
        .arg("--out")
        .arg(&again)
        .arg(out.join("observations/street.jsonl"))
        .arg(out.join("observations/room.jsonl"))
        .output()
        .expect("the binary starts");
    assert_code(&output, 0);
    assert_eq!(analysed.len(), 6);
    assert_eq!(lines(&again.join("violations.jsonl")), analysed);
}

fn cut_off(clips: Clips) {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = std::fs::read(&clips[0]).expect("the clip");
    let cut = folder.path().join("cut.avi");
    std::fs::write(&cut, &whole[..whole.len() * 6 / 10]).expect("written");
    let configuration = configuration(
        folder.path(),
        &[
            ("missing", &folder.path().join("missing.avi"), &parking("kerb", KERB, "20s")),
            ("cut", &cut, &parking("kerb", KERB, "20s")),
        ],
    );
    let out = folder.path().join("out");
    let output = command()
        .args(["analyze", "--config"])
        .arg(&configuration)
        .arg("--out")
        .arg(&out)
        .output()
        .expect("the binary starts");
    assert_code(&output, 3);
    assert!(common::stderr(&output).contains("missing.avi"), "{}", common::stderr(&output));
    assert_eq!(lines(&out.join("violations.jsonl")).len(), 2);
}

fn heads(clips: Clips) {
    let folder = tempfile::tempdir().expect("a folder");
    let picture = common::clip(folder.path(), "frame.png", &format!("-i {} -frames:v 1", clips[0].display()));
    let mut boxes = Vec::new();
    for model in HEADS {
        let output =
            command().args(["detect", "--model", model]).arg(&picture).output().expect("the binary starts");
        assert_code(&output, 0);
        let line: Value = serde_json::from_str(&common::stdout(&output)).expect("one JSON line");
        let car =
            line["detections"].as_array().expect("a list").iter().find(|d| d["class"] == "car").cloned();
        let car = car.unwrap_or_else(|| panic!("{model} finds no car: {line}"));
        boxes.push([0, 1, 2, 3].map(|edge| car["bbox"][edge].as_f64().expect("an edge") as f32));
    }
    let iou = BBox::from(boxes[0]).iou(&boxes[1].into());
    assert!(iou > 0.7, "{boxes:?}");
}

fn rendered(_: Clips) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, kind) in [
        ("elevator", "ebike_in_elevator"),
        ("stand-in-fire-lane", "fire_lane_parking"),
        ("stand-in-control-room", "control_room_unattended"),
    ] {
        let configuration = common::root().join(format!("samples/demo/{name}.toml"));
        let found = analyze(&configuration, &folder.path().join(name), &[]);
        assert!(!found.is_empty() && found.iter().all(|v| v["kind"] == kind), "{name}: {found:#?}");
        if kind == "ebike_in_elevator" {
            let started = seconds(&found[0], "started");
            assert!(found.len() == 1 && (started - 74.0).abs() < 3.0, "{found:#?}");
        }
    }
}

fn unreadable(_: Clips) {
    let folder = tempfile::tempdir().expect("a folder");
    let picture = folder.path().join("not-a-picture.jpg");
    std::fs::write(&picture, "hello").expect("written");
    let output = command().arg("detect").arg(&picture).output().expect("the binary starts");
    assert_code(&output, 3);
    assert!(common::stderr(&output).contains("not-a-picture.jpg"), "{}", common::stderr(&output));
    assert_eq!(common::stdout(&output), "");
}

fn second_look(_: Clips) {
    let cache = Had::new().store;
    let runtime = Runtime::load(&cache.cache).expect("ONNX Runtime");
    let detector = |second_look: Option<bool>| {
        let told = DetectorConfig { second_look, confidence: 0.3, ..DetectorConfig::default() };
        let model = detect::load("firewarden-lift", &told, None, &runtime, &cache).expect("built in");
        model.detector(&runtime)
    };
    // As the catalogue says: it looks again.
    let (mut once, mut twice) = (detector(Some(false)), detector(None));
    let clip = common::root().join("samples/elevator.mp4");
    let mut input = Input::open(&clip.to_string_lossy(), &Limits::default()).expect("the sample");
    let mut decoder = Decoder::new(input.stream()).expect("a decoder");
    let (mut halves, mut frames, mut changed) = (Halves::default(), 0, 0);
    while let Some(packet) = input.read().expect("readable") {
        decoder.send(&packet).expect("sound");
        while let Some(frame) = decoder.receive().expect("sound") {
            frames += 1;
            // The e-bike comes after 73 s, at five pictures a second.
            if frames < 360 || frames % 4 != 0 {
                continue;
            }
            let picture = halves.picture(frame.yuv().expect("planes"), SMALL);
            let look = |detector: &mut OnnxDetector| {
                let found = detector.detect(&picture, &View::WHOLE, MediaTime::ZERO).expect("runs");
                assert!(found.is_sorted_by(|a, b| a.confidence >= b.confidence));
                assert!(found.iter().all(|d| d.confidence >= 0.3));
                found.into_iter().partition::<Vec<_>, _>(|d| d.class == Class::Ebike)
            };
            let ((ebikes, others), (again, others_again)) = (look(&mut once), look(&mut twice));
            assert_eq!(others, others_again);
            changed += usize::from(ebikes != again);
            // What both looks are thought to have seen stands where the first look saw it.
            for there in again.iter().filter(|d| d.confidence > 0.8) {
                assert!(ebikes.iter().any(|first| first.bbox == there.bbox), "{there:?} {ebikes:?}");
            }
        }
    }
    assert!(changed > 2, "{changed} of {frames} pictures: it looks once");
}
