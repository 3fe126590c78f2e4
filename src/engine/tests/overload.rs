use super::script::{Group, Script, TWO_RULES, camera, drive};
use crate::engine::{Action, Camera, Event, WhenFull};

fn script(groups: usize) -> Script {
    let group = Group { pictures: 10, continued: false, hole: 0, begins: false };
    Script {
        groups: vec![group; groups],
        step: 200_000,
        damaged: [].into(),
        failing: [].into(),
        car: 0,
        ebike: 1_000,
        grows: false,
    }
}

/// Gives all parts before the first answer.
fn flood(camera: &mut Camera, script: &Script) -> (usize, Vec<String>) {
    let (mut out, mut told, mut most) = (Vec::new(), Vec::new(), 0);
    let mut parts = script.parts().into_iter();
    loop {
        let event = match parts.next() {
            Some(part) => {
                assert!(camera.wants_part(), "a camera that sends goes on sending");
                Event::Part(part)
            }
            None => match out.pop() {
                Some((ticket, job)) => Event::Looked(ticket, script.answer(&job)),
                None => return (most, told),
            },
        };
        let mut actions = Vec::new();
        camera.take(event, &mut actions);
        for action in actions {
            match action {
                Action::Look(ticket, job) => out.push((ticket, job)),
                Action::Tell(record, _) => told.push(serde_json::to_string(&record).expect("a record")),
                Action::Missed => told.push("missed".to_owned()),
                _ => {}
            }
        }
        most = most.max(out.len());
    }
}

#[test]
fn where_parts_cannot_wait_the_newest_takes_the_place_of_what_waits_and_that_is_told() {
    let script = script(10);
    let mut camera = camera(WhenFull::Newest, 2, TWO_RULES);
    let (most, told) = flood(&mut camera, &script);
    assert_eq!(most, 1, "one job of a camera at a time: every camera gets its turn");
    let shed: Vec<&String> = told.iter().filter(|line| line.contains("overload")).collect();
    assert_eq!(shed.len(), 2, "one gap, opened and closed: {told:?}");
    assert!(told.iter().filter(|line| *line == "missed").count() >= 8);
    let last = told.iter().rev().find(|line| line.contains("\"looked\"")).expect("a look");
    let at = serde_json::from_str::<serde_json::Value>(last).ok().and_then(|look| look["at"].as_f64());
    assert!(at.is_some_and(|at| at >= 18.0), "the newest was looked at: {last}");
}

#[test]
fn with_time_enough_nothing_is_shed() {
    let script = script(6);
    let block = drive(camera(WhenFull::Block, 2, TWO_RULES), script.parts(), &script, |_| 0);
    // Answers come before the next part.
    let newest = drive(camera(WhenFull::Newest, 2, TWO_RULES), script.parts(), &script, |most| most - 1);
    assert_eq!(block, newest);
}
