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
    Thing::new(if pattern.is_multiple_of(3) { Class::Truck } else { Class::Car }, (0.14, 0.16), pattern)
}

/// Name, scene, and start and end of the violations of a lane with a dwell of 20 s.
type Sample = (&'static str, Scene, Vec<(f64, Option<f64>)>);

fn samples() -> Vec<Sample> {
    let mut moving = Scene::new(40.0);
    for i in 0..6 {
        let t = 6.0 * f64::from(i);
        moving = moving.with(vehicle(i as u64 + 1).at(t, -0.1, 0.62).at(t + 6.0, 1.1, 0.7));
    }
    let mut queueing = Scene::new(60.0);
    for i in 0..8 {
        let mut one = vehicle(i as u64 + 1);
        for step in 0..8 {
            let x = 0.9 - 0.22 * f64::from(i) + 0.22 * f64::from(step);
            if (-0.1..1.1).contains(&x) {
                one = one.at(10.0 * f64::from(step), x, 0.66).at(10.0 * f64::from(step) + 7.0, x, 0.66);
            }
        }
        queueing = queueing.with(one);
    }
    let stopping = Scene::new(40.0)
        .with(vehicle(1).at(2.0, -0.1, 0.7).at(6.0, 0.5, 0.7).at(22.0, 0.5, 0.7).at(26.0, 1.1, 0.7));
    let parking = Scene::new(50.0).with(vehicle(1).at(2.0, -0.1, 0.7).at(6.0, 0.5, 0.7).at(60.0, 0.5, 0.7));
    let leaving = Scene::new(60.0)
        .with(vehicle(1).at(0.0, 0.3, 0.7).at(30.0, 0.3, 0.7).at(34.0, -0.2, 0.7))
        .with(vehicle(3).at(0.0, 0.7, 0.7).at(60.0, 0.7, 0.7));
    vec![
        ("above-moving", moving, vec![]),
        ("above-queueing", queueing, vec![]),
        ("above-stopping", stopping, vec![]),
        ("above-parking", parking, vec![(6.0, None)]),
        ("above-leaving", leaving, vec![(0.0, Some(31.0)), (0.0, None)]),
    ]
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("samples/observations").join(format!("{name}.jsonl"))
}

#[test]
fn samples_are_what_the_script_makes() {
    let write = env::var_os("FIREWARDEN_WRITE_SAMPLES").is_some();
    for (name, scene, _) in samples() {
        let lines: Vec<String> = scene
            .records(1.0)
            .iter()
            .map(|record| serde_json::to_string(record).expect("a record is plain data"))
            .collect();
        let text = lines.join("\n") + "\n";
        assert!(text.len() < 400_000, "{name} is {} bytes", text.len());
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

#[test]
fn samples_hold_the_violations_they_say() {
    for (name, _, expected) in samples() {
        let text = fs::read_to_string(path(name)).expect("a sample");
        let mut stage = Stage::new(lane(20.0));
        for line in text.lines() {
            stage.take(&serde_json::from_str::<Record>(line).expect("a record"));
        }
        let found: Vec<_> = stage.times().into_iter().map(|(started, _, ended)| (started, ended)).collect();
        let close = |a: f64, b: f64| (a - b).abs() <= 1.0;
        assert_eq!(found.len(), expected.len(), "{name}: {found:?}");
        for expected in &expected {
            let matches = |f: &&(f64, Option<f64>)| {
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
