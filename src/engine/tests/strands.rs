use serde_json::Value;

use super::script::{Group, Script, TWO_RULES, camera, drive};
use crate::engine::WhenFull;

const MINUTE: Script = Script {
    groups: Vec::new(),
    step: 1_000_000,
    damaged: std::collections::BTreeSet::new(),
    failing: std::collections::BTreeSet::new(),
    car: 0,
    ebike: 0,
    grows: false,
    broken: None,
    sized: None,
};

fn group(pictures: u32) -> Group {
    Group { pictures, continued: false, hole: 0, begins: false }
}

fn looks(told: &[String]) -> Vec<(f64, Vec<String>)> {
    let looks = told.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let names = |looked: &Value| {
        looked.as_array().into_iter().flatten().filter_map(|n| n.as_str().map(str::to_owned)).collect()
    };
    looks.filter_map(|v| Some((v.get("at")?.as_f64()?, names(v.get("looked")?)))).collect()
}

/// How often each strand saw each picture: jobs count, told or not.
#[test]
fn no_model_starves_beside_another_that_looks_more_often_than_there_are_pictures() {
    // A picture a second, of which the elevator's model wants five while something moves.
    let script = Script { groups: vec![group(20), group(20), group(20)], ..MINUTE };
    let told = drive(camera(WhenFull::Block, 2, TWO_RULES), script.parts(), &script, |_| 0);
    let looks = looks(&told);
    assert!(looks.windows(2).all(|pair| pair[0].0 < pair[1].0), "{looks:?}");
    for model in ["general", "own"] {
        let own: Vec<f64> =
            looks.iter().filter(|(_, looked)| looked.iter().any(|name| name == model)).map(|l| l.0).collect();
        let longest = own.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max);
        assert!(own.len() > 25 && longest < 2.5, "{model}: {longest} s, {own:?}");
    }
}

#[test]
fn no_strand_looks_twice_at_a_picture_in_one_way() {
    let script = Script { groups: vec![group(30)], ..MINUTE };
    let mut camera = camera(WhenFull::Block, 2, TWO_RULES);
    let (mut out, mut detected, mut parts) = (Vec::new(), 0, script.parts().into_iter());
    while !camera.is_done() {
        let event = match out.pop() {
            Some((ticket, job)) => {
                let done = script.answer(&job).expect("an answer");
                detected += done.sights.values().map(|sight| sight.finds.len()).sum::<usize>();
                crate::engine::Event::Looked(ticket, Ok(done))
            }
            None => parts.next().map_or(crate::engine::Event::Over, crate::engine::Event::Part),
        };
        let mut actions = Vec::new();
        camera.take(event, &mut actions);
        for action in actions {
            if let crate::engine::Action::Look(ticket, job) = action {
                out.push((ticket, job));
            }
        }
    }
    // Thirty pictures, two strands, each in two ways at most; and once more where a look was not foreseen.
    assert!(detected <= 30 * 2 * 3, "{detected} looks of models at 30 pictures");
}

#[test]
fn a_model_that_fails_once_costs_one_look_and_one_that_goes_on_failing_ends_its_camera() {
    let once = Script { groups: vec![group(30)], failing: [7].into(), ..MINUTE };
    let told = drive(camera(WhenFull::Block, 2, TWO_RULES), once.parts(), &once, |_| 0);
    assert_eq!(told.iter().filter(|line| *line == "missed").count(), 1, "{told:?}");
    assert!(told.iter().any(|line| line.contains("not_looked")), "a gap says so");
    assert!(told.iter().any(|line| line.contains("NotLooked")), "and a notice");
    assert!(!told.iter().any(|line| line.starts_with("failed")));
    assert!(looks(&told).last().is_some_and(|(at, _)| *at > 28.0));
    let always = Script { failing: (7..30).collect(), ..once };
    let told = drive(camera(WhenFull::Block, 2, TWO_RULES), always.parts(), &always, |_| 0);
    assert_eq!(told.iter().filter(|line| *line == "missed").count(), 10);
    assert_eq!(told.iter().filter(|line| line.starts_with("failed")).count(), 1, "{told:?}");
}

