use super::script::{Group, Script, TWO_RULES, camera, drive};
use crate::{
    domain::{MediaTime, When},
    engine::{Action, Camera, Event, WhenFull},
};

fn script(groups: usize) -> Script {
    Script::plain(groups, 10, 200_000)
}

/// When workers answer.
#[derive(PartialEq)]
enum Answers {
    AtOnce,
    AfterAllParts,
}

/// Gives all parts: how many jobs were out at a time at most, and what was told.
fn feed(camera: &mut Camera, script: &Script, answers: Answers) -> (usize, Vec<String>) {
    let (mut out, mut told, mut most) = (Vec::new(), Vec::new(), 0);
    let mut parts = script.parts().into_iter();
    loop {
        let answer = if answers == Answers::AtOnce { out.pop() } else { None };
        let part = if answer.is_some() { None } else { parts.next() };
        let event = match part {
            Some(part) => {
                assert!(camera.wants_part(), "a camera that sends goes on sending");
                Event::Part(part)
            }
            None => match answer.or_else(|| out.pop()) {
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
                Action::Missed(_) => told.push("missed".to_owned()),
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
    let (most, told) = feed(&mut camera, &script, Answers::AfterAllParts);
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

#[test]
fn time_passes_for_rules_though_nothing_is_looked_at_but_never_backwards() {
    // A car stands, and is told of again each 10 s.
    let rules = TWO_RULES.replace("every = \"1s\"", "every = \"1s\"\nupdate_every = \"10s\"");
    let script = script(6);
    let mut camera = camera(WhenFull::Newest, 2, &rules);
    feed(&mut camera, &script, Answers::AtOnce);
    let mut tick = |seconds: i64| {
        let at = MediaTime::from_micros(seconds * 1_000_000);
        let wall = jiff::Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(seconds);
        let mut actions = Vec::new();
        camera.take(Event::Tick(When { at, wall, epoch: 0 }), &mut actions);
        actions
            .into_iter()
            .filter_map(|action| if let Action::Judged(judgement) = action { Some(judgement) } else { None })
            .map(|judgement| judgement.violations.len())
            .collect::<Vec<_>>()
    };
    assert_eq!(tick(3), Vec::<usize>::new(), "before the last look");
    assert_eq!(tick(13), [0]);
    assert_eq!(tick(40), [1], "the car's violation, once more");
}

#[test]
fn what_nobody_wants_takes_the_place_of_nothing() {
    // Each picture is a group, as in MJPEG: of five in a second one is wanted while nothing moves.
    let group = Group { pictures: 1, continued: false, hole: 0, begins: false };
    let script = Script { groups: vec![group; 9], ..script(0) };
    let mut camera = camera(WhenFull::Newest, 2, TWO_RULES);
    // The first look takes all that time. That of the second of 1 waits for it, whatever comes after that.
    let (most, told) = feed(&mut camera, &script, Answers::AfterAllParts);
    assert_eq!(most, 1);
    let looks = told.iter().filter(|line| line.contains("\"looked\""));
    let at = looks.filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()?["at"].as_f64());
    let at: Vec<f64> = at.collect();
    assert!(at.iter().any(|at| (0.9..1.1).contains(at)), "the look that was wanted is taken: {at:?}");
}
