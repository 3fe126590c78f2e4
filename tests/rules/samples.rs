//! Recorded observations of vehicles seen from straight above, which the small general models hardly detect: made by
//! script, kept in `samples/observations/`. `FIREWARDEN_WRITE_SAMPLES=1` writes them anew.

use std::{env, fs, path::PathBuf};

use firewarden::domain::{Class, Record};

use crate::{
    scene::{Scene, Thing},
    stage::{Stage, lane},
};

/// Seen from above, a vehicle is as long as it is wide on the picture.
fn vehicle(pattern: u64) -> Thing {
    Thing::new(if pattern.is_multiple_of(3) { Class::Truck } else { Class::Car }, (0.2, 0.22), pattern)
}

/// Start and end of a violation, in seconds.
pub type Span = (f64, Option<f64>);

/// Every sample: name, scene, and the violations of a lane with a dwell of 20 s.
pub fn samples() -> Vec<(&'static str, Scene, Vec<Span>)> {
    let mut moving = Scene::new(40.0);
    for i in 0..6 {
        let t = 6.0 * f64::from(i);
        moving = moving.with(vehicle(i as u64 + 1).at(t, -0.1, 0.62).at(t + 6.0, 1.1, 0.7));
    }
    let mut queueing = Scene::new(33.0);
    for i in 0..6 {
        let mut one = vehicle(i as u64 + 1);
        for step in 0..5 {
            let x = 0.8 - 0.4 * f64::from(i) + 0.4 * f64::from(step);
            let t = 11.0 * f64::from(step);
            if (-0.1..1.4).contains(&x) {
                one = one.at(t, x, 0.66).at(t + 8.0, x, 0.66);
            }
        }
        queueing = queueing.with(one);
    }
    let stopping = Scene::new(40.0)
        .with(vehicle(1).at(2.0, -0.1, 0.7).at(6.0, 0.5, 0.7).at(22.0, 0.5, 0.7).at(26.0, 1.1, 0.7));
    let parking = Scene::new(45.0).with(vehicle(1).at(2.0, -0.1, 0.7).at(6.0, 0.5, 0.7).at(60.0, 0.5, 0.7));
    let leaving = Scene::new(45.0)
        .with(vehicle(1).at(0.0, 0.3, 0.7).at(26.0, 0.3, 0.7).at(32.0, -0.2, 0.7))
        .with(vehicle(3).at(0.0, 0.7, 0.7).at(60.0, 0.7, 0.7));
    vec![
        ("above-moving", moving, vec![]),
        ("above-queueing", queueing, vec![]),
        ("above-stopping", stopping, vec![]),
        ("above-parking", parking, vec![(6.0, None)]),
        ("above-leaving", leaving, vec![(0.0, Some(27.0)), (0.0, None)]),
    ]
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("samples/observations").join(format!("{name}.jsonl"))
}

#[test]
fn samples_are_what_the_script_makes() {
    let write = env::var_os("FIREWARDEN_WRITE_SAMPLES").is_some();
    for (name, scene, _) in samples() {
        let every = if name == "above-queueing" { 2.0 } else { 1.5 };
        let lines: Vec<String> = scene
            .records(every)
            .iter()
            .map(|record| serde_json::to_string(record).expect("a record is plain data"))
            .collect();
        let text = lines.join("\n") + "\n";
        assert!(text.len() < 60_000, "{name} is {} bytes", text.len());
        if write {
            fs::create_dir_all(path(name).parent().expect("a folder")).expect("the folder can be made");
            fs::write(path(name), &text).expect("the sample can be written");
        }
        let kept = fs::read_to_string(path(name)).unwrap_or_default();
        assert!(
            kept == text,
            "{name}.jsonl is not what the script makes: run with FIREWARDEN_WRITE_SAMPLES=1"
        );
    }
}

/// What is recorded in a sample.
pub fn records(name: &str) -> Vec<Record> {
    let text = fs::read_to_string(path(name)).expect("a sample");
    text.lines().map(|line| serde_json::from_str(line).expect("a record")).collect()
}

fn replayed(name: &str) -> Stage {
    let mut stage = Stage::new(lane(20.0));
    for record in records(name) {
        stage.take(&record);
    }
    stage
}

#[test]
fn the_same_recording_gives_the_same_ids_and_places_in_the_file() {
    let (first, second) = (replayed("above-leaving").violations(), replayed("above-leaving").violations());
    assert_eq!(first, second);
    assert_ne!(first[0].id, first[1].id);
    let raised = first[0].raised.as_ref().expect("it was raised");
    assert_eq!(raised.file.as_deref(), Some("scripted.mp4"));
    assert_eq!(raised.file_s, Some(raised.media_s));
    assert_eq!(first[0].id.get_version_num(), 5);
}

#[test]
fn samples_hold_the_violations_they_say() {
    for (name, _, expected) in samples() {
        let stage = replayed(name);
        let found: Vec<_> = stage.times().into_iter().map(|(started, _, ended)| (started, ended)).collect();
        let close = |a: f64, b: f64| (a - b).abs() <= 1.5;
        assert_eq!(found.len(), expected.len(), "{name}: {found:?}");
        for expected in &expected {
            let matches = |f: &&Span| {
                close(f.0, expected.0)
                    && match (f.1, expected.1) {
                        (Some(a), Some(b)) => close(a, b),
                        (a, b) => a.is_none() && b.is_none(),
                    }
            };
            assert!(found.iter().any(|f| matches(&f)), "{name}: {found:?} has no {expected:?}");
        }
    }
}