#[test]
fn what_is_hardly_seen_stands_apart_from_what_is_found() {
    let script = Script { groups: vec![group(20)], ..MINUTE };
    let told = drive(camera(WhenFull::Block, 2, TWO_RULES), script.parts(), &script, |_| 0);
    let looks: Vec<Value> = told.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let confidences = |look: &Value, list: &str| -> Vec<f64> {
        let list = look[list].as_array().into_iter().flatten();
        list.filter_map(|found| found["confidence"].as_f64()).collect()
    };
    let faint: Vec<f64> = looks.iter().flat_map(|look| confidences(look, "faint")).collect();
    assert!(faint.len() >= 5 && faint.iter().all(|confidence| *confidence < 0.1), "{faint:?}");
    let found: Vec<f64> = looks.iter().flat_map(|look| confidences(look, "detections")).collect();
    assert!(!found.is_empty() && found.iter().all(|confidence| *confidence >= 0.2), "{found:?}");
}

#[test]
fn a_camera_may_have_more_models_than_a_number_has_bits() {
    let rule = |n: usize| {
        format!(
            "[[camera.rule]]\nkind = \"ebike_in_elevator\"\nname = \"r{n}\"\nmodel = \"own-{n}\"\nevery = \"1s\"\n"
        )
    };
    let rules: String = (0..40).map(rule).collect();
    let script = Script { groups: vec![group(5)], ..MINUTE };
    let told = drive(camera(WhenFull::Block, 2, &rules), script.parts(), &script, |_| 0);
    assert_eq!(looks(&told).first().map(|(_, looked)| looked.len()), Some(40));
}

#[test]
fn a_model_that_always_fails_ends_its_camera_though_another_works() {
    // One picture each 0.2 s, of which the elevator's model is shown some that the lane's is not.
    let rules = TWO_RULES.replace("model = \"own\"\n", "model = \"own\"\nevery = \"300ms\"\n");
    let script = Script { groups: vec![group(150); 2], step: 200_000, broken: Some(0), ..MINUTE };
    let told = drive(camera(WhenFull::Block, 2, &rules), script.parts(), &script, |_| 0);
    assert_eq!(told.iter().filter(|line| line.starts_with("failed")).count(), 1, "{told:?}");
    assert_eq!(told.iter().filter(|line| *line == "missed").count(), 10);
}

#[test]
fn out_of_hours_one_look_closes_what_stands_and_a_picture_that_is_lost_there_is_tried_again() {
    // Hours end after 20 s, at midnight; times are those of UTC.
    let rules = "[[camera.rule]]\nkind = \"fire_lane_parking\"\nzone = [[0,0],[1,0],[1,1],[0,1]]\n\
                 dwell = \"5s\"\nevery = \"1s\"\nschedule = [\"00:00-00:01\"]\n";
    let whole = Script { groups: vec![group(20); 6], ..MINUTE };
    let told = drive(camera(WhenFull::Block, 2, rules), whole.parts(), &whole, |_| 0);
    let at = |told: &[String]| looks(told).iter().map(|(at, _)| *at).collect::<Vec<_>>();
    assert_eq!(at(&told).last(), Some(&60.0), "the first look out of hours is the last");
    let ended = |told: &[String]| told.iter().any(|line| line.contains("\"phase\":\"ended\""));
    assert!(ended(&told) && at(&told).len() == 61);
    let damaged = Script { damaged: (60..63).collect(), ..whole };
    let told = drive(camera(WhenFull::Block, 2, rules), damaged.parts(), &damaged, |_| 0);
    assert_eq!(at(&told).last(), Some(&63.0));
    assert!(ended(&told));
    let gap = told.iter().rfind(|line| line.contains("\"record\":\"gap\"")).expect("a gap");
    assert!(gap.contains("\"to\":63"), "{gap}");
}
