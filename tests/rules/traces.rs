//! An elevator's rule adds up what its own network hardly sees.

use firewarden::{
    config::RuleConfig,
    domain::{Class, Detection, ModelName, Observation, Record},
    geometry::BBox,
};
use proptest::prelude::*;

use crate::stage::{Stage, elevator, look, rule};

const EVERY: f64 = 0.2;

fn own() -> ModelName {
    "lift".into()
}

/// An elevator of which 0.5 is asked, with a network of its own.
fn lift() -> RuleConfig {
    let firewarden::kinds::settings::Settings::EbikeInElevator(mut keys) = elevator().settings else {
        panic!("an elevator")
    };
    keys.confidence = 0.5;
    RuleConfig { model: Some(own()), ..rule(firewarden::kinds::settings::Settings::EbikeInElevator(keys)) }
}

/// Where something stands that has come so far through the door, 0 to 1.
fn place(way: f64) -> BBox {
    let left = 0.6 - 0.3 * way as f32;
    BBox::new(left, 0.45, left + 0.3, 0.9)
}

fn seen(class: Class, confidence: f32, bbox: BBox) -> Detection {
    Detection { class, confidence, bbox, appearance: None, model: Some(own()) }
}

/// What a network that asks for 0.2 tells: the rest are traces.
fn looked(at: f64, found: Vec<Detection>) -> Observation {
    let (detections, faint) = found.into_iter().partition(|d| d.confidence >= 0.2);
    Observation { looked: vec![own()], detections, faint, ..look(at, &[]) }
}

/// Plays looks from 0 s on at which something moves, and shows what `found` says of each time.
fn play(until: f64, found: impl Fn(f64) -> Vec<Detection>) -> Stage {
    let mut stage = Stage::new(lift());
    let looks = (0..).map(|n| f64::from(n) * EVERY).take_while(|at| *at < until);
    for at in looks {
        stage.take(&Record::Observation(looked(at, found(at))));
    }
    stage
}

/// An e-bike that comes in from `from` on for three seconds, and stands until 10 s later; it is seen well once, after `clear` seconds.
fn hardly_seen(at: f64, from: f64, clear: f64) -> Vec<Detection> {
    let since = at - from;
    if !(0.0..3.0).contains(&since) {
        return Vec::new();
    }
    let faint = [0.03, 0.06, 0.02, 0.05, 0.04];
    let is_clear = (clear..clear + EVERY - 1e-6).contains(&since);
    let confidence = if is_clear { 0.68 } else { faint[(since / EVERY) as usize % faint.len()] };
    vec![seen(Class::Ebike, confidence, place(since / 3.0))]
}

#[test]
fn an_ebike_that_is_seen_well_once_and_faintly_for_three_seconds_is_raised() {
    for clear in [0.0, 0.6, 1.4, 2.8] {
        let times = play(40.0, |at| hardly_seen(at, 9.0, clear)).times();
        assert_eq!(times.len(), 1, "seen well after {clear} s: {times:?}");
        assert!(times[0].0 >= 9.0 && times[0].1 < 12.1, "seen well after {clear} s: {times:?}");
    }
}

#[test]
fn what_is_never_seen_well_is_never_raised() {
    let pram =
        |at: f64| vec![seen(Class::Ebike, [0.05, 0.15, 0.3, 0.1][(at / EVERY) as usize % 4], place(0.5))];
    assert_eq!(play(60.0, pram).times(), []);
    assert_eq!(play(60.0, |_| Vec::new()).times(), []);
    let person = |at: f64| vec![seen(Class::Person, 0.9, place((at / 60.0).min(1.0)))];
    assert_eq!(play(60.0, person).times(), []);
}

