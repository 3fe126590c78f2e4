//! Two detectors on one camera: neither changes what the rules of the other find.

use firewarden::{
    config::RuleConfig,
    domain::{Change, Class, Detection, ModelName, Observation, Record},
    rules::Finding,
};

use crate::{
    scene::detector,
    stage::{clear, elevator, judge, lane, look},
};

/// The elevator's own detector.
fn own() -> ModelName {
    "lift".into()
}

/// A bicycle is in the elevator from here on.
const COMES: f64 = 9.5;
const BIKE: [f32; 4] = [0.4, 0.5, 0.7, 0.9];

/// How much changes between two times: something only where the bicycle comes in.
fn changed(from: f64, to: f64) -> (f32, f32) {
    if from < COMES && COMES <= to { (0.2, 0.6) } else { (0.0005, 0.95) }
}

/// Looks at `times` by each detector, in the order of time. What changed is told against the last look of any.
fn looks(mut times: Vec<(f64, ModelName)>) -> Vec<Observation> {
    times.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut looks: Vec<Observation> = Vec::new();
    for (n, (at, model)) in times.iter().enumerate() {
        let things = if *at >= COMES { vec![(Class::Ebike, BIKE)] } else { Vec::new() };
        let mut look = look(*at, &things);
        let is_own = *model == own();
        for detection in &mut look.detections {
            *detection = Detection { model: is_own.then(own), ..detection.clone() };
        }
        let before = &times[..n];
        if let Some((last, by)) = before.last() {
            let (share, identical) = changed(*last, *at);
            (look.scene.changed, look.scene.identical) = (Some(share), Some(identical));
            let mine = before.iter().rev().find(|(_, other)| other == model);
            if by != model {
                let told = mine.map(|(last, _)| changed(*last, *at));
                look.changes = vec![Change {
                    model: model.clone(),
                    changed: told.map(|(share, _)| share),
                    changed_in: None,
                    identical: told.map(|(_, identical)| identical),
                }];
            }
        } else {
            (look.scene.changed, look.scene.identical) = (None, None);
        }
        look.looked = vec![model.clone()];
        looks.push(look);
    }
    looks
}

fn every(seconds: f64, from: f64, model: &ModelName) -> Vec<(f64, ModelName)> {
    (0..)
        .map(|n| from + seconds * f64::from(n))
        .take_while(|at| *at < 30.0)
        .map(|at| (at, model.clone()))
        .collect()
}

/// What the first of `rules` finds.
fn findings(rules: Vec<RuleConfig>, looks: Vec<Observation>) -> Vec<Finding> {
    let mut judge = judge(rules);
    let told = looks.into_iter().flat_map(|look| judge.take(&Record::Observation(look)).findings);
    told.filter(|(rule, _)| *rule == 0).map(|(_, finding)| finding).collect()
}

#[test]
fn an_elevator_finds_what_it_finds_alone_however_often_another_detector_looks() {
    let mut elevator = elevator();
    elevator.model = Some(own());
    let alone = findings(vec![elevator.clone()], looks(every(1.0, 0.0, &own())));
    assert_eq!(alone.len(), 1, "it is raised: {alone:?}");
    for (seconds, from) in [(2.0, 0.9), (0.5, 0.4), (0.2, 0.1)] {
        let times = [every(1.0, 0.0, &own()), every(seconds, from, &detector())].concat();
        let beside = findings(vec![elevator.clone(), lane(20.0)], looks(times));
        assert_eq!(beside, alone, "a look of the other every {seconds} s from {from} s on");
    }
}

#[test]
fn a_detector_whose_looks_follow_each_other_needs_no_changes_of_its_own() {
    let only = looks(every(1.0, 0.0, &own()));
    assert!(only.iter().all(|look| look.changes.is_empty() && look.scene_for(&own()) == look.scene));
    let text = serde_json::to_string(&only[3]).expect("plain data");
    assert!(!text.contains("changes"), "records of one detector are as they were: {text}");
    let mut other = only[3].clone();
    other.changes = vec![Change { model: detector(), changed: Some(0.7), changed_in: None, identical: None }];
    let read: Observation =
        serde_json::from_str(&serde_json::to_string(&other).expect("plain data")).expect("just written");
    assert_eq!(read, other);
    assert_eq!(read.scene_for(&detector()).changed, Some(0.7));
    assert_eq!(read.scene_for(&detector()).brightness, clear().brightness);
    assert_eq!(read.scene_for(&own()), read.scene);
}