#[test]
fn one_good_view_without_traces_at_its_place_is_too_little() {
    let once = |at: f64| if (9.0..9.1).contains(&at) { 0.68 } else { 0.0 };
    let alone = play(40.0, |at| vec![seen(Class::Ebike, once(at), place(0.0))]);
    assert_eq!(alone.times(), []);
    // Traces of something else, at the other side of the elevator.
    let elsewhere = |at: f64| {
        let confidence =
            if once(at) > 0.0 { (once(at), place(0.0)) } else { (0.05, BBox::new(0.0, 0.5, 0.15, 0.8)) };
        if (8.0..13.0).contains(&at) {
            vec![seen(Class::Ebike, confidence.0, confidence.1)]
        } else {
            Vec::new()
        }
    };
    assert_eq!(play(40.0, elsewhere).times(), []);
}

#[test]
fn traces_are_nothing_where_nothing_moves_or_where_they_are_usual() {
    let mut stage = Stage::new(lift());
    for n in 0..200 {
        let at = f64::from(n) * EVERY;
        let mut observation = looked(at, hardly_seen(at, 9.0, 0.6));
        observation.scene.changed = Some(0.0);
        stage.take(&Record::Observation(observation));
    }
    assert_eq!(stage.times(), [], "what stands still is a poster");
    // A camera at which the network says something of everything that moves.
    let noisy = |at: f64| {
        let mut found = hardly_seen(at, 600.0, 0.6);
        if found.is_empty() {
            found.push(seen(Class::Ebike, 0.05, place(0.3)));
        }
        found
    };
    assert_eq!(play(640.0, noisy).times(), []);
}

#[test]
fn traces_of_what_is_called_a_bicycle_say_nothing() {
    for bicycle in [0.1, 0.6] {
        let ridden = |at: f64| {
            let mut found = hardly_seen(at, 9.0, 0.6);
            let bicycles: Vec<_> = found
                .iter()
                .filter(|d| d.confidence < 0.5)
                .map(|d| seen(Class::Bicycle, bicycle, d.bbox))
                .collect();
            found.extend(bicycles);
            found.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
            found
        };
        assert_eq!(play(40.0, ridden).times(), [], "called a bicycle with {bicycle}");
    }
}

#[test]
fn what_is_kept_of_looks_says_the_same_again() {
    let mut stage = Stage::new(lift());
    let mut again = Stage::new(lift());
    for n in 0..200 {
        let at = f64::from(n) * EVERY;
        let record = Record::Observation(looked(at, hardly_seen(at, 9.0, 1.4)));
        stage.take(&record);
        let line = serde_json::to_string(&record).expect("JSON");
        assert_eq!(
            line.contains("\"faint\""),
            matches!(&record, Record::Observation(o) if !o.faint.is_empty())
        );
        again.take(&serde_json::from_str(&line).expect("a record"));
    }
    assert_eq!((stage.times().len(), &stage.findings), (1, &again.findings));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_every_look_is_unsure_of_is_never_raised_however_long(confidences in prop::collection::vec(0.0f32..0.29, 0..400)) {
        let found = |at: f64| {
            let confidence = confidences.get((at / EVERY).round() as usize).copied().unwrap_or(0.0);
            vec![seen(Class::Ebike, confidence, place(0.5))]
        };
        prop_assert_eq!(play(confidences.len() as f64 * EVERY, found).times(), []);
    }

    #[test]
    fn traces_delay_nothing(confidences in prop::collection::vec(0.0f32..1.0, 1..100), traces in prop::collection::vec(0.02f32..0.19, 100)) {
        let confidence = |at: f64| confidences.get((at / EVERY).round() as usize).copied().unwrap_or(0.0);
        let without = |at: f64| {
            if confidence(at) < 0.2 { Vec::new() } else { vec![seen(Class::Ebike, confidence(at), place(0.5))] }
        };
        let with = |at: f64| {
            let seen_so = if confidence(at) < 0.2 { traces[(at / EVERY).round() as usize % 100] } else { confidence(at) };
            vec![seen(Class::Ebike, seen_so, place(0.5))]
        };
        let until = confidences.len() as f64 * EVERY;
        let (without, with) = (play(until, without).times(), play(until, with).times());
        if let Some(first) = without.first() {
            prop_assert!(with.first().is_some_and(|other| other.1 <= first.1), "{:?} {:?}", without, with);
        }
    }
}
